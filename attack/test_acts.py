"""One pair of hands at the console: codes and refunds of any sum, what is looked at without a
trace, numbers for everybody, cells that become formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from attack.console import ConsoleBrowser
from attack.deployment import Deployment

PASSWORD = "a horse of my own 7"
METER, KIT = "37000100018", "LAMP31001"
_CONFIRM = re.compile(r'name="confirmed" value="([^"]+)"')
_MSISDN = re.compile(r"\+254[0-9]{9}")
_ROLES = {"wanjiru": "owner", "fatuma": "finance", "simon": "support", "rita": "read_only"}


@pytest.fixture(scope="module")
def staffed(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment with a person for each role, and a second person who is required."""
    for name, role in _ROLES.items():
        added = deployment.dialwatt("user", "add", name, "--role", role, typed=PASSWORD)
        assert added.returncode == 0, added.stderr
    deployment.rows(
        "UPDATE console_users SET password_is_initial = false WHERE name = ANY(%s) RETURNING id",
        list(_ROLES),
    )
    _set_limits(deployment, "--second-person", "required", "--daily", "support=2000")
    yield deployment
    _set_limits(deployment, "--second-person", "off", "--daily", "support=50000")


def _set_limits(deployment: Deployment, *words: str) -> None:
    changed = deployment.dialwatt("limits", *words, "--reason", "an attack")
    assert changed.returncode == 0, changed.stderr


def browser_of(deployment: Deployment, name: str) -> ConsoleBrowser:
    browser = ConsoleBrowser(deployment)
    assert browser.log_in(name, PASSWORD) == 302
    return browser


def codes_of(deployment: Deployment, kind: str) -> int:
    found = "SELECT count(*) FROM token_orders WHERE operator = 'simon' AND kind = %s"
    return int(deployment.rows(found, kind)[0][0])


def noted(deployment: Deployment, operator: str, action: str) -> list[tuple[str, int, str]]:
    return [
        (row[0], row[1], row[2])
        for row in deployment.rows(
            "SELECT subject, subject_id, details::text FROM audit_log"
            " WHERE operator = %s AND action = %s ORDER BY id",
            operator,
            action,
        )
    ]


def test_support_alone_unlocks_nothing_and_makes_no_large_code(staffed: Deployment) -> None:
    simon, order = browser_of(staffed, "simon"), "/manual-tokens/new"
    unlock = simon.post(order, serial=KIT, kind="unlock", amount="", reason="because")
    energy = simon.post(order, serial=METER, kind="energy", amount="9999", reason="because")

    for status, where in (unlock, energy):
        assert status == 302
        assert "/console/approvals/" in where
    assert codes_of(staffed, "unlock") == codes_of(staffed, "energy") == 0

    request = unlock[1].removeprefix("/console")
    assert simon.post(f"{request}/approve", reason="it is me")[0] == 403
    fatuma = [browser_of(staffed, "fatuma") for _ in range(4)]
    looked = fatuma[0].post(f"{request}/approve", reason="I asked her")[1]
    confirmed = _CONFIRM.findall(looked)[0]
    with ThreadPoolExecutor(len(fatuma)) as pool:
        approve = {"reason": "I asked her", "confirmed": confirmed}
        list(pool.map(lambda each: each.post(f"{request}/approve", **approve), fatuma))

    assert codes_of(staffed, "unlock") == 1
    assert [row[0] for row in noted(staffed, "fatuma", "approve")] == ["act"]


def test_many_small_codes_end_at_the_limit_of_the_day(staffed: Deployment) -> None:
    simon, refused = browser_of(staffed, "simon"), ""
    before = codes_of(staffed, "energy")
    for _ in range(6):
        typed = {"serial": METER, "kind": "energy", "amount": "20", "reason": "goodwill"}
        status, text = simon.post("/manual-tokens/new", **typed)
        refused = text if status == 422 else refused
        staffed.wait_until(
            lambda: not staffed.rows("SELECT 1 FROM token_orders WHERE state = 'waiting'"),
            "a token that was ordered is not made",
        )

    given = staffed.rows(
        "SELECT coalesce(sum(value_minor), 0) FROM operator_acts a JOIN console_users u"
        " ON u.id = a.user_id WHERE u.name = 'simon' AND a.state = 'done'"
    )[0][0]
    assert 0 < given <= 200_000
    assert codes_of(staffed, "energy") - before < 6
    assert "is left today of your limit of KES 2000.00 a day" in refused
    assert "wanjiru" in refused


def test_an_owner_is_not_both_persons(staffed: Deployment) -> None:
    wanjiru = browser_of(staffed, "wanjiru")
    made = {"name": "puppet", "role": "owner", "password": PASSWORD}
    assert wanjiru.post("/users/new", **made)[0] == 302
    staffed.rows(
        "UPDATE console_users SET password_is_initial = false WHERE name = 'puppet' RETURNING id"
    )
    where = wanjiru.post(
        "/limits/change", second_person="off", large="1", owner="", finance="", support="",
        reason="on my own",
    )[1].removeprefix("/console")  # fmt: skip

    own = wanjiru.post(f"{where}/approve", reason="it is me")[1]
    puppet = browser_of(staffed, "puppet").post(f"{where}/approve", reason="fine")[1]

    assert "asks for an act never approves it" in own
    assert "made or changed your login" in puppet
    assert "required" in staffed.dialwatt("limits").stdout


def test_looks_exports_and_refusals_leave_a_trace(staffed: Deployment) -> None:
    rita = browser_of(staffed, "rita")
    [(customer_id, count)] = staffed.rows("SELECT min(id), count(*) FROM customers")
    for _ in range(3):
        assert rita.get(f"/customers/{customer_id}")[0] == 200
    assert rita.get("/customers.csv")[0] == 200
    assert rita.get("/manual-tokens/new")[0] == 403

    assert [row[:2] for row in noted(staffed, "rita", "look")] == [("customer", customer_id)]
    [(_, _, exported)] = noted(staffed, "rita", "export")
    assert f'"rows": {count}' in exported
    assert "role_not_allowed" in noted(staffed, "rita", "refused")[0][2]
    assert noted(staffed, "rita", "log_in")


def test_read_only_sees_no_number_and_finds_by_one(staffed: Deployment) -> None:
    rita, simon = browser_of(staffed, "rita"), browser_of(staffed, "simon")
    [(msisdn, customer_id)] = staffed.rows(
        "SELECT msisdn, customer_id FROM customer_msisdns ORDER BY customer_id LIMIT 1"
    )
    pages = ("/customers/", "/customers.csv", f"/customers/{customer_id}", "/agents.csv", "/sms/")
    for page in pages:
        assert not _MSISDN.search(rita.get(page)[1]), page
    assert _MSISDN.search(simon.get("/customers.csv")[1])

    assert f"/customers/{customer_id}" in rita.get(f"/customers/?search=%2B{msisdn[1:]}")[1]


def test_no_cell_becomes_a_formula_where_a_semicolon_separates(staffed: Deployment) -> None:
    staffed.rows("UPDATE villages SET name = 'Ali;=1+9' WHERE code = 'KIB' RETURNING id")
    try:
        lines = browser_of(staffed, "simon").get("/villages.csv")[1].splitlines()
    finally:
        staffed.rows("UPDATE villages SET name = 'Kibera' WHERE code = 'KIB' RETURNING id")

    cells = [
        cell for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=";") for cell in row
    ]
    assert any(cell.startswith("'=1+9") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
