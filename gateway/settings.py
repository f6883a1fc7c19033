"""Settings of the gateway's processes: services, and what the callback routes need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.environment import Environment, read_setting, report_missing
from core.errors import BadInput
from gateway.endpoints import Endpoint, read_keys
from gateway.ussd.aggregators import ADAPTERS


@dataclass(frozen=True, slots=True)
class ServicesSettings:
    """The addresses of PostgreSQL and Redis, which every process needs."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> ServicesSettings:
        return cls(
            read_setting(environment, "DATABASE_URL"), read_setting(environment, "REDIS_URL")
        )


# A mobile-money channel is set up when one of these settings is there; it then needs its others.
_SET_UP_BY = {
    "daraja": ("DARAJA_SHORTCODE", "DARAJA_BASE_URL"),
    "mtn": ("MTN_BASE_URL",),
    "airtel": ("AIRTEL_BASE_URL",),
    "pawapay": ("PAWAPAY_BASE_URL",),
}


def channels_set_up(environment: Environment) -> tuple[str, ...]:
    """The names of the mobile-money channels that are set up. Raises BadInput when none is."""
    set_up = tuple(
        channel
        for channel, names in _SET_UP_BY.items()
        if any(read_setting(environment, name, "") for name in names)
    )
    if not set_up:
        names = " or ".join(names[0] for names in _SET_UP_BY.values())
        report_missing(
            environment, f"no mobile-money channel is set up: set {names} (see .env.example)"
        )
    return set_up


_SMS = Endpoint("sms", "africastalking")
ENDPOINTS = (
    *(Endpoint("payments", channel) for channel in _SET_UP_BY),
    _SMS,
    *(Endpoint("ussd", aggregator) for aggregator in ADAPTERS),
)


def endpoints_set_up(environment: Environment) -> tuple[Endpoint, ...]:
    """The endpoints that are served: of the mobile-money channels that are set up, of SMS where
    there is an account (AT_USERNAME), of the aggregators in USSD_AGGREGATORS. Raises BadInput."""
    served = {f"payments/{channel}" for channel in channels_set_up(environment)}
    served |= {f"ussd/{aggregator}" for aggregator in _aggregators(environment)}
    if read_setting(environment, "AT_USERNAME", ""):
        served.add(_SMS.name)
    return tuple(endpoint for endpoint in ENDPOINTS if endpoint.name in served)


def _aggregators(environment: Environment) -> tuple[str, ...]:
    names = read_setting(environment, "USSD_AGGREGATORS").replace(",", " ").split()
    if names == ["none"]:
        return ()
    if unknown := [name for name in names if name not in ADAPTERS]:
        raise BadInput(
            f"USSD_AGGREGATORS: {', '.join(unknown)} is not one of {', '.join(ADAPTERS)} (or none)"
        )
    return tuple(names)


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """The keys of the endpoints that are served, by the endpoint's name; the channels that are set
    up; our M-Pesa short code ("" without that channel), and Airtel's signing key ("" where its
    callbacks are not signed); and what this set-up calls itself at /healthz. For the web process.
    """

    keys: Mapping[str, tuple[str, ...]] = field(repr=False)
    channels: tuple[str, ...]
    daraja_shortcode: str
    airtel_callback_key: str = field(repr=False)
    instance: str = ""

    @classmethod
    def from_environment(cls, environment: Environment) -> CallbackSettings:
        channels = channels_set_up(environment)
        served = endpoints_set_up(environment)
        return cls(
            {endpoint.name: read_keys(environment, endpoint) for endpoint in served},
            channels,
            read_setting(environment, "DARAJA_SHORTCODE") if "daraja" in channels else "",
            read_setting(environment, "AIRTEL_CALLBACK_KEY", ""),
            read_setting(environment, "INSTANCE_ID", ""),
        )
