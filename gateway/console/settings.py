"""Settings of the console."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.environment import Environment, read_setting
from core.errors import BadInput

_SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """What signs the logins at the console, and whether people reach it by https (their cookie then
    travels by nothing else). `sealing_key` encrypts device keys that operators type (the
    form of core.tokens.sealing_key); without it none can be entered."""

    secret: str = field(repr=False)
    is_https: bool
    sealing_key: str = ""

    @classmethod
    def from_environment(cls, environment: Environment) -> ConsoleSettings | None:
        """None without CONSOLE_SECRET: such a web process serves no console."""
        secret = read_setting(environment, "CONSOLE_SECRET", "")
        if not secret:
            return None
        if len(secret) < _SHORTEST_SECRET:
            raise BadInput(f"CONSOLE_SECRET must have at least {_SHORTEST_SECRET} characters")
        is_https = read_setting(environment, "PUBLIC_URL", "").startswith("https://")
        return cls(secret, is_https, read_setting(environment, "DEVICE_KEY_PUBLIC", ""))
