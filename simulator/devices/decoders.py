"""How a device of each token family decodes a token, and what it remembers of it.

The rules are those of the published specifications. Known defects of devices in the field are not
copied: no token is ever accepted twice. Every function takes memory, token and secret, and returns
the new memory or raises RejectedToken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

from core.tokens import nexus, openpaygo, sts
from core.tokens.family import DeviceSecret
from core.tokens.sts_amount import energy_units
from core.tokens.sts_keys import decoder_key, meter_pan
from core.vend import VENDORS
from simulator.vendors.codes import VendedCode, read_code

ALREADY_USED = "already used"
NOT_FOR_THIS_DEVICE = "not for this device"
TOO_OLD = "too old"
MALFORMED = "not a code"

# OpenPAYGO: how many counts a device searches ahead and back.
_JUMP, _SYNC_JUMP, _SYNC_BACK, _UNUSED_BACK = 64, 100, 64, 16
# Nexus: a device accepts 64 ids, of which this many are below the newest one.
IDS_BELOW = 23
# STS: how many token identifiers (TID) a meter remembers.
_REMEMBERED_TIDS = 50


class RejectedToken(Exception):
    """The device rejects the token; the text is the reason it shows."""


@dataclass(frozen=True)
class Memory:
    """What a device remembers.

    `kwh_tenths` and `hours` are granted in total; `unlocked` means paid off. On a kit with a time
    divider an hour is that part of an hour: 24 of them are one of its units. `newest` is the
    highest count or id accepted (STS ignores it). Every count or id up to `floor` is used; `used`
    holds the other used ones, as far back as the device searches.
    """

    kwh_tenths: int = 0
    hours: int = 0
    unlocked: bool = False
    newest: int = 0
    floor: int = -1
    used: tuple[int, ...] = ()


def accept_openpaygo(memory: Memory, token: str, secret: DeviceSecret) -> Memory:
    """A code as the kit's keypad has it: of 9 digits, 15 from the keys 1 to 4, or extended to 12 or
    20. Its test code is a code of the factory, not one of the customer's."""
    key, starting_code = _openpaygo_secret(secret)
    kit = secret.kit
    if len(token) != kit.length or not set(token) <= set(kit.keys) or token == secret.test_code:
        raise RejectedToken(MALFORMED)
    if kit.is_restricted:
        token = openpaygo.from_restricted(token, kit.form)
    value = openpaygo.value_in(token, starting_code, kit.form)
    reach = memory.newest + (_SYNC_JUMP if value == openpaygo.SYNC_VALUE else _JUMP)
    chain = islice(openpaygo.chain(key, starting_code, value, kit.form), reach)
    counts = [
        n for n, link in enumerate(chain, 1) if link == token and _parity_fits(value, n, kit.form)
    ]
    if not counts:
        raise RejectedToken(NOT_FOR_THIS_DEVICE)
    for count in counts:
        if _openpaygo_accepts(memory, value, count):
            return _openpaygo_after(memory, value, count)
    unused = counts[-1] > memory.floor and counts[-1] not in memory.used
    raise RejectedToken(TOO_OLD if unused else ALREADY_USED)


def accept_nexus_full(memory: Memory, token: str, secret: DeviceSecret) -> Memory:
    """Fourteen digits, typed between * and #."""
    message = nexus.read_full(_device_key(secret), token, memory.newest - IDS_BELOW)
    seen, message = _nexus_seen(memory, message)
    if message.type == nexus.ADD:
        return replace(seen, hours=memory.hours + message.body)
    if message.type == nexus.SET:
        unlocked = message.body == nexus.UNLOCK_HOURS
        return _nexus_set(seen, message.id, memory.hours if unlocked else message.body, unlocked)
    if message.type == nexus.WIPE:
        return _nexus_wiped(seen, message.body)
    raise RejectedToken(MALFORMED)


def accept_nexus_small(memory: Memory, token: str, secret: DeviceSecret) -> Memory:
    """Fifteen digits from 1 to 5. What wipes carries no id and is taken again and again."""
    message = nexus.read_small(_device_key(secret), token, memory.newest - IDS_BELOW)
    if message is not None and message.type == nexus.SMALL_MAINTENANCE:
        return _nexus_wiped(memory, message.body - nexus.SMALL_WIPE)
    seen, message = _nexus_seen(memory, message)
    if message.type not in (nexus.SMALL_ADD, nexus.SMALL_SET):
        raise RejectedToken(MALFORMED)
    if message.body == nexus.SMALL_UNLOCK:
        return _nexus_set(seen, message.id, memory.hours, unlocked=True)
    hours = 24 * nexus.small_days(message.type, message.body)
    if message.type == nexus.SMALL_ADD:
        return replace(seen, hours=memory.hours + hours)
    return _nexus_set(seen, message.id, 0 if message.body == nexus.SMALL_LOCK else hours, False)


