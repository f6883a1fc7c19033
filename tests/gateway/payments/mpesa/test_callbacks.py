"""M-Pesa's endpoints on real PostgreSQL and Redis: what is answered, and what is in the ledger
after."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, cast

import pytest
from redis import Redis
from sqlalchemy import text

from core.db.engine import make_engine
from core.unit import OpenUnit, unit_opener
from core.usecases.payments.prompts import find_callback_prompt
from core.usecases.payments.record import record_payment
from gateway.limits import Limits, SerialGuesses
from gateway.payments.mpesa.callbacks import MpesaCallbacks
from gateway.payments.mpesa.parse import read_confirmation, read_question
from gateway.payments.proof import Proofs
from gateway.redis_client import fail_fast_redis
from tests.gateway.conftest import AMINA, SHORTCODE, Web
from tests.gateway.payments.bodies import CHECKOUT, STK_PAID, c2b, stk_ended, stk_paid
from tests.support.builders import insert_prompt
from tests.support.cast import PROOF_SECRET
from tests.support.scenario import Scenario

ACKNOWLEDGED = {"ResultCode": 0, "ResultDesc": "Accepted"}
Woken = Callable[[], set[str]]
RECEIVED_LEGS = """
    SELECT account, side, amount_minor FROM postings p JOIN journal_entries e ON e.id = p.entry_id
     WHERE e.kind = 'received' ORDER BY p.id
