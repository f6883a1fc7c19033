"""Confirmations of payments that were never made, sent with the key of the endpoint: booked, held,
shown, and never a token before the provider, or a person, says that they were paid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from attack.deployment import Deployment
from gateway.payments.mpesa.parse import EAT

METER = "37000100018"
PAYER = "+254722000001"


@pytest.fixture(autouse=True)
def left_as_found(deployment: Deployment) -> Iterator[None]:
    """No forged payment is suspected before an attack, and none after it."""
    _trust_again(deployment)
    yield
    _trust_again(deployment)


def _trust_again(deployment: Deployment) -> None:
    kinds = ["not_on_statement", "forged_confirmation", "unverified_payment"]
    deployment.rows(
        "UPDATE cases SET closed_at = now() WHERE closed_at IS NULL AND kind = ANY(%s) RETURNING 1",
        kinds,
    )


def post(deployment: Deployment, endpoint: str, document: Any) -> tuple[int, Any]:
    """Status and JSON of an answer to a message with the key that everybody knows."""
    body = json.dumps(document).encode()
    answer = deployment.ask("POST", f"/payments/daraja/demo/{endpoint}", body)
    return answer.status, json.loads(answer.text) if answer.text.startswith("{") else answer.text


def message(receipt: str, amount: str = "50", account: str = METER, **changed: str) -> Any:
    """A validation or confirmation as M-Pesa writes it, of now."""
    return {
        "TransactionType": "Pay Bill",
        "TransID": receipt,
        "TransTime": f"{datetime.now(EAT):%Y%m%d%H%M%S}",
        "TransAmount": amount,
        "BusinessShortCode": "600123",
        "BillRefNumber": account,
        "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 126",
    } | changed


def confirm(deployment: Deployment, receipt: str, *given: str, **changed: str) -> None:
    status, _ = post(deployment, "confirmation", message(receipt, *given, **changed))
    assert status == 200


def state(deployment: Deployment, receipt: str) -> str:
    """The state, `held` where a person or the provider's word is waited for."""
    rows = deployment.rows(
        "SELECT CASE WHEN next_attempt_at >= '9999-01-01Z' AND state = 'received' THEN 'held'"
        " ELSE state END FROM payments WHERE receipt = %s",
        receipt,
    )
    return str(rows[0][0]) if rows else ""


def tokens(deployment: Deployment, receipt: str) -> int:
    return len(
        deployment.rows(
            "SELECT 1 FROM tokens t JOIN payments p ON p.id = t.payment_id WHERE p.receipt = %s",
            receipt,
        )
    )


def applied(deployment: Deployment, receipt: str) -> None:
    deployment.wait_until(
        lambda: state(deployment, receipt) == "applied", f"{receipt} is not applied"
    )


def cases(deployment: Deployment, receipt: str) -> list[str]:
    rows = deployment.rows(
        "SELECT k.kind FROM cases k JOIN payments p ON p.id = k.payment_id"
        " WHERE p.receipt = %s AND k.closed_at IS NULL ORDER BY 1",
        receipt,
    )
    return [row[0] for row in rows]


def genuine(deployment: Deployment, receipt: str) -> None:
    """A payment as Safaricom makes it: asked first, our answer brought back. When it is applied,
    whatever was told before it has been seen by the workers."""
    asked = message(receipt)
    _, answer = post(deployment, "validation", asked)
    assert answer["ResultCode"] == "0", answer
    confirm(deployment, receipt, ThirdPartyTransID=answer["ThirdPartyTransID"])
    applied(deployment, receipt)


def test_more_than_m_pesa_moves_at_once_buys_nothing(deployment: Deployment) -> None:
    confirm(deployment, "FZBIG1", "999999999999.99")
    genuine(deployment, "GENUINE001")

    assert (state(deployment, "FZBIG1"), tokens(deployment, "FZBIG1")) == ("held", 0)
    assert cases(deployment, "FZBIG1") == ["unverified_payment"]
    shown = json.loads(deployment.dialwatt("show", "payment", "fzbig1", "--json").stdout)
    assert shown["state"] == "held"
    assert shown["amount"] == "999999999999.99"


