"""Credit at the console: used, given back and moved from the customer's page."""

from __future__ import annotations

import pytest

from tests.gateway.console.conftest import Console
from tests.support.cast import BARAKA, KIT, LAST_KIT


@pytest.fixture
def chidi(console: Console) -> int:
    """Chidi, who has 1 000 of credit and no debt."""
    console.scenario.pay("RC1", LAST_KIT, 1150_00)
    console.scenario.apply()
    return int(console.rows("SELECT id FROM customers WHERE name = 'Chidi'")[0][0])


def test_credit_is_given_back_moved_and_used(console: Console, chidi: int) -> None:
    finance, path = console.login("finance"), f"/customers/{chidi}/credit"
    for page in ("back", "move", "use"):
        assert f"{path}/{page}" in finance.get(f"/customers/{chidi}").text
        assert f"{path}/{page}" not in console.login("support").get(f"/customers/{chidi}").text

    typed = {"amount": "300", "source": "daraja:600123", "reference": "qb1", "reason": "asked"}
    assert (
        "KES 1000.00 of credit" in finance.post(f"{path}/back", **typed | {"amount": "1001"}).text
    )
    assert finance.post(f"{path}/back", **typed).status_code == 302
    assert finance.post(f"{path}/back", **typed).status_code == 302  # typed again: once
    typed = {"number": BARAKA, "amount": "600", "reference": "M1", "reason": "his brother"}
    assert finance.post(f"{path}/move", **typed).status_code == 302

    page = finance.get(f"/customers/{chidi}").text
    assert "given back from daraja:600123" in page
    assert "moved to Baraka Mwangi" in page
    assert console.rows("SELECT credit_minor FROM customers WHERE id = :id", id=chidi) == [
        (100_00,)
    ]
    baraka = console.rows("SELECT id FROM customers WHERE name = 'Baraka'")[0][0]
    used = finance.post(f"/customers/{baraka}/credit/use", serial=KIT, reason="he asked")
    assert used.status_code == 302
    console.scenario.apply()
    console.scenario.check_invariants()


def test_credit_that_buys_nothing_is_refused_beside_the_device(
    console: Console, chidi: int
) -> None:
    finance = console.login("finance")

    page = finance.post(f"/customers/{chidi}/credit/use", serial=LAST_KIT, reason="he asked").text

    assert "buys and pays nothing there" in page


def test_a_part_that_was_returned_is_on_the_page_of_the_payment(console: Console) -> None:
    finance, paid = console.login("finance"), console.ids["payment_id"]
    typed = {"amount": "20", "source": "office", "reason": "gave 20 at the office"}
    assert "voucher" in finance.post(f"/payments/{paid}/returned", **typed).text

    assert finance.post(f"/payments/{paid}/returned", **typed, reference="V7").status_code == 302

    page = finance.get(f"/payments/{paid}").text
    assert "Money that went back" in page
    assert "V7" in page
    console.scenario.check_invariants()
