"""STS tokens (IEC 62055-41): credit, management, key change, and meter tests.

Amounts, times and random bits come in; 20 digits come out. Field names are those of the
standard: TID is the token identifier, whole minutes since 1 January of the base year. This file
makes every token the standard lets a vending system make; which of them a payment may cause is
decided in `family`.

It refuses identifiers past 24 bits or past the vending key's expiry number (KEN).
"""

from datetime import UTC, datetime, timedelta

from core.tokens.errors import TokenError, TokenImpossible
from core.tokens.sts_amount import currency_field, energy_field
from core.tokens.sts_block import content_of, data_block, from_digits, to_digits
from core.tokens.sts_keys import EA_MISTY1, DecoderKey, StsMeter

CREDIT, TEST, MANAGEMENT = 0, 1, 2  # token classes
ELECTRICITY, WATER, GAS, TIME = 0, 1, 2, 3  # credit subclasses; 4 more when in currency
MAX_POWER, CLEAR_CREDIT, TARIFF_RATE, CLEAR_TAMPER, MAX_UNBALANCE = 0, 1, 2, 5, 6
WATER_FACTOR = 7

_KEY_CHANGE = (3, 4, 8, 9)  # management subclasses of the 1st to 4th key-change token
_MINUTES_A_DAY = 24 * 60
_RESERVED_MINUTE = 1
_CURRENCY_SUFFIX = b"\x01"


def tid_at(base: int, at: datetime) -> int:
    """The identifier a token issued at this instant asks for (aware, counted in UTC)."""
    whole = (at.astimezone(UTC) - datetime(base, 1, 1, tzinfo=UTC)) // timedelta(minutes=1)
    return unreserved(whole)


def unreserved(tid: int) -> int:
    """The identifier itself, or the next one if it is the reserved minute 00:01 of a day."""
    return tid + 1 if tid % _MINUTES_A_DAY == _RESERVED_MINUTE else tid


def check_expiry(tid: int, ken: int) -> None:
    """Refuses an identifier for which the vending key is dead; KEN 255 never expires."""
    if tid >> 16 > ken:
        raise TokenImpossible("the vending key has expired for this meter")


def end_of_life(base: int, ken: int) -> datetime:
    """Return the instant from which no token can be made for a meter of that base year on a vending
    key of that expiry number: it is past KEN, or 24 bits are used up."""
    first_refused = min(ken + 1, 1 << 8) << 16
    return datetime(base, 1, 1, tzinfo=UTC) + timedelta(minutes=first_refused)


def credit(key: DecoderKey, utility: int, tid: int, units: int, rnd: int) -> str:
    """A credit token; `units` in tenths of kWh, m3 or minutes, rounded up where too large."""
    return _token(key, CREDIT, _content(utility, rnd, tid, energy_field(units)))


def currency_credit(key: DecoderKey, utility: int, tid: int, hundred_thousandths: int) -> str:
    """A credit token in money of 0.00001; its 20-bit amount also fills the random bits."""
    amount = currency_field(hundred_thousandths)
    content = _content(utility + 4, amount >> 16, tid, amount & 0xFFFF)
    return to_digits(CREDIT, key.encrypt(data_block(CREDIT, content, _CURRENCY_SUFFIX)))


def management(key: DecoderKey, subclass: int, tid: int, field: int, rnd: int) -> str:
    """A management token with its 16-bit field as it goes on the wire."""
    return _token(key, MANAGEMENT, _content(subclass, rnd, tid, field))


def power_limit(key: DecoderKey, subclass: int, tid: int, watts: int, rnd: int) -> str:
    """A MAX_POWER or MAX_UNBALANCE token; large limits are rounded up like amounts."""
    return management(key, subclass, tid, energy_field(watts), rnd)


def meter_test(control: int, manufacturer: int, *, four_digit_manufacturer: bool) -> str:
    """A test or display token (class 1): the same for every meter, not encrypted."""
    subclass, bits = (1, 16) if four_digit_manufacturer else (0, 8)
    content = subclass << 44 | _fit(control, 44 - bits) << bits | _fit(manufacturer, bits)
    return to_digits(TEST, data_block(TEST, content))


def key_change(
    old: DecoderKey,
    new: DecoderKey,
    meter: StsMeter,
    *,
    roll_over: bool = False,
    with_supply_group: bool = False,
) -> tuple[str, ...]:
    """The tokens, in order, that move a meter to `new`, whose data `meter` holds.

    Two for EA07, three with its supply group, always four for EA11. `roll_over` makes the
    meter forget its identifiers: only together with a new base year and a new key.
    """
    words = [int.from_bytes(new.key[i : i + 4]) for i in range(0, len(new.key), 4)]
    four = new.ea == EA_MISTY1
    triplet = with_supply_group and not four
    sgc = int(meter.sgc)
    sections = [
        (meter.ken >> 4, meter.krn << 4 | roll_over << 3 | triplet << 2 | meter.kt, words[0]),
        (meter.ken & 15, int(meter.ti), words[-1]),
    ]
    if four:
        sections += [(0, sgc & 0xFFF, words[1]), (0, sgc >> 12, words[2])]
    elif triplet:
        sections += [(0, sgc >> 12, (sgc & 0xFFF) << 20)]
    contents = [top << 40 | middle << 32 | word for top, middle, word in sections]
    return tuple(
        _token(old, MANAGEMENT, subclass << 44 | content)
        for subclass, content in zip(_KEY_CHANGE, contents, strict=False)
    )


def read(key: DecoderKey, text: str) -> tuple[int, int, int, int] | None:
    """Class, subclass, TID and 16-bit field of a typed token, or None if not for this key."""
    token_class, block = from_digits(text)
    content = content_of(token_class, key.decrypt(block))
    if content is None:
        return None
    return token_class, content >> 44, content >> 16 & 0xFFFFFF, content & 0xFFFF


def _token(key: DecoderKey, token_class: int, content: int) -> str:
    return to_digits(token_class, key.encrypt(data_block(token_class, content)))


def _content(subclass: int, rnd: int, tid: int, field: int) -> int:
    return subclass << 44 | _fit(rnd, 4) << 40 | _fit(tid, 24) << 16 | _fit(field, 16)


def _fit(number: int, bits: int) -> int:
    if not 0 <= number < 1 << bits:
        raise TokenError(f"{number} does not fit in {bits} bits of an STS token")
    return number
