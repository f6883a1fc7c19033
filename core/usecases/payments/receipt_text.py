"""The SMS of an applied payment: the receipt with its token, and one for each further token."""

from __future__ import annotations

from collections.abc import Iterator

from core.market import Market
from core.money import Money
from core.tokens.family import group
from core.unit import Unit
from core.usecases.messages.queue import text_content
from core.usecases.payments.batch import AppliedPayment, PaymentBatch
from core.usecases.payments.issue_tokens import DeviceToken, WantedVend
from core.wording.message import BoundMessage
from core.wording.messages import sms, vend
from core.wording.payment_words import describe_allocation, describe_token


def receipt_rows(
    unit: Unit, batch: PaymentBatch, applied: AppliedPayment
) -> Iterator[dict[str, object]]:
    """Yield the SMS rows of one applied payment. Tokens only go to the owner's number."""
    payment = applied.payment
    customer = batch.customers[payment.customer_id]
    if customer.msisdn is None:
        return
    paid_serial = batch.name_of(payment)
    messages = [
        _receipt(unit.market, applied, paid_serial),
        *map(_token_message, applied.tokens[1:]),
        *map(_follows, applied.vends if applied.tokens else applied.vends[1:]),
    ]
    for number, message in enumerate(messages):
        token = applied.tokens[number] if number < len(applied.tokens) else None
        yield text_content(message, customer.language) | {
            "dedupe_key": f"receipt:{payment.id}:{number}",
            "msisdn": customer.msisdn,
            "payment_id": payment.id,
            "device_id": token.device.id if token else None,
            "counter": token.token.counter if token else None,
        }


def _receipt(market: Market, applied: AppliedPayment, paid_serial: str) -> BoundMessage:
    """Return the receipt, with the first token in it if there is one."""
    payment, tokens = applied.payment, applied.tokens
    amount = Money(payment.amount_minor, market.currency)
    allocations = describe_allocation(market, applied.outcome)
    due = Money(applied.still_due_minor, market.currency)
    if not tokens:
        wording = vend.receipt if applied.vends else sms.receipt
        return wording(
            serial=paid_serial,
            amount=amount,
            allocations=allocations,
            due=due,
            receipt=payment.receipt,
        )
    return sms.receipt_token(
        token=_grouped(tokens[0]),
        serial=tokens[0].device.serial,
        amount=amount,
        allocations=allocations,
        due=due,
        receipt=payment.receipt,
    )


def _token_message(token: DeviceToken) -> BoundMessage:
    return sms.token(
        token=_grouped(token),
        serial=token.device.serial,
        content=describe_token(token.token.kind, token.token.amount),
    )


def _follows(wanted: WantedVend) -> BoundMessage:
    return vend.follows(serial=wanted.device.serial)


def _grouped(token: DeviceToken) -> str:
    return group(token.token.text, token.device.token_family)
