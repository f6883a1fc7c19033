"""The outcome of a prompt, from the provider's callback or the worker's call, in either order."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from core.db.prompts import lock_prompt
from core.db.tariffs import find_market
from core.payment import PaymentNotice
from core.prompt import Prompt
from core.unit import Unit
from core.usecases.payments.prompts import (
    claim_unresolved,
    claim_unsent,
    confirm_by_lookup,
    find_callback_prompt,
    mark_unknown,
    prompt_accepted,
    prompt_announced,
    prompt_approved,
    prompt_ended,
    prompt_paid,
    prompt_postponed,
)
from tests.support.builders import (
    OPENED_AT,
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_market,
    insert_prompt,
    insert_tariff,
)
from tests.support.channels import CHANNELS

AMINA = "+254711000001"
CHECKOUT = "ws_CO_1"


def unit_at(connection: Connection, now: datetime = OPENED_AT) -> Unit:
    market = find_market(connection)
    assert market is not None
    return Unit(connection, now, market, channels=CHANNELS)


@pytest.fixture
def prompt_id(connection: Connection) -> Any:
    """Inserts a prompt for Amina's meter, in a state."""
    insert_market(connection)
    amina = insert_customer(connection, msisdn=AMINA)
    meter = insert_device(
        connection,
        serial="M100",
        manufacturer_id=insert_manufacturer(connection, token_family="none"),
        owner_id=amina,
        tariff_id=insert_tariff(connection),
    )
    return partial(
        insert_prompt, connection, device_id=meter, account_reference="M100", msisdn=AMINA
    )


def state(connection: Connection) -> str:
    return str(connection.execute(text("SELECT state FROM prompts")).scalar_one())


def paid(unit: Unit, prompt_id: int) -> None:
    prompt = find_callback_prompt(unit, prompt_id, CHECKOUT)
    assert prompt is not None
    notice = PaymentNotice(
        "daraja:600123", "R1", "stk", 500_00, "KES", "M100", "msisdn", AMINA, unit.now
    )
    prompt_paid(unit, prompt, notice)


def claimed(prompts: list[Prompt]) -> Prompt:
    (prompt,) = prompts
    return prompt


def test_a_prompt_the_provider_will_not_send_has_ended_and_the_payer_is_told(
    connection: Connection, prompt_id: Any
) -> None:
    prompt_id(state="waiting")
    unit = unit_at(connection)
    prompt_ended(unit, claimed(claim_unsent(unit, 10)), "400.002.02")
    assert state(connection) == "failed"
    assert connection.execute(text("SELECT msisdn FROM sms")).scalar_one() == AMINA


def test_a_prompt_that_may_have_gone_out_is_unknown_and_never_sent_again(
    connection: Connection, prompt_id: Any
) -> None:
    prompt_id(state="waiting")
    unit = unit_at(connection)
    mark_unknown(unit, claimed(claim_unsent(unit, 10)), "ReadTimeout")
    assert state(connection) == "unknown"
    much_later = unit_at(connection, OPENED_AT + timedelta(hours=1))
    assert claim_unsent(much_later, 10) == []
    assert len(claim_unresolved(much_later, 10)) == 1


def test_a_prompt_that_did_not_go_out_is_sent_again_while_the_payer_waits(
    connection: Connection, prompt_id: Any
) -> None:
    prompt_id(state="waiting")
    unit = unit_at(connection)
    prompt_postponed(unit, claimed(claim_unsent(unit, 10)), "500.003.02")
    later = unit_at(connection, OPENED_AT + timedelta(seconds=30))
    again = claimed(claim_unsent(later, 10))
    too_late = unit_at(connection, OPENED_AT + timedelta(minutes=3))
    prompt_postponed(too_late, again, "500.003.02")
    assert state(connection) == "failed"


@pytest.mark.parametrize(
    "record_outcome",
    [prompt_ended, mark_unknown, prompt_postponed, lambda u, p, code: prompt_approved(u, p)],
)
@pytest.mark.parametrize("before", ["waiting", "pending"])
def test_what_a_worker_learnt_before_the_callback_came_undoes_nothing(
    connection: Connection, prompt_id: Any, record_outcome: Any, before: str
) -> None:
    number = prompt_id(state=before)
    unit = unit_at(connection)
    claim = claim_unsent if before == "waiting" else claim_unresolved
    prompt = claimed(claim(unit, 10))
    paid(unit, number)
    record_outcome(unit, prompt, "1032")
    assert state(connection) == "paid"


REFERENCE = "11111111-1111-4111-8111-111111111111"


