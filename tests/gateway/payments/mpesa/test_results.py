"""Results of what we asked M-Pesa: only about our own rows, once, and nothing else is believed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from core.payment import PaymentNotice
from core.refund import NewReturn
from core.usecases.payments.record import record_payment
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import record_reversal
from gateway.payments.mpesa.parse import instant
from tests.gateway.conftest import AMINA, Web
from tests.gateway.payments.bodies import STAMP, result, stk_paid
from tests.support.builders import insert_prompt
from tests.support.scenario import Scenario

Woken = Callable[[], set[str]]


@pytest.fixture
def refund(scenario: Scenario) -> int:
    """Money for nobody's device on its way back."""
    notice = PaymentNotice(
        "daraja:600123", "SKE1A2B3C4", "c2b", 500_00, "KES", "NOBODY", "none", None,
        datetime.now(UTC),
    )  # fmt: skip
    with scenario.open_unit() as unit:
        payment_id = record_payment(unit, notice).payment_id
        return request_refund(unit, payment_id, "ops@jua", "no such device")


def states(scenario: Scenario) -> tuple[str, str]:
    return scenario.rows(
        "SELECT p.state, r.state FROM payments p JOIN refunds r ON r.payment_id = p.id"
    )[0]


DONE = result(0, OriginalTransactionID="SKE1A2B3C4", Amount="500.00")


@pytest.mark.parametrize(
    "document",
    [DONE, result("R000001"), result("0", OriginalTransactionID="SKE1A2B3C4")],
    ids=["done", "reversed already", "code as text"],
)
def test_a_reversal_that_happened_ends_the_refund_however_often_it_is_told(
    web: Web, scenario: Scenario, refund: int, document: Any
) -> None:
    for _ in range(3):
        assert web.with_proof("reversal", refund, document).status_code == 200

    assert states(scenario) == ("refunded", "done")


@pytest.mark.parametrize(
    ("document", "state"),
    [
        (result("R000002"), ("suspense", "failed")),
        (result(2006), ("suspense", "failed")),
        (result(1), ("refunding", "unknown")),
    ],
    ids=["receipt unknown", "refused", "not enough money there now"],
)
def test_a_reversal_that_did_not_happen_leaves_the_money_with_us(
    web: Web, scenario: Scenario, refund: int, document: Any, state: tuple[str, str]
) -> None:
    assert web.with_proof("reversal", refund, document).status_code == 200

    assert states(scenario) == state


def test_money_that_waits_again_after_a_refused_refund_wakes_payments(
    web: Web, scenario: Scenario, woken: Woken
) -> None:
    notice = PaymentNotice(
        "daraja:600123", "SKE1A2B3C4", "c2b", 500_00, "KES", "M100", "none", None,
        datetime.now(UTC),
    )  # fmt: skip
    with scenario.open_unit() as unit:
        payment_id = record_payment(unit, notice).payment_id
        refund = request_refund(unit, payment_id, "ops@jua", "paid twice")

    web.with_proof("reversal", refund, result("R000002"))

    assert states(scenario) == ("received", "failed")
    assert woken() == {"payments"}


def test_a_timeout_decides_nothing(web: Web, scenario: Scenario, refund: int) -> None:
    assert web.with_proof("reversal", refund, result(1), "/timeout").status_code == 200

    assert states(scenario) == ("refunding", "unknown")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Result": []},
        result(0),
        result(0, OriginalTransactionID="SKE9999999"),
        {"Result": {"ResultCode": 0, "ResultParameters": {"ResultParameter": ["x"]}}},
    ],
    ids=["empty", "no object", "no receipt", "another receipt", "no parameters"],
)
def test_a_forged_or_malformed_result_moves_nothing(
    web: Web, scenario: Scenario, refund: int, document: Any
) -> None:
    assert web.with_proof("reversal", refund, document).status_code == 400

    assert states(scenario) == ("refunding", "requested")


