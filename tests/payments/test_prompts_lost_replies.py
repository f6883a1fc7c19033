"""Prompts whose answers got lost: found by the money they moved, or told to a person; and payers
who hear of their money whichever callback told us of it first."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from core.db.prompts import lock_prompt
from core.money import Money
from core.payment import PaymentNotice
from core.usecases.payments.prompts import (
    claim_receiptless,
    claim_unresolved,
    claim_unsent,
    mark_unknown,
    prompt_accepted,
    prompt_ended,
    prompt_paid,
)
from core.usecases.payments.request import request_payment
from tests.support.builders import give_device
from tests.support.cast import AMINA, METER, STRANGER
from tests.support.scenario import ACCOUNT, Scenario

HASHED = sha256(STRANGER.removeprefix("+").encode()).hexdigest()
MASKED = "2547 ***** 009"  # STRANGER's


def ask(scenario: Scenario, payer: str = STRANGER) -> int:
    """A prompt that a worker has claimed to send; its id."""
    with scenario.open_unit() as unit:
        request_payment(unit, payer, METER, Money(500_00, "KES"))
    with scenario.open_unit() as unit:
        return claim_unsent(unit, 10)[0].id


def lost(scenario: Scenario, prompt_id: int) -> None:
    """The provider's answer to the push never came."""
    with scenario.open_unit() as unit:
        prompt = lock_prompt(unit.connection, prompt_id)
        assert prompt is not None
        mark_unknown(unit, prompt, "ReadTimeout")


def result(scenario: Scenario, prompt_id: int, payer: str = STRANGER) -> None:
    """The provider's callback: paid, with its receipt."""
    with scenario.open_unit() as unit:
        notice = PaymentNotice(
            ACCOUNT, "R1", "stk", 500_00, "KES", METER, "msisdn", payer, unit.now
        )
        prompt = lock_prompt(unit.connection, prompt_id)
        assert prompt is not None
        prompt_paid(unit, prompt, notice)


def confirmed(
    scenario: Scenario, payer_kind: str = "masked", payer: str | None = MASKED, **changed: Any
) -> None:
    """The paybill's confirmation of the same money."""
    scenario.pay(
        "R1", METER, **{"amount_minor": 500_00} | changed, payer_kind=payer_kind, payer=payer
    )


def reconciled(scenario: Scenario) -> list[Any]:
    scenario.ahead += timedelta(minutes=2)
    with scenario.open_unit() as unit:
        return claim_receiptless(unit, 10)


def paid_for(scenario: Scenario) -> list[tuple[str]]:
    return scenario.rows("SELECT msisdn FROM sms WHERE kind = 'paid_for'")


def prompts(scenario: Scenario) -> list[tuple[str, bool]]:
    return scenario.rows("SELECT state, payment_id IS NOT NULL FROM prompts")


@pytest.mark.parametrize("hidden", [("masked", MASKED), ("sha256", HASHED), ("none", None)])
@pytest.mark.parametrize("first", ["confirmation", "result"])
def test_a_stranger_who_pays_by_prompt_hears_of_it_once_in_either_order(
    scenario: Scenario, hidden: tuple[str, str | None], first: str
) -> None:
    prompt_id = ask(scenario)
    if first == "confirmation":
        confirmed(scenario, *hidden)
        result(scenario, prompt_id)
    else:
        result(scenario, prompt_id)
        confirmed(scenario, *hidden)

    assert paid_for(scenario) == [(STRANGER,)]
    assert scenario.rows("SELECT payer_kind, payer FROM payments") == [("msisdn", STRANGER)]


def test_the_owner_who_pays_by_prompt_has_the_receipt_only(scenario: Scenario) -> None:
    prompt_id = ask(scenario, AMINA)
    confirmed(scenario)
    result(scenario, prompt_id, AMINA)

    assert paid_for(scenario) == []


def test_who_paid_is_told_of_money_that_waits_in_suspense(scenario: Scenario) -> None:
    prompt_id = ask(scenario)
    with scenario.engine.begin() as connection:
        give_device(connection, METER, None)
    confirmed(scenario)
    result(scenario, prompt_id)

    assert scenario.rows("SELECT msisdn FROM sms WHERE kind = 'suspense'") == [(STRANGER,)]


