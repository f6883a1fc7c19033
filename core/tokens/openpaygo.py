"""OpenPAYGO Token: add time, set time, disable PAYG (unlock for good) and counter sync.

The algorithm follows what every fielded device does; the published text differs in one place
(it drops the two highest bits of a hash where the devices drop the two lowest). The last digits
of a token are the masked value, the others are one link of a hash chain as long as the count. No
part of a chain serves another value, so the last link of each chain is kept (core.tokens.links):
a customer who pays the same each week costs one or two hashes a week, whatever the count.

It refuses values outside 0 to 995 (999999 when extended), anything that is not a whole number of
device units, and counts past MAX_COUNT. It never rounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from core.device import KeypadDigits
from core.tokens.errors import TokenError, TokenImpossible
from core.tokens.links import Links
from core.tokens.siphash import siphash24

MAX_VALUE = 995
MAX_EXTENDED_VALUE = 999_999
DISABLE_VALUE = 998
SYNC_VALUE = 999
# A device searches so many counts ahead, further for a counter sync.
WINDOW, SYNC_WINDOW = 64, 100
# Ninety years of a token a day. A mistyped count must not keep a worker hashing for hours.
MAX_COUNT = 0xFFFF


class TokenType(Enum):
    ADD_TIME = "ADD_TIME"
    SET_TIME = "SET_TIME"
    DISABLE_PAYG = "DISABLE_PAYG"
    COUNTER_SYNC = "COUNTER_SYNC"


@dataclass(frozen=True)
class Form:
    """How long a token is: how much of it is value, and how a hash is cut to its length."""

    digits: int
    values: int
    max_value: int
    bits: int


NORMAL = Form(digits=9, values=1000, max_value=MAX_VALUE, bits=30)
EXTENDED = Form(digits=12, values=1_000_000, max_value=MAX_EXTENDED_VALUE, bits=40)


@dataclass(frozen=True)
class Kit:
    """How the codes of one device look: its form, whether its keypad has only the keys 1 to 4, and
    how many of its units are a day."""

    form: Form = NORMAL
    is_restricted: bool = False
    divider: int = 1

    @property
    def length(self) -> int:
        """How many digits a code has."""
        return self.form.bits // 2 if self.is_restricted else self.form.digits

    @property
    def keys(self) -> str:
        """The digits that a code is made of."""
        return "1234" if self.is_restricted else "0123456789"

    def days_part(self, days: int) -> int:
        """The most whole days, not above those asked for, that one code adds exactly.

        996 to 999 units are left out in extended codes too: not every decoder asks for the parity
        of the count before it reads 998 as an unlock and 999 as a sync.
        """
        days = min(days, self.form.max_value // self.divider)
        is_word = MAX_VALUE < days * self.divider <= SYNC_VALUE
        return MAX_VALUE // self.divider if is_word else days


DAY_KIT = Kit()
_KEYPADS: dict[KeypadDigits, Kit] = {
    "standard": DAY_KIT,
    "restricted": Kit(is_restricted=True),
    "extended": Kit(EXTENDED),
    "extended_restricted": Kit(EXTENDED, is_restricted=True),
}


def kit_of(digits: KeypadDigits | None, divider: int | None) -> Kit:
    """Return the kit that a device row describes; None is what most devices are."""
    return replace(_KEYPADS[digits or "standard"], divider=divider or 1)


def starting_code_from(key: bytes) -> int:
    """The starting code of a device delivered without one (an extension of spec 2.3)."""
    return _cut_normal(siphash24(key, key))


def units(days: int | Decimal | Fraction, divider: int = 1) -> int:
    """Days as whole device units of 1/divider day; refuses days that are not whole units."""
    if not 1 <= divider <= 255:
        raise TokenError("the time divider of a device is 1 to 255")
    exact = Fraction(days) * divider
    if exact.denominator != 1:
        raise TokenError("the time is not a whole number of device units")
    return int(exact)


def next_count(last_count: int, kind: TokenType) -> int:
    """The count of the next token: add time takes even counts, everything else odd ones."""
    if last_count < 0:
        raise TokenError("a count is not negative")
    wants_even = kind is TokenType.ADD_TIME
    count = last_count + (1 if (last_count % 2 == 1) == wants_even else 2)
    if count > MAX_COUNT:
        raise TokenImpossible(f"a count past {MAX_COUNT} is not plausible")
    return count


def issue(
    key: bytes,
    starting_code: int,
    last_count: int,
    kind: TokenType,
    value: int | None = None,
    form: Form = NORMAL,
) -> tuple[int, str]:
    """The next token of a device and the count it uses up.

    `value` is in device units and given for add time and set time only.
    """
    count = next_count(last_count, kind)
    return count, token(key, starting_code, count, value_of(kind, value, form), form)


def token(
    key: bytes,
    starting_code: int,
    count: int,
    value: int,
    form: Form = NORMAL,
    links: Links | None = None,
) -> str:
    """The token of one count (1 and up) and one masked value, as digits 0-9. It goes on from the
    link that `links` has, and leaves its own there."""
    done, code = (links and links.before(value, count)) or (0, _first(starting_code, value, form))
    for _ in range(count - done):
        code = _next(key, code, form)
    if links is not None:
        links.keep(value, count, code)
    return _as_token(code, starting_code, value, form)


def chain(key: bytes, starting_code: int, value: int, form: Form = NORMAL) -> Iterator[str]:
    """The tokens of one value for count 1, 2, 3 and so on, without end."""
    code = _first(starting_code, value, form)
    while True:
        code = _next(key, code, form)
        yield _as_token(code, starting_code, value, form)


def value_in(text: str, starting_code: int, form: Form = NORMAL) -> int:
    """The value a token carries: readable by anyone who knows the starting code."""
    return (int(text) - starting_code) % form.values


def to_restricted(text: str, form: Form = NORMAL) -> str:
    """The token for a keypad that has only the keys 1 to 4."""
    bits = int(text)
    return "".join(str((bits >> shift & 3) + 1) for shift in range(form.bits - 2, -1, -2))


def from_restricted(text: str, form: Form = NORMAL) -> str:
    """The token with digits 0-9 behind one typed on the keys 1 to 4. Raises TokenError."""
    if len(text) * 2 != form.bits or not set(text) <= set("1234"):
        raise TokenError("a restricted token has the digits 1 to 4")
    return f"{int(text.translate(_BASE_FOUR), 4):0{form.digits}d}"


_BASE_FOUR = str.maketrans("1234", "0123")


def value_of(kind: TokenType, value: int | None, form: Form = NORMAL) -> int:
    """The value that a token of that kind carries. Raises TokenError for one that it cannot."""
    if kind is TokenType.DISABLE_PAYG:
        return DISABLE_VALUE
    if kind is TokenType.COUNTER_SYNC:
        return SYNC_VALUE
    if type(value) is not int or not 0 <= value <= form.max_value:
        raise TokenError(f"a value is a whole number from 0 to {form.max_value}")
    return value


def _base(starting_code: int, value: int, form: Form) -> int:
    return (starting_code + value) % form.values


def _first(starting_code: int, value: int, form: Form) -> int:
    """What the first hash of a chain is taken of. Raises TokenImpossible."""
    if not 0 <= starting_code <= 999_999_999:
        raise TokenImpossible("a starting code has nine digits")
    return starting_code - starting_code % form.values + _base(starting_code, value, form)


def _next(key: bytes, code: int, form: Form) -> int:
    if form is EXTENDED:
        return _cut_extended(siphash24(key, code.to_bytes(8, "big")))
    return _cut_normal(siphash24(key, (code * 0x1_0000_0001).to_bytes(8, "big")))


def _as_token(code: int, starting_code: int, value: int, form: Form) -> str:
    shown = code - code % form.values + _base(starting_code, value, form)
    return f"{shown:0{form.digits}d}"


def _cut_normal(hashed: int) -> int:
    code = (hashed >> 32 ^ hashed & 0xFFFFFFFF) >> 2
    return code if code <= 999_999_999 else code - 73_741_825


def _cut_extended(hashed: int) -> int:
    code = hashed >> 24
    return code if code <= 999_999_999_999 else code - 99_511_627_777
