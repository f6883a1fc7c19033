"""Payment prompts: opened by a business, answered, cancelled or ignored on the phone.

Every provider's prompts are the phone's; how they ended is written in M-Pesa's codes, and each
provider tells it its own way. A paid M-Pesa prompt on a paybill is also a C2B payment, so the same
money is announced twice under one receipt: by the STK result and by a C2B confirmation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from simulator.callback_queue import draw_callback_faults, queue_callbacks, send_now
from simulator.callback_sender import Callback, json_callback
from simulator.database import next_serial
from simulator.fault_injection import Faults
from simulator.mobile_money.wallets import EAST_AFRICA, Payment, move_money, new_receipt
from simulator.notices import airtel_notice, mtn_status, pawapay_deposit
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.c2b_payment import PaymentAnswer
from simulator.safaricom.c2b_urls import business_urls
from simulator.safaricom.payloads import c2b_notice, stk_notice

PHONE_PIN = "1234"


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """What a business asked for; already checked by the door."""

    shortcode: str
    msisdn: str
    account: str
    amount_minor: int
    callback_url: str
    provider: str = "safaricom"
    currency: str = "KES"
    reference: str = ""


def open_prompt(runtime: SimulatorRuntime, wanted: PromptRequest) -> tuple[str, str]:
    """Show a prompt on the phone. Returns MerchantRequestID and CheckoutRequestID, which is the
    business's own reference where it gave one. Raises IntegrityError for one used before."""
    now = runtime.now()
    with runtime.engine.begin() as connection:
        number = next_serial(connection)
        row = {name: getattr(wanted, name) for name in PromptRequest.__dataclass_fields__} | {
            "merchant_id": f"29115-{number:08d}-1",
            "checkout_id": wanted.reference
            or f"ws_CO_{now.astimezone(EAST_AFRICA):%d%m%Y%H%M%S}{number:09d}",
            "expires_at": now + timedelta(seconds=runtime.settings.prompt_seconds),
        }
        connection.execute(_OPEN, row)
    return row["merchant_id"], row["checkout_id"]


def waiting_prompts(connection: Connection, msisdn: str) -> list[Row[Any]]:
    """Prompts still open on that phone, oldest first."""
    return list(connection.execute(_WAITING, {"msisdn": msisdn}))


def find_prompt(connection: Connection, checkout_id: str) -> Row[Any] | None:
    """The prompt a business asks about, in any state."""
    return connection.execute(_FIND, {"checkout_id": checkout_id}).first()


def answer_prompt(
    runtime: SimulatorRuntime, msisdn: str, prompt_id: int, pin: str | None
) -> PaymentAnswer:
    """The customer types a PIN, or cancels (`pin` None). Returns after the callbacks' first try.

    Raises LookupError when that phone has no such prompt open.
    """
    chosen = {"id": prompt_id, "msisdn": msisdn}
    with runtime.engine.connect() as connection:
        provider = connection.execute(_PROVIDER, chosen).scalar_one_or_none()
    faults = draw_callback_faults(runtime, str(provider), "prompt", msisdn)
    with runtime.engine.begin() as connection:
        prompt = connection.execute(_LOCK, chosen).first()
        if prompt is None:
            raise LookupError(f"no open prompt {prompt_id} on {msisdn}")
        answer, ids = _settle(connection, runtime, prompt, pin, faults)
    send_now(runtime, ids)
    return answer


def answer_at_once(runtime: SimulatorRuntime, msisdn: str) -> None:
    """A customer faster than the answer to the business."""
    with runtime.engine.begin() as connection:
        prompts = waiting_prompts(connection, msisdn)
    answer_prompt(runtime, msisdn, prompts[-1].id, PHONE_PIN)


def _settle(
    connection: Connection,
    runtime: SimulatorRuntime,
    prompt: Row[Any],
    pin: str | None,
    faults: Faults,
) -> tuple[PaymentAnswer, Any]:
    if pin != PHONE_PIN:
        code = "1032" if pin is None else "2001"
        return _close_unpaid(connection, runtime, prompt, code, faults)
    payment = _payment(connection, runtime, prompt)
    balance_minor = move_money(connection, payment)
    if balance_minor is None:
        return _close_unpaid(connection, runtime, prompt, "1", faults)
    _close(connection, prompt, "0", payment.receipt)
    told = _result(runtime, prompt, "0", payment)
    if prompt.provider == "safaricom":
        confirm_at = business_urls(connection, runtime).confirmation
        c2b = c2b_notice(payment, balance_minor, faults.get("payer_form", "hashed"))
        told.append(json_callback("confirmation", confirm_at, c2b))
    if "contradict_callback" in faults:
        told = [*_result(runtime, prompt, "1032", None), *told]
    return PaymentAnswer(True, "0", payment.receipt), queue_callbacks(connection, told, faults)


