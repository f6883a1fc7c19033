"""Settings of the M-Pesa account."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.environment import Environment, read_setting
from gateway.endpoints import Endpoint, read_address

_ENDPOINT = Endpoint("payments", "daraja")


@dataclass(frozen=True, slots=True)
class DarajaSettings:
    """Credentials of the M-Pesa account, and where its callbacks reach us. Workers only."""

    base_url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    shortcode: str
    passkey: str = field(repr=False)
    callback_url: str = field(repr=False)
    # For reversals, status and balance. Without an initiator they cannot be asked for.
    initiator: str = ""
    security_credential: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> DarajaSettings:
        return cls(
            base_url=read_setting(environment, "DARAJA_BASE_URL").rstrip("/"),
            consumer_key=read_setting(environment, "DARAJA_CONSUMER_KEY"),
            consumer_secret=read_setting(environment, "DARAJA_CONSUMER_SECRET"),
            shortcode=read_setting(environment, "DARAJA_SHORTCODE"),
            passkey=read_setting(environment, "DARAJA_PASSKEY"),
            callback_url=f"{read_address(environment, _ENDPOINT)}/stk",
            initiator=read_setting(environment, "DARAJA_INITIATOR", ""),
            security_credential=read_setting(environment, "DARAJA_SECURITY_CREDENTIAL", ""),
        )