@pytest.mark.parametrize(
    ("receipt", "time"), [("FZFUT", "20991231235959"), ("FZPAST", "20190101120000")]
)
def test_a_time_far_from_ours_buys_nothing(deployment: Deployment, receipt: str, time: str) -> None:
    confirm(deployment, receipt, TransTime=time)
    genuine(deployment, f"GENUINE{receipt}")

    assert (state(deployment, receipt), tokens(deployment, receipt)) == ("held", 0)
    assert cases(deployment, receipt) == ["unverified_payment"]
    dated = deployment.rows(
        "SELECT paid_at = received_at FROM payments WHERE receipt = %s", receipt
    )
    assert dated == [(True,)]


def test_a_receipt_in_another_case_is_the_same_receipt(deployment: Deployment) -> None:
    confirm(deployment, "FZDUP")
    confirm(deployment, "fzdup")
    confirm(deployment, "FzDup")

    assert deployment.rows("SELECT count(*) FROM payments WHERE upper(receipt) = 'FZDUP'") == [(1,)]


def test_a_proof_that_is_not_ours_is_held_and_makes_others_wait(deployment: Deployment) -> None:
    _, answer = post(deployment, "validation", message("FZOTHER", "50"))
    confirm(deployment, "FZMAC", "500", ThirdPartyTransID=answer["ThirdPartyTransID"])
    confirm(deployment, "FZAFTER")
    genuine(deployment, "GENUINE002")

    assert [state(deployment, each) for each in ("FZMAC", "FZAFTER")] == ["held", "held"]
    assert cases(deployment, "FZMAC") == ["unverified_payment"]
    suspected = deployment.rows(
        "SELECT count(*) FROM cases WHERE kind = 'forged_confirmation' AND closed_at IS NULL"
    )
    assert suspected == [(1,)]
    checks = json.loads(deployment.dialwatt("doctor", "--json").stdout)["checks"]
    assert not next(check for check in checks if check["name"] == "no forged payment is suspected")[
        "ok"
    ]


def test_a_proof_counts_once(deployment: Deployment) -> None:
    genuine(deployment, "GENUINE003")
    [(proof,)] = deployment.rows("SELECT proof FROM payments WHERE receipt = 'GENUINE003'")
    confirm(deployment, "FZREPLAY", ThirdPartyTransID=proof)
    genuine(deployment, "GENUINE004")

    assert state(deployment, "FZREPLAY") == "held"


@pytest.mark.parametrize("hours", [0, -23, 23, -1])
def test_an_unlisted_payment_is_found_whatever_time_it_says(
    deployment: Deployment, hours: int
) -> None:
    """The provider's list is empty. Ten minutes pass in a moment."""
    receipt = f"FORGED{hours + 50}"
    stated = datetime.now(UTC) + timedelta(hours=hours)
    confirm(deployment, receipt, TransTime=f"{stated.astimezone(EAT):%Y%m%d%H%M%S}")
    applied(deployment, receipt)
    deployment.rows(
        "UPDATE payments SET received_at = received_at - interval '10 minutes',"
        " paid_at = paid_at - interval '10 minutes' WHERE receipt = %s RETURNING 1",
        receipt,
    )
    deployment.rows("UPDATE statement_pulls SET next_at = now() RETURNING 1")

    deployment.wait_until(
        lambda: cases(deployment, receipt) == ["not_on_statement"], "the forged one is not found"
    )
    confirm(deployment, f"NEXT{hours + 50}")
    genuine(deployment, f"GENUINEAFTER{hours + 50}")
    assert state(deployment, f"NEXT{hours + 50}") == "held"


