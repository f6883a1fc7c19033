"""Refunds: only of what bought nothing, once, and a refusal puts the money back where it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import Refused
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
from tests.support.book import ACCOUNT
from tests.support.cast import AMINA, METER


def refund(book, payment_id, reason="payer asked"):
    with book.open_unit() as unit:
        return request_refund(unit, payment_id, "ops@jua", reason)


def follow(book, step, refund_id, code="0"):
    with book.open_unit() as unit:
        return step(unit, refund_id, code)


def claim(book):
    with book.open_unit() as unit:
        return claim_refunds(unit, 10)


def test_a_refund_sets_the_money_aside_and_then_it_is_gone(book):
    payment_id = book.pay("R1", "?", 500_00, payer_kind="msisdn", payer=AMINA)

    refund_id = refund(book, payment_id)
    assert book.states() == ["refunding"]
    assert book.balances()["refund_payable"] == -500_00
    book.prove()

    assert follow(book, refund_done, refund_id) is True
    assert book.states() == ["refunded"]
    assert book.balances().keys().isdisjoint({"refund_payable", "suspense", f"clearing:{ACCOUNT}"})
    assert book.rows("SELECT msisdn FROM sms WHERE kind = 'refund.refunded'") == [(AMINA,)]
    book.prove()


def test_a_refund_told_twice_is_booked_once(book):
    refund_id = refund(book, book.pay("R1", "?", 500_00))

    assert [follow(book, refund_done, refund_id) for _ in range(3)] == [True, False, False]
    book.prove()


@pytest.mark.parametrize(("account", "state"), [("?", "suspense"), (METER, "received")])
def test_a_refused_refund_puts_the_money_back_and_asks_for_a_person(book, account, state):
    refund_id = refund(book, book.pay("R1", account, 500_00))

    follow(book, refund_refused, refund_id, "R000002")

    assert book.states() == [state]
    assert book.rows("SELECT kind FROM cases") == [("refund_failed",)]
    book.prove()


def test_money_whose_refund_was_refused_can_be_used_or_refunded_again(book):
    payment_id = book.pay("R1", METER, 500_00)
    follow(book, refund_refused, refund(book, payment_id), "1")
    second = refund(book, payment_id)
    follow(book, refund_refused, second, "1")

    book.apply()

    assert book.states() == ["applied"]
    book.prove()


def test_success_after_a_refusal_wins(book):
    refund_id = refund(book, book.pay("R1", "?", 500_00))
    follow(book, refund_refused, refund_id, "1")

    follow(book, refund_done, refund_id)

    assert book.states() == ["refunded"]
    book.prove()


def test_a_refusal_after_success_changes_nothing(book):
    refund_id = refund(book, book.pay("R1", "?", 500_00))
    follow(book, refund_done, refund_id)

    follow(book, refund_refused, refund_id, "1")
    follow(book, refund_unclear, refund_id, "timeout")

    assert book.states() == ["refunded"]
    book.prove()


def test_applied_money_is_never_refunded(book):
    payment_id = book.pay("R1", METER, 500_00)
    book.apply()

    with pytest.raises(Refused, match="refund_too_late"):
        refund(book, payment_id)


def test_money_set_aside_for_a_refund_is_not_applied(book):
    refund(book, book.pay("R1", METER, 500_00))

    book.apply()

    assert book.states() == ["refunding"]
    assert book.rows("SELECT count(*) FROM tokens") == [(0,)]


def test_the_same_money_is_not_refunded_twice(book):
    payment_id = book.pay("R1", "?", 500_00)
    refund(book, payment_id)

    with pytest.raises(Refused, match="refund_under_way"):
        refund(book, payment_id)


def test_a_refund_needs_a_reason(book):
    payment_id = book.pay("R1", "?", 500_00)

    with pytest.raises(Refused, match="reason_missing"):
        refund(book, payment_id, reason="")
    assert book.states() == ["suspense"]


def test_a_refund_nobody_answers_is_asked_for_again_and_then_a_person_is(book):
    refund_id = refund(book, book.pay("R1", "?", 500_00))

    asked = 0
    while claimed := claim(book):
        asked += len(claimed)
        follow(book, refund_unclear, refund_id, "timeout")
        book.ahead += timedelta(days=1)

    assert asked == 9
    assert book.rows("SELECT state FROM refunds") == [("unknown",)]
    assert book.rows("SELECT kind FROM cases") == [("refund_unknown",)]


def test_a_worker_that_dies_leaves_the_refund_to_the_next(book):
    refund(book, book.pay("R1", "?", 500_00))

    assert len(claim(book)) == 1
    assert claim(book) == []
    book.ahead = timedelta(minutes=3)
    assert len(claim(book)) == 1


def test_unmatched_money_goes_back_by_itself_after_the_time_that_was_set(book):
    book.pay("R1", "?", 500_00)
    book.pay("R2", METER, 500_00)

    def overdue():
        with book.open_unit() as unit:
            return refund_unmatched(unit, timedelta(hours=24), 10)

    assert overdue() == 0
    book.ahead = timedelta(hours=25)
    assert (overdue(), overdue()) == (1, 0)
    assert book.states() == ["refunding", "received"]
    book.prove()


def test_where_the_rail_sends_nothing_back_a_person_is_asked_once(book):
    book.pay("R1", "?", 500_00, provider_account="mtn:mtnuganda")
    book.ahead = timedelta(hours=25)

    for _ in range(2):
        with book.open_unit() as unit:
            assert refund_unmatched(unit, timedelta(hours=24), 10) == 0

    [(kind, detail)] = book.rows("SELECT kind, detail FROM cases")
    assert kind == "refund_by_hand"
    assert "R1" in detail
    assert book.states() == ["suspense"]


def test_a_reversal_that_answers_our_refund_completes_it(book):
    refund(book, book.pay("R1", "?", 500_00))

    with book.open_unit() as unit:
        assert record_reversal(unit, ACCOUNT, "R1", 500_00, "statement", "on the statement")

    assert book.states() == ["refunded"]
    book.prove()


@pytest.fixture
def refused(book):
    """A refund of money for nobody's device that the provider refused; later it says it did it."""
    payment_id = book.pay("R1", "?", 500_00, payer_kind="msisdn", payer=AMINA)
    refund_id = refund(book, payment_id)
    follow(book, refund_refused, refund_id, "1")
    return payment_id, refund_id


