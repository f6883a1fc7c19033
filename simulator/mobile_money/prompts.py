"""Payment prompts on phones: opened by a business, then approved, cancelled or left to expire.

The prompts of every provider end with one of M-Pesa's result codes, which `prompt_callbacks`
translates for the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from simulator.callback_queue import draw_callback_faults, queue_callbacks
from simulator.callback_sender import send_now
from simulator.database import next_number
from simulator.fault_injection import Faults
from simulator.mobile_money.prompt_callbacks import PAID, paid_callbacks, unpaid_callbacks
from simulator.mobile_money.receipts import EAST_AFRICA_TIME, mpesa_receipt, numeric_receipt
from simulator.mobile_money.wallets import Payment, move_money
from simulator.runtime import SimulatorRuntime

# The mobile-money PIN of every simulated phone.
PHONE_PIN = "1234"
_BALANCE_TOO_LOW, _CANCELLED, _EXPIRED, _WRONG_PIN = "1", "1032", "1037", "2001"


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """What a business asked for, already validated by the provider's API.

    `reference` is the business's own id of the prompt, where its provider takes one.
    """

    shortcode: str
    msisdn: str
    account: str
    amount_minor: int
    callback_url: str
    provider: str = "safaricom"
    currency: str = "KES"
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """What the payer's phone shows: code "0" and a receipt, or the code of the failure."""

    accepted: bool
    code: str
    receipt: str | None = None


def open_prompt(runtime: SimulatorRuntime, request: PromptRequest) -> tuple[str, str]:
    """Show a prompt on the phone. Returns its MerchantRequestID and its CheckoutRequestID.

    The CheckoutRequestID is the business's own reference where there is one. Raises IntegrityError
    for a reference that was used before.
    """
    now = runtime.now()
    with runtime.engine.begin() as connection:
        number = next_number(connection)
        day = f"{now.astimezone(EAST_AFRICA_TIME):%d%m%Y%H%M%S}"
        row = {name: getattr(request, name) for name in PromptRequest.__dataclass_fields__} | {
            "merchant_id": f"29115-{number:08d}-1",
            "checkout_id": request.reference or f"ws_CO_{day}{number:09d}",
            "expires_at": now + timedelta(seconds=runtime.settings.prompt_seconds),
        }
        connection.execute(_INSERT, row)
    return row["merchant_id"], row["checkout_id"]


def waiting_prompts(connection: Connection, msisdn: str) -> list[Row[Any]]:
    """The open prompts of a phone, oldest first: id, amount_minor, account, currency."""
    return list(connection.execute(_WAITING, {"msisdn": msisdn}))


def find_prompt(connection: Connection, checkout_id: str, provider: str) -> Row[Any] | None:
    """The provider's prompt with this CheckoutRequestID or reference, in any state."""
    prompt = {"checkout_id": checkout_id, "provider": provider}
    return connection.execute(_FIND, prompt).first()


def answer_prompt(
    runtime: SimulatorRuntime, msisdn: str, prompt_id: int, pin: str | None
) -> PaymentResult:
    """Enter a PIN, or cancel (`pin` None). Returns after the first attempt of each callback.

    Raises LookupError when that phone has no such prompt open.
    """
    key = {"id": prompt_id, "msisdn": msisdn}
    with runtime.engine.connect() as connection:
        provider = connection.execute(_PROVIDER_OF, key).scalar_one_or_none()
    faults = draw_callback_faults(runtime, str(provider), "prompt", msisdn)
    with runtime.engine.begin() as connection:
        prompt = connection.execute(_LOCK_OPEN, key).first()
        if prompt is None:
            raise LookupError(f"no open prompt {prompt_id} on {msisdn}")
        result, ids = _settle_prompt(connection, runtime, prompt, pin, faults)
    send_now(runtime, ids)
    return result


def approve_newest_prompt(runtime: SimulatorRuntime, msisdn: str) -> None:
    """Enter the right PIN at once: the callback then arrives before the reply to the business."""
    with runtime.engine.begin() as connection:
        prompts = waiting_prompts(connection, msisdn)
    answer_prompt(runtime, msisdn, prompts[-1].id, PHONE_PIN)