def accept_sts(memory: Memory, token: str, secret: DeviceSecret) -> Memory:
    """Twenty digits: electricity credit and clear credit."""
    assert secret.sts is not None
    decoded = sts.read(decoder_key(secret.sts, meter_pan(secret.serial)), token)
    if decoded is None:
        raise RejectedToken(NOT_FOR_THIS_DEVICE)
    token_class, subclass, tid, field = decoded
    if tid in memory.used:
        raise RejectedToken(ALREADY_USED)
    if len(memory.used) == _REMEMBERED_TIDS and tid < memory.used[0]:
        raise RejectedToken(TOO_OLD)
    seen = replace(memory, used=tuple(sorted((*memory.used, tid))[-_REMEMBERED_TIDS:]))
    if (token_class, subclass) == (sts.CREDIT, sts.ELECTRICITY):
        return replace(seen, kwh_tenths=memory.kwh_tenths + energy_units(field))
    if (token_class, subclass) == (sts.MANAGEMENT, sts.CLEAR_CREDIT):
        return replace(seen, kwh_tenths=0)
    raise RejectedToken(MALFORMED)


def accept_vended(memory: Memory, token: str, secret: DeviceSecret) -> Memory:
    """A code of a stand-in vendor (simulator/vendors/codes.py)."""
    vended = read_code(secret.serial, token)
    if vended is None:
        raise RejectedToken(NOT_FOR_THIS_DEVICE)
    if vended.number in memory.used:
        raise RejectedToken(ALREADY_USED)
    return replace(credit(memory, vended), used=tuple(sorted({*memory.used, vended.number})))


def credit(memory: Memory, vended: VendedCode) -> Memory:
    """What a vend does to a device, with a code or over the air."""
    if vended.action == "energy":
        return replace(memory, kwh_tenths=memory.kwh_tenths + vended.units)
    if vended.action == "days":
        return replace(memory, hours=memory.hours + 24 * vended.units)
    if vended.action == "unlock":
        return replace(memory, unlocked=True)
    if vended.action == "lock":
        return replace(memory, hours=0, unlocked=False)
    return replace(memory, kwh_tenths=0) if vended.action == "clear_credit" else memory


DECODERS: dict[str, Callable[[Memory, str, DeviceSecret], Memory]] = {
    "openpaygo": accept_openpaygo,
    "nexus_full": accept_nexus_full,
    "nexus_small": accept_nexus_small,
    "sts": accept_sts,
    **dict.fromkeys(VENDORS, accept_vended),
}


def _device_key(secret: DeviceSecret) -> bytes:
    assert secret.key is not None
    return secret.key


def _openpaygo_secret(secret: DeviceSecret) -> tuple[bytes, int]:
    key, starting_code = _device_key(secret), secret.starting_code
    if starting_code is None:
        starting_code = openpaygo.starting_code_from(key)
    return key, starting_code


def _parity_fits(value: int, count: int, form: openpaygo.Form) -> bool:
    """Even counts add time; odd ones set it, unlock or sync. 996 and 997 mean nothing."""
    if value in (openpaygo.DISABLE_VALUE, openpaygo.SYNC_VALUE):
        return count % 2 == 1
    return value <= form.max_value and not openpaygo.MAX_VALUE < value < openpaygo.SYNC_VALUE


def _openpaygo_accepts(memory: Memory, value: int, count: int) -> bool:
    if value == openpaygo.SYNC_VALUE:
        return count > memory.newest - _SYNC_BACK
    if count in memory.used:
        return False
    adds = count % 2 == 0
    return count > memory.newest or (
        adds and count > max(memory.newest - _UNUSED_BACK, memory.floor)
    )


def _openpaygo_after(memory: Memory, value: int, count: int) -> Memory:
    newest = max(memory.newest, count)
    used = _add_used(memory.used, count, newest - _SYNC_JUMP)
    if count % 2 == 0:
        return replace(memory, hours=memory.hours + 24 * value, newest=newest, used=used)
    # Only a sync may move the count back; what was used above it stays used.
    settled = replace(memory, newest=count, floor=count, used=used)
    if value == openpaygo.SYNC_VALUE:
        return settled
    if value == openpaygo.DISABLE_VALUE:
        return replace(settled, unlocked=True)
    return replace(settled, hours=24 * value, unlocked=False)


def _nexus_seen(memory: Memory, message: nexus.Message | None) -> tuple[Memory, nexus.Message]:
    """The memory with this message's id used."""
    if message is None:
        raise RejectedToken(NOT_FOR_THIS_DEVICE)
    if message.id <= memory.floor or message.id in memory.used:
        raise RejectedToken(ALREADY_USED)
    newest = max(memory.newest, message.id)
    used = _add_used(memory.used, message.id, newest - IDS_BELOW - 1)
    return replace(memory, newest=newest, used=used), message


def _nexus_wiped(memory: Memory, target: int) -> Memory:
    """What is left after wiping the credit (0), credit and ids (1) or the ids (2)."""
    if target not in (0, 1, 2):
        raise RejectedToken(MALFORMED)
    if target in (0, 1):
        memory = replace(memory, hours=0, unlocked=False)
    if target in (1, 2):
        memory = replace(memory, newest=IDS_BELOW, floor=-1, used=())
    return memory


def _nexus_set(seen: Memory, message_id: int, hours: int, unlocked: bool) -> Memory:
    """Setting the credit, or unlocking, uses up every lower id as well."""
    return replace(seen, hours=hours, unlocked=unlocked, floor=message_id)


def _add_used(used: tuple[int, ...], number: int, above: int) -> tuple[int, ...]:
    return tuple(sorted(n for n in {*used, number} if n > above))