def _payment(connection: Connection, runtime: SimulatorRuntime, prompt: Row[Any]) -> Payment:
    now = runtime.now()
    if prompt.provider == "safaricom":
        receipt = new_receipt(connection, now)
    else:
        receipt = f"{now:%y%m%d}{next_serial(connection):08d}"
    return Payment(
        receipt,
        prompt.shortcode,
        prompt.msisdn,
        prompt.account,
        prompt.amount_minor,
        now,
        checkout_id=prompt.checkout_id,
    )


def _close_unpaid(
    connection: Connection, runtime: SimulatorRuntime, prompt: Row[Any], code: str, faults: Faults
) -> tuple[PaymentAnswer, Any]:
    _close(connection, prompt, code, None)
    told = _result(runtime, prompt, code, None)
    return PaymentAnswer(False, code), queue_callbacks(connection, told, faults)


def _close(connection: Connection, prompt: Row[Any], code: str, receipt: str | None) -> None:
    connection.execute(_CLOSE, {"id": prompt.id, "code": code, "receipt": receipt})


def _result(
    runtime: SimulatorRuntime, prompt: Row[Any], code: str, payment: Payment | None
) -> list[Callback]:
    """The provider's own callback about the prompt; none where the business named no address."""
    receipt = payment.receipt if payment else None
    if not prompt.callback_url:
        return []
    if prompt.provider == "mtn":
        return [json_callback("mtn", prompt.callback_url, mtn_status(prompt, code, receipt))]
    if prompt.provider == "airtel":
        body = airtel_notice(prompt, code, receipt, runtime.settings.airtel_callback_key)
        return [Callback("airtel", prompt.callback_url, "application/json", body)]
    if prompt.provider == "pawapay":
        deposit = pawapay_deposit(prompt, code, receipt)
        told = json_callback("pawapay", prompt.callback_url, deposit)
        return [replace(told, signing_secret=runtime.settings.pawapay_signing_secret)]
    notice = stk_notice(prompt.merchant_id, prompt.checkout_id, code, payment)
    return [json_callback("stk", prompt.callback_url, notice)]


def expire_prompts(runtime: SimulatorRuntime) -> int:
    """Close the prompts nobody answered in time (1037) and tell the business; how many."""
    with runtime.engine.begin() as connection:
        prompts = list(connection.execute(_OVERDUE, {"now": runtime.now()}))
    for prompt in prompts:
        faults = draw_callback_faults(runtime, prompt.provider, "prompt", prompt.msisdn)
        with runtime.engine.begin() as connection:
            chosen = {"id": prompt.id, "msisdn": prompt.msisdn}
            if connection.execute(_LOCK, chosen).first() is not None:
                _close_unpaid(connection, runtime, prompt, "1037", faults)
    return len(prompts)


_OPEN = text("""
    INSERT INTO simulator.prompts (checkout_id, merchant_id, shortcode, msisdn, account,
                                   amount_minor, callback_url, expires_at, provider, currency)
    VALUES (:checkout_id, :merchant_id, :shortcode, :msisdn, :account,
            :amount_minor, :callback_url, :expires_at, :provider, :currency)
""")
_WAITING = text("""
    SELECT id, amount_minor, account, currency FROM simulator.prompts
    WHERE msisdn = :msisdn AND result_code IS NULL ORDER BY id
""")
_PROVIDER = text("SELECT provider FROM simulator.prompts WHERE id = :id AND msisdn = :msisdn")
_FIND = text("SELECT * FROM simulator.prompts WHERE checkout_id = :checkout_id")
_LOCK = text("""
    SELECT * FROM simulator.prompts
    WHERE id = :id AND msisdn = :msisdn AND result_code IS NULL FOR UPDATE
""")
_CLOSE = text("""
    UPDATE simulator.prompts SET result_code = :code, receipt = :receipt WHERE id = :id
""")
_OVERDUE = text("""
    SELECT * FROM simulator.prompts WHERE result_code IS NULL AND expires_at <= :now
""")
