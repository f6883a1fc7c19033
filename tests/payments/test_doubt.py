"""Payments announced by a message without a signature: believed within bounds, else on hold until
the provider, or a person, says that they were made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.channel import Channels
from core.payment import ProviderWord
from core.usecases.operators.retry import find_stuck, retry_stuck
from core.usecases.payments.provider_word import claim_words, provider_says
from core.usecases.payments.show import show_payment
from core.usecases.reconciliation.cases import close_case, decisions_of
from core.usecases.refunds.suspense import match_suspense
from tests.support.cast import AMINA, METER, STRANGER
from tests.support.channels import CHANNELS
from tests.support.scenario import ACCOUNT, NOW, Scenario

WHO = "ops@jua"
LARGE = 10_000_00
ASKING = Channels(CHANNELS.by_name, CHANNELS.set_up, {"daraja": LARGE})


@pytest.fixture(autouse=True)
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 10 000 shillings on the provider's word is waited for."""
    monkeypatch.setattr("tests.support.scenario.CHANNELS", ASKING)


def announced(scenario: Scenario, receipt: str = "R1", amount: int = 500_00, **changed: Any) -> int:
    """A confirmation that proves nothing; the id of its payment."""
    given = {"account": METER, "evidence": "unverified"} | changed
    account = given.pop("account")
    payment_id = scenario.pay(receipt, account, amount, **given)
    scenario.apply()
    return payment_id


def asked(scenario: Scenario, after: timedelta = timedelta(seconds=10)) -> list[ProviderWord]:
    """Whom the worker asks about after that time."""
    scenario.ahead += after
    with scenario.open_unit() as unit:
        return claim_words(unit, 10)


def says(scenario: Scenario, payment_id: int, receipt: str | None, amount: int = 0) -> None:
    with scenario.open_unit() as unit:
        provider_says(unit, payment_id, receipt, amount)
    scenario.apply()


def words(scenario: Scenario) -> list[tuple[str, str]]:
    return scenario.rows("SELECT reason, state FROM provider_words ORDER BY payment_id")


def cases(scenario: Scenario) -> list[tuple[str, bool]]:
    return scenario.rows("SELECT kind, closed_at IS NULL FROM cases ORDER BY id")


def shown(scenario: Scenario, receipt: str = "R1") -> bool:
    with scenario.open_unit() as unit:
        return show_payment(unit, receipt).is_held


def tokens(scenario: Scenario) -> int:
    return int(scenario.rows("SELECT count(*) FROM tokens")[0][0])


DOUBTS: list[tuple[dict[str, Any], str]] = [
    ({"amount": 999_999_999_999_99}, "over_limit"),
    ({"amount": 250_001_00, "evidence": "proved"}, "over_limit"),
    ({"paid_at": NOW - timedelta(days=2000)}, "wrong_clock"),
    ({"paid_at": NOW + timedelta(days=25000)}, "wrong_clock"),
    ({"paid_at": NOW - timedelta(days=1, seconds=1), "evidence": "proved"}, "wrong_clock"),
    ({"evidence": "forged"}, "forged"),
    ({"amount": LARGE}, "large_sum"),
]


@pytest.mark.parametrize(("changed", "reason"), DOUBTS)
def test_what_is_not_believed_is_booked_held_and_shown_and_buys_nothing(
    scenario: Scenario, changed: dict[str, Any], reason: str
) -> None:
    announced(scenario, **changed)

    assert words(scenario) == [(reason, "waiting")]
    assert scenario.balances()[f"clearing:{ACCOUNT}"] == changed.get("amount", 500_00)
    assert (scenario.states(), tokens(scenario)) == (["received"], 0)
    assert shown(scenario)
    assert ("unverified_payment", True) in cases(scenario) or reason == "large_sum"
    scenario.check_invariants()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"amount": LARGE - 100},
        {"amount": LARGE, "evidence": "proved"},
        {"paid_at": NOW - timedelta(hours=23)},
        {"paid_at": NOW + timedelta(hours=23)},
        {"amount": LARGE, "source": "pull"},
        {"paid_at": NOW - timedelta(days=40), "source": "statement"},
    ],
)
def test_what_is_within_bounds_is_applied(scenario: Scenario, changed: dict[str, Any]) -> None:
    announced(scenario, **changed)

    assert (scenario.states(), words(scenario)) == (["applied"], [])


