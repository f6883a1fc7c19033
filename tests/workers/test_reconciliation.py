"""Refunds through a provider that fails in every way, and its list as the last word on payments."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from core.money import Money
from core.payment import PaymentNotice
from core.usecases.payments.record import record_payment
from core.usecases.payments.request import request_payment
from core.usecases.refunds.refund import request_refund
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.settings import PawaPaySettings
from simulator.mobile_money.prompts import PHONE_PIN, answer_prompt
from simulator.mobile_money.wallets import Payment, move_money, set_balance
from simulator.safaricom.c2b_payment import pay_by_paybill
from tests.support.builders import insert_prompt
from tests.support.cast import AMINA, KIT, METER
from tests.support.standins import canned
from workers import jobs, reconciliation
from workers.settings import ReconciliationSettings

ACCOUNT = "daraja:600123"


@pytest.fixture(autouse=True)
def pulling(monkeypatch):
    """The list is asked for every ten minutes; nothing goes back by itself."""
    chosen = ReconciliationSettings(timedelta(minutes=10), None)
    monkeypatch.setattr(reconciliation, "settings", lambda: chosen)
    return chosen


def moved(hands, receipt, account, amount_minor=500_00, minutes_ago=0):
    """Money the provider moved and never told us of."""
    at = hands.now() - timedelta(minutes=minutes_ago)
    with hands.standins.runtime.engine.begin() as connection:
        move_money(connection, Payment(receipt, "600123", AMINA, account, amount_minor, at))


def payments(hands):
    return hands.rows("SELECT receipt, source, state FROM payments ORDER BY receipt")


def test_a_payment_nobody_told_us_of_is_found_on_the_providers_list(hands):
    moved(hands, "SKE1A2B3C4", METER, minutes_ago=30)

    reconciliation.reconcile()

    assert payments(hands) == [("SKE1A2B3C4", "pull", "received")]
    [(paid_at,)] = hands.rows("SELECT paid_at FROM payments")
    assert abs(paid_at - (hands.now() - timedelta(minutes=30))) < timedelta(minutes=1)


def test_what_was_booked_already_is_left_alone(hands):
    moved(hands, "SKE1A2B3C4", METER)
    hands.pay("SKE1A2B3C4", METER, 500_00)

    reconciliation.reconcile()

    assert payments(hands) == [("SKE1A2B3C4", "c2b", "received")]


def test_the_list_is_asked_for_when_it_is_time_and_page_by_page(hands):
    reconciliation.reconcile()
    for number in range(501):
        moved(hands, f"SKE{number:07d}", KIT if number % 2 else "?", 10_00)

    reconciliation.reconcile()
    assert payments(hands) == []

    hands.ahead = timedelta(minutes=11)
    reconciliation.reconcile()
    assert len(payments(hands)) == 501


@pytest.mark.parametrize("fault", ["fail_before", "lose_reply", "error_reply"])
def test_a_list_that_cannot_be_had_is_asked_for_next_time(hands, fault):
    moved(hands, "SKE1A2B3C4", METER)
    hands.standins.fault("safaricom", fault, operation="pull", value="500.003.02", times=1)

    reconciliation.reconcile()
    assert payments(hands) == []
    hands.ahead = timedelta(minutes=11)
    reconciliation.reconcile()
    assert len(payments(hands)) == 1


def test_after_a_long_absence_of_ours_the_list_is_read_from_where_we_left_off(hands):
    hands.pay("SKE0000001", METER)  # the first payment that ever was ours
    moved(hands, "SKE0000001", METER, 100_00)
    reconciliation.reconcile()
    moved(hands, "SKE0000002", METER)
    hands.ahead = timedelta(hours=5)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(hands)] == ["SKE0000001", "SKE0000002"]


def test_a_list_that_could_not_be_had_for_hours_is_read_whole_when_it_can(hands):
    hands.pay("SKE0000001", METER)
    moved(hands, "SKE0000001", METER, 100_00)
    reconciliation.reconcile()
    moved(hands, "SKE0000002", METER)
    hands.standins.fault("safaricom", "fail_before", operation="pull")
    for minutes in range(11, 200, 11):
        hands.ahead = timedelta(minutes=minutes)
        reconciliation.reconcile()
    hands.standins.behave()
    hands.ahead = timedelta(minutes=211)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(hands)] == ["SKE0000001", "SKE0000002"]


def test_once_a_day_the_list_is_read_for_two_days(hands):
    hands.ahead = -timedelta(hours=30)
    hands.pay("SKE0000001", METER)
    moved(hands, "SKE0000001", METER, 100_00)
    reconciliation.reconcile()
    for hours in (29, 27, 3):  # on the list so late that it was read past already
        hands.ahead = -timedelta(hours=hours)
        reconciliation.reconcile()
    moved(hands, "SKE0000002", METER, minutes_ago=20 * 60)
    hands.ahead = timedelta(0)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(hands)] == ["SKE0000001", "SKE0000002"]


def test_what_moved_before_our_first_payment_is_not_ours(hands):
    moved(hands, "SKE0000000", METER, minutes_ago=600)
    moved(hands, "SKE0000001", METER, 100_00)
    hands.pay("SKE0000001", METER)

    for hours in (0, 5, 30):
        hands.ahead = timedelta(hours=hours)
        reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(hands)] == ["SKE0000001"]


def listed_around(hands):
    """Two payments that the provider lists and we know, an hour and ten minutes ago."""
    for receipt, minutes in (("SKE0000001", 60), ("SKE0000003", 10)):
        moved(hands, receipt, METER, 10_00, minutes_ago=minutes)
        told(hands, receipt, METER, minutes)


def told(hands, receipt, account, minutes_ago):
    hands.ahead -= timedelta(minutes=minutes_ago)
    hands.pay(receipt, account, 10_00)
    hands.ahead += timedelta(minutes=minutes_ago)


def cases(hands):
    return hands.rows("SELECT kind, closed_at IS NULL FROM cases ORDER BY id")


def test_money_the_provider_does_not_list_is_held_and_a_person_is_asked(hands):
    """A callback that somebody made up, with the key."""
    listed_around(hands)
    told(hands, "FORGED0001", METER, 30)

    reconciliation.reconcile()
    jobs.apply_payments()

    assert cases(hands) == [("not_on_statement", True)]
    assert payments(hands) == [
        ("FORGED0001", "c2b", "received"),
        ("SKE0000001", "c2b", "applied"),
        ("SKE0000003", "c2b", "applied"),
    ]


def test_money_that_a_later_list_shows_is_released_and_its_case_closed(hands, woken):
    listed_around(hands)
    told(hands, "SKE0000002", METER, 30)
    reconciliation.reconcile()
    moved(hands, "SKE0000002", METER, 10_00, minutes_ago=30)
    hands.ahead = timedelta(minutes=11)

    reconciliation.reconcile()
    assert woken() == {"payments"}
    jobs.apply_payments()

    assert cases(hands) == [("not_on_statement", False)]
    assert {state for _, _, state in payments(hands)} == {"applied"}


def test_what_is_young_or_was_told_on_asking_needs_no_list(hands):
    listed_around(hands)
    moved(hands, "SKE0000009", METER, 10_00)
    told(hands, "SKE0000008", METER, 1)
    with hands.engine.begin() as connection:
        told(hands, "SKE0000007", METER, 30)
        connection.exec_driver_sql(
            "UPDATE payments SET source = 'status' WHERE receipt = 'SKE0000007'"
        )

    reconciliation.reconcile()

    assert cases(hands) == []


def test_unmatched_money_that_is_on_no_list_is_not_sent_back(hands, monkeypatch):
    listed_around(hands)
    told(hands, "FORGED0001", "NOBODY", 30)
    reconciliation.reconcile()
    chosen = ReconciliationSettings(None, timedelta(minutes=20))
    monkeypatch.setattr(reconciliation, "settings", lambda: chosen)

    reconciliation.reconcile()

    assert refunds(hands) == []


def test_a_refund_of_another_rail_is_not_asked_of_daraja(hands):
    with hands.open_unit() as unit:
        notice = PaymentNotice(
            "mtn:mtnuganda", "SKE1A2B3C4", "query", 500_00, "KES", "NOBODY", "none", None, unit.now
        )
        request_refund(unit, record_payment(unit, notice).payment_id, "ops@jua", "no such device")

    reconciliation.reconcile()

    assert refunds(hands) == [("failed", "no_channel", 1)]
    assert cases(hands) == [("refund_failed", True)]


DEPOSIT = "8917c345-4791-4285-a416-62f24b6982db"


@pytest.fixture
def pawapay(hands, monkeypatch):
    """Money that came by pawaPay and is on its way back; the channel beside Daraja's."""
    channel = PawaPayChannel(PawaPaySettings(hands.standins.url, "pawapay-token"))
    runtime = replace(jobs.runtime(), other_channels={"pawapay": channel})
    for module in (jobs, reconciliation):
        monkeypatch.setattr(module, "runtime", lambda: runtime)
    paid = Payment("TKX1", "MPESA_KEN", AMINA, METER, 500_00, hands.now(), checkout_id=DEPOSIT)
    with hands.standins.runtime.engine.begin() as connection:
        move_money(connection, paid)
    with hands.open_unit() as unit:
        notice = PaymentNotice(
            "pawapay:MPESA_KEN", "TKX1", "callback", 500_00, "KES", METER, "none", None, unit.now
        )
        payment_id = record_payment(unit, notice).payment_id
        [(device_id,)] = hands.rows("SELECT id FROM devices WHERE serial = :it", it=METER)
    with hands.engine.begin() as connection:
        insert_prompt(
            connection,
            channel="pawapay",
            network="MPESA_KEN",
            device_id=device_id,
            account_reference=METER,
            checkout_reference=DEPOSIT,
            payment_id=payment_id,
            state="paid",
        )
    with hands.open_unit() as unit:
        request_refund(unit, payment_id, "ops@jua", "paid by mistake")
    yield channel
    channel.close()


