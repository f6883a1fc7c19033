"""Journeys, played on the real wire: the language is that of simulator/terminal/journey.py.

`phone` says whose hand it is in (a number, or a name the setup knows). Any word that is none of the
wire's is a verb of the setup the journey is played in, which acts or checks.

Every journey can be played three ways: plainly, with every callback twice (the second answer must
be the same bytes), and with the process stopped before each commit and the callback sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from simulator.terminal.journey import Step, matches, parse
from tests.support.phone import Answer, Phone

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
class JourneySetup:
    """What a journey needs: a phone, the numbers of people by name, its verbs, where to stop it."""

    phone: Phone
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    stops: Sequence[Stop] = ()


def play(text: str, setup: JourneySetup, mode: str = "plain") -> None:
    """Play a journey. Raises AssertionError that names the line and what was shown instead."""
    phone, screen = setup.phone, ""
    for step in parse(text, list(setup.verbs)):
        match step.word:
            case "phone":
                phone = phone.of(setup.people.get(step.rest, step.rest))
                phone.deliver = _delivery(mode, setup.stops)
            case "dial":
                screen = phone.dial(_typed_after(phone.service_code, step))
            case ">":
                screen = phone.answer(step.rest)
            case "CON" | "END":
                wanted = f"{step.word} {step.rest}"
                assert matches(wanted, screen), (
                    f"line {step.line_number}, wanted:\n{wanted}\nsaw:\n{screen}"
                )
            case verb:
                setup.verbs[verb](step.rest)


def _typed_after(service_code: str, step: Step) -> str:
    """`*384*96*1*500#` -> `1*500`. Raises ValueError for a code that is not this phone's."""
    code, dialled = service_code.removesuffix("#"), step.rest.removesuffix("#")
    if not (dialled == code or dialled.startswith(code + "*")):
        raise ValueError(f"line {step.line_number}: the service code is {service_code}")
    return dialled.removeprefix(code).removeprefix("*")


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
