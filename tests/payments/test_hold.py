"""A device changes hands while money for it is on its way: it never serves another customer.

Moving a meter asks whether a payment waits. What that question cannot see (a payment being booked
at that moment, a refund that the provider refuses afterwards) waits for a person.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db.console.payments import entries_of_payment
from core.errors import Refused
from core.money import Money
from core.payment import PaymentNotice
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.payments.record import record_payment
from core.usecases.payments.request import request_payment
from core.usecases.refunds.refund import refund_refused, request_refund
from core.usecases.refunds.suspense import match_suspense
from tests.support.cast import AMINA, BARAKA, METER
from tests.support.scenario import ACCOUNT, NOW, Scenario

WHO = "ops@jua"


def move(scenario: Scenario, phone: str = BARAKA) -> None:
    with scenario.open_unit() as unit:
        transfer_meter_by_operator(unit, METER, phone, WHO, "sold the house")


def moved_between_request_and_refusal(scenario: Scenario) -> int:
    """Money for Amina's meter that could not be sent back, the meter Baraka's meanwhile."""
    payment_id = scenario.pay("R1", METER, 500_00, payer_kind="msisdn", payer=AMINA)
    with scenario.open_unit() as unit:
        refund_id = request_refund(unit, payment_id, WHO, "paid by mistake")
    move(scenario)
    with scenario.open_unit() as unit:
        refund_refused(unit, refund_id, "11")
    return payment_id


def test_money_of_the_old_owner_does_not_load_the_new_owners_meter(scenario: Scenario) -> None:
    moved_between_request_and_refusal(scenario)

    scenario.apply()

    assert scenario.states() == ["suspense"]
    assert scenario.rows("SELECT device_id, customer_id FROM payments") == [(None, None)]
    assert scenario.rows("SELECT count(*) FROM tokens") == [(0,)]
    scenario.check_invariants()


def test_its_payer_hears_that_it_waits(scenario: Scenario) -> None:
    moved_between_request_and_refusal(scenario)

    scenario.apply()

    assert scenario.rows("SELECT msisdn FROM sms WHERE kind = 'suspense'") == [(AMINA,)]


def test_its_neighbours_are_applied_all_the_same(scenario: Scenario) -> None:
    moved_between_request_and_refusal(scenario)
    scenario.ahead += timedelta(minutes=2)
    scenario.pay("R2", METER, 100_00)

    scenario.apply()

    assert scenario.states() == ["suspense", "applied"]
    scenario.check_invariants()


def test_an_operator_matches_it_to_its_owner(scenario: Scenario) -> None:
    payment_id = moved_between_request_and_refusal(scenario)
    scenario.apply()

    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, WHO, "it was for the meter")
    scenario.apply()

    assert scenario.states() == ["applied"]
    assert scenario.rows("SELECT kind, units FROM tokens") == [("energy", 50)]
    scenario.check_invariants()


def test_money_that_was_matched_before_can_be_matched_again_however_often(
    scenario: Scenario,
) -> None:
    payment_id = scenario.pay("R1", "01000000061", 500_00)
    for _ in range(2):
        with scenario.open_unit() as unit:
            match_suspense(unit, payment_id, METER, WHO, "a slip")
            refund_id = request_refund(unit, payment_id, WHO, "paid by mistake")
        move(scenario)
        with scenario.open_unit() as unit:
            refund_refused(unit, refund_id, "11")
        scenario.apply()
        move(scenario, AMINA)

    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, WHO, "it was for the meter")
    scenario.apply()

    assert scenario.states() == ["applied"]
    with scenario.open_unit() as unit:
        entries = [
            entry.kind
            for entry in entries_of_payment(unit.connection, payment_id)
            for _ in entry.postings
        ]
    assert (entries.count("matched"), entries.count("unmatched")) == (6, 4)  # two postings each
    scenario.check_invariants()


def test_a_payment_booked_while_the_meter_moves_is_not_the_new_owners(scenario: Scenario) -> None:
    notice = PaymentNotice(ACCOUNT, "R1", "c2b", 500_00, "KES", METER, "none", None, NOW)
    with scenario.open_unit() as unit:
        record_payment(unit, notice)
        move(scenario)  # sees nothing of it, and commits first

    scenario.apply()

    assert scenario.states() == ["suspense"]
    scenario.check_invariants()


def asked(scenario: Scenario, state: str, minutes_ago: int = 1) -> None:
    """A prompt on Amina's phone for her meter, in that state."""
    with scenario.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(500_00, "KES"))
    sent_at = None if state == "waiting" else NOW - timedelta(minutes=minutes_ago)
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE prompts SET state = %s, sent_at = %s", (state, sent_at))


@pytest.mark.parametrize("state", ["waiting", "sending", "pending", "unknown", "approved"])
def test_a_meter_is_not_moved_while_a_prompt_for_it_is_open(scenario: Scenario, state: str) -> None:
    asked(scenario, state)

    with pytest.raises(Refused, match="prompt_open"):
        move(scenario)


@pytest.mark.parametrize("state", ["paid", "failed"])
def test_a_prompt_that_has_ended_holds_nobody_up(scenario: Scenario, state: str) -> None:
    asked(scenario, state)

    move(scenario)


def test_a_prompt_of_long_ago_holds_nobody_up(scenario: Scenario) -> None:
    asked(scenario, "unknown", minutes_ago=11)

    move(scenario)