def again(hands):
    hands.ahead += timedelta(minutes=30)
    reconciliation.reconcile()


def test_a_deposit_is_sent_back_once_and_its_payer_is_told(hands, pawapay):
    reconciliation.reconcile()
    again(hands)

    assert refunds(hands) == [("done", "COMPLETED", 1)]
    assert given_back(hands) == 1
    assert hands.rows("SELECT state FROM payments") == [("refunded",)]


def test_a_deposit_that_was_sent_back_wakes_the_sms_to_its_payer(hands, pawapay, woken):
    with hands.engine.begin() as connection:
        connection.execute(
            text("UPDATE payments SET payer_kind = 'msisdn', payer = :payer"), {"payer": AMINA}
        )

    reconciliation.reconcile()

    assert hands.rows("SELECT kind, msisdn FROM sms") == [("refund.refunded", AMINA)]
    assert woken() == {"sms"}


@pytest.mark.parametrize("fault", ["lose_reply", "fail_after", "fail_before"])
def test_a_deposits_refund_whose_reply_was_lost_is_given_once(hands, pawapay, fault):
    hands.standins.fault("pawapay", fault, operation="refunds", times=1)

    reconciliation.reconcile()
    assert refunds(hands)[0][0] == "unknown"
    again(hands)

    assert refunds(hands) == [("done", "COMPLETED", 2)]
    assert given_back(hands) == 1


