"""Nexus Keycode (Angaza): the full protocol for 12-key pads and the small one for 5 keys.

A message carries the low 6 bits of its id; server and device keep the rest. The full protocol
counts hours, the small one days, and a small device rounds steps of days *up*: `small_days`
says what a device will really give, and what cannot be given exactly is for the caller to
split. Keys are 16 bytes. It refuses amounts outside a message's range and never rounds.
"""

from dataclasses import dataclass

from core.tokens.errors import TokenError, TokenImpossible
from core.tokens.siphash import siphash24

ADD, SET, WIPE = 0, 1, 2  # message types of the full protocol
SMALL_ADD, SMALL_SET, SMALL_MAINTENANCE = 0, 2, 3

MAX_HOURS = 99_998
UNLOCK_HOURS = 99_999
SMALL_LOCK, SMALL_UNLOCK = 254, 255
# A device accepts 64 ids: those up to 40 above the newest that it took, and 23 below. A new one, or
# one whose ids were wiped, behaves as if it had taken id 23.
WINDOW, FIRST_CENTRE, FRESH_IDS = 40, 23, 64
SMALL_WIPE = 128  # plus what is wiped, as in `small_wipe`

# Where the body of a small message starts a coarser step: (first days, step, first body).
_ADD_STEPS = ((1, 1, 0), (181, 3, 180))
_SET_STEPS = ((1, 1, 0), (91, 2, 90), (181, 4, 135), (361, 8, 180), (721, 16, 225))
_MAX_DAYS = {SMALL_ADD: 405, SMALL_SET: 960}
_STEPS = {SMALL_ADD: _ADD_STEPS, SMALL_SET: _SET_STEPS}


@dataclass(frozen=True)
class Message:
    """What a device reads from a code that was meant for it."""

    id: int
    type: int
    body: int


def full_hours(kind: int, hours: int) -> int:
    """The body of a full ADD or SET message; SET 0 locks. Raises TokenError for other hours."""
    if not 0 <= hours <= MAX_HOURS:
        raise TokenError(f"a Nexus message holds 0 to {MAX_HOURS} hours")
    if kind == ADD and hours == 0:
        raise TokenError("there is no credit to add")
    return hours


def next_id(last_id: int) -> int:
    """The id of the next message. Raises TokenImpossible after the last of 32 bits."""
    _id_bytes(last_id + 1)
    return last_id + 1


def full(key: bytes, message_id: int, kind: int, body: int) -> str:
    """A full message as 14 digits, without the * and # around them."""
    mac = _full_mac(key, message_id, kind, body)
    digits = f"{kind}{message_id % 64:02d}{body:05d}"
    return _shift(digits, mac, 1) + mac


def read_full(key: bytes, text: str, lowest_id: int) -> Message | None:
    """The message behind 14 typed digits, or None when its proof does not fit this key.

    `lowest_id` is where the 64 ids begin among which the device looks for the full id.
    """
    if len(text) != 14 or not (text.isascii() and text.isdecimal()):
        return None
    digits = _shift(text[:8], text[8:], -1)
    kind, low, body = int(digits[0]), int(digits[1:3]), int(digits[3:])
    message = Message(_whole_id(low, lowest_id), kind, body)
    fits = low < 64 and _full_mac(key, message.id, kind, body) == text[8:]
    return message if fits else None


def small_body(kind: int, days: int) -> int:
    """The body of a small SMALL_ADD or SMALL_SET message; SMALL_SET 0 locks.

    Days inside a coarse step share the body of the step's end: see `small_days`.
    Raises TokenError for too many days.
    """
    if kind == SMALL_SET and days == 0:
        return SMALL_LOCK
    if not 1 <= days <= _MAX_DAYS[kind]:
        raise TokenError(f"a small Nexus message holds 1 to {_MAX_DAYS[kind]} days")
    first, step, body = [row for row in _STEPS[kind] if row[0] <= days][-1]
    return body + (days - first) // step