@pytest.mark.parametrize(
    ("payer_kind", "payer"),
    [
        ("masked", MASKED),
        ("masked", "25472****009"),
        ("sha256", HASHED),
        ("msisdn", STRANGER),
    ],
)
def test_a_prompt_whose_answer_was_lost_is_found_by_its_money(
    scenario: Scenario, payer_kind: str, payer: str
) -> None:
    lost(scenario, ask(scenario))
    confirmed(scenario, payer_kind, payer)

    reconciled(scenario)

    assert prompts(scenario) == [("paid", True)]
    assert paid_for(scenario) == [(STRANGER,)]


@pytest.mark.parametrize(
    "changed",
    [
        {"payer": "2547 ***** 001"},
        {"payer": "2541 ***** 009"},
        {"payer": "%*%"},
        {"amount_minor": 400_00},
        {"payer_kind": "none", "payer": None},
    ],
)
def test_another_payers_money_is_not_matched_to_it(
    scenario: Scenario, changed: dict[str, Any]
) -> None:
    lost(scenario, ask(scenario))
    confirmed(scenario, **changed)

    reconciled(scenario)

    assert prompts(scenario) == [("unknown", False)]


def hours_of_looking(scenario: Scenario, hours: int) -> None:
    for _ in range(hours):
        scenario.ahead += timedelta(hours=1)
        with scenario.open_unit() as unit:
            for prompt in claim_unresolved(unit, 10):
                mark_unknown(unit, prompt, "no_reference")


def cases(scenario: Scenario) -> list[tuple[str, bool]]:
    return scenario.rows("SELECT kind, closed_at IS NULL FROM cases")


def test_a_person_is_asked_about_a_prompt_that_nothing_can_be_asked_about(
    scenario: Scenario,
) -> None:
    lost(scenario, ask(scenario))

    hours_of_looking(scenario, 2)
    assert cases(scenario) == []
    hours_of_looking(scenario, 2)

    assert cases(scenario) == [("prompt_unknown", True)]
    assert scenario.rows("SELECT state, next_attempt_at FROM prompts") == [("unknown", None)]


def test_a_prompt_with_a_name_is_asked_about_for_two_days_before_a_person_is(
    scenario: Scenario,
) -> None:
    prompt_id = ask(scenario)
    with scenario.open_unit() as unit:
        prompt_accepted(unit, prompt_id, "ws_CO_1")

    hours_of_looking(scenario, 47)
    assert cases(scenario) == []
    hours_of_looking(scenario, 3)

    assert cases(scenario) == [("prompt_unknown", True)]


def test_a_worker_that_dies_at_the_last_look_leaves_a_case(scenario: Scenario) -> None:
    lost(scenario, ask(scenario))
    for _ in range(4):  # each look is claimed, and never recorded
        scenario.ahead += timedelta(hours=1)
        with scenario.open_unit() as unit:
            claim_unresolved(unit, 10)

    assert cases(scenario) == [("prompt_unknown", True)]


def test_after_a_long_silence_of_ours_it_is_looked_up_once_more(scenario: Scenario) -> None:
    prompt_id = ask(scenario)
    with scenario.open_unit() as unit:
        prompt_accepted(unit, prompt_id, "ws_CO_1")
    scenario.ahead = timedelta(days=5)

    with scenario.open_unit() as unit:
        assert len(claim_unresolved(unit, 10)) == 1


def test_nobody_is_asked_about_a_prompt_that_failed(scenario: Scenario) -> None:
    prompt_id = ask(scenario)
    with scenario.open_unit() as unit:
        prompt = lock_prompt(unit.connection, prompt_id)
        assert prompt is not None
        prompt_ended(unit, prompt, "1032")
    with scenario.engine.begin() as connection:  # as if a callback contradicted the failure
        connection.exec_driver_sql("UPDATE prompts SET next_attempt_at = created_at")

    hours_of_looking(scenario, 50)

    assert cases(scenario) == []
    assert scenario.rows("SELECT state, next_attempt_at FROM prompts") == [("failed", None)]


@pytest.mark.parametrize("how", ["result", "confirmation"])
def test_the_case_is_closed_when_the_money_turns_up_after_all(scenario: Scenario, how: str) -> None:
    prompt_id = ask(scenario)
    lost(scenario, prompt_id)
    hours_of_looking(scenario, 4)

    if how == "result":
        result(scenario, prompt_id)
    else:
        confirmed(scenario, paid_at=scenario.rows("SELECT sent_at FROM prompts")[0][0])
        reconciled(scenario)

    assert cases(scenario) == [("prompt_unknown", False)]
    assert prompts(scenario) == [("paid", True)]
