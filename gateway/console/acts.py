"""Acts of operators that are limited: done at once, or asked for and approved by a second person.

A form is an act if it has an `Act`. Its use case is done first, so that a preview and a refusal are
as ever, and is taken back where it needs a second person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.act import REQUEST_KEPT, ActName, AskedAct
from core.db.acts import NewRequest
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.acts.limits import (
    Worth,
    ask_for_act,
    begin_act,
    finish_act,
    measure_act,
    needs_second,
    read_rules,
    who_approves,
)
from gateway.console.console_context import current_operator
from gateway.console.formatting import instant

Result = TypeVar("Result")


def _as_booked(unit: Unit, values: dict[str, object], **ids: int) -> int | None:
    return None


def _never(unit: Unit, operator: str, **ids: int) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Act:
    """What a form does, for the limits of its operator.

    `value(unit, values, **ids)`: what it is worth in minor units; None: what it books, or the
    tokens that it orders. `needs_two(unit, operator, **ids)`: whether it needs a second person
    whatever it is worth. `counts` is False for what gives nothing away, if it is true: money that
    was received.
    """

    name: ActName
    value: Callable[..., int | None] = _as_booked
    needs_two: Callable[..., bool] = _never
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """An act that was not done but asked for: the id of the request, and what the operator is
    told."""

    act_id: int
    lines: Sequence[str]


def do_or_ask(
    unit: Unit,
    act: Act,
    work: Callable[[], Result],
    request: NewRequest,
    values: Mapping[str, Any],
) -> Result | Asked:
    """Return what `work` does if the operator may do it alone; otherwise take it back and ask.

    Raises Refused: limit_reached, acts_waiting, and as `work`.
    """
    user = current_operator()
    value_minor = act.value(unit, values, **request.ids)
    needs_two = act.needs_two(unit, user.name, **request.ids)
    mark, rules, wakes = begin_act(unit, user), read_rules(unit), set(unit.wakes)
    with unit.connection.begin_nested() as savepoint:
        result = work()
        worth = measure_act(unit, mark, user.name, value_minor)
        is_asked = needs_second(rules, worth, needs_two=needs_two)
        if is_asked:
            savepoint.rollback()
    if not is_asked:
        if act.counts:
            finish_act(unit, rules, user, act.name, worth)
        return result
    unit.wakes.intersection_update(wakes)
    act_id = ask_for_act(unit, user, request, worth.value_minor)
    return Asked(act_id, _describe(unit, worth, user.id))


def do_as_asked(
    unit: Unit,
    act: Act | None,
    asked: AskedAct,
    values: Mapping[str, Any],
    work: Callable[[], Result],
) -> Result:
    """Return what `work` does for an approved request.

    Raises Refused("act_changed") where it gives away more by now than when it was asked for: that
    sum is what the second person was shown.
    """
    value_minor = act.value(unit, values, **asked.ids) if act else None
    mark = begin_act(unit, current_operator())
    result = work()
    worth = measure_act(unit, mark, asked.asker, value_minor)
    if worth.value_minor > asked.value_minor:
        now, then = (
            Money(minor, unit.market.currency) for minor in (worth.value_minor, asked.value_minor)
        )
        problem = f"it is worth {now} by now, and was worth {then}; it can be asked for again"
        raise Refused("act_changed", problem=problem)
    return result


def _describe(unit: Unit, worth: Worth, user_id: int) -> list[str]:
    value = Money(worth.value_minor, unit.market.currency)
    until = instant(unit.now + REQUEST_KEPT, unit.market)
    first = f"This is worth {value} and needs" if worth.value_minor else "This needs"
    return [
        f"{first} a second person: it is asked for, and done when another person approves it.",
        f"It waits until {until}. {who_approves(unit, user_id)}",
    ]
