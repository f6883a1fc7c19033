"""What a customer owes was changed between a payment and its booking: a person decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from core.catalogue import TariffEntry
from core.errors import Refused
from core.money import Money
from core.plan import ByCount
from core.refund import NewReturn
from core.tariff import TariffVersion
from core.unit import Unit
from core.usecases.catalogue.access_fees import accrue_access_rates, move_tariff
from core.usecases.catalogue.change import change_catalogue
from core.usecases.catalogue.waterfalls import change_waterfall
from core.usecases.customers.forgive_debt import forgive_debt
from core.usecases.operators.retry import find_stuck, retry_stuck
from core.usecases.payments.request import request_payment
from core.usecases.reconciliation.cases import APPLY, close_case
from core.usecases.refunds.credit import transfer_credit
from core.usecases.refunds.reversal import record_reversal, reverse_by_hand
from core.usecases.refunds.suspense import match_suspense
from core.usecases.sales.change_sale import NewSchedule, reprice_sale, reschedule_sale
from core.usecases.sales.default_sale import default_sale, undo_default
from core.usecases.sales.end_sale import cancel_sale
from core.usecases.sales.pause_sale import pause_sale
from core.usecases.sales.sell import NewSale, sell_by_operator
from core.waterfall import Waterfall
from operations.commands.show import describe_payment
from tests.support.builders import insert_tariff, terms_by_count
from tests.support.cast import AMINA, BARAKA, METER
from tests.support.scenario import ACCOUNT, NOW, Scenario

MINUTE = timedelta(minutes=1)
AMINAS_SALE = (
    "SELECT s.id FROM sales s JOIN customer_msisdns m ON m.customer_id = s.customer_id"
    " WHERE m.msisdn = '+254711000001'"
)
CASES = "SELECT id, detail FROM cases WHERE kind = 'changed_since_payment' AND closed_at IS NULL"
LINES = (
    "SELECT l.kind, l.amount_minor FROM payment_lines l JOIN payments p ON p.id = l.payment_id"
    " WHERE p.receipt = :receipt ORDER BY l.number"
)


def reprice(unit: Unit, sale_id: int) -> None:
    reprice_sale(unit, sale_id, 900_00, "ops", "agreed")


def reschedule(unit: Unit, sale_id: int) -> None:
    reschedule_sale(unit, sale_id, NewSchedule(ByCount(4), "weekly"), "ops", "agreed")


def cancel(unit: Unit, sale_id: int) -> None:
    cancel_sale(unit, sale_id, "ops", "returned")


def take_back(unit: Unit, sale_id: int) -> None:
    record_reversal(unit, ACCOUNT, "P0", NewReturn(), "ops", "M-Pesa did")


def pause(unit: Unit, sale_id: int) -> None:
    pause_sale(unit, sale_id, "ops", "ill")


def take_a_part_back(unit: Unit, sale_id: int) -> None:
    record_reversal(unit, ACCOUNT, "P0", NewReturn(40_00), "ops", "M-Pesa did")


@pytest.mark.parametrize(
    "change", [reprice, reschedule, cancel, pause, take_back, take_a_part_back]
)
def test_money_paid_before_the_change_waits_for_a_person(
    scenario: Scenario, change: Callable[[Unit, int], None]
) -> None:
    scenario.pay("P0", METER, 100_00)
    scenario.apply()
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        change(unit, sale_id)
    payment_id = scenario.pay(
        "P1", METER, 800_00, payer_kind="msisdn", payer=AMINA, paid_at=NOW, source="pull"
    )
    scenario.pay("P2", METER, 50_00)
    scenario.apply()

    assert scenario.states() == [
        "reversed" if change is take_back else "applied", "received", "applied"
    ]  # fmt: skip
    with scenario.open_unit() as unit:
        assert describe_payment(unit, "P1")["state"] == "held"
    ((case_id, detail),) = scenario.rows(CASES)
    assert detail == (
        f"P1: KES 800.00 for {METER} was paid at 2026-11-24 12:00, before what the customer owes"
        " was changed at 2026-11-24 12:01. Apply it to what is owed now, or give it back"
    )
    assert scenario.rows("SELECT kind FROM sms WHERE payment_id = :id", id=payment_id) == [
        ("held",)
    ]

    with scenario.open_unit() as unit:
        close_case(unit, case_id, "ops", "she knows", held=APPLY)
    scenario.apply()
    assert scenario.states()[1] == "applied"
    assert not scenario.rows(CASES)
    scenario.check_invariants()


def test_the_case_says_when_the_payer_was_told_what_the_money_does(scenario: Scenario) -> None:
    """The reference of a prompt is typed at the paybill after the plan was changed."""
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        reprice(unit, sale_id)
    scenario.pay("P1", METER, 800_00, quoted_at=NOW, paid_at=NOW + 2 * MINUTE, source="pull")
    scenario.ahead = 3 * MINUTE
    scenario.apply()

    ((_, detail),) = scenario.rows(CASES)
    assert detail.startswith(
        f"P1: KES 800.00 for {METER} (paid at 2026-11-24 12:02) was quoted at 2026-11-24 12:00,"
        " before what the customer owes was changed at 2026-11-24 12:01."
    )


def test_money_paid_before_its_credit_was_moved_away_waits_for_a_person(
    scenario: Scenario,
) -> None:
    """The credit was part of what the payer was told; the payment is heard of two days later."""
    scenario.pay("P0", METER, 705_00)
    scenario.apply()
    ((amina,), (baraka,)) = scenario.rows(
        "SELECT customer_id FROM customer_msisdns WHERE msisdn IN (:amina, :baraka) ORDER BY 1",
        amina=AMINA,
        baraka=BARAKA,
    )
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        back = NewReturn(reference="V1")
        assert transfer_credit(unit, amina, baraka, back, "ops", "his money")
    scenario.pay("P1", METER, 95_00, paid_at=NOW, source="pull")
    scenario.apply()
    assert scenario.states() == ["applied", "received"]
    assert len(scenario.rows(CASES)) == 1


def test_money_paid_before_a_fee_was_waived_waits_for_a_person(scenario: Scenario) -> None:
    scenario.run(
        "UPDATE tariff_versions SET access_rate_minor = 2000, access_every_days = 3 WHERE tariff_id"
        " = (SELECT tariff_id FROM devices WHERE serial = :meter)",
        meter=METER,
    )
    scenario.ahead = timedelta(days=3)
    with scenario.open_unit() as unit:
        accrue_access_rates(unit, 0, 100)
    ((charge_id,),) = scenario.rows("SELECT id FROM access_charges")
    scenario.pay("P1", METER, 800_00)
    scenario.ahead += MINUTE
    with scenario.open_unit() as unit:
        forgive_debt(unit, "access_rate", charge_id, "ops", "no power that week")
    scenario.apply()
    assert scenario.states() == ["received"]


def test_a_payment_made_after_the_change_does_not_wait(scenario: Scenario) -> None:
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    with scenario.open_unit() as unit:
        reprice(unit, sale_id)
    scenario.ahead = MINUTE
    scenario.pay("P1", METER, 800_00)
    scenario.apply()
    assert scenario.states() == ["applied"]


def test_two_of_a_batch_wait_though_the_later_was_heard_of_first(scenario: Scenario) -> None:
    """Their cases are opened in the order of the keys (decision 0047), whichever was paid first."""
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    scenario.ahead = 2 * MINUTE
    with scenario.open_unit() as unit:
        reprice(unit, sale_id)
    scenario.pay("P1", METER, 100_00, paid_at=NOW + MINUTE, source="pull")
    scenario.pay("P2", METER, 100_00, paid_at=NOW, source="pull")
    scenario.apply()
    assert len(scenario.rows(CASES)) == 2


def test_a_default_changes_nothing_that_is_owed(scenario: Scenario) -> None:
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    scenario.ahead = MINUTE
    for change in (default_sale, undo_default):
        with scenario.open_unit() as unit:
            change(unit, sale_id, "ops", "late")
    scenario.pay("P1", METER, 800_00, paid_at=NOW, source="pull")
    scenario.apply()
    assert scenario.states() == ["applied"]


def test_money_on_hold_that_went_back_leaves_no_question(scenario: Scenario) -> None:
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        reprice(unit, sale_id)
    payment_id = scenario.pay("P1", METER, 800_00, paid_at=NOW, source="pull")
    scenario.apply()
    assert len(scenario.rows(CASES)) == 1
    with scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(reference="B1"), "ops", "she asked")
    assert not scenario.rows(CASES)


def test_a_price_is_not_changed_while_a_prompt_may_still_be_approved(scenario: Scenario) -> None:
    dearer = TariffEntry("home", "Home", TariffVersion(NOW.date(), 200_00_000))
    light_first = Waterfall(NOW.date(), ("device", "arrears", "access_rate"))
    with scenario.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(800_00, "KES"))
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit, pytest.raises(Refused, match="catalogue_contradicts"):
        change_catalogue(unit, dearer, "ops", "dear oil")
    with scenario.open_unit() as unit, pytest.raises(Refused, match="catalogue_contradicts"):
        change_waterfall(unit, light_first, "ops", "light first")

    scenario.run("UPDATE prompts SET state = 'failed', next_attempt_at = NULL")
    with scenario.open_unit() as unit:
        change_catalogue(unit, dearer, "ops", "dear oil")
        change_waterfall(unit, light_first, "ops", "light first")


def test_an_operator_who_has_it_tried_again_has_decided(scenario: Scenario) -> None:
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        reprice(unit, sale_id)
    payment_id = scenario.pay("P1", METER, 800_00, paid_at=NOW, source="pull")
    scenario.apply()
    with scenario.open_unit() as unit:
        stuck = find_stuck(unit, "payment", payment_id)
        retry_stuck(unit, "ops", stuck, "she knows")
    assert stuck.next_attempt_at is None
    assert stuck.why == "what the customer owes was changed after it was paid"
    scenario.apply()
    assert scenario.states() == ["applied"]
    assert not scenario.rows(CASES)


def test_money_matched_after_the_change_does_not_wait(scenario: Scenario) -> None:
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    payment_id = scenario.pay("P1", "NOBODY", 800_00)
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        reprice(unit, sale_id)
    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, "ops", "called")
    scenario.apply()
    assert scenario.states() == ["applied"]


def test_what_was_sold_after_the_payment_is_not_paid_by_it(scenario: Scenario) -> None:
    """A down payment falls due on the day of the sale, which may be the day of the payment."""
    scenario.pay("P1", METER, 800_00)
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        sale = NewSale(terms_by_count("cooker", 4, down_minor=200_00))
        sell_by_operator(unit, AMINA, sale, "ops", "came by")
    scenario.apply()
    assert scenario.rows(LINES, receipt="P1") == [("instalment", 300_00), ("energy", 500_00)]
    scenario.pay("P2", METER, 300_00)
    scenario.apply()
    assert scenario.rows(LINES, receipt="P2") == [("down_payment", 200_00), ("energy", 100_00)]


def test_a_meter_moved_to_another_tariff_keeps_the_price_for_what_was_paid(
    scenario: Scenario,
) -> None:
    with scenario.engine.begin() as connection:
        insert_tariff(connection, code="dear", price_per_kwh_minor=200_00)
        insert_tariff(connection, code="dearer", price_per_kwh_minor=400_00)
    scenario.pay("P1", METER, 800_00)
    scenario.ahead = MINUTE
    with scenario.open_unit() as unit:
        move_tariff(unit, "home", "dear", "ops", "agreed")
    scenario.pay("P2", METER, 200_00)
    scenario.ahead = 2 * MINUTE
    with scenario.open_unit() as unit:
        move_tariff(unit, "dear", "dearer", "ops", "agreed")
    scenario.apply()
    assert scenario.rows("SELECT units FROM tokens ORDER BY id") == [(50,), (10,)]


def test_a_payment_from_before_the_first_price_buys_at_the_first_price(scenario: Scenario) -> None:
    scenario.run("UPDATE tariff_versions SET valid_from = :on", on=date(2026, 11, 20))
    scenario.pay("P1", METER, 800_00, paid_at=NOW - timedelta(days=9), source="pull")
    scenario.apply()
    assert scenario.rows("SELECT units FROM tokens") == [(80,)]


def test_the_loan_that_a_payer_named_beside_a_wrong_serial_is_remembered(
    scenario: Scenario,
) -> None:
    payment_id = scenario.pay("P1", "01000000017loan", 500_00)
    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, "ops", "one digit wrong")
    scenario.apply()
    assert scenario.rows(LINES, receipt="P1") == [("instalment", 300_00), ("instalment", 200_00)]


def test_a_confirmation_of_today_counts_by_our_own_clock(scenario: Scenario) -> None:
    """A provider's clock may be hours off: the confirmation comes seconds after our own quote."""
    ((sale_id,),) = scenario.rows(AMINAS_SALE)
    with scenario.open_unit() as unit:
        reprice(unit, sale_id)
    scenario.ahead = MINUTE
    scenario.pay("P1", METER, 800_00, paid_at=NOW - timedelta(hours=3))
    scenario.apply()
    assert scenario.states() == ["applied"]
