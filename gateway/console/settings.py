"""Settings of the console."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from core.environment import Environment, read_setting
from core.errors import BadInput
from core.operator import Role

_SHORTEST_SECRET = 32
_NONE = "none"


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """What signs the logins at the console: the first of `secrets`; what the others signed is still
    good. `is_https`: people reach it by https, and their cookie travels by nothing else.

    Users with one of `second_factor_roles` must have a second factor. `sealing_key` encrypts
    device keys that operators type (the form of core.tokens.sealing_key); without it none can be
    entered.
    """

    secrets: tuple[str, ...] = field(repr=False)
    is_https: bool
    second_factor_roles: frozenset[str]
    sealing_key: str = ""

    @classmethod
    def from_environment(cls, environment: Environment) -> ConsoleSettings | None:
        """None without CONSOLE_SECRET: such a web process serves no console."""
        secrets = _words(read_setting(environment, "CONSOLE_SECRET", ""))
        if not secrets:
            return None
        if any(len(secret) < _SHORTEST_SECRET for secret in secrets):
            raise BadInput(f"CONSOLE_SECRET must have at least {_SHORTEST_SECRET} characters")
        return cls(
            secrets,
            read_setting(environment, "PUBLIC_URL", "").startswith("https://"),
            second_factor_roles(environment),
            read_setting(environment, "DEVICE_KEY_PUBLIC", ""),
        )


def second_factor_roles(environment: Environment) -> frozenset[str]:
    """Return the roles that must have a second factor, from CONSOLE_SECOND_FACTOR: roles with
    commas between, or `none`. Without it owners and finance must. Raises BadInput."""
    roles = frozenset(_words(read_setting(environment, "CONSOLE_SECOND_FACTOR", "owner,finance")))
    if roles == {_NONE}:
        return frozenset()
    if unknown := roles.difference(get_args(Role)):
        known = ", ".join(get_args(Role))
        raise BadInput(
            f"CONSOLE_SECOND_FACTOR: there is no role {sorted(unknown)[0]!r}; roles are {known},"
            f" and {_NONE} means that no role must have one"
        )
    return roles


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word for part in listed.split(",") if (word := part.strip()))
