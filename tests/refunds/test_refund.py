"""Refunds: only of what bought nothing, once, and a refusal puts the money back where it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Refused
from core.refund import NewReturn, Refund
from core.usecases.refunds.refund import (
    claim_refunds,
    refund_done,
    refund_refused,
    refund_unclear,
    refund_unmatched,
    request_refund,
)
from core.usecases.refunds.reversal import record_reversal, reverse_by_hand
from core.usecases.refunds.suspense import match_suspense
from tests.support.cast import AMINA, METER
from tests.support.scenario import ACCOUNT, Scenario


def refund(scenario: Scenario, payment_id: int, reason: str = "payer asked") -> int:
    with scenario.open_unit() as unit:
        return request_refund(unit, payment_id, "ops@jua", reason)


def follow(
    scenario: Scenario, step: Callable[..., Any], refund_id: int, code: str = "0"
) -> bool | None:
    with scenario.open_unit() as unit:
        found: bool | None = step(unit, refund_id, code)
        return found


def claim(scenario: Scenario) -> list[Refund]:
    with scenario.open_unit() as unit:
        return claim_refunds(unit, 10)


def test_a_refund_sets_the_money_aside_and_then_it_is_gone(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00, payer_kind="msisdn", payer=AMINA)

    refund_id = refund(scenario, payment_id)
    assert scenario.states() == ["refunding"]
    assert scenario.balances()["refund_payable"] == -500_00
    scenario.check_invariants()

    assert follow(scenario, refund_done, refund_id) is True
    assert scenario.states() == ["refunded"]
    assert (
        scenario.balances().keys().isdisjoint({"refund_payable", "suspense", f"clearing:{ACCOUNT}"})
    )
    assert scenario.rows("SELECT msisdn FROM sms WHERE kind = 'refund.refunded'") == [(AMINA,)]
    scenario.check_invariants()


def test_a_refund_told_twice_is_booked_once(scenario: Scenario) -> None:
    refund_id = refund(scenario, scenario.pay("R1", "?", 500_00))

    assert [follow(scenario, refund_done, refund_id) for _ in range(3)] == [True, False, False]
    scenario.check_invariants()


@pytest.mark.parametrize(("account", "state"), [("?", "suspense"), (METER, "received")])
def test_a_refused_refund_puts_the_money_back_and_asks_for_a_person(
    scenario: Scenario, account: str, state: str
) -> None:
    refund_id = refund(scenario, scenario.pay("R1", account, 500_00))

    follow(scenario, refund_refused, refund_id, "R000002")

    assert scenario.states() == [state]
    assert scenario.rows("SELECT kind FROM cases") == [("refund_failed",)]
    scenario.check_invariants()


def test_money_whose_refund_was_refused_can_be_used_or_refunded_again(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    follow(scenario, refund_refused, refund(scenario, payment_id), "1")
    second = refund(scenario, payment_id)
    follow(scenario, refund_refused, second, "1")

    scenario.apply()

    assert scenario.states() == ["applied"]
    scenario.check_invariants()


def test_success_after_a_refusal_wins(scenario: Scenario) -> None:
    refund_id = refund(scenario, scenario.pay("R1", "?", 500_00))
    follow(scenario, refund_refused, refund_id, "1")

    follow(scenario, refund_done, refund_id)

    assert scenario.states() == ["refunded"]
    scenario.check_invariants()


def test_a_refusal_after_success_changes_nothing(scenario: Scenario) -> None:
    refund_id = refund(scenario, scenario.pay("R1", "?", 500_00))
    follow(scenario, refund_done, refund_id)

    follow(scenario, refund_refused, refund_id, "1")
    follow(scenario, refund_unclear, refund_id, "timeout")

    assert scenario.states() == ["refunded"]
    scenario.check_invariants()


def test_applied_money_is_never_refunded(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    scenario.apply()

    with pytest.raises(Refused, match="refund_too_late"):
        refund(scenario, payment_id)


def test_money_set_aside_for_a_refund_is_not_applied(scenario: Scenario) -> None:
    refund(scenario, scenario.pay("R1", METER, 500_00))

    scenario.apply()

    assert scenario.states() == ["refunding"]
    assert scenario.rows("SELECT count(*) FROM tokens") == [(0,)]


def test_the_same_money_is_not_refunded_twice(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00)
    refund(scenario, payment_id)

    with pytest.raises(Refused, match="refund_under_way"):
        refund(scenario, payment_id)


def test_a_refund_needs_a_reason(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00)

    with pytest.raises(Refused, match="reason_missing"):
        refund(scenario, payment_id, reason="")
    assert scenario.states() == ["suspense"]


def test_a_refund_nobody_answers_is_asked_for_again_and_then_a_person_is(
    scenario: Scenario,
) -> None:
    refund_id = refund(scenario, scenario.pay("R1", "?", 500_00))

    asked = 0
    while claimed := claim(scenario):
        asked += len(claimed)
        follow(scenario, refund_unclear, refund_id, "timeout")
        scenario.ahead += timedelta(days=1)

    assert asked == 9
    assert scenario.rows("SELECT state FROM refunds") == [("unknown",)]
    assert scenario.rows("SELECT kind FROM cases") == [("refund_unknown",)]


def test_a_worker_that_dies_leaves_the_refund_to_the_next(scenario: Scenario) -> None:
    refund(scenario, scenario.pay("R1", "?", 500_00))

    assert len(claim(scenario)) == 1
    assert claim(scenario) == []
    scenario.ahead = timedelta(minutes=3)
    assert len(claim(scenario)) == 1


def test_unmatched_money_goes_back_by_itself_after_the_time_that_was_set(
    scenario: Scenario,
) -> None:
    scenario.pay("R1", "?", 500_00)
    scenario.pay("R2", METER, 500_00)

    def overdue() -> int:
        with scenario.open_unit() as unit:
            return refund_unmatched(unit, timedelta(hours=24), 10)

    assert overdue() == 0
    scenario.ahead = timedelta(hours=25)
    assert (overdue(), overdue()) == (1, 0)
    assert scenario.states() == ["refunding", "received"]
    scenario.check_invariants()


def test_where_the_rail_sends_nothing_back_a_person_is_asked_once(scenario: Scenario) -> None:
    scenario.pay("R1", "?", 500_00, provider_account="mtn:mtnuganda")
    scenario.ahead = timedelta(hours=25)

    for _ in range(2):
        with scenario.open_unit() as unit:
            assert refund_unmatched(unit, timedelta(hours=24), 10) == 0

    [(kind, detail)] = scenario.rows("SELECT kind, detail FROM cases")
    assert kind == "refund_by_hand"
    assert "R1" in detail
    assert scenario.states() == ["suspense"]


def test_a_reversal_that_answers_our_refund_completes_it(scenario: Scenario) -> None:
    refund(scenario, scenario.pay("R1", "?", 500_00))

    with scenario.open_unit() as unit:
        assert record_reversal(
            unit, ACCOUNT, "R1", NewReturn(500_00), "statement", "on the statement"
        )

    assert scenario.states() == ["refunded"]
    scenario.check_invariants()


@pytest.fixture
def refused(scenario: Scenario) -> tuple[int, int]:
    """A refund of money for nobody's device that the provider refused; later it says it did it."""
    payment_id = scenario.pay("R1", "?", 500_00, payer_kind="msisdn", payer=AMINA)
    refund_id = refund(scenario, payment_id)
    follow(scenario, refund_refused, refund_id, "1")
    return payment_id, refund_id