def test_a_result_for_a_refund_we_do_not_know_is_refused(web: Web, scenario: Scenario) -> None:
    assert web.with_proof("reversal", 4711, DONE).status_code == 400
    assert web.with_proof("reversal", 4711, DONE, "/timeout").status_code == 400


@pytest.mark.parametrize("kind", ["reversal", "status", "word", "balance", "stk"])
@pytest.mark.parametrize("proof", ["A" * 16, "a", ""])
def test_an_address_that_daraja_was_not_told_does_not_exist(
    web: Web, scenario: Scenario, refund: int, kind: str, proof: str
) -> None:
    before = scenario.traces()
    document = {"stk": stk_paid(), "balance": result(1)}.get(kind, DONE)

    answer = web.daraja(f"{kind}/{refund}/{proof}", document)

    assert answer.status_code == 404
    assert (scenario.traces(), states(scenario)) == (before, ("refunding", "requested"))


@pytest.fixture
def approved(scenario: Scenario) -> int:
    with scenario.engine.begin() as connection:
        return insert_prompt(
            connection,
            device_id=scenario.device_id("M100"),
            account_reference="M100",
            msisdn=AMINA,
            state="approved",
            checkout_reference="ws_CO_1",
        )


FOUND = {"ReceiptNo": "SKE1A2B3C4", "Amount": "500.00", "TransactionStatus": "Completed"}


def test_a_receipt_that_was_asked_for_is_booked_once_and_its_prompt_is_paid(
    web: Web, scenario: Scenario, approved: int
) -> None:
    for _ in range(2):
        assert web.with_proof("status", approved, result(0, **FOUND)).status_code == 200

    assert scenario.rows("SELECT receipt, source, state FROM payments") == [
        ("SKE1A2B3C4", "status", "received")
    ]
    assert scenario.rows("SELECT state FROM prompts") == [("paid",)]


def test_a_receipt_for_another_persons_meter_wakes_payments_and_the_sms_to_the_payer(
    web: Web, scenario: Scenario, approved: int, woken: Woken
) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE prompts SET msisdn = '+254711000009'")

    web.with_proof("status", approved, result(0, **FOUND))

    assert scenario.rows("SELECT kind, msisdn FROM sms") == [("paid_for", "+254711000009")]
    assert woken() == {"payments", "sms"}


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (result("R000002"), 200),
        (result(0, **FOUND | {"TransactionStatus": "Pending"}), 200),
        (result(0, **FOUND | {"Amount": "5.00"}), 400),
        (result(0, **FOUND | {"Amount": "much"}), 400),
        (result(0, Amount="500.00", TransactionStatus="Completed"), 400),
    ],
    ids=["unknown", "pending", "another amount", "no amount", "no receipt"],
)
def test_a_status_that_proves_no_payment_books_nothing(
    web: Web, scenario: Scenario, approved: int, document: Any, status: int
) -> None:
    assert web.with_proof("status", approved, document).status_code == status

    assert scenario.rows("SELECT count(*) FROM payments") == [(0,)]
    assert scenario.rows("SELECT state FROM prompts") == [("approved",)]


def test_a_status_for_no_prompt_of_ours_is_refused(web: Web, scenario: Scenario) -> None:
    assert web.with_proof("status", 4711, result(0, **FOUND)).status_code == 400
    assert web.with_proof("status", 4711, result(0), "/timeout").status_code == 200


ASKED = int(datetime.now(UTC).timestamp())
HELD = "Working Account|KES|7.00|7.00|0.00|0.00&Utility Account|KES|500.00|500.00|0.00|0.00"


def asserted(scenario: Scenario) -> list[tuple[Any, ...]]:
    return scenario.rows(
        "SELECT provider_account, stated_at, stated_minor, booked_minor FROM balance_assertions"
    )


def test_what_the_account_holds_is_set_beside_the_books(web: Web, scenario: Scenario) -> None:
    document = result(0, AccountBalance=HELD, BOCompletedTime=STAMP)

    assert web.with_proof("balance", ASKED, document).status_code == 200

    stated_at = instant(STAMP, "BOCompletedTime")
    assert asserted(scenario) == [("daraja:600123", stated_at, 500_00, 0)]


