"""Check that everything a screen shows or an effect takes is there on every path to it.

A slot is filled from the fields of what the screen's `data` function returns (read from its return
annotation; of a tuple, from any of its parts), else from a session variable that was set on the
way. An effect must get exactly the arguments that its use case names.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from core.wording.message import Message
from gateway.ussd_menus.effect import Built, UseCaseCall
from gateway.ussd_menus.graph import MenuGraph
from gateway.ussd_menus.menu import Edge
from gateway.ussd_menus.screen import Screen
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import SessionVar

Fields = dict[str, Any] | None  # names and types; None where an annotation does not tell
_ANYTHING = "*"  # the name of every variable, where an effect may return any


def faults(graph: MenuGraph) -> Iterator[str]:
    """Slots, effects and routes without a source, one line each."""
    variables = _variables_at(graph)
    for screen in graph.screens:
        available = variables[screen]
        yield from _slot_faults(screen, available)
        for edge, _ in graph.edges[screen]:
            if edge.do:
                yield from _effect_faults(screen, edge.do, available | _names(edge.sets))
        if isinstance(screen, Route):
            yield from _route_faults(screen)


def _variables_at(graph: MenuGraph) -> dict[Screen, frozenset[str]]:
    """The variables that are set on every path from home to each screen (greatest fixed point)."""
    available: dict[Screen, frozenset[str]] = {graph.home: frozenset()}
    waiting = [graph.home]
    while waiting:
        screen = waiting.pop()
        for edge, target in graph.edges[screen]:
            if not isinstance(target, Screen) or target not in graph.edges:
                continue
            arriving = available[screen] | _remembered(screen) | _names(edge.sets) | _outcome(edge)
            agreed = available[target] & arriving if target in available else arriving
            if agreed != available.get(target):
                available[target] = agreed
                waiting.append(target)
    return available


def _names(variables: tuple[SessionVar[object], ...]) -> frozenset[str]:
    return frozenset(variable.name for variable in variables)


def _remembered(screen: Screen) -> frozenset[str]:
    return _names(tuple(screen.remembers)) if isinstance(screen, Choice | Ask) else frozenset()


def _outcome(edge: Edge) -> frozenset[str]:
    """The variables that the effect of an edge sets: the fields of what its use case returns."""
    if edge.do is None:
        return frozenset()
    fields = fields_of(_return_type(edge.do.use_case))
    return frozenset([_ANYTHING] if fields is None else fields)


def _slot_faults(screen: Screen, available: frozenset[str]) -> Iterator[str]:
    for message, data in _messages(screen):
        fields = fields_of(data)
        if fields is None or _ANYTHING in available:
            continue
        for name, slot in message.slots.items():
            if name in fields:
                if not _type_fits(fields[name], slot.value_type):
                    yield f"{screen.id}: {message.key} shows {name} as another type than it is"
            elif name not in available:
                yield f"{screen.id}: nothing gives {message.key} its {name}"
    for variable, data in _variables_from_data(screen):
        fields = fields_of(data)
        if fields is not None and variable.name not in fields:
            yield f"{screen.id}: its data has no {variable.name} to keep"


def _messages(screen: Screen) -> Iterator[tuple[Message[Any], Any]]:
    """Each message of a screen, with the type whose fields fill it first."""
    if not isinstance(screen, Notice | Choice | Ask | Pick):
        return
    data = _return_type(screen.data)
    yield screen.message, data
    if isinstance(screen, Choice):
        yield from ((option.label, data) for option in screen.options)
    if isinstance(screen, Pick):
        yield screen.empty_message, data
        yield screen.row_message, _item_type(_return_type(screen.rows))
        yield from ((option.label, None) for option in screen.extra_options)


def _variables_from_data(screen: Screen) -> Iterator[tuple[SessionVar[Any], Any]]:
    """Each variable that a screen sets from what it shows, and the type that must have it."""
    if isinstance(screen, Choice | Ask):
        yield from ((variable, _return_type(screen.data)) for variable in screen.remembers)
    if isinstance(screen, Pick) and screen.stores:
        yield screen.stores, _item_type(_return_type(screen.rows))


def _effect_faults(screen: Screen, effect: UseCaseCall, available: frozenset[str]) -> Iterator[str]:
    parameters = list(inspect.signature(effect.use_case).parameters.values())[1:]
    yield from _argument_faults(screen, effect.name, parameters, effect.arguments, available)


def _argument_faults(
    screen: Screen,
    name: str,
    parameters: Sequence[inspect.Parameter],
    arguments: Mapping[str, object],
    available: frozenset[str],
) -> Iterator[str]:
    """Every argument fits the parameters of what is called, and has a source that is set here."""
    names = {parameter.name for parameter in parameters}
    required = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
    for missing in sorted(required - arguments.keys()):
        yield f"{screen.id}: {name} needs {missing}"
    for unknown in sorted(arguments.keys() - names):
        yield f"{screen.id}: {name} takes no {unknown}"
    for source in arguments.values():
        if isinstance(source, SessionVar) and not {source.name, _ANYTHING} & available:
            yield f"{screen.id}: {name} takes {source.name}, which is not set here"
        if isinstance(source, Built):
            made = list(inspect.signature(source.make).parameters.values())
            yield from _argument_faults(
                screen, source.make.__name__, made, source.arguments, available
            )


def _route_faults(route: Route) -> Iterator[str]:
    """Every value that the annotation of `by` allows needs a target, and no other may have one."""
    values = _possible_values(_return_type(route.by))
    if values is None:
        return
    for missing in sorted(map(str, values - route.to.keys())):
        yield f"{route.id}: no way for {missing}"
    for extra in sorted(map(str, route.to.keys() - values)):
        yield f"{route.id}: {extra} never comes"


def _possible_values(returned: Any) -> set[Any] | None:
    if returned is bool:
        return {True, False}
    if isinstance(returned, type) and issubclass(returned, Enum):
        return set(returned)
    return set(get_args(returned)) if get_origin(returned) is Literal else None


@cache
def _return_type(function: Callable[..., Any] | None) -> Any:
    """The annotated return type; Any where there is no annotation, None where no function."""
    if function is None:
        return None
    return get_type_hints(function).get("return", Any)


def _item_type(sequence: Any) -> Any:
    return next(iter(get_args(sequence)), Any)


@cache
def fields_of(returned: Any) -> Fields:
    """The fields of a return type by name, or None when it may have any."""
    if returned is None or returned is type(None):
        return {}
    if get_origin(returned) in (Union, UnionType):
        return fields_of(next(part for part in get_args(returned) if part is not type(None)))
    if get_origin(returned) is tuple:
        return _merged(fields_of(part) for part in get_args(returned))
    if isinstance(returned, type) and dataclasses.is_dataclass(returned):
        return _property_types(returned) | get_type_hints(returned)
    return get_type_hints(returned) if is_typeddict(returned) else None


def _merged(all_fields: Iterable[Fields]) -> Fields:
    """The fields of several objects; where two have the same name, that of the first."""
    merged: dict[str, Any] = {}
    for fields in all_fields:
        if fields is None:
            return None
        merged = fields | merged
    return merged


def _property_types(kind: type) -> dict[str, Any]:
    members = inspect.getmembers(kind, lambda member: isinstance(member, property))
    return {name: _return_type(member.fget) for name, member in members}


def _type_fits(given: Any, expected: type) -> bool:
    kind = get_origin(given) or given
    return not isinstance(kind, type) or issubclass(kind, expected)