def expire_prompts(runtime: SimulatorRuntime) -> int:
    """Close the prompts whose time is over (code 1037) and queue their callbacks; how many."""
    with runtime.engine.begin() as connection:
        overdue = list(connection.execute(_OVERDUE, {"now": runtime.now()}))
    for prompt in overdue:
        faults = draw_callback_faults(runtime, prompt.provider, "prompt", prompt.msisdn)
        with runtime.engine.begin() as connection:
            key = {"id": prompt.id, "msisdn": prompt.msisdn}
            if connection.execute(_LOCK_OPEN, key).first() is not None:
                _close_unpaid(connection, runtime, prompt, _EXPIRED, faults)
    return len(overdue)


def _settle_prompt(
    connection: Connection,
    runtime: SimulatorRuntime,
    prompt: Row[Any],
    pin: str | None,
    faults: Faults,
) -> tuple[PaymentResult, list[int]]:
    """The result, and the ids of the callbacks to send after the commit."""
    if pin != PHONE_PIN:
        code = _CANCELLED if pin is None else _WRONG_PIN
        return _close_unpaid(connection, runtime, prompt, code, faults)
    payment = _payment_of(connection, runtime, prompt)
    balance_minor = move_money(connection, payment)
    if balance_minor is None:
        return _close_unpaid(connection, runtime, prompt, _BALANCE_TOO_LOW, faults)
    _close_prompt(connection, prompt, PAID, payment.receipt)
    callbacks = paid_callbacks(connection, runtime, prompt, payment, balance_minor, faults)
    if "contradict_callback" in faults:
        callbacks = [*unpaid_callbacks(runtime, prompt, _CANCELLED), *callbacks]
    ids = queue_callbacks(connection, callbacks, faults)
    return PaymentResult(True, PAID, payment.receipt), ids


def _payment_of(connection: Connection, runtime: SimulatorRuntime, prompt: Row[Any]) -> Payment:
    now = runtime.now()
    new_receipt = mpesa_receipt if prompt.provider == "safaricom" else numeric_receipt
    return Payment(
        new_receipt(connection, now),
        prompt.shortcode,
        prompt.msisdn,
        prompt.account,
        prompt.amount_minor,
        now,
        checkout_id=prompt.checkout_id,
    )


def _close_unpaid(
    connection: Connection,
    runtime: SimulatorRuntime,
    prompt: Row[Any],
    code: str,
    faults: Faults,
) -> tuple[PaymentResult, list[int]]:
    _close_prompt(connection, prompt, code, None)
    callbacks = unpaid_callbacks(runtime, prompt, code)
    return PaymentResult(False, code), queue_callbacks(connection, callbacks, faults)


def _close_prompt(connection: Connection, prompt: Row[Any], code: str, receipt: str | None) -> None:
    connection.execute(_CLOSE, {"id": prompt.id, "code": code, "receipt": receipt})


_INSERT = text("""
    INSERT INTO simulator.prompts (checkout_id, merchant_id, shortcode, msisdn, account,
                                   amount_minor, callback_url, expires_at, provider, currency)
    VALUES (:checkout_id, :merchant_id, :shortcode, :msisdn, :account,
            :amount_minor, :callback_url, :expires_at, :provider, :currency)
""")
_WAITING = text("""
    SELECT id, amount_minor, account, currency FROM simulator.prompts
    WHERE msisdn = :msisdn AND result_code IS NULL ORDER BY id
""")
_PROVIDER_OF = text("SELECT provider FROM simulator.prompts WHERE id = :id AND msisdn = :msisdn")
_FIND = text("""
    SELECT * FROM simulator.prompts WHERE checkout_id = :checkout_id AND provider = :provider
""")
_LOCK_OPEN = text("""
    SELECT * FROM simulator.prompts
    WHERE id = :id AND msisdn = :msisdn AND result_code IS NULL FOR UPDATE
""")
_CLOSE = text("""
    UPDATE simulator.prompts SET result_code = :code, receipt = :receipt WHERE id = :id
""")
_OVERDUE = text("""
    SELECT * FROM simulator.prompts WHERE result_code IS NULL AND expires_at <= :now
""")