def test_a_deposits_refund_that_is_still_under_way_is_asked_about_again(hands, pawapay):
    hands.standins.fault("pawapay", "say_pending", operation="refund_status", times=1)

    reconciliation.reconcile()
    assert refunds(hands) == [("unknown", "taken", 1)]
    again(hands)

    assert refunds(hands) == [("done", "COMPLETED", 2)]
    assert given_back(hands) == 1


def test_a_deposit_somebody_sent_back_by_hand_is_as_good_as_sent_back(hands, pawapay):
    hands.standins.fault(
        "pawapay", "error_reply", operation="refunds", value="DEPOSIT_ALREADY_REFUNDED"
    )

    reconciliation.reconcile()

    assert refunds(hands) == [("done", "COMPLETED", 1)]


def test_money_on_pawapays_statement_that_no_deposit_of_ours_brought_is_for_a_person(
    hands, pawapay
):
    with hands.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE prompts SET payment_id = NULL")

    reconciliation.reconcile()

    assert refunds(hands) == [("failed", "no_deposit", 1)]
    assert given_back(hands) == 0


@pytest.mark.parametrize("code", ["REFUNDS_NOT_ALLOWED", "AMOUNT_OUT_OF_BOUNDS"])
def test_a_refund_that_pawapay_refuses_is_for_a_person(hands, pawapay, woken, code):
    hands.standins.fault("pawapay", "error_reply", operation="refunds", value=code)

    reconciliation.reconcile()

    assert refunds(hands) == [("failed", code, 1)]
    assert cases(hands) == [("refund_failed", True)]
    assert hands.rows("SELECT state FROM payments") == [("received",)]
    assert woken() == {"payments"}


