"""What a check of `dialwatt doctor` brings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check; `detail` says what is wrong, or what was found."""

    name: str
    ok: bool
    detail: str