def test_a_balance_of_another_time_than_it_was_asked_for_is_of_now(
    web: Web, scenario: Scenario
) -> None:
    web.with_proof("balance", ASKED, result(0, AccountBalance=HELD, BOCompletedTime=20991231235959))

    assert scenario.rows("SELECT stated_at <= now() FROM balance_assertions") == [(True,)]


def test_an_old_answer_about_the_balance_is_none(web: Web, scenario: Scenario) -> None:
    web.with_proof("balance", ASKED - 4000, result(0, AccountBalance=HELD))

    assert asserted(scenario) == []


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (result(1), 200),
        (result(0), 400),
        (result(0, AccountBalance="Utility Account|USD|5.00"), 400),
        (result(0, AccountBalance="Utility Account|KES|-5.00|0|0|0"), 400),
        (result(0, AccountBalance="Working Account|KES|5.00|5.00|0|0"), 400),
    ],
)
def test_a_balance_that_is_none_is_not_kept(
    web: Web, scenario: Scenario, document: Any, status: int
) -> None:
    assert web.with_proof("balance", ASKED, document).status_code == status
    assert web.with_proof("balance", ASKED, result(1), "/timeout").status_code == 200
    assert asserted(scenario) == []


def test_a_reversal_that_anybody_may_have_told_of_is_a_case_and_books_nothing(
    web: Web, scenario: Scenario
) -> None:
    payment_id = scenario.pay("SKE1A2B3C4", "M100", 500_00)
    document = result(0, OriginalTransactionID="ske1a2b3c4", Amount=200)
    document["Result"]["TransactionID"] = "SKEB000001"

    for _ in range(3):
        assert web.daraja("reversal", document).status_code == 200

    assert scenario.rows("SELECT count(*) FROM payment_returns") == [(0,)]
    assert scenario.rows("SELECT kind, payment_id FROM cases") == [("reversal_told", payment_id)]
    assert scenario.rows("SELECT problem FROM payments") == [("a message says that it went back",)]


def test_what_a_statement_says_went_back_closes_the_case(web: Web, scenario: Scenario) -> None:
    scenario.pay("SKE1A2B3C4", "NOBODY", 500_00)
    web.daraja("reversal", result(0, OriginalTransactionID="SKE1A2B3C4", Amount=500))

    with scenario.open_unit() as unit:
        back = NewReturn(500_00, "provider", "SKEB000001")
        record_reversal(unit, "daraja:600123", "SKE1A2B3C4", back, "ops@jua", "on the statement")

    assert scenario.states() == ["reversed"]
    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]
    scenario.check_invariants()


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (result(0, OriginalTransactionID="SKE9", Amount=200), 200),
        (result(2001, OriginalTransactionID="SKE1A2B3C4"), 200),
        (result(0, OriginalTransactionID="SKE1A2B3C4"), 400),
        (result(0, Amount="x", OriginalTransactionID="SKE1A2B3C4"), 400),
    ],
    ids=["unknown receipt", "refused", "no amount", "no number"],
)
def test_what_is_no_reversal_of_ours_books_nothing(
    web: Web, scenario: Scenario, document: Any, status: int
) -> None:
    scenario.pay("SKE1A2B3C4", "NOBODY", 500_00)

    assert web.daraja("reversal", document).status_code == status

    assert scenario.rows("SELECT count(*) FROM payment_returns") == [(0,)]


def test_another_amount_than_we_asked_for_is_a_case(
    web: Web, scenario: Scenario, refund: int
) -> None:
    web.with_proof("reversal", refund, result(0, OriginalTransactionID="SKE1A2B3C4", Amount=200))

    assert states(scenario) == ("refunding", "requested")
    assert scenario.rows("SELECT kind FROM cases") == [("return_unclear",)]
