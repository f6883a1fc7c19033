"""Who is who: names for the numbers of the demo's people, as a journey calls them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.terminal.gateway_client import StepFailed

_NUMBER = re.compile(r"\+?([1-9][0-9]{7,14})")


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody of the cast; `called` is the first name where nobody else has it."""

    called: str
    msisdn: str
    about: str


class Contacts:
    """The cast. Numbers of strangers are their own names."""

    def __init__(self, cast: Sequence[dict[str, Any]] = ()) -> None:
        known = [one for one in cast if one["role"] != "stranger"]
        firsts = Counter(_first(one) for one in known)
        self.all = [
            Contact(
                _first(one) if firsts[_first(one)] == 1 else one["name"], one["msisdn"], _about(one)
            )
            for one in known
        ]
        self.strangers = [one["msisdn"] for one in cast if one["role"] == "stranger"]
        self._names = {one.msisdn: one.called for one in self.all}
        self._numbers = {one.called.casefold(): one.msisdn for one in self.all}
        self._numbers |= {one["name"].casefold(): one["msisdn"] for one in cast}

    def name(self, msisdn: str) -> str:
        """What a journey calls this number."""
        return self._names.get(msisdn, msisdn)

    def number(self, who: str) -> str:
        """The number of a name or a number. Raises StepFailed."""
        if found := self._numbers.get(who.strip().casefold()):
            return found
        if number := _NUMBER.fullmatch(who.strip()):
            return "+" + number[1]
        raise StepFailed(f"{who!r} is nobody here, and not a number like +254711000001")


def _first(one: dict[str, Any]) -> str:
    return str(one["name"]).split(" ")[0]


def _about(one: dict[str, Any]) -> str:
    devices = ", ".join(f"{device['serial']} ({device['kind']})" for device in one["devices"])
    return devices or (f"{one['role']}, PIN {one['pin']}" if "pin" in one else one["role"])
