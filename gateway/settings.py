"""Settings of the gateway's processes: services, and what the callback routes need."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.environment import Environment, read_setting, report_missing


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


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """The key in callback addresses, the channels that are set up, our M-Pesa short code (""
    without that channel), and Airtel's signing key ("" where its callbacks are not signed). For the
    web process."""

    callback_key: str = field(repr=False)
    channels: tuple[str, ...]
    daraja_shortcode: str
    airtel_callback_key: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> CallbackSettings:
        channels = channels_set_up(environment)
        return cls(
            read_setting(environment, "CALLBACK_KEY"),
            channels,
            read_setting(environment, "DARAJA_SHORTCODE") if "daraja" in channels else "",
            read_setting(environment, "AIRTEL_CALLBACK_KEY", ""),
        )
