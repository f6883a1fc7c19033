"""What a forger can say who knows the key of an endpoint: nothing that buys anything by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.conftest import AMINA, Web
from tests.gateway.payments.bodies import c2b, result, stk_ended, stk_paid
from tests.support.builders import insert_prompt
from tests.support.scenario import Scenario


def prompt(scenario: Scenario, **changed: Any) -> int:
    with scenario.engine.begin() as connection:
        given = {"state": "sending", "checkout_reference": None, "msisdn": AMINA} | changed
        device_id, account = scenario.device_id("M100"), "M100"
        return insert_prompt(connection, device_id=device_id, account_reference=account, **given)


def held(scenario: Scenario) -> list[tuple[str, str]]:
    return scenario.rows(
        "SELECT p.receipt, w.reason FROM provider_words w JOIN payments p ON p.id = w.payment_id"
        " WHERE p.next_attempt_at >= '9999-01-01Z' ORDER BY p.id"
    )


def test_what_brings_our_answer_to_the_question_back_is_believed(
    web: Web, scenario: Scenario
) -> None:
    large = {"TransAmount": "20000", "BillRefNumber": "M100"}
    asked = web.daraja("validation", c2b(**large)).json
    assert asked is not None

    web.daraja("confirmation", c2b(**large, ThirdPartyTransID=asked["ThirdPartyTransID"]))

    assert scenario.rows("SELECT evidence FROM payments") == [("proved",)]
    assert held(scenario) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"TransAmount": "999999999999.99"}, "over_limit"),
        ({"TransTime": "20190101120000"}, "wrong_clock"),
        ({"TransTime": "20991231120000"}, "wrong_clock"),
        ({"ThirdPartyTransID": "FORGED"}, "forged"),
        ({"TransAmount": "10000"}, "large_sum"),
    ],
)
def test_what_does_not_is_booked_and_held(
    web: Web, scenario: Scenario, changed: dict[str, str], reason: str
) -> None:
    assert web.daraja("confirmation", c2b(**changed)).status_code == 200

    assert held(scenario) == [("SKE1A2B3C4", reason)]


def test_a_proof_of_another_amount_is_forged(web: Web, scenario: Scenario) -> None:
    asked = web.daraja("validation", c2b(TransAmount="150")).json
    assert asked is not None

    web.daraja("confirmation", c2b(ThirdPartyTransID=asked["ThirdPartyTransID"]))

    assert held(scenario) == [("SKE1A2B3C4", "forged")]


def test_no_result_counts_for_a_prompt_that_was_not_sent(web: Web, scenario: Scenario) -> None:
    number = prompt(scenario, state="waiting")

    for document in (stk_paid(receipt="STKF7DCF"), stk_ended(1032)):
        assert web.daraja(f"stk/{number}", document).status_code == 200
        assert web.daraja("stk", document).status_code == 200

    assert scenario.rows("SELECT state FROM prompts") == [("waiting",)]
    assert scenario.rows("SELECT count(*) FROM payments") == [(0,)]
    assert scenario.rows("SELECT kind FROM cases") == [("forged_confirmation",)]


def test_a_result_after_a_lost_reply_is_believed_at_the_address_that_only_daraja_was_told(
    web: Web, scenario: Scenario
) -> None:
    number = prompt(scenario, state="unknown")

    assert web.with_proof("stk", number, stk_paid()).status_code == 200

    assert scenario.rows("SELECT state, payment_id IS NOT NULL FROM prompts") == [("paid", True)]
    assert (held(scenario), scenario.states()) == ([], ["received"])


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_at_another_address_it_waits_for_the_word_of_daraja(
    web: Web, scenario: Scenario, state: str
) -> None:
    number = prompt(scenario, state=state)

    assert web.daraja(f"stk/{number}", stk_paid()).status_code == 200
    assert held(scenario) == [("SKE1A2B3C4", "unknown_prompt")]
    assert scenario.rows("SELECT state FROM prompts") == [(state,)]

    assert web.with_proof("stk", number, stk_paid()).status_code == 200
    assert held(scenario) == []
    assert scenario.rows("SELECT state FROM prompts") == [("paid",)]


FOUND = {"ReceiptNo": "SKE1A2B3C4", "Amount": "20000.00", "TransactionStatus": "Completed"}
OURS = FOUND | {"CreditPartyName": "600123 - Jua Energy"}


@pytest.mark.parametrize(
    ("document", "state"),
    [
        (result(0, **FOUND), "confirmed"),
        (result("0", **OURS), "confirmed"),
        (result(0, **OURS | {"CreditPartyName": "600999 - Another"}), "waiting"),
        (result(0, **OURS | {"Amount": "200"}), "denied"),
        (result(0, **OURS | {"ReceiptNo": "SKE9999999"}), "denied"),
        (result(0, **OURS | {"TransactionStatus": "Pending"}), "waiting"),
        (result("R000002"), "waiting"),
        (result(2001), "waiting"),
    ],
)
def test_what_daraja_answers_about_a_payment(
    web: Web, scenario: Scenario, document: Any, state: str
) -> None:
    web.daraja("confirmation", c2b(TransAmount="20000"))
    [(payment_id,)] = scenario.rows("SELECT id FROM payments")

    assert web.daraja(f"word/{payment_id}", document).status_code == 404
    assert web.with_proof("word", payment_id, document).status_code == 200

    assert scenario.rows("SELECT state FROM provider_words") == [(state,)]
    assert bool(held(scenario)) == (state != "confirmed")


def test_nothing_is_known_of_a_payment_that_nobody_asked_about(
    web: Web, scenario: Scenario
) -> None:
    web.daraja("confirmation", c2b())
    [(payment_id,)] = scenario.rows("SELECT id FROM payments")

    assert web.with_proof("word", payment_id, result(0, **FOUND)).status_code == 200
    assert web.with_proof("word", 4711, result(0, **FOUND)).status_code == 200
    assert web.with_proof("word", payment_id, result(0), "/timeout").status_code == 200

    assert scenario.rows("SELECT count(*) FROM provider_words") == [(0,)]
