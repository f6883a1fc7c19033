"""Cases at the console: open ones first, closed with their resolution."""

from __future__ import annotations

import pytest

from core.db.payments import is_held
from core.db.statements import Booked
from core.movement import Movement, Statement
from core.usecases.reconciliation.book_movements import open_cases
from core.usecases.reconciliation.compare import Comparison
from tests.gateway.console.conftest import Console
from tests.support.cast import METER
from tests.support.scenario import ACCOUNT, NOW


def test_a_case_is_closed_once_with_its_resolution(console: Console) -> None:
    support, path = console.login("support"), f"/cases/{console.ids['case_id']}/close"

    assert support.post(path, reason="").status_code == 422
    assert support.post(path, reason="talked to her").location == "/console/cases/"
    again = support.post(path, reason="talked to her")

    assert "no such open case" in again.text
    assert console.audit() == [("support", "close", "case", "talked to her")]


@pytest.fixture
def held(console: Console) -> int:
    """The id of a case about a payment that is on no list."""
    payment_id = console.scenario.pay("RH1", METER, 100_00)
    with console.scenario.open_unit() as unit:
        unlisted = Booked(payment_id, "RH1", 100_00, "received", NOW)
        open_cases(unit, Statement(ACCOUNT, "KES", []), Comparison(missing_there=[unlisted]))
    found: int = console.rows("SELECT id FROM cases WHERE payment_id = :id", id=payment_id)[0][0]
    return found


def held_now(console: Console) -> bool:
    with console.scenario.open_unit() as unit:
        return is_held(unit.connection, console.rows("SELECT max(id) FROM payments")[0][0])


def test_closing_a_case_needs_a_decision_about_a_payment_on_hold(
    console: Console, held: int
) -> None:
    finance, path = console.login("finance"), f"/cases/{held}/close"
    assert "apply the payment" in finance.get(path).text
    assert finance.post(path, reason="asked Safaricom").status_code == 422

    assert finance.post(path, reason="asked Safaricom", held="apply").status_code == 302

    assert not held_now(console)
    assert console.redis.llen("rq:queue:payments") == 1


def test_support_can_only_keep_a_payment_on_hold(console: Console, held: int) -> None:
    support, path = console.login("support"), f"/cases/{held}/close"
    assert "apply the payment" not in support.get(path).text
    assert support.post(path, reason="it is real", held="apply").status_code == 422

    assert support.post(path, reason="not ours", held="keep").status_code == 302

    assert held_now(console)


def test_the_list_has_open_cases_by_default(console: Console) -> None:
    browser = console.login()
    assert "Something is odd" in browser.get("/cases/").text

    browser.post(f"/cases/{console.ids['case_id']}/close", reason="done")

    assert "Something is odd" not in browser.get("/cases/").text
    assert "Something is odd" in browser.get("/cases/", state="closed").text
    assert "Something is odd" in browser.get("/cases/", state="").text


def test_a_held_movement_is_explained_on_its_case(console: Console) -> None:
    moved = Movement("SKE9", "other", "out", 60_00, NOW, written="Salary Payment")
    with console.scenario.open_unit() as unit:
        open_cases(unit, Statement(ACCOUNT, "KES", [moved]), Comparison(held=[moved]))
    case_id = console.rows("SELECT max(id) FROM cases")[0][0]
    path = f"/cases/{case_id}/close"
    assert console.login("support").post(path, reason="x", held="fee").status_code == 422
    finance = console.login("finance")
    assert "KES 60.00 went out (Salary Payment)" in finance.get(path).text

    assert finance.post(path, reason="wages of May", held="unclassified").status_code == 302

    assert console.rows("SELECT booked_as FROM held_movements") == [("unclassified",)]
    assert console.scenario.balances()["unclassified"] == 60_00