def mtn_prompt(prompt_id: Any, **changed: Any) -> Any:
    return prompt_id(**{"channel": "mtn", "checkout_reference": REFERENCE} | changed)


def test_what_was_announced_while_a_worker_asked_is_asked_about_again(
    connection: Connection, prompt_id: Any
) -> None:
    mtn_prompt(prompt_id, state="pending")
    unit = unit_at(connection)
    prompt = claimed(claim_unresolved(unit, 10))
    assert prompt_announced(unit, REFERENCE)
    prompt_ended(unit, prompt, "EXPIRED")
    again = claimed(claim_unresolved(unit_at(connection, OPENED_AT + timedelta(seconds=1)), 10))
    confirm_by_lookup(unit, again, "mtn:mtnuganda", "R1", 500_00)
    assert state(connection) == "paid"


def test_a_prompt_that_failed_is_not_looked_up_until_a_callback_contradicts_it(
    connection: Connection, prompt_id: Any
) -> None:
    mtn_prompt(prompt_id, state="pending")
    unit = unit_at(connection)
    prompt_ended(unit, claimed(claim_unresolved(unit, 10)), "EXPIRED")
    much_later = unit_at(connection, OPENED_AT + timedelta(hours=5))
    assert claim_unresolved(much_later, 10) == []
    assert prompt_announced(much_later, REFERENCE)
    prompt_ended(much_later, claimed(claim_unresolved(much_later, 10)), "EXPIRED")
    assert claim_unresolved(unit_at(connection, OPENED_AT + timedelta(hours=9)), 10) == []
    assert connection.execute(text("SELECT count(*) FROM sms")).scalar_one() == 1


def test_a_failed_prompt_that_a_look_up_calls_paid_was_not_a_failure(
    connection: Connection, prompt_id: Any
) -> None:
    prompt_id(state="failed", checkout_reference=CHECKOUT)  # and put back by an operator
    unit = unit_at(connection)
    prompt_approved(unit, claimed(claim_unresolved(unit, 10)))
    assert state(connection) == "approved"


def test_an_announced_prompt_is_never_sent_again(connection: Connection, prompt_id: Any) -> None:
    mtn_prompt(prompt_id, state="waiting")
    unit = unit_at(connection)
    assert prompt_announced(unit, REFERENCE)
    assert claim_unsent(unit, 10) == []
    assert len(claim_unresolved(unit, 10)) == 1


def test_a_reference_nobody_was_given_and_a_paid_prompt_need_no_look(
    connection: Connection, prompt_id: Any
) -> None:
    number = mtn_prompt(prompt_id, state="pending")
    unit = unit_at(connection)
    assert not prompt_announced(unit, "nobody")
    prompt = lock_prompt(connection, number)
    assert prompt is not None
    confirm_by_lookup(unit, prompt, "mtn:mtnuganda", "R1", 500_00)
    assert not prompt_announced(unit, REFERENCE)


@pytest.mark.parametrize(
    ("channel", "looks_after_s"),
    [
        ("daraja", [20, 40, 80, 180, 600, 3600, 7200]),
        ("mtn", [300, 600, 1200, 3600, 7200]),
        ("airtel", [180, 360, 720, 1800, 3600, 7200]),
        ("pawapay", [60, 120, 300, 900, 3600, 7200]),
    ],
)
def test_a_prompt_is_looked_up_when_its_channel_allows(
    connection: Connection, prompt_id: Any, channel: str, looks_after_s: list[int]
) -> None:
    prompt_id(state="waiting", channel=channel)
    unit = unit_at(connection)
    sent = claimed(claim_unsent(unit, 10))
    prompt_accepted(unit, sent.id, REFERENCE)
    for after_s in looks_after_s:
        due_at = OPENED_AT + timedelta(seconds=after_s)
        assert claim_unresolved(unit_at(connection, due_at - timedelta(seconds=1)), 10) == []
        claimed(claim_unresolved(unit_at(connection, due_at), 10))


@pytest.mark.parametrize(("channel", "lease_s"), [("daraja", 120), ("airtel", 180), ("mtn", 300)])
def test_a_sender_that_died_leaves_its_prompt_alone_as_long_as_the_channel_asks(
    connection: Connection, prompt_id: Any, channel: str, lease_s: int
) -> None:
    prompt_id(state="waiting", channel=channel)
    claim_unsent(unit_at(connection), 10)
    ends_at = OPENED_AT + timedelta(seconds=lease_s)
    assert claim_unresolved(unit_at(connection, ends_at - timedelta(seconds=1)), 10) == []
    assert len(claim_unresolved(unit_at(connection, ends_at), 10)) == 1


