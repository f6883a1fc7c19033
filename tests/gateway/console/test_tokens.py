"""Manual tokens: ordered with a reason, made by a worker, revealed on request."""

from __future__ import annotations

import pytest

from core.usecases.tokens.make_ordered import make_ordered_tokens
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import KIT, METER, OPEN_SECRET


def make(console: Console) -> None:
    with console.scenario.open_unit() as unit:
        make_ordered_tokens(unit, OPEN_SECRET)


def test_a_manual_token_is_ordered_made_by_a_worker_and_revealed(console: Console) -> None:
    support = console.login("support")

    ordered = support.post("/manual-tokens/new", serial=KIT, kind="lock", reason="taken back")
    path = ordered.location.removeprefix("/console")
    assert "A worker is making the token" in support.get(path).text
    make(console)

    [(token_id, code)] = console.rows("SELECT id, text FROM tokens WHERE kind = 'lock'")
    assert code not in support.get(path).text
    seen = support.post(f"/tokens/{token_id}/reveal", reason="types it in")
    assert code in seen.text.replace(" ", "")
    assert code not in support.get(path).text.replace(" ", "")
    assert console.audit() == [
        ("support", "order_token", "device", "taken back"),
        ("support", "reveal", "token", "types it in"),
    ]


@pytest.mark.parametrize(
    ("kind", "amount", "serial", "units"),
    [("days", "7", KIT, 7), ("energy", "2.5", METER, 25), ("energy", "3", METER, 30)],
)
def test_days_are_whole_and_energy_is_in_tenths_of_a_kwh(
    console: Console, kind: str, amount: str, serial: str, units: int
) -> None:
    typed = {"serial": serial, "kind": kind, "amount": amount, "reason": "goodwill"}

    assert console.login().post("/manual-tokens/new", **typed).status_code == 302

    assert console.rows("SELECT units FROM token_orders WHERE kind = :kind", kind=kind)[-1] == (
        units,
    )


@pytest.mark.parametrize(
    ("kind", "amount", "serial", "expected"),
    [
        ("days", "2.5", KIT, "whole days"),
        ("energy", "2.55", METER, "to the tenth"),
        ("days", "-1", KIT, "whole days"),
        ("days", "", KIT, "at most 3650"),
        ("energy", "99999", METER, "at most 10000"),
        ("lock", "5", KIT, "has no amount"),
        ("days", "7", METER, "no token that does this"),
        ("days", "7", "NONE1", "no device NONE1"),
    ],
)
def test_an_invalid_order_is_refused_beside_its_field(
    console: Console, kind: str, amount: str, serial: str, expected: str
) -> None:
    typed = {"serial": serial, "kind": kind, "amount": amount, "reason": "goodwill"}

    answer = console.login().post("/manual-tokens/new", **typed)

    assert answer.status_code == 422
    assert expected.lower() in answer.text.lower()
    assert console.audit() == []


def test_a_link_prefills_the_form(console: Console) -> None:
    page = console.login().get("/manual-tokens/new", serial=KIT, kind="lock").text

    assert f'value="{KIT}"' in page
    assert '<option value="lock" selected>' in page


def test_orders_are_found_by_serial_and_state(console: Console) -> None:
    browser = console.login()
    for serial in (KIT, "LAMP200"):
        browser.post("/manual-tokens/new", serial=serial, kind="lock", reason="taken back")
    make(console)

    lines = exported(browser.get("/manual-tokens.csv", serial="lamp 100", state="made"))

    assert [line[1] for line in lines[1:]] == [KIT]
