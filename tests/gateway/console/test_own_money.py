"""Office and bank, agents' commission and shortfalls, fees and clawbacks at the console."""

from __future__ import annotations

from tests.gateway.console.conftest import Console
from tests.support.cast import AMINA, JUMA, METER

WHY = {"reason": "counted together"}


def id_of(console: Console, sql: str, **values: object) -> int:
    return int(console.rows(sql, **values)[0][0])


def test_a_payment_is_taken_and_the_cash_banked(console: Console) -> None:
    browser = console.login("finance")
    typed = {"account": METER, "amount": "500", "place": "office", "receipt": "r 17"}
    assert browser.post("/own-money/payment", **typed, **WHY).status_code == 302
    assert "is booked under R17 already" in browser.post("/own-money/payment", **typed, **WHY).text

    looked, _ = browser.confirm("/own-money/bank", amount="300", receipt="S1", **WHY)

    assert "The office holds KES 200.00" in looked.text
    page = browser.get("/own-money/").text
    assert "R17" in page
    assert "banked" in page
    console.scenario.check_invariants()


def test_commission_is_paid_out_and_a_shortfall_written_off(console: Console) -> None:
    agent = id_of(console, "SELECT id FROM agents WHERE msisdn = :msisdn", msisdn=JUMA)
    console.scenario.run(
        "UPDATE agents SET commission_minor = 3000, float_used_minor = 50000 WHERE id = :id",
        id=agent,
    )
    browser = console.login("finance")
    assert "Pay commission" in browser.get(f"/agents/{agent}").text

    looked, _ = browser.confirm(
        f"/agents/{agent}/commission", amount="20", place="bank", receipt="V1", **WHY
    )
    assert "Commission not paid out afterwards: KES 10.00" in looked.text
    looked, _ = browser.confirm(f"/agents/{agent}/write-off", amount="200", **WHY)
    assert "Owes afterwards: KES 300.00" in looked.text
    assert [row[1] for row in console.audit()] == ["pay_commission", "write_off"]


def test_a_fee_is_waived_from_the_customers_page(console: Console) -> None:
    amina = id_of(console, "SELECT customer_id FROM customer_msisdns WHERE msisdn = :to", to=AMINA)
    console.scenario.run(
        "INSERT INTO access_charges (device_id, customer_id, due_on, amount_minor)"
        " VALUES (:meter, :amina, '2026-11-01', 10000)",
        meter=console.scenario.device_id(METER),
        amina=amina,
    )
    fee = id_of(console, "SELECT max(id) FROM access_charges")
    browser = console.login("finance")
    assert "Waive a fee" in browser.get(f"/customers/{amina}").text

    looked, _ = browser.confirm(f"/customers/{amina}/waive-fee", debt=str(fee), **WHY)

    assert "KES 100.00 is not owed any more, and booked as a discount" in looked.text
    assert console.rows("SELECT waived_minor FROM access_charges") == [(100_00,)]
    assert "Waive a fee" not in browser.get(f"/customers/{amina}").text
