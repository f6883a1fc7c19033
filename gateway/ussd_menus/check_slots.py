"""Proof of sources: whatever a screen shows or an effect takes was there on every way to it.

A slot is filled from the fields of what the screen's `facts` answer (read off its annotation), else
from what was carried on the way. An effect gets exactly the values its use case names.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from core.wording.message import Message
from gateway.ussd_menus.graph import Walk
from gateway.ussd_menus.menu import Edge
from gateway.ussd_menus.options import Do
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route, Screen
from gateway.ussd_menus.session_vars import Carried

Fields = dict[str, Any] | None  # names and types; None where an annotation does not tell
_ANYTHING = "*"


def faults(found: Walk) -> Iterator[str]:
    """Slots, effects and routes without a source, one line each."""
    on_all_ways = _carried(found)
    for screen in found.screens:
        carried = on_all_ways[screen]
        yield from _unfilled(screen, carried)
        for edge, _ in found.ways[screen]:
            if edge.do:
                yield from _untaken(screen, edge.do, carried | _given(edge))
        if isinstance(screen, Route):
            yield from _undecided(screen)


def _carried(found: Walk) -> dict[Screen, frozenset[str]]:
    """The names that are carried on every way from home to each screen (a greatest fixpoint)."""
    known: dict[Screen, frozenset[str]] = {found.home: frozenset()}
    waiting = [found.home]
    while waiting:
        screen = waiting.pop()
        for edge, there in found.ways[screen]:
            if not isinstance(there, Screen) or there not in found.ways:
                continue
            arriving = known[screen] | _kept(screen) | _given(edge) | _outcome(edge)
            agreed = known[there] & arriving if there in known else arriving
            if agreed != known.get(there):
                known[there] = agreed
                waiting.append(there)
    return known


def _kept(screen: Screen) -> frozenset[str]:
    keeps = screen.keeps if isinstance(screen, Choice | Ask) else ()
    return frozenset(one.name for one in keeps)


def _given(edge: Edge) -> frozenset[str]:
    return frozenset(one.name for one in edge.carries)


def _outcome(edge: Edge) -> frozenset[str]:
    if edge.do is None:
        return frozenset()
    fields = fields_of(_answer(edge.do.act))
    return frozenset([_ANYTHING] if fields is None else fields)


def _unfilled(screen: Screen, carried: frozenset[str]) -> Iterator[str]:
    for message, shown in _shown(screen):
        fields = fields_of(shown)
        if fields is None or _ANYTHING in carried:
            continue
        for name, slot in message.slots.items():
            if name in fields:
                if not _fits(fields[name], slot.value_type):
                    yield f"{screen.id}: {message.key} shows {name} as another type than it is"
            elif name not in carried:
                yield f"{screen.id}: nothing gives {message.key} its {name}"
    for wanted, shown in _wanted(screen):
        fields = fields_of(shown)
        if fields is not None and wanted.name not in fields:
            yield f"{screen.id}: its facts have no {wanted.name} to carry"


def _shown(screen: Screen) -> Iterator[tuple[Message[Any], Any]]:
    """Each message of a screen and the type that fills it first."""
    if not isinstance(screen, Notice | Choice | Ask | Pick):
        return
    facts = _answer(screen.facts)
    yield screen.says, facts
    if isinstance(screen, Choice):
        yield from ((one.label, facts) for one in screen.options)
    if isinstance(screen, Pick):
        yield screen.empty, facts
        yield screen.shows, _item(_answer(screen.rows))
        yield from ((one.label, None) for one in screen.also)


def _wanted(screen: Screen) -> Iterator[tuple[Carried[Any], Any]]:
    """Each value a screen takes from what it shows, and the type that must have it."""
    if isinstance(screen, Choice | Ask):
        yield from ((one, _answer(screen.facts)) for one in screen.keeps)
    if isinstance(screen, Pick) and screen.into:
        yield screen.into, _item(_answer(screen.rows))


def _untaken(screen: Screen, effect: Do, carried: frozenset[str]) -> Iterator[str]:
    parameters = list(inspect.signature(effect.act).parameters.values())[1:]
    named = {one.name for one in parameters}
    needed = {one.name for one in parameters if one.default is one.empty}
    for name in sorted(needed - effect.takes.keys()):
        yield f"{screen.id}: {effect.name} needs {name}"
    for name in sorted(effect.takes.keys() - named):
        yield f"{screen.id}: {effect.name} takes no {name}"
    for source in effect.takes.values():
        if isinstance(source, Carried) and not {source.name, _ANYTHING} & carried:
            yield f"{screen.id}: {effect.name} takes {source.name}, which is not carried here"


def _undecided(route: Route) -> Iterator[str]:
    """Every answer that the annotation of `by` allows has its place, and no other has one."""
    answers = _cases(_answer(route.by))
    if answers is None:
        return
    for missing in sorted(map(str, answers - route.to.keys())):
        yield f"{route.id}: no way for {missing}"
    for extra in sorted(map(str, route.to.keys() - answers)):
        yield f"{route.id}: {extra} never comes"


def _cases(answer: Any) -> set[Any] | None:
    if answer is bool:
        return {True, False}
    if isinstance(answer, type) and issubclass(answer, Enum):
        return set(answer)
    return set(get_args(answer)) if get_origin(answer) is Literal else None


def _answer(function: Callable[..., Any] | None) -> Any:
    """What the annotation says the function answers; Any where it does not say."""
    if function is None:
        return None
    return get_type_hints(function).get("return", Any)


def _item(sequence: Any) -> Any:
    return next(iter(get_args(sequence)), Any)


def fields_of(answer: Any) -> Fields:
    """The fields of an answer type, or None when it may have any."""
    if answer is None or answer is type(None):
        return {}
    if get_origin(answer) in (Union, UnionType):
        return fields_of(next(one for one in get_args(answer) if one is not type(None)))
    if isinstance(answer, type) and (dataclasses.is_dataclass(answer) or is_typeddict(answer)):
        return get_type_hints(answer)
    return None


def _fits(given: Any, holds: type) -> bool:
    kind = get_origin(given) or given
    return not isinstance(kind, type) or issubclass(kind, holds)
