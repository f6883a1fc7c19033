"""Settings of the M-Pesa account."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.environment import Environment, read_setting
from core.errors import BadInput
from core.money import parse_minor
from gateway.endpoints import Endpoint, read_address
from gateway.payments.mpesa.parse import CURRENCY
from gateway.payments.proof import Proofs

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
    proofs: Proofs
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
            proofs=Proofs.from_environment(environment),
            initiator=read_setting(environment, "DARAJA_INITIATOR", ""),
            security_credential=read_setting(environment, "DARAJA_SECURITY_CREDENTIAL", ""),
        )


# Payments from this sum on (in shillings) wait for Safaricom's word where nothing proves them.
_ASK_FROM = "10000"


@dataclass(frozen=True, slots=True)
class DarajaCallbackSettings:
    """What the web process needs to tell how far M-Pesa's unsigned messages are believed.

    `ask_from_minor`: from which sum on a payment without any proof waits for Safaricom's own word;
    None: whatever the sum, until a forged one was seen.
    """

    proofs: Proofs
    ask_from_minor: int | None

    @classmethod
    def from_environment(cls, environment: Environment) -> DarajaCallbackSettings:
        """Raises BadInput."""
        written = read_setting(environment, "DARAJA_ASK_FROM", _ASK_FROM)
        try:
            ask_from = None if written == "never" else parse_minor(written, CURRENCY)
        except ValueError:
            raise BadInput(
                f"DARAJA_ASK_FROM must be an amount in shillings or `never`, not {written!r}"
            ) from None
        return cls(Proofs.from_environment(environment), ask_from)