def test_a_refund_that_was_taken_and_failed_is_for_a_person(hands, pawapay, monkeypatch):
    failed = {"failureCode": "RECIPIENT_NOT_FOUND", "failureMessage": "x"}
    data = {"status": "FAILED", "failureReason": failed}
    answer = json.dumps({"status": "DUPLICATE_IGNORED", "data": data})
    with canned(200, "application/json", answer) as url:
        elsewhere = PawaPayChannel(PawaPaySettings(url, "token"))
        monkeypatch.setattr(pawapay, "api", elsewhere.api)
        reconciliation.reconcile()

    assert refunds(hands) == [("failed", "RECIPIENT_NOT_FOUND", 1)]
    assert cases(hands) == [("refund_failed", True)]


def balances_asked_for(hands):
    """As the stand-in wrote them down; they do not arrive, as no gateway listens here."""
    return hands.rows(
        "SELECT body::jsonb -> 'Result' -> 'ResultParameters' -> 'ResultParameter' -> 0 ->> 'Value'"
        " FROM simulator.callbacks WHERE url LIKE '%/balance'"
    )


def test_the_balance_is_asked_for_once_a_day(hands):
    moved(hands, "SKE0000001", METER, 10_00)
    for hours in (0, 1, 23, 25):
        hands.ahead = timedelta(hours=hours)
        reconciliation.reconcile()

    utility = "Utility Account|KES|10.00|10.00|0.00|0.00"
    assert [value.split("&")[1] for (value,) in balances_asked_for(hands)] == [utility, utility]


def refunding(hands):
    """Money for a device nobody knows, on its way back."""
    moved(hands, "SKE1A2B3C4", "NOBODY")
    hands.pay("SKE1A2B3C4", "NOBODY", 500_00)
    with hands.open_unit() as unit:
        [(payment_id,)] = hands.rows("SELECT id FROM payments")
        return request_refund(unit, payment_id, "ops@jua", "no such device")


def refunds(hands):
    return hands.rows("SELECT state, provider_code, attempts FROM refunds")


def given_back(hands):
    return hands.rows("SELECT count(*) FROM simulator.reversals")[0][0]


def test_a_refund_is_asked_for_once_however_often_the_job_runs(hands):
    refunding(hands)

    reconciliation.reconcile()
    reconciliation.reconcile()

    assert refunds(hands) == [("unknown", "taken", 1)]
    assert given_back(hands) == 1


def test_a_refund_whose_reply_was_lost_is_asked_for_again_and_given_once(hands):
    refunding(hands)
    hands.standins.fault("safaricom", "lose_reply", operation="reversal", times=1)

    reconciliation.reconcile()
    hands.ahead = timedelta(minutes=2)
    reconciliation.reconcile()

    assert refunds(hands) == [("unknown", "taken", 2)]
    assert given_back(hands) == 1


def test_without_an_initiator_the_money_stays_and_a_person_is_asked(hands, monkeypatch):
    refunding(hands)
    daraja = reconciliation.runtime().daraja
    bare = daraja.settings.__class__("", "", "", "600123", "", "")
    monkeypatch.setattr(daraja, "settings", bare)

    reconciliation.reconcile()

    assert refunds(hands) == [("failed", "no_initiator", 1)]
    assert hands.rows("SELECT state FROM payments") == [("suspense",)]


def test_a_refused_paybill_payment_leaves_nothing_to_find(hands):
    pay_by_paybill(hands.standins.runtime, AMINA, "NOBODY", 500_00)

    reconciliation.reconcile()

    assert payments(hands) == []


def test_times_of_the_list_are_instants(hands):
    moved(hands, "SKE1A2B3C4", METER, minutes_ago=119)
    moved(hands, "SKE1A2B3C5", METER, minutes_ago=125)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(hands)] == ["SKE1A2B3C4"]
    assert isinstance(hands.rows("SELECT next_at FROM statement_pulls")[0][0], datetime)


@pytest.fixture
def approved(hands):
    """A prompt that a look-up called paid a minute ago; its receipt was lost on the way."""
    with hands.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(500_00, "KES"))
    jobs.prompt_payers()
    world = hands.standins.runtime
    hands.standins.fault("safaricom", "drop_callback")
    [(prompt_id,)] = hands.rows("SELECT id FROM simulator.prompts")
    answer_prompt(world, AMINA, prompt_id, PHONE_PIN)
    hands.ahead = timedelta(seconds=21)
    jobs.prompt_payers()
    assert prompts(hands) == [("approved",)]
    return hands


