"""Re-price, reschedule, cancel: the plan, the ledger and the device all say the same afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.db.customers import find_customer
from core.db.devices import find_device
from core.db.registration import give_devices
from core.errors import Refused
from core.money import Money
from core.ownership import Handover
from core.plan import ByCount, PlanTerms
from core.refund import NewReturn
from core.unit import Unit
from core.usecases.devices.list_devices import list_tokens
from core.usecases.refunds.reversal import record_reversal
from core.usecases.registration.customer_card import resend_last_token
from core.usecases.sales.change_sale import NewSchedule, reprice_sale, reschedule_sale
from core.usecases.sales.end_sale import cancel_sale
from core.usecases.sales.register_sales import SaleEntry, register_sales
from tests.support.cast import AMINA, BARAKA, KIT, METER, NEEMA, STOCK_KIT
from tests.support.scenario import ACCOUNT, Scenario

WHO = "grace@jua.example"


@pytest.fixture
def sale_id(scenario: Scenario) -> int:
    """Baraka's kit: 4 x 150.00."""
    found: int = scenario.rows(
        "SELECT s.id FROM sales s JOIN devices d ON d.id = s.device_id WHERE d.serial = :serial",
        serial=KIT,
    )[0][0]
    return found


def plan_of(scenario: Scenario, sale_id: int) -> list[tuple[int, int]]:
    return scenario.rows(
        "SELECT amount_minor, paid_minor FROM instalments WHERE sale_id = :id ORDER BY number",
        id=sale_id,
    )


def customer_id(unit: Unit, msisdn: str) -> int:
    customer = find_customer(unit.connection, msisdn)
    assert customer is not None
    return customer.id


@pytest.mark.parametrize("then", ["back", "cancelled"])
def test_what_was_added_to_an_imported_sale_here_leaves_the_income_again(
    scenario: Scenario, then: str
) -> None:
    terms = PlanTerms("kit", ByCount(5), "weekly", Money(0, "KES"))
    entry = SaleEntry(NEEMA, terms, date(2026, 11, 1), STOCK_KIT, 1000_00, reference="S1")
    with scenario.open_unit() as unit:
        register_sales(unit, [entry])
    ((imported_id,),) = scenario.rows("SELECT id FROM sales WHERE reference = 'S1'")
    income = scenario.balances()["income:sales"]
    for ahead, total in ((1, 1500_00), (2, 1000_00 if then == "back" else 0)):
        scenario.ahead = timedelta(minutes=ahead)
        with scenario.open_unit() as unit:
            if total:
                reprice_sale(unit, imported_id, total, WHO, "agreed with the customer")
            else:
                cancel_sale(unit, imported_id, WHO, "she brought it back")

    assert scenario.balances()["income:sales"] == income
    assert scenario.balances().get("equity:opening", 0) == (-1000_00 if then == "back" else 0)
    scenario.check_invariants()


def test_a_new_price_is_spread_and_booked(scenario: Scenario, sale_id: int) -> None:
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 750_00, WHO, "agreed with the customer")
    assert plan_of(scenario, sale_id) == [(150_00, 150_00)] + [(200_00, 0)] * 3
    scenario.check_invariants()
    assert scenario.rows("SELECT kind FROM journal_entries ORDER BY id DESC LIMIT 1") == [
        ("repriced",)
    ]
    assert scenario.rows("SELECT operator, action, reason FROM audit_log") == [
        (WHO, "reprice", "agreed with the customer")
    ]


def test_a_price_may_fall_too_and_the_customer_is_served_on(
    scenario: Scenario, sale_id: int
) -> None:
    with scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 300_00, WHO, "a discount")
    scenario.pay("A1", KIT, 300_00)
    scenario.apply()
    scenario.check_invariants()
    assert scenario.rows("SELECT state FROM sales WHERE id = :id", id=sale_id) == [("complete",)]
    assert scenario.rows("SELECT kind FROM tokens") == [("unlock",)]


@pytest.mark.parametrize(
    ("total_minor", "code"),
    [(100_00, "plan_below_paid"), (600_00, "plan_same"), (1, "plan_tot")],
)
def test_a_price_that_cannot_be_is_refused(
    scenario: Scenario, sale_id: int, total_minor: int, code: str
) -> None:
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    before = plan_of(scenario, sale_id)
    with pytest.raises(Refused, match=code), scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, total_minor, WHO, "a mistake")
    assert plan_of(scenario, sale_id) == before


def test_a_plan_may_end_at_what_is_paid_and_the_device_is_unlocked(
    scenario: Scenario, sale_id: int
) -> None:
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 150_00, WHO, "that is enough")
    assert scenario.rows("SELECT state FROM sales WHERE id = :id", id=sale_id) == [("complete",)]
    assert scenario.rows("SELECT kind FROM token_orders") == [("unlock",)]
    scenario.check_invariants()


def test_no_reason_no_new_price(scenario: Scenario, sale_id: int) -> None:
    with pytest.raises(Refused, match="reason_missing"), scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 750_00, WHO, " ")
    assert scenario.rows("SELECT total_minor FROM sales WHERE id = :id", id=sale_id) == [(600_00,)]


