"""What is quoted is what is booked: purpose, price, due instalments and fees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.money import Money
from core.usecases.agents.collect_cash import Collected, collect_cash
from core.usecases.payments.prompts import claim_unsent, confirm_by_lookup
from core.usecases.payments.quote import quote_payment
from core.usecases.payments.request import request_payment
from tests.support.cast import AMINA, JUMA, METER
from tests.support.scenario import ACCOUNT, NOW, Scenario

DAY = timedelta(days=1)
TARIFF = "(SELECT tariff_id FROM devices WHERE serial = '01000000016')"
LINES = (
    "SELECT l.kind, l.amount_minor FROM payment_lines l JOIN payments p ON p.id = l.payment_id"
    " WHERE p.receipt = :receipt ORDER BY l.number"
)


def new_price(scenario: Scenario, day: int, price_minor: int) -> None:
    scenario.run(
        "INSERT INTO tariff_versions (tariff_id, valid_from, price_per_kwh_thousandths)"
        f" SELECT {TARIFF}, :on, :price * 1000",
        on=(NOW + day * DAY).date(),
        price=price_minor,
    )


def lines(scenario: Scenario, receipt: str) -> list[tuple[str, int]]:
    return [(kind, amount) for kind, amount in scenario.rows(LINES, receipt=receipt)]


@pytest.mark.parametrize(
    "typed", [f"{METER}LOAN", f"{METER}loan", f" {METER[:4]}-{METER[4:]} loan"]
)
def test_cash_for_the_loan_is_booked_for_the_loan(scenario: Scenario, typed: str) -> None:
    with scenario.open_unit() as unit:
        collected = collect_cash(unit, JUMA, "4321", typed, Money(500_00, "KES"))
        assert isinstance(collected, Collected)
    scenario.apply()
    assert lines(scenario, collected.receipt) == [("instalment", 300_00), ("instalment", 200_00)]


def test_a_prompt_for_the_loan_is_booked_for_the_loan(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        request_payment(unit, AMINA, f"{METER}LOAN", Money(500_00, "KES"))
    ((reference, purpose),) = scenario.rows("SELECT account_reference, purpose FROM prompts")
    assert purpose == "loan"
    scenario.pay("P1", reference, 500_00)
    scenario.apply()
    assert lines(scenario, "P1") == [("instalment", 300_00), ("instalment", 200_00)]


def test_the_price_is_that_of_the_day_of_payment(scenario: Scenario) -> None:
    new_price(scenario, 1, 200_00)
    scenario.pay("P1", METER, 800_00)
    scenario.ahead = 2 * DAY
    scenario.apply()
    assert lines(scenario, "P1") == [("instalment", 300_00), ("energy", 500_00)]
    assert scenario.rows("SELECT units FROM tokens") == [(50,)]


def test_what_fell_due_after_the_payment_is_not_paid_by_it(scenario: Scenario) -> None:
    """The second instalment is due after four days, a fee after three."""
    scenario.run(
        f"UPDATE tariff_versions SET access_rate_minor = 2000, access_every_days = 3"
        f" WHERE tariff_id = {TARIFF}"
    )
    with scenario.open_unit() as unit:
        quoted = quote_payment(unit, METER, 800_00).outcome
    scenario.pay("P1", METER, 800_00)
    scenario.ahead = 8 * DAY
    scenario.apply()
    assert lines(scenario, "P1") == [(line.kind, line.amount_minor) for line in quoted.lines]
    assert scenario.rows("SELECT count(*) FROM access_charges WHERE paid_minor = 0") == [(2,)]


def test_a_payment_of_tomorrow_is_one_of_today(scenario: Scenario) -> None:
    """A provider's clock may be ahead of ours."""
    new_price(scenario, 1, 200_00)
    scenario.pay("P1", METER, 800_00, paid_at=NOW + DAY)
    scenario.apply()
    assert scenario.rows("SELECT units FROM tokens") == [(50,)]


def test_a_prompt_keeps_the_day_on_which_it_was_quoted(scenario: Scenario) -> None:
    """Made two minutes before midnight in Nairobi, approved after it."""
    new_price(scenario, 1, 200_00)
    scenario.ahead = timedelta(hours=11, minutes=58)
    with scenario.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(800_00, "KES"))
        (prompt,) = claim_unsent(unit, 1)
    scenario.ahead = timedelta(hours=12, minutes=1)
    with scenario.open_unit() as unit:
        confirm_by_lookup(unit, prompt, ACCOUNT, "P1", 800_00)
    scenario.apply()
    assert scenario.rows("SELECT paid_on, units FROM payments, tokens") == [(NOW.date(), 50)]


def test_a_look_up_two_days_later_books_the_day_of_the_prompt(scenario: Scenario) -> None:
    new_price(scenario, 1, 200_00)
    with scenario.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(800_00, "KES"))
        (prompt,) = claim_unsent(unit, 1)
    scenario.ahead = 2 * DAY
    with scenario.open_unit() as unit:
        confirm_by_lookup(unit, prompt, ACCOUNT, "P1", 800_00)
    scenario.apply()
    assert scenario.rows("SELECT paid_on, units FROM payments, tokens") == [(NOW.date(), 50)]
