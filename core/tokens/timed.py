"""The families whose codes give time, and how each makes its codes: OpenPAYGO and Nexus Keycode.

An amount that one code cannot carry exactly is refused here; days are cut into several codes by
core.tokens.family, set days never are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.tokens import nexus, openpaygo
from core.tokens.device_secret import Action, DeviceSecret, IssuedToken, require_key
from core.tokens.errors import TokenImpossible
from core.tokens.openpaygo import Kit, TokenType

MakeToken = Callable[[DeviceSecret, int, Action, int], IssuedToken]


@dataclass(frozen=True)
class TimeTokens:
    """How a family makes its tokens from the last counter used, and which it has.

    days_part: the most days, not above those asked for, that one token gives exactly;
    set_days: whether one token sets exactly that many days; next_counter: the counter that follows
    the last one, where there is one. `window`: so many counters above the one that it knows a
    device accepts, from `lowest` on.
    """

    make: MakeToken
    actions: tuple[Action, ...]
    days_part: Callable[[Kit, int], int]
    set_days: Callable[[Kit, int], bool]
    next_counter: Callable[[int, Action], int]
    window: int
    lowest: int = 0


_TOKEN_TYPES: dict[Action, TokenType] = {
    "days": TokenType.ADD_TIME,
    "lock": TokenType.SET_TIME,
    "set_days": TokenType.SET_TIME,
    "unlock": TokenType.DISABLE_PAYG,
    "sync": TokenType.COUNTER_SYNC,
}


def _openpaygo_count(last: int, action: Action) -> int:
    return openpaygo.next_count(last, _TOKEN_TYPES[action])


def _openpaygo(secret: DeviceSecret, last: int, action: Action, days: int) -> IssuedToken:
    """The next token; where it is the device's test code, the one after it."""
    key, kit = require_key(secret), secret.kit
    starting_code = secret.starting_code
    if starting_code is None:
        starting_code = openpaygo.starting_code_from(key)
    has_value = action in ("days", "set_days", "lock")
    units = openpaygo.units(days, kit.divider) if has_value else None
    value = openpaygo.value_of(_TOKEN_TYPES[action], units, kit.form)
    while True:
        last = _openpaygo_count(last, action)
        text = openpaygo.token(key, starting_code, last, value, kit.form, secret.links)
        text = openpaygo.to_restricted(text, kit.form) if kit.is_restricted else text
        if text != secret.test_code:
            return IssuedToken(text, action, days, last)


def _nexus_id(last: int, action: Action) -> int:
    """The id of the next message. Raises TokenImpossible where the device would take no more."""
    following = nexus.next_id(last)
    if action in ("wipe_ids", "wipe_all") and following >= nexus.FRESH_IDS - 1:
        raise TokenImpossible(
            f"a device whose ids are wiped takes the ids 0 to {nexus.FRESH_IDS - 1} again, and"
            f" its next code would have {following + 1}"
        )
    return following


_WIPES: dict[Action, int] = {"wipe_state": 0, "wipe_all": 1, "wipe_ids": 2}


def _nexus_full(secret: DeviceSecret, last: int, action: Action, days: int) -> IssuedToken:
    kind, body = {
        "days": (nexus.ADD, days * 24),
        "set_days": (nexus.SET, days * 24),
        "lock": (nexus.SET, 0),
        "unlock": (nexus.SET, nexus.UNLOCK_HOURS),
    }.get(action, (nexus.WIPE, _WIPES.get(action, 0)))
    message_id = _nexus_id(last, action)
    return IssuedToken(
        nexus.full(require_key(secret), message_id, kind, body), action, days, message_id
    )


def _nexus_small(secret: DeviceSecret, last: int, action: Action, days: int) -> IssuedToken:
    """The next message. One that wipes carries id 0, and may be typed again and again."""
    message_id = _nexus_id(last, action)
    if action in _WIPES:
        text = nexus.small_wipe(require_key(secret), _WIPES[action])
        return IssuedToken(text, action, days, message_id)
    if action == "days":
        kind, body = nexus.SMALL_ADD, nexus.small_body(nexus.SMALL_ADD, days)
    elif action in ("set_days", "lock"):
        kind, body = nexus.SMALL_SET, nexus.small_body(nexus.SMALL_SET, days)
    else:
        kind, body = nexus.SMALL_ADD, nexus.SMALL_UNLOCK
    if nexus.collides(message_id, kind, body):
        message_id = nexus.next_id(message_id)
    return IssuedToken(
        nexus.small(require_key(secret), message_id, kind, body), action, days, message_id
    )


_NEXUS_ACTIONS: tuple[Action, ...] = (
    *("days", "unlock", "lock", "set_days"),
    *("wipe_state", "wipe_ids", "wipe_all"),
)

OPENPAYGO = TimeTokens(
    _openpaygo,
    actions=("days", "unlock", "lock", "set_days", "sync"),
    days_part=lambda kit, days: kit.days_part(days),
    set_days=lambda kit, days: kit.days_part(days) == days,
    next_counter=_openpaygo_count,
    window=openpaygo.WINDOW,
)
NEXUS_FULL = TimeTokens(
    _nexus_full,
    actions=_NEXUS_ACTIONS,
    days_part=lambda _, days: min(days, nexus.MAX_HOURS // 24),
    set_days=lambda _, days: days <= nexus.MAX_HOURS // 24,
    next_counter=_nexus_id,
    window=nexus.WINDOW,
    lowest=nexus.FIRST_CENTRE,
)
NEXUS_SMALL = TimeTokens(
    _nexus_small,
    actions=_NEXUS_ACTIONS,
    days_part=lambda _, days: nexus.exact_days(days),
    set_days=lambda _, days: nexus.sets_exactly(days),
    next_counter=_nexus_id,
    window=nexus.WINDOW,
    lowest=nexus.FIRST_CENTRE,
)
