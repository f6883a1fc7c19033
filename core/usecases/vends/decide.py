"""What a person decides about a vend, with a reason: how it ended, to ask again, or to give back.

Nothing can be decided while a worker asks; everything else a person may know better than we do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.db.audit import open_drafts
from core.db.customers import lock_customers
from core.db.devices import is_code_known, lock_devices
from core.db.payments import lock_payment
from core.db.vendor_accounts import find_account
from core.db.vends import find_vend, lock_vend, update_vend
from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.vends.give_back import CAN_GO_BACK, give_back
from core.usecases.vends.outcome import close_vend_cases, notify_given_back, vend_done
from core.vend import Done, Vend, VendorAbilities, clean_code, is_code

_ANY_DIGITS = VendorAbilities(frozenset()).code_digits
_MAY_BE_VENDED = ("unknown", "refused", "withdrawn")


def say_vended(unit: Unit, vend_id: int, typed: Sequence[str], operator: str, reason: str) -> Vend:
    """Store that it was vended, with its codes as the vendor's portal shows them, in the order in
    which they are typed. A worker makes tokens of them and texts the customer.
    Returns the vend with them.

    Raises Refused: vend_unknown, vend_not_open, vend_not_asked, vend_code_missing, vend_code_form,
    vend_code_known (a code of another vend), vend_pushed (the vendor gives no codes),
    reason_missing.
    """
    found = find_vend(unit.connection, vend_id)
    if found is not None:  # two vends of a device are not given the same code at a time
        lock_devices(unit.connection, [found.device_id], [])
    vend = _lock_decidable(unit, vend_id, *_MAY_BE_VENDED)
    _check_asked(vend)
    codes = _checked_codes(unit, vend, typed)
    update_vend(
        unit.connection,
        vend.id,
        state="unknown",
        ended_at=None,
        typed_codes=codes,
        decided_by=operator,
        next_attempt_at=unit.now,
    )
    unit.wakes.add("vends")
    _audit(unit, vend, operator, "vend_done", reason)
    return replace(vend, typed_codes=codes)


def say_credited(unit: Unit, vend_id: int, operator: str, reason: str) -> Vend:
    """Store that the vendor has put the credit on the device; the customer gets the text.

    Raises Refused: vend_unknown, vend_not_open, vend_not_asked, vend_has_codes (this vendor gives
    codes), reason_missing.
    """
    vend = _lock_decidable(unit, vend_id, *_MAY_BE_VENDED)
    _check_asked(vend)
    account = find_account(unit.connection, vend.vendor, vend.account)
    if account is not None and not account.pushes_credit:
        raise Refused("vend_has_codes", vendor=vend.vendor)
    update_vend(unit.connection, vend.id, decided_by=operator)
    open_drafts(unit.connection, unit.now, vend_done(unit, vend, Done()))
    _audit(unit, vend, operator, "vend_credited", reason)
    return vend


def ask_again(unit: Unit, vend_id: int, operator: str, reason: str) -> Vend:
    """Store that it was not vended: it is asked for again, under the same handle.

    Raises Refused: vend_unknown, vend_not_open, vend_of_another (the device has another owner now),
    vend_taken_back, reason_missing.
    """
    vend = _lock_decidable(unit, vend_id, "unknown", "refused", "withdrawn")
    if vend.owner_id != vend.customer_id:
        raise Refused("vend_of_another", serial=vend.serial)
    if vend.payment_left_minor == 0 or (vend.order_id is not None and vend.state != "unknown"):
        raise Refused("vend_taken_back", serial=vend.serial)
    # What was fixed before others went past would set the device back.
    until_at = vend.until_at if vend.state == "unknown" else None
    update_vend(
        unit.connection,
        vend.id,
        state="waiting",
        ended_at=None,
        reason=None,
        typed_codes=None,
        until_at=until_at,
        decided_by=operator,
        next_attempt_at=unit.now,
    )
    close_vend_cases(unit, vend.id)
    unit.wakes.add("vends")
    _audit(unit, vend, operator, "vend_again", reason)
    return vend


def give_vend_back(unit: Unit, vend_id: int, operator: str, reason: str) -> int:
    """Store that it was not vended, and make its money the customer's credit; returns it in minor
    units. Instalments that it had paid are due again.

    Raises Refused: vend_unknown, vend_not_open, vend_not_paid (an operator's order has no money),
    vend_plan_ended, reason_missing.
    """
    found = find_vend(unit.connection, vend_id)
    if found is None:
        raise Refused("vend_unknown")
    if found.payment_id is None or found.customer_id is None:
        raise Refused("vend_not_paid", serial=found.serial)
    lock_payment(unit.connection, found.payment_id)
    lock_customers(unit.connection, {found.customer_id})
    lock_devices(unit.connection, [found.device_id], [])
    vend = _lock_decidable(unit, vend_id, *CAN_GO_BACK)
    update_vend(unit.connection, vend.id, decided_by=operator)
    amount_minor = give_back(unit, vend, vend.words)
    notify_given_back(unit, vend, amount_minor)
    _audit(unit, vend, operator, "vend_given_back", reason, amount_minor=amount_minor)
    return amount_minor


def _lock_decidable(unit: Unit, vend_id: int, *states: str) -> Vend:
    vend = lock_vend(unit.connection, vend_id)
    if vend is None:
        raise Refused("vend_unknown")
    if vend.state not in states or vend.given_back or vend.typed_codes:
        raise Refused("vend_not_open", state=vend.state)
    return vend


def _check_asked(vend: Vend) -> None:
    if not vend.asks:
        raise Refused("vend_not_asked", serial=vend.serial)


def _checked_codes(unit: Unit, vend: Vend, typed: Sequence[str]) -> list[str]:
    account = find_account(unit.connection, vend.vendor, vend.account)
    if account is not None and account.pushes_credit:
        raise Refused("vend_pushed", vendor=vend.vendor)
    digits = account.code_digits if account is not None else _ANY_DIGITS
    codes = [code for code in map(clean_code, typed) if code]
    if not codes:
        raise Refused("vend_code_missing")
    for code in codes:
        if not is_code(code, digits):
            lengths = " or ".join(str(each) for each in digits)
            raise Refused("vend_code_form", digits=lengths)
        if codes.count(code) > 1 or is_code_known(unit.connection, vend.device_id, code):
            raise Refused("vend_code_known", serial=vend.serial)
    return codes


def _audit(
    unit: Unit, vend: Vend, operator: str, action: str, reason: str, **details: object
) -> None:
    facts = {"serial": vend.serial, "was": vend.state, **details}
    write_audit(unit, operator, action, "vend", vend.id, reason, **facts)
