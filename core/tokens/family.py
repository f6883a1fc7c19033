"""What applying a payment asks of a token family, whatever the family.

Every function is pure: it gets the device's secret and the last counter used, and returns tokens
with the counters they use up, one after the other. The caller holds the device's row lock, stores
the tokens and the last counter in the same transaction, and sends afterwards.

An amount is given exactly or refused with TokenError (TokenImpossible where trying again is of no
use): never rounded, never capped. An amount too large for one token is cut into several that sum
to it. STS meters on key type 0 or 1, or on base year 1993, are refused: no field meter may be
vended to on those.
"""

from dataclasses import dataclass
from datetime import datetime

from core.tokens import sts
from core.tokens.device_secret import Action as Action
from core.tokens.device_secret import DeviceSecret as DeviceSecret
from core.tokens.device_secret import IssuedToken as IssuedToken
from core.tokens.device_secret import require_key
from core.tokens.errors import TokenError, TokenImpossible
from core.tokens.openpaygo import DAY_KIT, Kit
from core.tokens.sts_amount import MAX_UNITS, exact_parts, largest_exact
from core.tokens.sts_keys import UNIQUE_KEY, StsMeter, decoder_key, meter_pan
from core.tokens.timed import NEXUS_FULL, NEXUS_SMALL, OPENPAYGO, TimeTokens

# Devices that take no tokens: what is paid for them is booked all the same.
NO_TOKENS = "none"

# More tokens than this for one payment cannot be typed by anyone: the amount is a mistake.
MAX_PARTS = 10
_LONG = 20
# Identifiers follow the clock, one a minute: so many purchases of one meter may come at once before
# the clock, or the row, must be wrong.
MAX_MINUTES_AHEAD = 24 * 60


@dataclass(frozen=True)
class Family:
    """One row of FAMILIES: what a family can do, where its counters begin, how tokens are shown.

    initial_counter is the "last counter used" of a device that has had no token yet.
    """

    initial_counter: int
    group: int
    time: TimeTokens | None = None
    energy: bool = False


def can(family: str, action: Action) -> bool:
    """Whether tokens of this family do this; a family not made here (a vendor's) can nothing."""
    row = FAMILIES.get(family)
    if row is None:
        return False
    if row.energy:
        return action == "energy"
    return row.time is not None and action in row.time.actions


def actions_of(kind: str) -> tuple[Action, ...]:
    """What the codes of a device of that kind do, as customers pay for it."""
    return ("energy",) if kind == "meter" else ("days", "unlock")


def lacking(family: str, kind: str) -> Action | None:
    """What devices of that kind need and tokens of this family, where we make them, do not do."""
    need: Action = "energy" if kind == "meter" else "days"
    return need if family in FAMILIES and not can(family, need) else None


def max_units_per_token(family: str, action: Action, units: int, kit: Kit = DAY_KIT) -> int:
    """The most of these days or tenths of a kWh, not above them, that one token gives exactly.

    All of them where no token of ours carries them: whether that will do is for the caller to say.
    """
    row = FAMILIES.get(family)
    if row is None or units <= 0 or not can(family, action):
        return units
    if row.time and action == "days":
        return row.time.days_part(kit, units)
    return largest_exact(units)


def issue(
    secret: DeviceSecret,
    last_counter: int,
    action: Action,
    units: int,
    now: datetime,
    rnd: int,
) -> tuple[IssuedToken, ...]:
    """The tokens of an action, in the order of their counters. `units`: tenths of a kWh for energy,
    days for days and set_days, 0 otherwise; `now` and `rnd` as issue_energy takes them."""
    if action == "energy":
        return issue_energy(secret, last_counter, units, now, rnd)
    if action == "days":
        return issue_days(secret, last_counter, units)
    return (issue_one(secret, last_counter, action, units),)


def issue_days(secret: DeviceSecret, last_counter: int, days: int) -> tuple[IssuedToken, ...]:
    """Tokens that add exactly `days` days, in the order of their counters."""
    time_tokens = _time_tokens(secret, "days")
    tokens: list[IssuedToken] = []
    left = _positive(days)
    while left:
        token = time_tokens.make(
            secret, last_counter, "days", time_tokens.days_part(secret.kit, left)
        )
        tokens.append(token)
        _check_parts(len(tokens))
        last_counter = token.counter
        left -= token.amount
    return tuple(tokens)


def issue_one(
    secret: DeviceSecret, last_counter: int, action: Action, days: int = 0
) -> IssuedToken:
    """The one token of an action that is never cut into several: unlock frees a paid-off device
    for good, lock leaves no time on it, even if it was unlocked; `days` for set_days only.

    Raises TokenImpossible for days that no single token sets exactly.
    """
    time_tokens = _time_tokens(secret, action)
    if action == "set_days":
        _check_set(time_tokens, secret.kit, _positive(days))
    return time_tokens.make(secret, last_counter, action, days)


