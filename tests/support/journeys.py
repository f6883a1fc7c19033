"""Journeys: whole conversations as plain text, read as a reader would and played on the real wire.

    # Amina pays for her meter
    phone +254711000001
    dial *384*96#
    CON Karibu Amina
    1 Pay
    > 1
    CON M1001 owes KES 300.
    ...
    paid KES 500

`phone` says whose hand it is in (a number, or a name the world knows), `dial` and `>` are what is
typed, `CON` and `END` what must be seen. `...` stands for anything, within a line or for several.
Any other first word is a verb of the world the journey is played in, which acts or checks.

Every journey can be played three ways: plainly, with every callback twice (the second answer must
be the same bytes), and with the process stopped before each commit and the callback sent again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.phone import Answer, Phone

_WORDS = ("phone", "dial", ">", "CON", "END")
Verb = Callable[[str], None]
MODES = ("plain", "doubled", "stopped")


class Stopped(BaseException):
    """The process ended here; nothing of ours gets to handle that."""


@dataclass
class Stop:
    """A point just before a commit, where the process may be made to end."""

    name: str
    armed: bool = False

    def reached(self) -> None:
        if self.armed:
            raise Stopped(self.name)

    @contextmanager
    def here(self) -> Iterator[None]:
        self.armed = True
        try:
            yield
        except Stopped:
            pass
        finally:
            self.armed = False


@dataclass
class World:
    """What a journey plays in: a phone, who is who, the verbs it knows, where it can be stopped."""

    phone: Phone
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    stops: Sequence[Stop] = ()


@dataclass(frozen=True)
class Line:
    """One thing that is done or seen; `rest` may run over several lines."""

    number: int
    word: str
    rest: str


def parse(text: str, verbs: Sequence[str] = ()) -> list[Line]:
    """The lines of a journey. Raises ValueError for one that starts with no known word."""
    lines: list[Line] = []
    may_run_on = False
    for number, raw in enumerate(text.split("\n"), start=1):
        written = raw.rstrip()
        if not written or written.startswith("# "):
            may_run_on = False
            continue
        word, _, rest = written.partition(" ")
        if word in _WORDS or word in verbs:
            lines.append(Line(number, word, rest))
        elif may_run_on:
            last = lines.pop()
            lines.append(Line(last.number, last.word, f"{last.rest}\n{written}"))
        else:
            raise ValueError(f"line {number}: {word!r} is nothing a journey knows")
        may_run_on = lines[-1].word not in ("phone", "dial", ">")
    return lines


def play(text: str, world: World, mode: str = "plain") -> None:
    """Play it; an AssertionError names the line and shows what was seen instead."""
    phone, screen = world.phone, ""
    for line in parse(text, list(world.verbs)):
        match line.word:
            case "phone":
                phone = phone.of(world.people.get(line.rest, line.rest))
                phone.deliver = _delivery(mode, world.stops)
            case "dial":
                screen = phone.dial(_typed_after(phone.service_code, line))
            case ">":
                screen = phone.answer(line.rest)
            case "CON" | "END":
                wanted = f"{line.word} {line.rest}"
                assert seen(wanted, screen), (
                    f"line {line.number}, wanted:\n{wanted}\nsaw:\n{screen}"
                )
            case verb:
                world.verbs[verb](line.rest)


def _typed_after(service_code: str, line: Line) -> str:
    """`*384*96*1*500#` -> `1*500`. Raises ValueError for a code that is not this phone's."""
    code, dialled = service_code.removesuffix("#"), line.rest.removesuffix("#")
    if not (dialled == code or dialled.startswith(code + "*")):
        raise ValueError(f"line {line.number}: the service code is {service_code}")
    return dialled.removeprefix(code).removeprefix("*")


def seen(wanted: str, found: str) -> bool:
    """Whether this is what was wanted; `...` stands for anything."""
    parts = wanted.split("...")
    return re.fullmatch(".*".join(map(re.escape, parts)), found, re.DOTALL) is not None


def _delivery(mode: str, stops: Sequence[Stop]) -> Callable[[Callable[[], Answer]], Answer]:
    def plain(send: Callable[[], Answer]) -> Answer:
        return send()

    def doubled(send: Callable[[], Answer]) -> Answer:
        first, again = send(), send()
        assert (again.status, again.body, again.headers) == (
            first.status,
            first.body,
            first.headers,
        ), f"the repeated callback was answered {again.text!r} after {first.text!r}"
        return again

    def stopped(send: Callable[[], Answer]) -> Answer:
        for stop in stops:
            with stop.here():
                send()
        return send()

    return {"plain": plain, "doubled": doubled, "stopped": stopped}[mode]


class StoppableRedis:
    """A Redis client that can be stopped just before it commits a session."""

    def __init__(self, redis: Any, stop: Stop) -> None:
        self._redis, self._stop = redis, stop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._redis, name)

    def register_script(self, script: str) -> Callable[..., Any]:
        run = self._redis.register_script(script)

        def stoppable(**given: Any) -> Any:
            self._stop.reached()
            return run(**given)

        return stoppable


def stoppable_units(open_unit: Any, stop: Stop) -> Any:
    """Units that can be stopped just before they commit; what they did is then rolled back."""

    @contextmanager
    def opened() -> Iterator[Any]:
        with open_unit() as unit:
            yield unit
            stop.reached()

    return opened