def test_a_time_that_is_not_believed_dates_nothing(scenario: Scenario) -> None:
    announced(scenario, "R1", paid_at=NOW + timedelta(days=25000))
    announced(scenario, "R2", paid_at=NOW + timedelta(hours=5))

    assert scenario.rows("SELECT DISTINCT paid_at = received_at FROM payments") == [(True,)]
    assert scenario.rows("SELECT max(value_at) FROM journal_entries") == [(NOW,)]


@pytest.mark.parametrize(("changed", "reason"), DOUBTS)
def test_the_providers_word_releases_it_and_closes_its_case(
    scenario: Scenario, changed: dict[str, Any], reason: str
) -> None:
    payment_id = announced(scenario, **changed)
    assert [word.receipt for word in asked(scenario)] == ["R1"]

    says(scenario, payment_id, "r1", changed.get("amount", 500_00))

    assert words(scenario) == [(reason, "confirmed")]
    assert scenario.states() == ["applied"]
    assert ("unverified_payment", True) not in cases(scenario)
    scenario.check_invariants()


def test_the_payer_is_told_once_that_the_code_will_come(scenario: Scenario) -> None:
    announced(scenario, amount=LARGE, payer_kind="msisdn", payer=STRANGER)
    for _ in range(3):
        asked(scenario, timedelta(minutes=10))

    assert scenario.rows("SELECT kind, msisdn FROM sms") == [("code_follows", STRANGER)]


def test_the_owner_is_told_where_the_payer_is_hidden(scenario: Scenario) -> None:
    announced(scenario, amount=LARGE)
    asked(scenario)

    assert scenario.rows("SELECT kind, msisdn FROM sms") == [("code_follows", AMINA)]


def test_nobody_is_texted_for_a_forger(scenario: Scenario) -> None:
    announced(scenario, evidence="forged", payer_kind="msisdn", payer=STRANGER)
    asked(scenario)

    assert scenario.rows("SELECT count(*) FROM sms") == [(0,)]


def test_a_second_no_is_believed_and_a_person_decides(scenario: Scenario) -> None:
    payment_id = announced(scenario, amount=LARGE)
    asked(scenario)
    says(scenario, payment_id, None)
    assert words(scenario) == [("large_sum", "waiting")]

    asked(scenario, timedelta(minutes=1))
    says(scenario, payment_id, None)

    assert words(scenario) == [("large_sum", "denied")]
    assert cases(scenario) == [("unverified_payment", True)]
    assert shown(scenario)


def test_another_amount_is_a_no(scenario: Scenario) -> None:
    payment_id = announced(scenario, amount=LARGE)
    asked(scenario)

    says(scenario, payment_id, "R1", 10_00)

    assert words(scenario) == [("large_sum", "denied")]
    assert scenario.rows("SELECT detail FROM cases") == [
        (
            f"R1: KES 10000.00 for {METER}: {ACCOUNT} knows R1 with KES 10.00. Apply it, keep it"
            " on hold, or say that it was never paid",
        )
    ]


def test_a_word_that_never_comes_is_a_case_and_counts_when_it_comes_after_all(
    scenario: Scenario,
) -> None:
    payment_id = announced(scenario, amount=LARGE)
    times = 0
    while asked(scenario, timedelta(hours=12)):
        times += 1
    assert times == 7
    asked(scenario, timedelta(days=3))

    assert words(scenario) == [("large_sum", "no_answer")]
    assert cases(scenario) == [("unverified_payment", True)]

    says(scenario, payment_id, "R1", LARGE)
    assert (scenario.states(), cases(scenario)) == (["applied"], [("unverified_payment", False)])


def test_a_worker_asks_about_a_bounded_number_at_once(scenario: Scenario) -> None:
    for number in range(5):
        announced(scenario, f"R{number}", LARGE, account="NOBODY")
    scenario.ahead += timedelta(seconds=10)

    with scenario.open_unit() as unit:
        assert len(claim_words(unit, 3)) == 3
    with scenario.open_unit() as unit:
        assert len(claim_words(unit, 3)) == 2


def decide(scenario: Scenario, decision: str) -> None:
    [(case_id,)] = scenario.rows("SELECT id FROM cases WHERE kind = 'unverified_payment'")
    with scenario.open_unit() as unit:
        assert decision in decisions_of(unit, case_id)
        close_case(unit, case_id, WHO, "looked at the portal", decision)
    scenario.apply()


