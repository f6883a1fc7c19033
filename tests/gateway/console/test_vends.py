"""Vends at the console: what was asked is shown, and a person decides with a reason."""

from __future__ import annotations

import pytest

from core.usecases.vends.decide import say_vended
from core.vend import Unknown
from tests.gateway.console.conftest import Console
from tests.support.cast import METER
from tests.support.played_vendor import ABILITIES, Office, PlayedVendor
from workers import vends


@pytest.fixture
def office(console: Console, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A vend of which it is not known what became."""
    monkeypatch.setattr(vends, "_report", lambda vendor, answer: None)
    office = Office(console.scenario, PlayedVendor(ABILITIES["person"]))
    office.vendor.troubles.append(Unknown("time ran out"))
    console.scenario.run("UPDATE instalments SET due_on = due_on + 1000")
    console.scenario.pay("QC1", METER, 500_00)
    console.scenario.apply()
    office.work()
    assert office.states()[-1] == "unknown"
    return office


def path_of(console: Console) -> str:
    return f"/vends/{console.rows('SELECT max(id) FROM vends')[0][0]}"


def test_the_page_shows_what_was_asked_and_its_case_leads_there(
    console: Console, office: Office
) -> None:
    support, path = console.login("support"), path_of(console)
    page = support.get(path).text
    for shown in (METER, "5.0 kWh", "time ran out", "stron, account main", "It is not known"):
        assert shown in page
    [(case_id,)] = console.rows("SELECT id FROM cases WHERE kind = 'vend_unknown'")
    assert support.get(f"/cases/{case_id}/close").location == f"/console{path}"
    assert support.post(f"/cases/{case_id}/close", reason="done").status_code in (302, 422)
    assert console.rows("SELECT closed_at FROM cases WHERE id = :id", id=case_id) == [(None,)]
    assert METER in support.get("/vends/", wait="person").text


def test_a_typed_code_is_looked_at_twice(console: Console, office: Office) -> None:
    support, path = console.login("support"), path_of(console)
    assert "20 digits" in support.post(f"{path}/vended", codes="12", reason="portal").text
    seen = support.post(f"{path}/vended", codes="12345678901234567890", reason="portal")
    assert seen.status_code == 200
    assert "1234 5678 9012 3456 7890" in seen.text
    assert office.states()[-1] == "unknown"


def test_nothing_is_offered_while_a_typed_code_is_stored(console: Console, office: Office) -> None:
    owner, path = console.login("owner"), path_of(console)
    assert "Give the money back" in owner.get(path).text
    with office.scenario.open_unit() as unit:
        say_vended(unit, int(path.split("/")[-1]), ["1" * 20], "owner", "portal")

    page = owner.get(path).text

    assert "A worker is storing the code" in page
    assert "Give the money back" not in page


def test_only_some_roles_give_the_money_back(console: Console, office: Office) -> None:
    path = path_of(console)
    assert console.login("support").get(f"{path}/give-back").status_code == 403
    finance = console.login("finance")
    assert finance.post(f"{path}/give-back", reason="not on the portal").status_code == 302
    assert office.states()[-1] == "withdrawn"
    assert "became the customer" in finance.get(path).text


def test_it_is_asked_for_again(console: Console, office: Office) -> None:
    support, path = console.login("support"), path_of(console)
    assert support.post(f"{path}/again", reason="not on the portal").status_code == 302
    assert office.states()[-1] == "waiting"
    assert console.redis.llen("rq:queue:vends") == 1
