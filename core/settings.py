"""Settings from the environment, read once by the process that needs them.

`NAME_FILE` may name a file that holds a secret instead of `NAME`. A missing or malformed value
stops the start and names the variable. Secrets never show when a section is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import BadInput

Environment = Mapping[str, str]


def read(environment: Environment, name: str, default: str | None = None) -> str:
    """The value of NAME, or of the file NAME_FILE names. Raises BadInput when neither is set."""
    if value := environment.get(name):
        return value
    if path := environment.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadInput(f"{name}_FILE: cannot read {path} ({error.strerror})") from error
    if default is None:
        raise BadInput(f"{name} is not set (see .env.example)")
    return default


@dataclass(frozen=True, slots=True)
class ServicesSettings:
    """Where PostgreSQL and Redis are: every process needs these."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> ServicesSettings:
        return cls(read(environment, "DATABASE_URL"), read(environment, "REDIS_URL"))


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """What the web process needs: the key in callback addresses and our M-Pesa short code."""

    callback_key: str = field(repr=False)
    daraja_shortcode: str

    @classmethod
    def from_environment(cls, environment: Environment) -> DoorSettings:
        return cls(read(environment, "CALLBACK_KEY"), read(environment, "DARAJA_SHORTCODE"))


@dataclass(frozen=True, slots=True)
class DarajaSettings:
    """Credentials of the M-Pesa account, and where its callbacks reach us. Workers only."""

    base_url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    shortcode: str
    passkey: str = field(repr=False)
    callback_url: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> DarajaSettings:
        public_url = read(environment, "PUBLIC_URL").rstrip("/")
        return cls(
            base_url=read(environment, "DARAJA_BASE_URL").rstrip("/"),
            consumer_key=read(environment, "DARAJA_CONSUMER_KEY"),
            consumer_secret=read(environment, "DARAJA_CONSUMER_SECRET"),
            shortcode=read(environment, "DARAJA_SHORTCODE"),
            passkey=read(environment, "DARAJA_PASSKEY"),
            callback_url=f"{public_url}/payments/daraja/{read(environment, 'CALLBACK_KEY')}/stk",
        )


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """The Africa's Talking account; `base_url` only for a stand-in. Workers only."""

    username: str
    api_key: str = field(repr=False)
    sender_id: str | None
    base_url: str | None

    @classmethod
    def from_environment(cls, environment: Environment) -> SmsSettings:
        return cls(
            username=read(environment, "AT_USERNAME"),
            api_key=read(environment, "AT_API_KEY"),
            sender_id=read(environment, "AT_SENDER_ID", "") or None,
            base_url=read(environment, "AT_BASE_URL", "") or None,
        )