def test_rescheduling_keeps_the_price_and_the_books(scenario: Scenario, sale_id: int) -> None:
    entries = scenario.rows("SELECT count(*) FROM journal_entries")
    with scenario.open_unit() as unit:
        new = NewSchedule(ByCount(2), "monthly", date(2026, 12, 31))
        reschedule_sale(unit, sale_id, new, WHO, "harvest is late")
    assert plan_of(scenario, sale_id) == [(300_00, 0)] * 2
    assert scenario.rows("SELECT count(*) FROM journal_entries") == entries
    scenario.pay("A1", KIT, 300_00)
    scenario.apply()
    assert scenario.rows("SELECT kind, units FROM tokens") == [("days", 30)]


def test_a_cancelled_sale_is_no_longer_owed_and_its_device_is_in_stock(
    scenario: Scenario, sale_id: int
) -> None:
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        cancel_sale(unit, sale_id, WHO, "repossessed")
    scenario.check_invariants()
    assert scenario.rows("SELECT state FROM sales WHERE id = :id", id=sale_id) == [("cancelled",)]
    assert scenario.rows("SELECT owner_id FROM devices WHERE serial = :s", s=KIT) == [(None,)]
    with pytest.raises(Refused, match="sale_not_open"), scenario.open_unit() as unit:
        cancel_sale(unit, sale_id, WHO, "again")


def test_a_sale_with_money_on_its_way_is_not_cancelled(scenario: Scenario, sale_id: int) -> None:
    scenario.pay("A1", KIT, 150_00)
    with pytest.raises(Refused, match="payment_waiting"), scenario.open_unit() as unit:
        cancel_sale(unit, sale_id, WHO, "repossessed")


def test_a_part_whose_payment_was_reversed_is_kept(scenario: Scenario, sale_id: int) -> None:
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        record_reversal(unit, ACCOUNT, "A1", NewReturn(150_00), WHO, "the provider took it back")
    with scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 750_00, WHO, "agreed")
    assert plan_of(scenario, sale_id) == [(150_00, 0)] + [(200_00, 0)] * 3
    scenario.check_invariants()


def test_the_next_owner_of_a_kit_does_not_see_the_codes_of_the_last(
    scenario: Scenario, sale_id: int
) -> None:
    """They may not have been typed yet: another customer's days are not part of it."""
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        baraka = customer_id(unit, BARAKA)
        assert len(list_tokens(unit, baraka, KIT)) == 1
        cancel_sale(unit, sale_id, WHO, "returned")
        amina = customer_id(unit, AMINA)
        kit = find_device(unit.connection, KIT)
        assert kit is not None
        device_id = kit.id
        handover = Handover(device_id, amina, unit.now, "sale")
        give_devices(unit.connection, [(handover, unit.today)], unit.today)
        assert list_tokens(unit, amina, KIT) == []
        with pytest.raises(Refused, match="no_such_token"):
            resend_last_token(unit, AMINA, KIT)


def test_less_than_a_coin_left_of_a_lower_price_is_one_more_part(
    scenario: Scenario, sale_id: int
) -> None:
    """Credit is not whole coins: 60.50 is paid of the kit when its price falls to 61."""
    scenario.pay("A1", KIT, 60_50)
    scenario.apply()
    with scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 61_00, WHO, "a discount")
    assert plan_of(scenario, sale_id) == [(60_50, 60_50), (50, 0)]
    scenario.check_invariants()


def sms_sent(scenario: Scenario) -> list[tuple[str, str]]:
    return scenario.rows("SELECT msisdn, body FROM sms WHERE kind LIKE 'sale_sms.%' ORDER BY id")


def test_the_customer_hears_what_is_left_of_a_plan_that_changed(
    scenario: Scenario, sale_id: int
) -> None:
    scenario.pay("A1", KIT, 200_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 750_00, WHO, "agreed")
    scenario.ahead = timedelta(hours=1)
    with scenario.open_unit() as unit:
        new = NewSchedule(ByCount(1), "monthly", date(2026, 12, 31))
        reschedule_sale(unit, sale_id, new, WHO, "harvest is late")

    assert sms_sent(scenario) == [
        (
            BARAKA,
            "Kit-Lamp100: KES 550 is left to pay now in 3: next KES 100 by 8 Dec, last on 22 Dec."
            " If you did not agree to that, call Jua Energy.",
        ),
        (
            BARAKA,
            "Kit-Lamp100: KES 550 is left to pay now in 2: next KES 100 by 8 Dec, last on 31 Dec."
            " If you did not agree to that, call Jua Energy.",
        ),
    ]


def test_the_customer_hears_in_their_language_that_nothing_more_is_owed(
    scenario: Scenario, sale_id: int
) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET language = 'sw' WHERE name = 'Baraka'")
    with scenario.open_unit() as unit:
        cancel_sale(unit, sale_id, WHO, "repossessed")

    [(number, body)] = sms_sent(scenario)
    assert number == BARAKA
    assert body.startswith("Mauzo ya Kit-Lamp100 yamefutwa")


def test_the_customer_hears_that_a_new_price_is_paid(scenario: Scenario) -> None:
    [(sale_id,)] = scenario.rows("SELECT id FROM sales WHERE device_id IS NULL")
    scenario.pay("A1", METER, 300_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 300_00, WHO, "a gift")

    assert [body.partition(":")[0] for _, body in sms_sent(scenario)] == ["Kit-Stove is paid"]


def test_nobody_is_told_of_a_change_that_was_refused(scenario: Scenario, sale_id: int) -> None:
    with pytest.raises(Refused, match="plan_same"), scenario.open_unit() as unit:
        reprice_sale(unit, sale_id, 600_00, WHO, "a mistake")

    assert sms_sent(scenario) == []
