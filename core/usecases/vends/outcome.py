"""How a vend ends: done, held for a person, or refused; and the texts that tell the customer."""

from __future__ import annotations

from core.db.audit import CaseDraft, close_cases_by_key
from core.db.customers import get_customer
from core.db.devices import get_device
from core.db.tokens import end_order, find_order
from core.db.vends import store_vended_codes, update_vend
from core.money import Money
from core.tokens.family import group
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.tokens.goodwill import post_goodwill
from core.vend import Done, Refusal, Vend, VendAction
from core.wording.message import BoundMessage
from core.wording.messages import sms
from core.wording.messages import vend as vend_messages
from core.wording.payment_words import describe_token

# Cases about a vend. The key of each is the id of the vend.
UNKNOWN, REFUSED, WITHDRAWN = "vend_unknown", "vend_refused", "vend_withdrawn"
OTHER_AMOUNT, LATE = "vend_other_amount", "vend_late_answer"
# Those that the outcome of the vend settles.
OPEN_KINDS = (UNKNOWN, REFUSED, WITHDRAWN)


def provider_name(vendor: str, account: str) -> str:
    """The name of an account with a vendor, in circuits and cases."""
    return f"{vendor}:{account}"


def describe_vend(vend: Vend) -> str:
    """`5.0 kWh for 04123456789 (QAB1CDE2FG)`, for operators."""
    return f"{units_in_words(vend.kind, vend.units)} for {vend.serial} ({vend.name})"


def units_in_words(kind: VendAction, units: int) -> str:
    """`5.0 kWh`, `7 days`, `the unlock`, for operators."""
    if kind == "energy":
        return f"{units // 10}.{units % 10} kWh"
    return f"{units} days" if kind == "days" else f"the {kind.replace('_', ' ')}"


def vend_done(unit: Unit, vend: Vend, done: Done) -> list[CaseDraft]:
    """Store that a locked vend was done, with its codes as tokens, and text the customer once.

    Returns the cases that this opens.
    """
    update_vend(
        unit.connection,
        vend.id,
        state="done",
        ended_at=unit.now,
        next_attempt_at=None,
        reason=None,
        words=None,
        typed_codes=None,
        vendor_reference=done.reference,
        pushed=not done.codes,
    )
    if vend.order_id is not None:
        _order_made(unit, vend)
    _notify_of_outcome(unit, vend, done, store_codes(unit, vend, done))
    close_vend_cases(unit, vend.id)
    return _check_units(vend, done)


def store_codes(unit: Unit, vend: Vend, done: Done) -> list[int]:
    """Store codes as tokens; returns their ids. The last one gives the credit."""
    last = len(done.codes) - 1
    codes = [(code, vend.units if at == last else 0) for at, code in enumerate(done.codes)]
    return store_vended_codes(unit.connection, unit.now, vend, codes)


def close_vend_cases(unit: Unit, vend_id: int) -> None:
    """Close the cases that wait for the outcome of a vend."""
    close_cases_by_key(unit.connection, unit.now, *(f"{kind}:{vend_id}" for kind in OPEN_KINDS))


def _order_made(unit: Unit, vend: Vend) -> None:
    order = find_order(unit.connection, vend.order_id or 0)
    end_order(unit.connection, unit.now, order.id, "made")
    post_goodwill(unit, order, get_device(unit.connection, vend.device_id))


def _check_units(vend: Vend, done: Done) -> list[CaseDraft]:
    if done.units is None or done.units == vend.units:
        return []
    detail = (
        f"{describe_vend(vend)}: {vend.vendor} says that it gave {done.units} instead of"
        f" {vend.units} (tenths of a kWh, or days). The code went out: is the price at the vendor"
        " another than ours?"
    )
    return [CaseDraft(OTHER_AMOUNT, str(vend.id), detail, vend.payment_id)]