def test_no_result_counts_for_a_prompt_that_was_not_sent(deployment: Deployment) -> None:
    deployment.processes["worker-prompts"].end_group()
    session = {"sessionId": "ATUid_stk", "phoneNumber": PAYER, "serviceCode": "*384*96#"}
    for text in (f"1*{METER}*150", f"1*{METER}*150*1"):
        asked = session | {"networkCode": "63902", "text": text}
        assert deployment.post("/ussd/africastalking/demo", asked).status == 200
    waiting = "SELECT id FROM prompts WHERE state = 'waiting' ORDER BY id DESC LIMIT 1"
    deployment.wait_until(lambda: deployment.rows(waiting), "no prompt waits")
    [(number,)] = deployment.rows(waiting)
    items = [
        {"Name": "Amount", "Value": 150},
        {"Name": "MpesaReceiptNumber", "Value": "STKF7DCF"},
        {"Name": "PhoneNumber", "Value": int(PAYER[1:])},
    ]
    result = {
        "MerchantRequestID": "x",
        "CheckoutRequestID": "ws_CO_x",
        "ResultCode": 0,
        "CallbackMetadata": {"Item": items},
    }
    forged = {"Body": {"stkCallback": result}}

    answers = [post(deployment, path, forged)[0] for path in ("stk", f"stk/{number}")]
    guessed = post(deployment, f"stk/{number}/{'A' * 16}", forged)[0]
    now = deployment.rows("SELECT state FROM prompts WHERE id = %s", number)
    deployment.start("worker-prompts")

    assert (answers, guessed) == ([200, 200], 404)
    assert now == [("waiting",)]
    assert state(deployment, "STKF7DCF") == ""


def test_results_that_nobody_asked_for_do_not_exist(deployment: Deployment) -> None:
    confirm(deployment, "FZWORD", "20000")
    [(payment_id,)] = deployment.rows("SELECT id FROM payments WHERE receipt = 'FZWORD'")
    parameters = [
        {"Key": "ReceiptNo", "Value": "FZWORD"},
        {"Key": "Amount", "Value": "20000"},
        {"Key": "TransactionStatus", "Value": "Completed"},
    ]
    result = {"Result": {"ResultCode": 0, "ResultParameters": {"ResultParameter": parameters}}}
    for path in (f"word/{payment_id}", f"word/{payment_id}/{'A' * 16}", f"status/{payment_id}"):
        assert post(deployment, path, result)[0] == 404
    genuine(deployment, "GENUINE005")

    assert state(deployment, "FZWORD") == "held"


def test_a_reversal_that_anybody_can_tell_of_takes_nothing_back(deployment: Deployment) -> None:
    genuine(deployment, "GENUINE006")
    parameters = [
        {"Key": "OriginalTransactionID", "Value": "GENUINE006"},
        {"Key": "Amount", "Value": "50"},
    ]
    result = {"Result": {"ResultCode": 0, "ResultParameters": {"ResultParameter": parameters}}}
    assert post(deployment, "reversal", result)[0] == 200

    assert state(deployment, "GENUINE006") == "applied"
    assert cases(deployment, "GENUINE006") == ["reversal_told"]
    deployment.rows("UPDATE cases SET closed_at = now() WHERE kind = 'reversal_told' RETURNING 1")


def test_the_token_goes_out_when_the_provider_says_so(deployment: Deployment) -> None:
    """A large payment that Safaricom knows, and whose confirmation proves nothing."""
    with psycopg.connect(deployment.services.conninfo, dbname="providers", autocommit=True) as them:
        them.execute(
            "INSERT INTO simulator.transactions (receipt, shortcode, msisdn, account, amount_minor,"
            " third_party_id, completed_at) VALUES ('LARGE00001', '600123', %s, %s, 2000000, '',"
            " now())",
            (PAYER, METER),
        )
    confirm(deployment, "LARGE00001", "20000")
    assert state(deployment, "LARGE00001") == "held"

    applied(deployment, "LARGE00001")

    assert tokens(deployment, "LARGE00001") >= 1
    texts = deployment.rows(
        "SELECT s.kind FROM sms s JOIN payments p ON p.id = s.payment_id"
        " WHERE p.receipt = 'LARGE00001' ORDER BY s.id"
    )
    assert [kind for (kind,) in texts].count("code_follows") == 1
