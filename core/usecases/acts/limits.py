"""What an operator may do alone: within a sum a day, and below the sum that needs a second person.

An act is done first and then measured, in the transaction of its caller: what it is worth is the
largest amount that it booked, or the value of the tokens that it ordered. The caller takes back
what needs a second person, and asks for it (`ask_for_act`).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.act import REQUEST_KEPT, ActName, ActRules, default_rules
from core.db.acts import (
    Mark,
    NewRequest,
    booked_since,
    count_waiting,
    done_since,
    find_rules,
    lock_user,
    names_of_approvers,
    names_of_owners,
    ordered_since,
    set_mark,
    store_done,
    store_request,
    store_rules,
)
from core.errors import Refused
from core.money import Money
from core.operator import ConsoleUser
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.tokens.token_value import value_of_token

# So many requests of one person wait at a time.
MAX_WAITING = 50
_NEEDS_TWO = ("unlock", "wipe_ids", "wipe_all")


@dataclass(frozen=True, slots=True)
class Worth:
    """What an act gave away: its value in minor units, and whether it frees a device for good, or
    makes it take again what it took before (wiped ids)."""

    value_minor: int
    unlocks: bool


def read_rules(unit: Unit) -> ActRules:
    """Return the rules that were set, or the defaults of the market."""
    return find_rules(unit.connection) or default_rules(unit.market)


def set_rules(unit: Unit, rules: ActRules, operator: str, reason: str) -> None:
    """Set what one person may do alone. Raises Refused("reason_missing")."""
    before = read_rules(unit)
    store_rules(unit.connection, rules)
    write_audit(
        unit, operator, "set_act_rules", "market", 1, reason,
        second_person=rules.second_person, large_minor=rules.large_minor,
        **{f"{role}_daily": rules.daily_minor[role] for role in ("owner", "finance", "support")},
        before={"second_person": before.second_person, "large_minor": before.large_minor},
    )  # fmt: skip


def begin_act(unit: Unit, user: ConsoleUser) -> Mark:
    """Lock the operator, whose acts wait for each other, and return the mark to measure from."""
    lock_user(unit.connection, user.id)
    return set_mark(unit.connection)


def measure_act(unit: Unit, mark: Mark, operator: str, value_minor: int | None = None) -> Worth:
    """Return what an act gave away since the mark; `value_minor` where the act itself knows."""
    ordered = ordered_since(unit.connection, mark, operator, unit.now)
    values = [value_of_token(unit, token.serial, token.kind, token.units) for token in ordered]
    booked = booked_since(unit.connection, mark) if value_minor is None else value_minor
    return Worth(max([booked, *values]), any(token.kind in _NEEDS_TWO for token in ordered))


def needs_second(rules: ActRules, worth: Worth, *, needs_two: bool) -> bool:
    """Return whether an act of that worth needs a second person, or needs one in any case."""
    is_large = needs_two or worth.unlocks or worth.value_minor > rules.large_minor
    return rules.second_person == "required" and is_large


def finish_act(unit: Unit, rules: ActRules, user: ConsoleUser, act: ActName, worth: Worth) -> None:
    """Count an act that a person does alone. Raises Refused("limit_reached") past their limit of
    the day, with what is left of it and who can raise it."""
    if not worth.value_minor:
        return
    limit = rules.daily_minor[user.role]
    if limit is not None:
        _check_limit(unit, user, limit, worth.value_minor)
    store_done(unit.connection, unit.now, act, user.id, worth.value_minor)


def left_today(unit: Unit, user: ConsoleUser, limit_minor: int) -> int:
    """Return how much of a limit a person has left in the market's day."""
    midnight = unit.market.first_instant(unit.today)
    return max(0, limit_minor - done_since(unit.connection, user.id, midnight))


def _check_limit(unit: Unit, user: ConsoleUser, limit_minor: int, value_minor: int) -> None:
    left_minor = left_today(unit, user, limit_minor)
    if value_minor > left_minor:
        value, limit, left = (
            Money(minor, unit.market.currency) for minor in (value_minor, limit_minor, left_minor)
        )
        owners = ", ".join(names_of_owners(unit.connection)) or "nobody"
        raise Refused("limit_reached", value=value, limit=limit, left=left, owners=owners)


def ask_for_act(unit: Unit, user: ConsoleUser, asked: NewRequest, value_minor: int) -> int:
    """Store an act for a second person, for a few days; return the id of the request.

    Raises Refused("acts_waiting") where too many of the same person wait.
    """
    waiting = count_waiting(unit.connection, unit.now, user.id)
    if waiting >= MAX_WAITING:
        raise Refused("acts_waiting", count=waiting)
    expires_at = unit.now + REQUEST_KEPT
    act_id = store_request(unit.connection, unit.now, user.id, asked, value_minor, expires_at)
    write_audit(
        unit, user.name, "ask", "act", act_id, asked.reason or asked.act,
        act=asked.act, value_minor=value_minor, **asked.ids,
    )  # fmt: skip
    return act_id


def who_approves(unit: Unit, user_id: int) -> str:
    """Return a sentence that names who may approve what that person asks for."""
    names = names_of_approvers(unit.connection, user_id)
    if names:
        return f"Who can approve it: {', '.join(names)}."
    return (
        "Nobody else can approve it: an owner adds a user with the role owner or finance, or"
        " `dialwatt limits --second-person off` on the machine lets one person do it alone."
    )
