"""A part of a payment goes back: the newest lines first, each part once, at most the whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import Refused
from core.refund import MoneyBackFrom, NewReturn
from core.usecases.refunds.refund import (
    refund_done,
    refund_refused,
    refund_unmatched,
    request_refund,
)
from core.usecases.refunds.reversal import record_reversal, reverse_by_hand
from tests.support.cast import AMINA, KIT, METER
from tests.support.scenario import ACCOUNT, Scenario


def taken(scenario: Scenario, amount: int, own_receipt: str | None = None) -> bool:
    """The provider says that it took that much of R1 back, in major units."""
    with scenario.open_unit() as unit:
        back = NewReturn(amount * 100, "provider", own_receipt)
        return record_reversal(unit, ACCOUNT, "R1", back, "statement", "on the statement")


def given(
    scenario: Scenario,
    payment_id: int,
    amount: int | None,
    source: MoneyBackFrom = "office",
    reference: str | None = None,
) -> bool:
    """An operator records that that much was given back, in major units."""
    with scenario.open_unit() as unit:
        back = NewReturn(None if amount is None else amount * 100, source, reference)
        return reverse_by_hand(unit, payment_id, back, "ops@jua", "the payer asked")


def returned(scenario: Scenario) -> list[tuple[object, ...]]:
    """(kind, taken back, of it clawback) of the lines of R1 that returns took, in order."""
    return scenario.rows(
        "SELECT l.kind, b.amount_minor, b.clawback_minor FROM payment_return_lines b"
        " JOIN payment_lines l USING (payment_id, number) ORDER BY b.return_id, l.number DESC"
    )


def cases(scenario: Scenario) -> list[str]:
    return [kind for (kind,) in scenario.rows("SELECT kind FROM cases ORDER BY id")]


def test_a_part_takes_the_newest_lines_and_a_later_one_the_rest(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 505_00)  # 300 to the loan, 2.0 kWh for 200, 5 of credit
    scenario.apply()

    assert taken(scenario, 105, "B1") is True

    assert returned(scenario) == [("credit", 5_00, 0), ("energy", 100_00, 100_00)]
    assert scenario.rows("SELECT state, returned_minor FROM payments") == [("applied", 105_00)]
    assert scenario.balances()[f"clearing:{ACCOUNT}"] == 400_00
    scenario.check_invariants()

    assert taken(scenario, 400, "B2") is True

    assert returned(scenario)[2:] == [("energy", 100_00, 100_00), ("instalment", 300_00, 0)]
    assert scenario.states() == ["reversed"]
    assert scenario.balances()["receivable:clawback"] == 200_00
    assert f"clearing:{ACCOUNT}" not in scenario.balances()
    scenario.check_invariants()


def test_the_same_part_told_again_is_booked_once(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 500_00)
    scenario.apply()

    assert [taken(scenario, 200, own) for own in ("B1", "b1", None, "R1")] == [True] + [False] * 3
    assert taken(scenario, 200, "B2") is True

    assert scenario.rows("SELECT returned_minor FROM payments") == [(400_00,)]
    scenario.check_invariants()


def test_a_part_recorded_by_hand_is_the_one_on_the_statement(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    scenario.apply()
    assert given(scenario, payment_id, 200, "provider", "b1") is True

    assert given(scenario, payment_id, 200, "provider", "B1") is False
    assert taken(scenario, 200, "B1") is False

    scenario.check_invariants()


def test_a_part_that_was_told_without_a_receipt_is_not_recorded_again_by_hand(
    scenario: Scenario,
) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    scenario.apply()
    assert taken(scenario, 200) is True

    assert given(scenario, payment_id, 200, "provider", "B1") is False
    assert given(scenario, payment_id, 200, "office", "V1") is True

    assert taken(scenario, 200, "B1") is False
    assert scenario.rows("SELECT returned_minor FROM payments") == [(400_00,)]
    scenario.check_invariants()


def test_parts_together_are_at_most_the_whole(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 500_00)
    scenario.apply()
    taken(scenario, 300, "B1")

    assert taken(scenario, 300, "B2") is False
    assert taken(scenario, 100, "B1") is False  # another amount under a known receipt

    assert cases(scenario).count("return_unclear") == 2
    assert scenario.rows("SELECT returned_minor FROM payments") == [(300_00,)]
    scenario.check_invariants()


@pytest.mark.parametrize("account", ["?", METER])
def test_what_is_left_of_money_that_waited_is_used(scenario: Scenario, account: str) -> None:
    payment_id = scenario.pay("R1", account, 500_00)
    assert given(scenario, payment_id, 200, reference="V1") is True
    scenario.check_invariants()

    scenario.apply()

    expected = "applied" if account == METER else "suspense"
    assert scenario.states() == [expected]
    scenario.check_invariants()
    assert taken(scenario, 300, "B1") is True
    assert scenario.states() == ["reversed"]
    scenario.check_invariants()


def test_a_part_that_was_unused_credit_is_not_called_owed(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 505_00)  # 300 to the loan, 2.0 kWh for 200, 5 of credit
    scenario.apply()

    assert taken(scenario, 5, "B1") is True

    assert scenario.rows("SELECT detail FROM cases") == [
        ("KES 5.00 of R1 was taken back; it was credit that was not used; its tokens were sent",)
    ]
    [(body,)] = scenario.rows("SELECT body FROM sms WHERE kind = 'refund.unused_went_back'")
    assert body.endswith("nothing is owed for it.")


def test_credit_that_was_used_comes_back_with_the_last_part(scenario: Scenario) -> None:
    scenario.pay("R0", METER, 307_00)
    scenario.pay("R1", METER, 100_00)  # with the 7 of credit: 1.0 kWh, 7 left
    scenario.apply()

    taken(scenario, 60, "B1")
    scenario.check_invariants()
    taken(scenario, 40, "B2")

    assert returned(scenario)[-1] == ("energy", 47_00, 47_00)
    scenario.check_invariants()


def test_instalments_reopen_by_the_part_that_went_back(scenario: Scenario) -> None:
    scenario.pay("R1", KIT, 450_00)
    scenario.apply()

    taken(scenario, 200, "B1")

    paid = "SELECT paid_minor FROM instalments i JOIN sales s ON s.id = i.sale_id WHERE s.device_id"
    rows = scenario.rows(f"{paid} = :kit ORDER BY number", kit=scenario.device_id(KIT))
    assert rows == [(150_00,), (100_00,), (0,), (0,)]
    scenario.check_invariants()


@pytest.mark.parametrize(
    ("amount", "reference", "refusal"),
    [
        (600, "V1", "return_too_large"),
        (0, "V1", "amount_missing"),
        (200, None, "reference_missing"),
        (100, "V0", "reference_used"),
    ],
)
def test_what_cannot_be_given_back_is_refused(
    scenario: Scenario, amount: int, reference: str | None, refusal: str
) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    given(scenario, payment_id, 50, reference="V0")

    with pytest.raises(Refused, match=refusal):
        given(scenario, payment_id, amount, reference=reference)
    scenario.check_invariants()


@pytest.mark.parametrize("source", ["bank", "office"])
@pytest.mark.parametrize("account", ["?", METER])
def test_money_goes_back_from_where_it_was_taken(
    scenario: Scenario, source: MoneyBackFrom, account: str
) -> None:
    payment_id = scenario.pay("R1", account, 500_00)

    assert given(scenario, payment_id, None, source) is True

    ledger = {"bank": "bank", "office": "cash:office"}[source]
    assert scenario.balances()[f"clearing:{ACCOUNT}"] == 500_00
    assert scenario.balances()[ledger] == -500_00
    scenario.check_invariants()


@pytest.mark.parametrize("account", ["?", METER])
def test_money_given_at_the_office_and_taken_back_by_the_provider_too(
    scenario: Scenario, account: str
) -> None:
    payment_id = scenario.pay("R1", account, 500_00)
    given(scenario, payment_id, 200, reference="V1")

    assert taken(scenario, 500, "B1") is True
    assert taken(scenario, 500, "B1") is False

    twice = "expense:paid_twice" if account == "?" else "receivable:clawback"
    assert f"clearing:{ACCOUNT}" not in scenario.balances()
    assert scenario.balances()[twice] == 200_00
    assert "returned_twice" in cases(scenario)
    scenario.check_invariants()


def test_the_provider_takes_back_what_was_all_given_at_the_office(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    given(scenario, payment_id, None)

    assert taken(scenario, 500) is True
    assert taken(scenario, 500) is False

    assert scenario.balances()["receivable:clawback"] == 500_00
    scenario.check_invariants()


def ask(scenario: Scenario, payment_id: int, amount: int | None) -> int:
    with scenario.open_unit() as unit:
        minor = None if amount is None else amount * 100
        return request_refund(unit, payment_id, "ops@jua", "paid too much", minor)


@pytest.mark.parametrize("account", ["?", METER])
def test_a_part_is_refunded_where_the_provider_can(scenario: Scenario, account: str) -> None:
    payment_id = scenario.pay("R1", account, 500_00, provider_account="pawapay:main")
    refund_id = ask(scenario, payment_id, 200)
    scenario.check_invariants()
    scenario.apply()
    assert scenario.states() == ["refunding"]

    with scenario.open_unit() as unit:
        refund_done(unit, refund_id, "COMPLETED")

    assert scenario.balances()["clearing:pawapay:main"] == 300_00
    scenario.check_invariants()
    scenario.apply()
    assert scenario.states() == ["applied" if account == METER else "suspense"]
    second = ask(scenario, payment_id, None) if account == "?" else None
    if second:
        with scenario.open_unit() as unit:
            refund_done(unit, second, "COMPLETED")
        assert scenario.states() == ["refunded"]
    scenario.check_invariants()


def test_a_refused_part_leaves_the_whole(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00, provider_account="pawapay:main")
    refund_id = ask(scenario, payment_id, 200)
    with scenario.open_unit() as unit:
        refund_refused(unit, refund_id, "LIMIT")

    scenario.check_invariants()
    given(scenario, payment_id, None)
    with scenario.open_unit() as unit:
        assert refund_done(unit, refund_id, "COMPLETED") is True  # after all

    assert scenario.balances()["receivable:clawback"] == 200_00
    assert scenario.balances()["clearing:pawapay:main"] == 300_00
    scenario.check_invariants()


def test_daraja_sends_only_whole_payments_back(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00)

    with pytest.raises(Refused, match="refund_of_part"):
        ask(scenario, payment_id, 200)
    given(scenario, payment_id, 200, "bank", "T1")
    with pytest.raises(Refused, match="refund_of_part"):
        ask(scenario, payment_id, None)


def test_the_payer_is_told_what_went_back(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00, payer_kind="msisdn", payer=AMINA)
    given(scenario, payment_id, 200, reference="V1")
    [(body,)] = scenario.rows("SELECT body FROM sms WHERE kind = 'refund.refunded'")
    assert "KES 200" in body


def test_a_refund_that_was_refused_and_found_on_the_statement_is_booked_once(
    scenario: Scenario,
) -> None:
    payment_id = scenario.pay("R1", "?", 500_00, provider_account="pawapay:main")
    refund_id = ask(scenario, payment_id, 200)
    with scenario.open_unit() as unit:
        refund_refused(unit, refund_id, "LIMIT")
        back = NewReturn(200_00, "provider", "B1")
        assert record_reversal(unit, "pawapay:main", "R1", back, "statement", "on the statement")

    with scenario.open_unit() as unit:
        assert refund_done(unit, refund_id, "COMPLETED") is False

    assert scenario.rows("SELECT returned_minor FROM payments") == [(200_00,)]
    assert scenario.rows("SELECT state FROM refunds") == [("done",)]
    scenario.check_invariants()


@pytest.mark.parametrize("state", ["asked for", "refused"])
def test_a_part_that_went_back_before_a_refund_is_not_the_refund(
    scenario: Scenario, state: str
) -> None:
    payment_id = scenario.pay("R1", "?", 500_00, provider_account="pawapay:main")
    back = NewReturn(200_00, "provider", "B1")
    with scenario.open_unit() as unit:
        assert record_reversal(unit, "pawapay:main", "R1", back, "statement", "on the statement")
    refund_id = ask(scenario, payment_id, 100 if state == "refused" else 200)

    with scenario.open_unit() as unit:
        assert not record_reversal(unit, "pawapay:main", "R1", back, "statement", "read again")
    assert cases(scenario) == []
    with scenario.open_unit() as unit:
        if state == "refused":
            refund_refused(unit, refund_id, "LIMIT")
        assert refund_done(unit, refund_id, "COMPLETED", NewReturn(reference="B1")) is False

    assert cases(scenario)[-1] == "return_unclear"
    assert scenario.rows("SELECT returned_minor FROM payments") == [(200_00,)]
    scenario.check_invariants()


def test_a_receipt_names_its_part_before_the_amount_does(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    taken(scenario, 200)  # without a receipt of its own
    given(scenario, payment_id, 100, "provider", "B1")

    assert taken(scenario, 200, "B1") is False

    assert cases(scenario) == ["return_unclear"]
    assert taken(scenario, 200, "B2") is False  # the first part: its receipt is known now
    assert taken(scenario, 200, "B3") is True
    assert scenario.states() == ["reversed"]
    scenario.check_invariants()


def test_a_part_by_hand_leaves_the_case_about_the_rest(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00, provider_account="mtn:mtnuganda")
    scenario.ahead = timedelta(hours=25)
    with scenario.open_unit() as unit:
        refund_unmatched(unit, timedelta(hours=24), 10)

    given(scenario, payment_id, 200, reference="V1")
    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(True,)]
    given(scenario, payment_id, None, reference="V2")
    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]


def test_a_part_is_not_sent_back_by_itself_where_only_whole_payments_are(
    scenario: Scenario,
) -> None:
    payment_id = scenario.pay("R1", "?", 500_00)
    given(scenario, payment_id, 200, reference="V1")
    scenario.ahead = timedelta(hours=25)

    with scenario.open_unit() as unit:
        assert refund_unmatched(unit, timedelta(hours=24), 10) == 0

    assert cases(scenario) == ["refund_by_hand"]


def test_money_that_is_ahead_of_time_is_refused(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    back = NewReturn(None, "office", "V1", scenario.now() + timedelta(days=1))
    with pytest.raises(Refused, match="day_ahead"), scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, back, "ops@jua", "the payer asked")


def test_a_return_has_the_day_on_which_it_happened(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    with scenario.open_unit() as unit:
        back = NewReturn(None, "office", "V1", unit.now - timedelta(days=3))
        reverse_by_hand(unit, payment_id, back, "ops@jua", "the payer asked")

    assert scenario.rows("SELECT value_on::text FROM journal_entries WHERE kind = 'reversed'") == [
        ("2026-11-21",)
    ]