def test_what_the_provider_says_moved_is_booked_though_it_is_not_what_was_asked_for(
    connection: Connection, prompt_id: Any
) -> None:
    number = mtn_prompt(prompt_id, state="pending")
    unit = unit_at(connection)
    prompt = lock_prompt(connection, number)
    assert prompt is not None
    confirm_by_lookup(unit, prompt, "mtn:mtnuganda", "R1", 200_00)
    confirm_by_lookup(unit, prompt, "mtn:mtnuganda", "R1", 200_00)
    booked = connection.execute(text("SELECT amount_minor, source FROM payments")).all()
    assert [tuple(row) for row in booked] == [(200_00, "query")]


def test_what_a_callback_booked_meanwhile_is_not_booked_again_under_another_name(
    connection: Connection, prompt_id: Any
) -> None:
    number = mtn_prompt(prompt_id, state="pending")
    unit = unit_at(connection)
    prompt = lock_prompt(connection, number)
    assert prompt is not None
    confirm_by_lookup(unit, prompt, "pawapay:MPESA_KEN", "R1", 500_00)
    confirm_by_lookup(unit, prompt, "pawapay:MPESA_KEN", REFERENCE, 500_00)
    assert connection.execute(text("SELECT receipt FROM payments")).all() == [("R1",)]


@pytest.mark.parametrize("receipts", [("MP1", REFERENCE), (REFERENCE, "MP1"), ("MP1", "MP1")])
def test_a_movement_told_by_the_networks_name_and_by_ours_is_one(
    connection: Connection, prompt_id: Any, receipts: tuple[str, str]
) -> None:
    """An aggregator's callback may say the network's id, and its look-up not (or the other way)."""
    number = mtn_prompt(prompt_id, state="pending")
    unit = unit_at(connection)
    prompt = lock_prompt(connection, number)
    assert prompt is not None
    for receipt in receipts:
        confirm_by_lookup(unit, prompt, "pawapay:MTN_MOMO_UGA", receipt, 500_00)
    assert connection.execute(text("SELECT receipt FROM payments")).scalars().all() == [receipts[0]]


def test_two_movements_are_two(connection: Connection, prompt_id: Any) -> None:
    number = mtn_prompt(prompt_id, state="pending")
    unit = unit_at(connection)
    prompt = lock_prompt(connection, number)
    assert prompt is not None
    for receipt in ("MP1", "MP2"):
        confirm_by_lookup(unit, prompt, "mtn:mtnuganda", receipt, 500_00)
    assert connection.execute(text("SELECT count(*) FROM payments")).scalar_one() == 2


def test_after_two_days_nobody_asks_any_more(connection: Connection, prompt_id: Any) -> None:
    mtn_prompt(prompt_id, state="pending")
    looks = 0
    for hours in range(1, 72):
        unit = unit_at(connection, OPENED_AT + timedelta(hours=hours))
        for prompt in claim_unresolved(unit, 10):
            mark_unknown(unit, prompt, "pending")
            looks += 1
    assert looks == 48
    assert state(connection) == "unknown"


@pytest.mark.parametrize(
    ("channel", "code", "why"),
    [
        ("daraja", "1032", "it was cancelled"),
        ("daraja", "1", "not enough money"),
        ("daraja", "1037", "no answer in time"),
        ("daraja", "2001", "wrong PIN"),
        ("daraja", "4", "over your limit"),
        ("daraja", "17", None),
        ("mtn", "NOT_ENOUGH_FUNDS", "not enough money"),
        ("mtn", "APPROVAL_REJECTED", "it was cancelled"),
        ("mtn", "INTERNAL_PROCESSING_ERROR", None),
        ("airtel", "DP00800001007", "not enough money"),
        ("airtel", "DP00800001002", "wrong PIN"),
        ("airtel", "DP00800001024", "no answer in time"),
        ("pawapay", "PAYMENT_NOT_APPROVED", "it was cancelled"),
        ("pawapay", "INSUFFICIENT_BALANCE", "not enough money"),
        ("pawapay", "UNSPECIFIED_FAILURE", None),
    ],
)
def test_the_payer_is_told_why_where_the_provider_says_so(
    connection: Connection, prompt_id: Any, channel: str, code: str, why: str | None
) -> None:
    prompt = lock_prompt(connection, prompt_id(channel=channel))
    assert prompt is not None

    prompt_ended(unit_at(connection), prompt, code)

    ((kind, body),) = connection.execute(text("SELECT kind, body FROM sms")).all()
    assert kind == ("not_paid_because" if why else "not_paid")
    assert why is None or f"did not go through: {why}. Nothing was taken." in body
