"""Help a kit that refuses its codes: find out where its count is, and order codes that it takes.

Kit and server count the codes. Where many codes were made and never typed, or the kit got codes
from another server, they are apart: the kit searches only so far ahead. The person beside the kit
types the count that it shows, or the code that it refused. From that follow the codes that bring
both together: a counter sync (OpenPAYGO) where it is needed, then one that sets the days that the
books say are left, or unlocks a kit that is paid off. They give nothing that was not paid for.

Our count never goes back: a kit that is behind is brought forward. The typed count is bounded,
because a slip would put our count where the kit cannot follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.clock import SAME_AGAIN_WITHIN
from core.db.customers import get_customer, lock_customers
from core.db.devices import find_device, lock_devices, raise_counter
from core.db.same_again import count_audit, find_audit
from core.db.tokens import MadeToken, find_made, newest_made
from core.device import Device, TokenKind
from core.errors import Refused
from core.tokens.family import FAMILIES, DeviceSecret, can, group, settable
from core.tokens.openpaygo import SYNC_WINDOW, kit_of
from core.tokens.timed import TimeTokens
from core.unit import Unit
from core.usecases.agents.pin import check_pin
from core.usecases.devices.list_devices import days_left, list_devices
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.usecases.tokens.token_orders import order_token
from core.wording.message import BoundMessage
from core.wording.messages import agent_kit as messages
from core.wording.messages import sms
from core.wording.payment_words import describe_token

# A code has at least nine digits; what is shorter is a count.
_CODE_DIGITS = 9
# So far above ours may a count be that an agent or operator reads from a kit.
MOST_AHEAD_AGENT, MOST_AHEAD_OPERATOR = 100, 1000
# What makes a kit refuse every code before it.
_SETTING: tuple[TokenKind, ...] = (
    *("lock", "set_days", "unlock", "sync"),
    *("wipe_state", "wipe_ids", "wipe_all"),
)
# An agent repairs the same kit so often in a day.
_A_DAY, _REPAIRS_A_DAY = timedelta(days=1), 3


@dataclass(frozen=True, slots=True)
class Repair:
    """What is done for a kit; `remedy` says it in words.

    `kit_count`: where the kit is, as it was read; None where only a refused code is known. `count`:
    the last counter from then on. `orders`: the codes to type, in this order, each with its days.
    `older`: instead of these, a code that was made before and has to be typed first.
    """

    serial: str
    kit_count: int | None
    count: int
    orders: tuple[tuple[TokenKind, int], ...]
    older: MadeToken | None = None

    @property
    def remedy(self) -> BoundMessage:
        """What is done, in words. Three codes are told as the first two: the last adds days."""
        if self.older is not None:
            return messages.older()
        if not self.orders:
            return messages.nothing_now()
        first, *rest = (_word(kind, days) for kind, days in self.orders)
        return (
            messages.both_codes(first=first, code=rest[0])
            if rest
            else messages.single_code(code=first)
        )


@dataclass(frozen=True, slots=True)
class RepairedKit:
    """The serial number of a kit whose owner was texted what it needs."""

    serial: str


def _word(kind: TokenKind, days: int) -> BoundMessage:
    if kind == "sync":
        return messages.sync()
    if kind == "unlock":
        return messages.unlock()
    return messages.set_days(count=days) if kind == "set_days" else messages.add_days(count=days)


def propose_repair(unit: Unit, serial: str, typed: str, most_ahead: int) -> Repair:
    """Return what would be done for a kit that shows this count, or refused this code.

    Raises Refused: unknown_serial, device_in_stock, kit_not_timed; kit_count_far, where the count
    is more than `most_ahead` above ours; kit_out_of_reach, where no code of ours reaches the kit;
    code_not_of_kit; code_replaced, where a newer code was made that the kit wants;
    kit_count_needed, where the code that it refused was to bring both together; kit_in_step, where
    nothing is to do.
    """
    device = find_device(unit.connection, serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    return _propose(unit, device, typed, most_ahead)


def _propose(unit: Unit, device: Device, typed: str, most_ahead: int) -> Repair:
    if device.owner_id is None:
        raise Refused("device_in_stock", serial=device.serial)
    family = FAMILIES.get(device.token_family)
    if family is None or family.time is None:
        raise Refused("kit_not_timed", serial=device.serial)
    if len(typed) < _CODE_DIGITS:
        repair = _from_count(unit, device, family.time, int(typed), most_ahead)
    else:
        repair = _from_code(unit, device, typed)
    if not repair.orders and repair.older is None and repair.count == device.token_counter:
        raise Refused("kit_in_step", serial=device.serial)
    return repair


def _from_count(
    unit: Unit, device: Device, codes: TimeTokens, kit_count: int, most_ahead: int
) -> Repair:
    ours = device.token_counter
    if kit_count > ours + most_ahead:
        raise Refused("kit_count_far", count=kit_count, ours=ours)
    count = max(ours, kit_count)
    reach = max(kit_count, codes.lowest) + codes.window
    if codes.next_counter(count, "set_days") <= reach:
        return Repair(device.serial, kit_count, count, _days(unit, device))
    if "sync" in codes.actions and codes.next_counter(count, "sync") <= kit_count + SYNC_WINDOW:
        return Repair(device.serial, kit_count, count, (("sync", 0), *_days(unit, device)))
    older = newest_made(unit.connection, device.id, (kit_count, reach))
    if older is None:
        raise Refused("kit_out_of_reach", serial=device.serial)
    return Repair(device.serial, kit_count, count, (), older)


def _from_code(unit: Unit, device: Device, typed: str) -> Repair:
    refused, ours = find_made(unit.connection, device.id, typed), device.token_counter
    if refused is None:
        raise Refused("code_not_of_kit", serial=device.serial)
    if newest_made(unit.connection, device.id, (refused.counter, ours), _SETTING):
        raise Refused("code_replaced", serial=device.serial)
    can_sync = can(device.token_family, "sync")
    if refused.kind == ("sync" if can_sync else "set_days"):
        raise Refused("kit_count_needed", serial=device.serial)
    sync: tuple[tuple[TokenKind, int], ...] = (("sync", 0),) if can_sync else ()
    return Repair(device.serial, None, ours, (*sync, *_days(unit, device)))


def _days(unit: Unit, device: Device) -> tuple[tuple[TokenKind, int], ...]:
    """The codes that give a kit what our records say: nothing more, and nothing rounded."""
    assert device.owner_id is not None
    states = list_devices(unit, device.owner_id)
    state = next(state for state in states if state.serial == device.serial)
    if state.is_paid_off:
        return (("unlock", 0),)
    days = days_left(unit, state)
    secret = DeviceSecret(
        device.serial, device.token_family, kit=kit_of(device.digits, device.divider)
    )
    at_once = settable(secret, days)
    codes: tuple[tuple[TokenKind, int], ...] = (("set_days", at_once), ("days", days - at_once))
    return tuple(code for code in codes if code[1])


def repair_kit(unit: Unit, serial: str, typed: str, operator: str, reason: str) -> Repair:
    """Do for a kit what `propose_repair` says, at the console. Its owner is texted the codes.

    Raises Refused as `propose_repair` and `order_token`.
    """
    return _repair(unit, serial, typed, MOST_AHEAD_OPERATOR, operator, reason)


def repair_kit_by_agent(
    unit: Unit, msisdn: str, pin: str, serial: str, reading: str
) -> RepairedKit | Refused:
    """Do for a kit what `propose_repair` says, for the agent beside it. Its owner is texted the
    codes.

    Returns Refused for a wrong PIN. Raises Refused as `propose_repair` and `order_token`, and
    kit_repaired, where it was done minutes ago or too often today.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    device = find_device(unit.connection, serial)
    if device is not None:
        _check_not_again(unit, device)
    reason = f"the kit shows {reading}" if len(reading) < _CODE_DIGITS else "the kit refused a code"
    _repair(unit, serial, reading, MOST_AHEAD_AGENT, agent.as_operator, reason)
    return RepairedKit(serial)


