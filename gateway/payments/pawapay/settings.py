"""Settings of the pawaPay account."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.environment import Environment, read_setting
from gateway.settings import channels_set_up


@dataclass(frozen=True, slots=True)
class PawaPaySettings:
    """The pawaPay account. Workers only."""

    base_url: str
    api_token: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> PawaPaySettings:
        return cls(
            base_url=read_setting(environment, "PAWAPAY_BASE_URL").rstrip("/"),
            api_token=read_setting(environment, "PAWAPAY_API_TOKEN"),
        )


@dataclass(frozen=True, slots=True)
class PawaPayCallbackSettings:
    """What the web process checks pawaPay's callbacks with: its public keys, as its API lists them
    in JSON, and our address as pawaPay was given it (both are signed). Only with that channel."""

    public_keys: str
    address: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> PawaPayCallbackSettings | None:
        """None where the channel is not set up."""
        if "pawapay" not in channels_set_up(environment):
            return None
        public_url = read_setting(environment, "PUBLIC_URL").rstrip("/")
        return cls(
            public_keys=read_setting(environment, "PAWAPAY_PUBLIC_KEYS"),
            address=f"{public_url}/payments/pawapay/{read_setting(environment, 'CALLBACK_KEY')}",
        )