def hold_for_person(unit: Unit, vend: Vend, words: str) -> CaseDraft:
    """Store that only a person can find out what became of a vend; returns the case. The
    customer is told once that it takes longer."""
    update_vend(unit.connection, vend.id, state="unknown", words=words, next_attempt_at=None)
    _notify_of_delay(unit, vend)
    detail = (
        f"{describe_vend(vend)}: {vend.vendor} was asked {vend.asked_at:%Y-%m-%d %H:%M} UTC, and"
        f" it is not known whether it was vended ({words}). It is not asked again by itself:"
        " look into its portal, and say on the page of the vend what became of it"
    )
    return CaseDraft(UNKNOWN, str(vend.id), detail, vend.payment_id)


def vend_refused(unit: Unit, vend: Vend, refusal: Refusal) -> CaseDraft | None:
    """Store that the vendor refuses a vend; returns the case. An operator's order fails without a
    case: it shows why, and can be placed again."""
    update_vend(
        unit.connection,
        vend.id,
        state="refused",
        reason=refusal.reason,
        words=refusal.words,
        ended_at=unit.now,
        next_attempt_at=None,
    )
    answered = f"{vend.vendor} refuses it ({refusal.reason.replace('_', ' ')}: {refusal.words})"
    if vend.order_id is not None:
        end_order(unit.connection, unit.now, vend.order_id, "failed", answered[:500])
        return None
    _notify_of_delay(unit, vend)
    detail = (
        f"{describe_vend(vend)}: {answered}. Put it right there and ask again, or give the money"
        " back as credit, on the page of the vend"
    )
    return CaseDraft(REFUSED, str(vend.id), detail, vend.payment_id)


def withdraw(unit: Unit, vend: Vend, why: str) -> None:
    """Store that a vend is not asked for (any more); an operator's order fails with that."""
    update_vend(
        unit.connection,
        vend.id,
        state="withdrawn",
        words=why,
        ended_at=unit.now,
        next_attempt_at=None,
    )
    if vend.order_id is not None:
        end_order(unit.connection, unit.now, vend.order_id, "failed", why)


def notify_given_back(unit: Unit, vend: Vend, amount_minor: int) -> None:
    """Tell the customer that the money of a vend is credit now."""
    amount = Money(amount_minor, unit.market.currency)
    message = vend_messages.given_back(
        serial=vend.serial, amount=amount, operator=unit.market.operator
    )
    _send(unit, vend, message, f"vend_given_back:{vend.id}")


def _notify_of_delay(unit: Unit, vend: Vend) -> None:
    """Tell once that a vend takes longer."""
    if vend.order_id is None:
        message = vend_messages.delayed(serial=vend.serial, operator=unit.market.operator)
        _send(unit, vend, message, f"vend_delayed:{vend.id}")


def _notify_of_outcome(unit: Unit, vend: Vend, done: Done, token_ids: list[int]) -> None:
    if vend.kind == "lock":
        return
    content = describe_token(vend.kind, vend.units)
    if not done.codes:
        message = vend_messages.credited(serial=vend.serial, content=content)
        _send(unit, vend, message, f"vended:{vend.id}:0")
    family = get_device(unit.connection, vend.device_id).token_family
    for part, (token_id, code) in enumerate(zip(token_ids, done.codes, strict=True), start=1):
        token = group(code, family)
        message = (
            sms.token(token=token, serial=vend.serial, content=content)
            if len(token_ids) == 1
            else vend_messages.code_part(
                token=token, serial=vend.serial, content=content, part=part, parts=len(token_ids)
            )
        )
        _send(unit, vend, message, f"vended:{vend.id}:{part}", token_id)


def _send(
    unit: Unit, vend: Vend, message: BoundMessage, key: str, token_id: int | None = None
) -> None:
    if vend.customer_id is not None:
        customer = get_customer(unit.connection, vend.customer_id)
        send_sms_to(unit, customer, message, key, payment_id=vend.payment_id, token_id=token_id)