def match(book, payment_id):
    with book.open_unit() as unit:
        match_suspense(unit, payment_id, METER, "ops@jua", "the payer said so")


def test_success_after_a_refusal_takes_the_money_from_where_it_is_now(book, refused):
    payment_id, refund_id = refused
    match(book, payment_id)

    assert follow(book, refund_done, refund_id) is True

    assert book.states() == ["refunded"]
    book.prove()


def test_success_after_a_refusal_and_use_becomes_a_claim_and_a_case(book, refused):
    payment_id, refund_id = refused
    match(book, payment_id)
    book.apply()
    assert book.rows("SELECT count(*) FROM tokens") == [(1,)]

    assert follow(book, refund_done, refund_id) is True

    assert book.states() == ["reversed"]
    assert book.rows("SELECT amount_minor FROM clawbacks") == [(200_00,)]
    assert "reversed_after_use" in [kind for (kind,) in book.rows("SELECT kind FROM cases")]
    book.prove()
    assert follow(book, refund_done, refund_id) is False


def test_success_of_a_refused_refund_ends_the_one_that_was_asked_for_since(book, refused):
    payment_id, refund_id = refused
    second = refund(book, payment_id)

    assert follow(book, refund_done, refund_id) is True
    assert follow(book, refund_done, second) is False

    assert book.states() == ["refunded"]
    assert book.rows("SELECT state FROM refunds ORDER BY id") == [("failed",), ("done",)]
    book.prove()


def test_success_of_a_refused_refund_is_known_once_the_money_is_gone(book, refused):
    payment_id, refund_id = refused
    follow(book, refund_done, refund(book, payment_id))

    assert follow(book, refund_done, refund_id) is False
    book.prove()


def given_up(book):
    """A refund of which the provider never said what became of it; the payment's id."""
    payment_id = book.pay("R1", "?", 500_00)
    refund_id = refund(book, payment_id)
    while book.rows("SELECT next_attempt_at IS NOT NULL FROM refunds") == [(True,)]:
        book.ahead += timedelta(hours=13)
        claim(book)
        follow(book, refund_unclear, refund_id, "timeout")
    return payment_id


def by_hand(book, payment_id, reason="the portal shows it"):
    with book.open_unit() as unit:
        reverse_by_hand(unit, payment_id, "ops@jua", reason)


def test_a_refund_that_was_given_up_can_be_asked_for_again(book):
    payment_id = given_up(book)

    refund_id = refund(book, payment_id, "their system is back")
    assert [one.id for one in claim(book)] == [refund_id]
    assert book.rows("SELECT kind, closed_at IS NULL FROM cases") == [("refund_unknown", False)]
    follow(book, refund_done, refund_id)

    assert book.states() == ["refunded"]
    assert book.rows("SELECT count(*) FROM refunds") == [(1,)]
    book.prove()


def test_when_nobody_knows_again_a_person_is_asked_again(book):
    payment_id = given_up(book)
    refund_id = refund(book, payment_id)
    while book.rows("SELECT next_attempt_at IS NOT NULL FROM refunds") == [(True,)]:
        book.ahead += timedelta(hours=13)
        claim(book)
        follow(book, refund_unclear, refund_id, "timeout")

    assert book.rows("SELECT closed_at IS NULL FROM cases ORDER BY id") == [(False,), (True,)]


def test_a_person_who_knows_that_it_went_back_says_so(book):
    payment_id = given_up(book)

    by_hand(book, payment_id)

    assert book.states() == ["refunded"]
    assert book.rows("SELECT operator, action, reason FROM audit_log WHERE action = 'reverse'") == [
        ("ops@jua", "reverse", "the portal shows it")
    ]
    assert book.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]
    book.prove()


def test_money_of_a_rail_that_sends_nothing_back_is_sent_by_hand_and_booked_so(book):
    payment_id = book.pay("R1", "?", 500_00, provider_account="mtn:mtnuganda", source="query")
    book.ahead = timedelta(hours=25)
    with book.open_unit() as unit:
        refund_unmatched(unit, timedelta(hours=24), 10)

    by_hand(book, payment_id, "sent 500 to her by MoMo")

    assert book.states() == ["reversed"]
    assert "clearing:mtn:mtnuganda" not in book.balances()
    assert book.rows("SELECT kind, closed_at IS NULL FROM cases") == [("refund_by_hand", False)]
    book.prove()


def test_money_on_its_way_back_is_not_sent_by_hand_as_well(book):
    payment_id = book.pay("R1", "?", 500_00)
    refund(book, payment_id)

    with pytest.raises(Refused, match="refund_under_way"):
        by_hand(book, payment_id)
    with pytest.raises(Refused, match="refund_under_way"):
        refund(book, payment_id)

    assert book.states() == ["refunding"]


def test_what_went_back_does_not_go_back_again(book):
    payment_id = book.pay("R1", "?", 500_00)
    by_hand(book, payment_id)

    with pytest.raises(Refused, match="refund_under_way"):
        by_hand(book, payment_id)
    with pytest.raises(Refused, match="payment_unknown"):
        by_hand(book, 4711)