def small_days(kind: int, body: int) -> int:
    """The days a small device gives for the body of a SMALL_ADD or SMALL_SET message."""
    first, step, start = [row for row in _STEPS[kind] if row[2] <= body][-1]
    return first + (body - start + 1) * step - 1


def exact_days(days: int) -> int:
    """The most days, not above `days`, that one small add message gives exactly."""
    days = min(days, _MAX_DAYS[SMALL_ADD])
    while small_days(SMALL_ADD, small_body(SMALL_ADD, days)) != days:
        days -= 1
    return days


def sets_exactly(days: int) -> bool:
    """Whether one small set message sets exactly that many days."""
    if not 1 <= days <= _MAX_DAYS[SMALL_SET]:
        return False
    return small_days(SMALL_SET, small_body(SMALL_SET, days)) == days


def collides(message_id: int, kind: int, body: int) -> bool:
    """Whether a small message is the same as a test code of old devices: set credit of 1 day on one
    id of 64."""
    return kind == SMALL_SET and body == 0 and message_id % 64 == 63


def small_wipe(key: bytes, target: int) -> str:
    """A small message that wipes: the credit (0), credit and ids (1) or the ids (2)."""
    return small(key, 0, SMALL_MAINTENANCE, SMALL_WIPE + target)


def small(key: bytes, message_id: int, kind: int, body: int) -> str:
    """A small message as 15 digits: a leading 1, then 14 digits from 2 to 5."""
    if collides(message_id, kind, body):
        raise TokenError("set credit of 1 day collides with a test code on this message id")
    mac = _small_mac(key, message_id, kind, body)
    head = (message_id % 64 << 10 | kind << 8 | body) ^ _small_mask(mac)
    bits = head << 12 | mac
    return "1" + "".join(str((bits >> shift & 3) + 2) for shift in range(26, -1, -2))


def read_small(key: bytes, text: str, lowest_id: int) -> Message | None:
    """The message behind 15 typed digits; as `read_full`."""
    if len(text) != 15 or text[0] != "1" or not set(text[1:]) <= set("2345"):
        return None
    bits = int(text[1:].translate(_BASE_FOUR), 4)
    mac = bits & 0xFFF
    head = (bits >> 12) ^ _small_mask(mac)
    kind, body = head >> 8 & 3, head & 0xFF
    whole = 0 if kind == SMALL_MAINTENANCE else _whole_id(head >> 10, lowest_id)
    fits = _small_mac(key, whole, kind, body) == mac
    return Message(whole, kind, body) if fits else None


_BASE_FOUR = str.maketrans("2345", "0123")


def _whole_id(low: int, lowest_id: int) -> int:
    return lowest_id + (low - lowest_id) % 64


def _full_mac(key: bytes, message_id: int, kind: int, body: int) -> str:
    signed = _id_bytes(message_id) + bytes([kind]) + body.to_bytes(4, "little")
    return f"{(siphash24(key, signed) & 0xFFFFFFFF) % 1_000_000:06d}"


def _small_mac(key: bytes, message_id: int, kind: int, body: int) -> int:
    return siphash24(key, _id_bytes(message_id) + bytes([kind, body])) >> 52


def _id_bytes(message_id: int) -> bytes:
    if not 0 <= message_id < 1 << 32:
        raise TokenImpossible("a Nexus message id has 32 bits")
    return message_id.to_bytes(4, "little")


def _shift(digits: str, mac: str, sign: int) -> str:
    """The digits moved by the key stream of their own proof, or moved back (sign -1)."""
    stream = _key_stream(int(mac).to_bytes(4, "little"))
    return "".join(
        str((int(digit) + sign * move) % 10) for digit, move in zip(digits, stream, strict=True)
    )


def _small_mask(mac: int) -> int:
    return int.from_bytes(_key_stream(mac.to_bytes(2, "big"))[:2], "big")


def _key_stream(mac: bytes) -> bytes:
    """Eight bytes that hide a message; no secret goes into them, only its proof."""
    return siphash24(bytes(16), b"\x00" + mac).to_bytes(8, "little")