def check_possible(
    secret: DeviceSecret, last_counter: int, action: Action, now: datetime, days: int = 0
) -> None:
    """Check that a token of that kind can be made, as far as can be told without keys: of
    `secret.key` only counts whether there is one, and vending keys and tables are not asked for.
    `days`: how many it has to give or set; 0 where that is not known.

    Raises TokenImpossible.
    """
    if action == "energy":
        _next_energy(secret, last_counter, now)
        return
    time_tokens = _time_tokens(secret, action)
    require_key(secret)
    if action == "set_days" and days:
        _check_set(time_tokens, secret.kit, days)
    parts = _parts_of_days(time_tokens, secret.kit, days) if action == "days" else 1
    for _ in range(parts):
        last_counter = time_tokens.next_counter(last_counter, action)


def _check_set(time_tokens: TimeTokens, kit: Kit, days: int) -> None:
    if not time_tokens.set_days(kit, days):
        raise TokenImpossible(f"no code of this device sets exactly {days} days")


def _parts_of_days(time_tokens: TimeTokens, kit: Kit, days: int) -> int:
    """How many tokens the days take, 1 where they are not known. Raises TokenImpossible."""
    parts, left = 1, days
    while left > (part := time_tokens.days_part(kit, left)):
        left -= part
        parts += 1
        _check_parts(parts)
    return parts


def issue_energy(
    secret: DeviceSecret,
    last_counter: int,
    tenths_kwh: int,
    now: datetime,
    rnd: int,
) -> tuple[IssuedToken, ...]:
    """Tokens that add exactly `tenths_kwh` tenths of a kWh to an STS meter.

    The counter is the token identifier: the minute of `now`, or one more than the last one.
    `rnd` is the standard's four random bits, 0 to 15, shared by the parts of one amount.
    """
    meter = _next_energy(secret, last_counter, now)
    if _positive(tenths_kwh) > MAX_UNITS * MAX_PARTS:
        raise TokenImpossible("the amount is larger than tokens can carry")
    key = decoder_key(meter, meter_pan(secret.serial))
    this_minute = sts.tid_at(meter.base, now)
    tokens: list[IssuedToken] = []
    for part in exact_parts(tenths_kwh):
        tid = sts.unreserved(max(this_minute, last_counter + 1))
        if tid > this_minute + MAX_MINUTES_AHEAD:
            raise TokenError("the last token identifier of the meter is ahead of the clock")
        sts.check_expiry(tid, meter.ken)
        text = sts.credit(key, sts.ELECTRICITY, tid, part, rnd)
        tokens.append(IssuedToken(text, "energy", part, tid))
        last_counter = tid
    _check_parts(len(tokens))
    return tuple(tokens)


def _next_energy(secret: DeviceSecret, last_counter: int, now: datetime) -> StsMeter:
    """Return the data of a meter that can get one more token."""
    if not can(secret.family, "energy"):
        raise _cannot(secret, "energy")
    meter = _vendable(secret)
    meter_pan(secret.serial)
    sts.check_expiry(max(sts.tid_at(meter.base, now), last_counter + 1), meter.ken)
    return meter


def settable(secret: DeviceSecret, days: int) -> int:
    """The most days, not above those asked for, that one token of the device sets exactly; 0 where
    none does."""
    time_tokens = _time_tokens(secret, "set_days")
    exact = (most for most in range(days, 0, -1) if time_tokens.set_days(secret.kit, most))
    return next(exact, 0)


def group(text: str, family: str) -> str:
    """A token as people read it: groups of 3, or of 4 where it is as long as a meter's; full Nexus
    codes between * and #."""
    size = FAMILIES[family].group if family in FAMILIES and len(text) < _LONG else 4
    spaced = " ".join(text[i : i + size] for i in range(0, len(text), size))
    return f"*{spaced}#" if family == "nexus_full" else spaced


def _time_tokens(secret: DeviceSecret, action: Action) -> TimeTokens:
    row = FAMILIES.get(secret.family)
    if row is None or row.time is None or action not in row.time.actions:
        raise _cannot(secret, action)
    return row.time


def _cannot(secret: DeviceSecret, action: Action) -> TokenImpossible:
    return TokenImpossible(f"devices of family {secret.family} have no {action} tokens")


def _positive(amount: int) -> int:
    if type(amount) is not int or amount <= 0:
        raise TokenError("a token gives a whole amount above 0")
    return amount


def _check_parts(parts: int) -> None:
    if parts > MAX_PARTS:
        raise TokenImpossible(f"the amount would take more than {MAX_PARTS} tokens")


def _vendable(secret: DeviceSecret) -> StsMeter:
    meter = secret.sts
    if meter is None:
        raise TokenImpossible("the meter has no STS data")
    if meter.kt != UNIQUE_KEY:
        raise TokenImpossible(f"no vending to a meter on key type {meter.kt}")
    if meter.base == 1993:
        raise TokenImpossible("a meter on base year 1993 needs a roll-over key change first")
    return meter


FAMILIES: dict[str, Family] = {
    "openpaygo": Family(initial_counter=1, group=3, time=OPENPAYGO),
    # A Nexus counter is the last message id used. Id 0 is never issued, so 0 means "none yet".
    "nexus_full": Family(initial_counter=0, group=3, time=NEXUS_FULL),
    "nexus_small": Family(initial_counter=0, group=3, time=NEXUS_SMALL),
    "sts": Family(initial_counter=0, group=4, energy=True),
}