def match(scenario: Scenario, payment_id: int) -> None:
    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, "ops@jua", "the payer said so")


def test_success_after_a_refusal_takes_the_money_from_where_it_is_now(
    scenario: Scenario, refused: tuple[int, int]
) -> None:
    payment_id, refund_id = refused
    match(scenario, payment_id)

    assert follow(scenario, refund_done, refund_id) is True

    assert scenario.states() == ["refunded"]
    scenario.check_invariants()


def test_success_after_a_refusal_and_use_becomes_a_claim_and_a_case(
    scenario: Scenario, refused: tuple[int, int]
) -> None:
    payment_id, refund_id = refused
    match(scenario, payment_id)
    scenario.apply()
    assert scenario.rows("SELECT count(*) FROM tokens") == [(1,)]

    assert follow(scenario, refund_done, refund_id) is True

    assert scenario.states() == ["reversed"]
    assert scenario.rows("SELECT amount_minor FROM clawbacks") == [(200_00,)]
    assert "reversed_after_use" in [kind for (kind,) in scenario.rows("SELECT kind FROM cases")]
    scenario.check_invariants()
    assert follow(scenario, refund_done, refund_id) is False


def test_success_of_a_refused_refund_ends_the_one_that_was_asked_for_since(
    scenario: Scenario, refused: tuple[int, int]
) -> None:
    payment_id, refund_id = refused
    second = refund(scenario, payment_id)

    assert follow(scenario, refund_done, refund_id) is True
    assert follow(scenario, refund_done, second) is False

    assert scenario.states() == ["refunded"]
    assert scenario.rows("SELECT state FROM refunds ORDER BY id") == [("failed",), ("done",)]
    scenario.check_invariants()