def _check_not_again(unit: Unit, device: Device) -> None:
    subject = ("device", device.id)
    just_now = find_audit(unit.connection, subject, "repair_kit", {}, unit.now - SAME_AGAIN_WITHIN)
    today = count_audit(unit.connection, subject, "repair_kit", unit.now - _A_DAY)
    if just_now is not None or today >= _REPAIRS_A_DAY:
        raise Refused("kit_repaired", serial=device.serial)


def _repair(
    unit: Unit, serial: str, typed: str, most_ahead: int, operator: str, reason: str
) -> Repair:
    found = find_device(unit.connection, serial)
    if found is None:
        raise Refused("unknown_serial", serial=serial)
    if found.owner_id is not None:
        lock_customers(unit.connection, [found.owner_id])
    device = lock_devices(unit.connection, [found.id], [])[found.id]
    if device.owner_id != found.owner_id:
        raise Refused("device_of_another", serial=serial)
    repair = _propose(unit, device, typed, most_ahead)
    if repair.kit_count is not None:
        raise_counter(unit.connection, device.id, repair.kit_count)
    for kind, days in repair.orders:
        order_token(unit, serial, kind, days, operator, reason)
    if repair.older is not None:
        _send_again(unit, device, repair.older)
    write_audit(
        unit, operator, "repair_kit", "device", device.id, reason,
        kit_count=repair.kit_count, before=device.token_counter, after=repair.count,
        codes=[kind for kind, _ in repair.orders],
        older=repair.older.id if repair.older else None,
    )  # fmt: skip
    return repair


def _send_again(unit: Unit, device: Device, token: MadeToken) -> None:
    """Text a code again that the kit has to be given first."""
    assert device.owner_id is not None
    message = sms.token(
        token=group(token.text, device.token_family),
        serial=device.serial,
        content=describe_token(token.kind, token.units),
    )
    owner = get_customer(unit.connection, device.owner_id)
    dedupe_key = f"repair:{token.id}:{unit.now.isoformat()}"
    send_sms_to(unit, owner, message, dedupe_key, token_id=token.id)
