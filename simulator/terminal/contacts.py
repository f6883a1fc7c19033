"""The names of the demo's people, as a journey uses them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.terminal.gateway_client import StepFailed

_MSISDN = re.compile(r"\+?([1-9][0-9]{7,14})")


@dataclass(frozen=True, slots=True)
class Contact:
    """A person with a name. `name` is the first name where only one person has it."""

    name: str
    msisdn: str
    description: str


class Contacts:
    """The demo's people by name and number. Unregistered callers have a number only."""

    def __init__(self, cast: Sequence[dict[str, Any]] = ()) -> None:
        """`cast` is the reply of `GET /phone/api/cast`."""
        registered = [person for person in cast if person["role"] != "stranger"]
        first_names = Counter(_first_name(person) for person in registered)
        self.all = [
            Contact(
                _first_name(person) if first_names[_first_name(person)] == 1 else person["name"],
                person["msisdn"],
                _describe_person(person),
            )
            for person in registered
        ]
        self.unregistered = [person["msisdn"] for person in cast if person["role"] == "stranger"]
        self._names = {contact.msisdn: contact.name for contact in self.all}
        self._numbers = {contact.name.casefold(): contact.msisdn for contact in self.all}
        self._numbers |= {person["name"].casefold(): person["msisdn"] for person in cast}

    def name(self, msisdn: str) -> str:
        """The name of this number, or the number itself."""
        return self._names.get(msisdn, msisdn)

    def number(self, name: str) -> str:
        """The number of a name. A number stands for itself. Raises StepFailed."""
        if msisdn := self._numbers.get(name.strip().casefold()):
            return msisdn
        if match := _MSISDN.fullmatch(name.strip()):
            return "+" + match[1]
        raise StepFailed(f"{name!r} is no known person, and not a number like +254711000001")


def _first_name(person: dict[str, Any]) -> str:
    return str(person["name"]).split(" ")[0]


def _describe_person(person: dict[str, Any]) -> str:
    """The person's devices, else the role, with the PIN of an agent."""
    devices = ", ".join(f"{device['serial']} ({device['kind']})" for device in person["devices"])
    role = f"{person['role']}, PIN {person['pin']}" if "pin" in person else person["role"]
    return devices or role