"""
PAYMENT = "SELECT receipt, source, state, amount_minor, payer_kind, payer FROM payments"


def verdict(web: Web, **changed: Any) -> Any:
    answer = web.daraja("validation", c2b(**changed))
    assert answer.status_code == 200
    return cast(Any, answer.json)["ResultCode"]


@pytest.mark.parametrize("account", ["M100", "m-100", " m 100 ", "S200"])
def test_money_for_a_customers_device_may_move(web: Web, scenario: Scenario, account: str) -> None:
    before = scenario.traces()
    answer = web.daraja("validation", c2b(BillRefNumber=account, TransAmount="150"))
    body = cast(dict[str, str], answer.json)
    assert len(body.pop("ThirdPartyTransID")) == 32
    assert body == {"ResultCode": "0", "ResultDesc": "Accepted"}
    assert scenario.traces() == before


def test_money_is_refused_with_the_code_that_tells_the_payer_why(
    web: Web, scenario: Scenario
) -> None:
    before = scenario.traces()
    refusals = [
        ("C2B00012", {"BillRefNumber": "M101"}),
        ("C2B00012", {"BillRefNumber": "M999"}),
        ("C2B00012", {"BillRefNumber": ""}),
        ("C2B00013", {"TransAmount": "0"}),
        ("C2B00013", {"TransAmount": "-100"}),
        ("C2B00013", {"TransAmount": "100.50"}),
        ("C2B00013", {"TransAmount": "100.505"}),
        ("C2B00013", {"TransAmount": "250001"}),
        ("C2B00013", {"TransAmount": "49.00"}),
        ("C2B00016", {"BusinessShortCode": "600124"}),
    ]
    for code, changed in refusals:
        assert verdict(web, **changed) == code, changed
    assert scenario.traces() == before


def test_nothing_left_to_buy_is_refused(web: Web, scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.execute(text("UPDATE instalments SET paid_minor = amount_minor"))
        connection.execute(text("UPDATE sales SET state = 'complete'"))
    assert verdict(web, BillRefNumber="S200") == "C2B00016"


def callbacks_with_short_budget(
    scenario: Scenario, redis_url: str, open_read_only_unit: OpenUnit
) -> MpesaCallbacks:
    pool = ThreadPoolExecutor(1)
    guesses = SerialGuesses(Limits(fail_fast_redis(redis_url)))
    return MpesaCallbacks(
        SHORTCODE,
        scenario.open_unit,
        open_read_only_unit,
        pool,
        guesses,
        Proofs(PROOF_SECRET),
        budget_s=0.05,
    )


def test_a_locked_database_is_not_waited_for(scenario: Scenario, redis_url: str) -> None:
    callbacks = callbacks_with_short_budget(scenario, redis_url, scenario.open_unit)
    with scenario.engine.begin() as connection:
        connection.execute(text("LOCK TABLE devices IN ACCESS EXCLUSIVE MODE"))
        answered = callbacks.validate(read_question(c2b()))
        assert answered.body == {"ResultCode": "C2B00016", "ResultDesc": "Rejected"}
    callbacks.readers.shutdown()


def test_a_database_that_is_away_refuses_rather_than_stays_silent(
    scenario: Scenario, redis_url: str
) -> None:
    away = make_engine("postgresql+psycopg://no-user@127.0.0.1:9/none")
    callbacks = callbacks_with_short_budget(scenario, redis_url, unit_opener(away))
    assert callbacks.validate(read_question(c2b())).outcome == "undecided"
    callbacks.readers.shutdown()


def test_a_reader_that_never_comes_back_does_not_stop_the_next_answer(
    scenario: Scenario, redis_url: str
) -> None:
    free, stuck = threading.Event(), threading.Event()

    def never() -> Any:
        stuck.set()
        free.wait()
        raise RuntimeError("too late for anybody")

    callbacks = callbacks_with_short_budget(scenario, redis_url, never)
    assert callbacks.validate(read_question(c2b())).outcome == "undecided"
    assert stuck.is_set()
    assert callbacks.validate(read_question(c2b())).outcome == "undecided"
    free.set()
    callbacks.readers.shutdown()


def test_money_that_moved_is_in_the_books_before_it_is_acknowledged(
    web: Web, scenario: Scenario, woken: Woken
) -> None:
    answer = web.daraja("confirmation", c2b())
    assert (answer.status_code, answer.json) == (200, ACKNOWLEDGED)
    assert scenario.rows(PAYMENT) == [
        ("SKE1A2B3C4", "c2b", "received", 500_00, "masked", "2547 ***** 126")
    ]
    assert scenario.rows(RECEIVED_LEGS) == [
        ("clearing:daraja:600123", "debit", 500_00),
        ("unapplied", "credit", 500_00),
    ]
    assert "payments" in woken()


def test_money_for_no_device_is_held_in_suspense(web: Web, scenario: Scenario) -> None:
    answer = web.daraja("confirmation", c2b(BillRefNumber="M101", MSISDN="254711000009"))
    assert answer.json == ACKNOWLEDGED
    assert scenario.rows("SELECT state, account_raw FROM payments") == [("suspense", "M101")]
    assert scenario.rows("SELECT msisdn FROM sms") == [("+254711000009",)]


@pytest.mark.parametrize(
    "changed", [{"BusinessShortCode": "600124"}, {"TransAmount": "-5"}, {"TransID": ""}]
)
def test_what_cannot_be_booked_leaves_no_trace(
    web: Web, scenario: Scenario, woken: Woken, changed: dict[str, str]
) -> None:
    before = scenario.traces()
    assert web.daraja("confirmation", c2b(**changed)).status_code == 400
    assert scenario.traces() == before
    assert woken() == set()


def test_the_same_receipt_twenty_times_at_once_is_one_payment(web: Web, scenario: Scenario) -> None:
    start = threading.Barrier(20)

    def confirm(_: int) -> Any:
        start.wait()
        return web.daraja("confirmation", c2b())

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(confirm, range(20)))
    assert [(answer.status_code, answer.json) for answer in answers] == [(200, ACKNOWLEDGED)] * 20
    assert scenario.rows("SELECT count(*) FROM payments") == [(1,)]
    assert scenario.rows(
        "SELECT sum(amount_minor) FROM postings WHERE account LIKE 'clearing:%'"
    ) == [(500_00,)]


def test_a_copy_waits_for_the_commit_of_the_first_one(web: Web, scenario: Scenario) -> None:
    """Also where no server has a side room for it."""
    first = scenario.open_unit()
    with ThreadPoolExecutor(1) as pool:
        with first as unit:
            record_payment(unit, read_confirmation(c2b(), "c2b"))
            copy = pool.submit(web.daraja, "confirmation", c2b())
            assert wait([copy], 0.3).not_done  # six times as long as one in a lane waits
        assert copy.result().status_code == 200
    assert scenario.rows("SELECT count(*) FROM payments") == [(1,)]


def test_without_a_commit_there_is_no_acknowledgement(web: Web, scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.execute(
            text("ALTER TABLE payments ADD CONSTRAINT broken CHECK (amount_minor < 0) NOT VALID")
        )
    answer = web.daraja("confirmation", c2b())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    with scenario.engine.begin() as connection:
        connection.execute(text("ALTER TABLE payments DROP CONSTRAINT broken"))
    assert web.daraja("confirmation", c2b()).json == ACKNOWLEDGED
    assert scenario.rows("SELECT count(*) FROM payments") == [(1,)]


def prompt(scenario: Scenario, **changed: Any) -> int:
    row = {"account_reference": "M100", "msisdn": AMINA, "checkout_reference": CHECKOUT} | changed
    with scenario.engine.begin() as connection:
        return insert_prompt(connection, device_id=scenario.device_id("M100"), **row)


def state(scenario: Scenario) -> list[tuple[Any, ...]]:
    return scenario.rows("SELECT state, payment_id IS NOT NULL FROM prompts")


def test_an_approved_prompt_is_booked(web: Web, scenario: Scenario, woken: Woken) -> None:
    prompt(scenario)
    answer = web.post("payments/daraja", "stk", data=STK_PAID)
    assert (answer.status_code, answer.json) == (200, ACKNOWLEDGED)
    assert scenario.rows(PAYMENT) == [("SKE1A2B3C4", "stk", "received", 500_00, "msisdn", AMINA)]
    assert state(scenario) == [("paid", True)]
    assert "payments" in woken()


def test_a_callback_faster_than_our_call_finds_its_prompt_by_the_address(
    web: Web, scenario: Scenario
) -> None:
    number = prompt(scenario, state="sending", checkout_reference=None)
    assert web.with_proof("stk", number, stk_paid()).json == ACKNOWLEDGED
    assert state(scenario) == [("paid", True)]


def test_an_address_does_not_lend_a_prompt_to_another_checkout(
    web: Web, scenario: Scenario
) -> None:
    number = prompt(scenario, checkout_reference="ws_CO_another")
    assert web.post("payments/daraja", f"stk/{number}", data=STK_PAID).json == ACKNOWLEDGED
    assert state(scenario) == [("pending", False)]
    assert scenario.rows(PAYMENT) == []


def test_a_receipt_in_small_letters_is_the_same_receipt(web: Web, scenario: Scenario) -> None:
    for receipt in ("SKE1A2B3C4", "ske1a2b3c4"):
        assert web.daraja("confirmation", c2b(TransID=receipt)).json == ACKNOWLEDGED

    assert scenario.rows("SELECT receipt FROM payments") == [("SKE1A2B3C4",)]


@pytest.mark.parametrize("first", ["stk", "confirmation"])
def test_money_delivered_by_two_callbacks_counts_once(
    web: Web, scenario: Scenario, first: str
) -> None:
    prompt(scenario)
    bodies: dict[str, Any] = {"stk": stk_paid(), "confirmation": c2b()}
    for endpoint in (first, *(bodies.keys() - {first}), first):
        assert web.daraja(endpoint, bodies[endpoint]).json == ACKNOWLEDGED
    assert scenario.rows("SELECT receipt, amount_minor FROM payments") == [("SKE1A2B3C4", 500_00)]
    assert state(scenario) == [("paid", True)]


def test_a_receipt_announced_again_with_another_amount_is_looked_at_by_a_person(
    web: Web, scenario: Scenario
) -> None:
    for amount in ("500.00", "900.00", "900.00"):
        assert web.daraja("confirmation", c2b(TransAmount=amount)).json == ACKNOWLEDGED
    assert scenario.rows("SELECT amount_minor FROM payments") == [(500_00,)]
    assert scenario.rows("SELECT kind, detail FROM cases") == [
        ("amount_differs", "SKE1A2B3C4: KES 900.00 by c2b, KES 500.00 in the books")
    ]


@pytest.mark.parametrize("code", [1032, "1", 2001, "SFC_IC0003"])
def test_a_prompt_that_was_not_paid_has_ended(web: Web, scenario: Scenario, code: object) -> None:
    prompt(scenario)
    assert web.daraja("stk", stk_ended(code)).json == ACKNOWLEDGED
    assert scenario.rows("SELECT state, provider_code FROM prompts") == [("failed", str(code))]
    assert scenario.rows(PAYMENT) == []


def test_a_phone_that_was_not_reached_is_asked_about_and_not_given_up(
    web: Web, scenario: Scenario
) -> None:
    prompt(scenario)
    assert web.daraja("stk", stk_ended(1037)).json == ACKNOWLEDGED
    assert scenario.rows("SELECT state, next_attempt_at IS NULL FROM prompts") == [
        ("unknown", False)
    ]


def test_success_after_failure_wins_and_failure_after_success_changes_nothing(
    web: Web, scenario: Scenario
) -> None:
    prompt(scenario)
    for body in (stk_ended(1032), stk_paid(), stk_ended(1032)):
        assert web.daraja("stk", body).json == ACKNOWLEDGED
    assert state(scenario) == [("paid", True)]


def test_a_result_for_no_prompt_of_ours_is_acknowledged_and_books_nothing(
    web: Web, scenario: Scenario, woken: Woken
) -> None:
    before = scenario.traces()
    assert web.post("payments/daraja", "stk", data=STK_PAID).json == ACKNOWLEDGED
    assert web.post("payments/daraja", "stk/77", data=STK_PAID).json == ACKNOWLEDGED
    assert scenario.traces() == before
    assert woken() == set()


def test_another_amount_than_was_asked_for_is_not_believed(web: Web, scenario: Scenario) -> None:
    prompt(scenario)
    before = scenario.traces()
    assert web.daraja("stk", stk_paid(amount="5000.00")).status_code == 400
    assert scenario.traces() == before
    assert state(scenario) == [("pending", False)]


def test_a_callback_waits_for_the_one_before_it(scenario: Scenario) -> None:
    number = prompt(scenario)
    with scenario.open_unit() as unit:
        assert find_callback_prompt(unit, number, CHECKOUT) is not None
        locked = "SELECT id FROM prompts FOR UPDATE SKIP LOCKED"
        assert scenario.rows(locked) == []


def test_endpoints_count_what_they_answered(web: Web, redis: Redis) -> None:
    web.daraja("validation", c2b(BillRefNumber="M101"))
    web.daraja("confirmation", c2b())
    web.daraja("confirmation", c2b())
    web.daraja("confirmation", {})
    assert redis.hgetall("event_counters") == {
        b"daraja_validation C2B00012": b"1",
        b"daraja_confirmation booked": b"1",
        b"daraja_confirmation known": b"1",
        b"daraja_confirmation malformed": b"1",
    }