def test_success_of_a_refused_refund_is_known_once_the_money_is_gone(
    scenario: Scenario, refused: tuple[int, int]
) -> None:
    payment_id, refund_id = refused
    follow(scenario, refund_done, refund(scenario, payment_id))

    assert follow(scenario, refund_done, refund_id) is False
    scenario.check_invariants()


def given_up(scenario: Scenario) -> int:
    """A refund of which the provider never said what became of it; the payment's id."""
    payment_id = scenario.pay("R1", "?", 500_00)
    refund_id = refund(scenario, payment_id)
    while scenario.rows("SELECT next_attempt_at IS NOT NULL FROM refunds") == [(True,)]:
        scenario.ahead += timedelta(hours=13)
        claim(scenario)
        follow(scenario, refund_unclear, refund_id, "timeout")
    return payment_id


def by_hand(scenario: Scenario, payment_id: int, reason: str = "the portal shows it") -> None:
    with scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(), "ops@jua", reason)


def test_a_refund_that_was_given_up_can_be_asked_for_again(scenario: Scenario) -> None:
    payment_id = given_up(scenario)

    refund_id = refund(scenario, payment_id, "their system is back")
    assert [refund.id for refund in claim(scenario)] == [refund_id]
    assert scenario.rows("SELECT kind, closed_at IS NULL FROM cases") == [("refund_unknown", False)]
    follow(scenario, refund_done, refund_id)

    assert scenario.states() == ["refunded"]
    assert scenario.rows("SELECT count(*) FROM refunds") == [(1,)]
    scenario.check_invariants()


def test_when_nobody_knows_again_a_person_is_asked_again(scenario: Scenario) -> None:
    payment_id = given_up(scenario)
    refund_id = refund(scenario, payment_id)
    while scenario.rows("SELECT next_attempt_at IS NOT NULL FROM refunds") == [(True,)]:
        scenario.ahead += timedelta(hours=13)
        claim(scenario)
        follow(scenario, refund_unclear, refund_id, "timeout")

    assert scenario.rows("SELECT closed_at IS NULL FROM cases ORDER BY id") == [(False,), (True,)]


def test_a_person_who_knows_that_it_went_back_says_so(scenario: Scenario) -> None:
    payment_id = given_up(scenario)

    by_hand(scenario, payment_id)

    assert scenario.states() == ["refunded"]
    assert scenario.rows(
        "SELECT operator, action, reason FROM audit_log WHERE action = 'reverse'"
    ) == [("ops@jua", "reverse", "the portal shows it")]
    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]
    scenario.check_invariants()


def test_money_of_a_rail_that_sends_nothing_back_is_sent_by_hand_and_booked_so(
    scenario: Scenario,
) -> None:
    payment_id = scenario.pay("R1", "?", 500_00, provider_account="mtn:mtnuganda", source="query")
    scenario.ahead = timedelta(hours=25)
    with scenario.open_unit() as unit:
        refund_unmatched(unit, timedelta(hours=24), 10)

    by_hand(scenario, payment_id, "sent 500 to her by MoMo")

    assert scenario.states() == ["reversed"]
    assert "clearing:mtn:mtnuganda" not in scenario.balances()
    assert scenario.rows("SELECT kind, closed_at IS NULL FROM cases") == [("refund_by_hand", False)]
    scenario.check_invariants()


def test_money_on_its_way_back_is_not_sent_by_hand_as_well(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00)
    refund(scenario, payment_id)

    with pytest.raises(Refused, match="refund_under_way"):
        by_hand(scenario, payment_id)
    with pytest.raises(Refused, match="refund_under_way"):
        refund(scenario, payment_id)

    assert scenario.states() == ["refunding"]


def test_what_went_back_does_not_go_back_again(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00)
    by_hand(scenario, payment_id)

    with pytest.raises(Refused, match="refund_under_way"):
        by_hand(scenario, payment_id)
    with pytest.raises(Refused, match="payment_unknown"):
        by_hand(scenario, 4711)