def test_a_person_may_apply_it(scenario: Scenario) -> None:
    announced(scenario, paid_at=NOW - timedelta(days=3))

    decide(scenario, "apply")

    assert (scenario.states(), words(scenario)) == (["applied"], [("wrong_clock", "released")])
    scenario.check_invariants()


@pytest.mark.parametrize("account", [METER, "NOBODY"])
def test_a_person_may_take_it_out_of_the_books(scenario: Scenario, account: str) -> None:
    announced(scenario, amount=999_999_00, account=account)

    decide(scenario, "never_paid")

    assert scenario.states() == ["reversed"]
    assert f"clearing:{ACCOUNT}" not in scenario.balances()
    assert cases(scenario) == [("unverified_payment", False), ("forged_confirmation", True)]
    scenario.check_invariants()


def test_a_person_may_keep_it_and_the_word_still_releases_it(scenario: Scenario) -> None:
    payment_id = announced(scenario, paid_at=NOW - timedelta(days=3))
    decide(scenario, "keep")
    assert scenario.states() == ["received"]

    says(scenario, payment_id, "R1", 500_00)
    assert scenario.states() == ["applied"]


def test_the_command_that_tries_it_again_decides_it(scenario: Scenario) -> None:
    payment_id = announced(scenario, paid_at=NOW - timedelta(days=3))

    with scenario.open_unit() as unit:
        retry_stuck(unit, WHO, find_stuck(unit, "payment", payment_id), "seen in the portal")
    scenario.apply()

    assert (scenario.states(), cases(scenario)) == (["applied"], [("unverified_payment", False)])
    scenario.check_invariants()


def test_a_person_who_matches_it_has_decided(scenario: Scenario) -> None:
    payment_id = announced(scenario, amount=LARGE, account="NOBODY")

    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, WHO, "she called")
    scenario.apply()

    assert (scenario.states(), words(scenario)) == (["applied"], [("large_sum", "released")])
    scenario.check_invariants()


def test_after_a_forged_one_was_seen_every_unverified_one_waits(scenario: Scenario) -> None:
    announced(scenario, "F1", evidence="forged")
    announced(scenario, "R1")
    announced(scenario, "R2", evidence="proved")
    announced(scenario, "R3", provider_account="daraja:600999")

    assert words(scenario) == [("forged", "waiting"), ("after_forgery", "waiting")]
    assert scenario.states() == ["received", "received", "applied", "applied"]


def test_closing_the_case_of_a_forged_one_ends_that(scenario: Scenario) -> None:
    announced(scenario, "F1", evidence="forged")
    announced(scenario, "F2", evidence="forged")
    open_ones = "SELECT id FROM cases WHERE kind = 'forged_confirmation' AND closed_at IS NULL"
    [(case_id,)] = scenario.rows(open_ones)
    with scenario.open_unit() as unit:
        close_case(unit, case_id, WHO, "the key is changed")
    announced(scenario, "R1")
    assert scenario.states()[-1] == "applied"

    announced(scenario, "F3", evidence="forged")
    announced(scenario, "R2")

    assert len(scenario.rows(open_ones)) == 1
    assert scenario.states()[-1] == "received"


def test_a_proof_that_another_receipt_brought_back_is_not_ours(scenario: Scenario) -> None:
    announced(scenario, "R1", evidence="proved", proof="N" * 32)
    announced(scenario, "R2", evidence="proved", proof="N" * 32)
    announced(scenario, "R1", evidence="proved", proof="N" * 32)

    assert scenario.states() == ["applied", "received"]
    assert words(scenario) == [("forged", "waiting")]


def test_a_message_that_proves_itself_is_the_providers_word(scenario: Scenario) -> None:
    announced(scenario, "R1", LARGE)
    announced(scenario, "R1", LARGE)
    assert scenario.states() == ["received"]

    announced(scenario, "R1", LARGE, source="stk", evidence="proved")

    assert (scenario.states(), words(scenario)) == (["applied"], [("large_sum", "confirmed")])


def test_the_same_message_again_proves_nothing(scenario: Scenario) -> None:
    for _ in range(2):
        announced(scenario, "R1", paid_at=NOW - timedelta(days=3), evidence="proved")

    assert scenario.states() == ["received"]
