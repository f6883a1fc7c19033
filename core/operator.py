"""Operators: the people who work at the console, each with a role."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from core.errors import Refused

Role = Literal["owner", "finance", "support", "read_only"]

_LOGIN_NAME = re.compile(r"[A-Za-z0-9._-]{2,40}")


@dataclass(frozen=True, slots=True)
class ConsoleUser:
    """An operator who may log in.

    `password_is_initial`: another person knows the password, so it is changed before anything else.
    `totp_sealed` is the secret of the second factor as `core.second_factor.TotpSeals` encrypted
    it, None without one; `known_networks` are hashes of `hash_network`.
    """

    id: int
    name: str
    password_hash: str = field(repr=False)
    role: Role
    login_epoch: int
    password_is_initial: bool
    totp_sealed: str | None = field(repr=False)
    known_networks: list[str] = field(repr=False)

    def __repr__(self) -> str:
        return f"ConsoleUser({self.id})"


def parse_login_name(typed: str) -> str:
    """Return the one spelling of a name that logins are counted and looked up by.

    Raises Refused("name_invalid") unless it is 2 to 40 letters of ASCII, digits, dots, dashes or
    underscores, in any case and with blanks around it.
    """
    name = typed.strip(" \t")
    if not _LOGIN_NAME.fullmatch(name):
        raise Refused("name_invalid")
    return name.lower()