def prompts(hands):
    return hands.rows("SELECT state FROM prompts")


def test_a_prompt_called_paid_is_joined_to_the_receipt_another_door_brought(approved):
    reconciliation.reconcile()  # the list has the receipt
    reconciliation.reconcile()

    assert prompts(approved) == [("paid",)]
    assert approved.rows(
        "SELECT count(*) FROM payments p JOIN prompts r ON r.payment_id = p.id"
    ) == [(1,)]


def test_a_receipt_is_joined_to_one_prompt_only(approved):
    with approved.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(500_00, "KES"))
    with approved.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE prompts SET state = 'approved', sent_at = now(), next_attempt_at = now()"
            " WHERE state = 'waiting'"
        )

    for _ in range(2):
        reconciliation.reconcile()

    assert sorted(prompts(approved)) == [("approved",), ("paid",)]


def test_a_receipt_nobody_brings_is_asked_for_and_at_last_a_person_is(approved, monkeypatch):
    nobody_lists = ReconciliationSettings(None, None)
    monkeypatch.setattr(reconciliation, "settings", lambda: nobody_lists)

    approved.ahead = timedelta(minutes=2)
    reconciliation.reconcile()
    asked = approved.rows("SELECT url, body FROM simulator.callbacks WHERE kind = 'status'")
    assert asked == []  # the stand-in still loses what it has to tell
    approved.standins.behave()

    approved.ahead = timedelta(minutes=8)
    reconciliation.reconcile()
    [(url, body)] = approved.rows("SELECT url, body FROM simulator.callbacks WHERE kind = 'status'")
    assert url.rsplit("/", 2)[1] == "status"
    assert '"ReceiptNo"' in body

    approved.ahead = timedelta(minutes=90)
    reconciliation.reconcile()
    assert approved.rows("SELECT kind FROM cases") == [("paid_without_receipt",)]


@pytest.fixture
def airtel(hands, monkeypatch):
    """Airtel Money set up besides, its balance asked for."""
    channel = AirtelChannel(AirtelSettings(hands.standins.url, "KE", "client", "secret"))
    runtime = replace(reconciliation.runtime(), other_channels={"airtel": channel})
    monkeypatch.setattr(reconciliation, "runtime", lambda: runtime)
    monkeypatch.setattr(jobs, "runtime", lambda: runtime)
    chosen = ReconciliationSettings(None, None, frozenset({"airtel"}))
    monkeypatch.setattr(reconciliation, "settings", lambda: chosen)
    yield hands
    channel.close()


def assertions(hands):
    return hands.rows(
        "SELECT provider_account, stated_minor, booked_minor FROM balance_assertions ORDER BY id"
    )


def holding(hands, amount_minor):
    with hands.standins.runtime.engine.begin() as connection:
        set_balance(connection, "airtel", amount_minor)


def test_other_channels_balances_are_read_once_a_day_and_set_beside_the_books(airtel):
    for hours in (0, 1, 23, 25):
        airtel.ahead = timedelta(hours=hours)
        reconciliation.reconcile()

    assert assertions(airtel) == [("airtel:KE", 0, 0)] * 2


def test_a_balance_that_differs_is_read_again_soon_until_a_person_is_asked(airtel):
    holding(airtel, 100_00)
    for minutes in (0, 5, 11, 71):
        airtel.ahead = timedelta(minutes=minutes)
        reconciliation.reconcile()

    assert assertions(airtel) == [("airtel:KE", 100_00, 0)] * 3
    assert cases(airtel) == [("balance_differs", True)]


def test_a_balance_that_was_read_while_money_moved_asks_nobody(airtel):
    holding(airtel, 100_00)
    reconciliation.reconcile()
    airtel.ahead = timedelta(minutes=1)
    with airtel.open_unit() as unit:
        notice = PaymentNotice(
            "airtel:KE", "MP1", "query", 100_00, "KES", METER, "none", None, unit.now
        )
        record_payment(unit, notice)
    for minutes in (11, 120):
        airtel.ahead = timedelta(minutes=minutes)
        reconciliation.reconcile()

    assert cases(airtel) == []


def test_a_balance_nobody_says_is_asked_for_the_next_day(airtel):
    airtel.standins.fault("airtel", "fail_before", operation="balance", times=1)
    reconciliation.reconcile()
    assert assertions(airtel) == []
    airtel.ahead = timedelta(hours=25)
    reconciliation.reconcile()
    assert len(assertions(airtel)) == 1
