"""Settings of the pawaPay account."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.environment import Environment, read_setting
from gateway.endpoints import Endpoint, read_keys
from gateway.settings import channels_set_up

_ENDPOINT = Endpoint("payments", "pawapay")


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
    """What verifies pawaPay's callbacks: its public keys, as JSON from its API, and our address
    with each valid key, since pawaPay signs the address that it was given. For the web process."""

    public_keys: str
    addresses: tuple[str, ...] = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> PawaPayCallbackSettings | None:
        """None where the channel is not set up."""
        if "pawapay" not in channels_set_up(environment):
            return None
        keys = read_keys(environment, _ENDPOINT)
        public_url = read_setting(environment, "PUBLIC_URL").rstrip("/")
        return cls(
            public_keys=read_setting(environment, "PAWAPAY_PUBLIC_KEYS"),
            addresses=tuple(f"{public_url}/{_ENDPOINT.name}/{key}" for key in keys),
        )
