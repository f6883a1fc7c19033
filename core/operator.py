"""Operators: the people who work at the console, each with a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["owner", "finance", "support", "read_only"]


@dataclass(frozen=True, slots=True)
class ConsoleUser:
    """An operator who may log in."""

    id: int
    name: str
    password_hash: str
    role: Role
    login_epoch: int

    def __repr__(self) -> str:
        return f"ConsoleUser({self.id})"
