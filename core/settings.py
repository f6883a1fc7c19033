"""Settings from the environment, read once by the process that needs them.

`NAME_FILE` may name a file that holds a secret instead of `NAME`. A missing or malformed value
stops the start and names the variable. Secrets never show when a section is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
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
        _miss(environment, f"{name} is not set (see .env.example)")
    return default or ""


def _miss(environment: Environment, what: str) -> None:
    if not isinstance(environment, Gathering):
        raise BadInput(what)
    environment.missing.append(what)


class Gathering(dict[str, str]):
    """An environment in which a missing setting is noted and read as "", so that one start tells of
    all of them."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.missing: list[str] = []


@dataclass(frozen=True, slots=True)
class ServicesSettings:
    """Where PostgreSQL and Redis are: every process needs these."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> ServicesSettings:
        return cls(read(environment, "DATABASE_URL"), read(environment, "REDIS_URL"))


# A mobile-money channel is set up when one of these is there; it then needs its others too.
_SET_UP_BY = {
    "daraja": ("DARAJA_SHORTCODE", "DARAJA_BASE_URL"),
    "mtn": ("MTN_BASE_URL",),
    "airtel": ("AIRTEL_BASE_URL",),
    "pawapay": ("PAWAPAY_BASE_URL",),
}


def channels_on(environment: Environment) -> tuple[str, ...]:
    """The mobile-money channels that are set up, by name (core/channel.py). Raises BadInput when
    there is none."""
    on = tuple(
        name for name, by in _SET_UP_BY.items() if any(read(environment, one, "") for one in by)
    )
    if not on:
        one_of = " or ".join(by[0] for by in _SET_UP_BY.values())
        _miss(environment, f"no mobile-money channel is set up: set {one_of} (see .env.example)")
    return on


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """What the web process needs: the key in callback addresses, which channels are set up, our
    M-Pesa short code ("" without that channel), and what Airtel signs its callbacks with ("" where
    it was not asked to)."""

    callback_key: str = field(repr=False)
    channels: tuple[str, ...]
    daraja_shortcode: str
    airtel_callback_key: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> CallbackSettings:
        channels = channels_on(environment)
        return cls(
            read(environment, "CALLBACK_KEY"),
            channels,
            read(environment, "DARAJA_SHORTCODE") if "daraja" in channels else "",
            read(environment, "AIRTEL_CALLBACK_KEY", ""),
        )


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
        secret = read(environment, "CONSOLE_SECRET", "")
        if not secret:
            return None
        if len(secret) < _SHORTEST_SECRET:
            raise BadInput(f"CONSOLE_SECRET must have at least {_SHORTEST_SECRET} characters")
        is_https = read(environment, "PUBLIC_URL", "").startswith("https://")
        return cls(secret, is_https, read(environment, "DEVICE_KEY_PUBLIC", ""))


_MOST_HOPS = 9


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """How many trusted proxies stand before the web process, and from which addresses a provider's
    or an aggregator's callbacks may come; whoever is not listed may call from everywhere."""

    proxy_hops: int = 0
    allowed: Mapping[str, tuple[IPv4Network | IPv6Network, ...]] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Environment) -> GuardSettings:
        hops = read(environment, "TRUSTED_PROXY_HOPS", "0")
        if not hops.isdecimal() or int(hops) > _MOST_HOPS:
            raise BadInput(f"TRUSTED_PROXY_HOPS must be 0 to {_MOST_HOPS}, not {hops!r}")
        allowed = {
            "daraja": _networks(environment, "DARAJA_ALLOWED_IPS"),
            "mtn": _networks(environment, "MTN_ALLOWED_IPS"),
            "airtel": _networks(environment, "AIRTEL_ALLOWED_IPS"),
            "pawapay": _networks(environment, "PAWAPAY_ALLOWED_IPS"),
            "ussd/africastalking": _networks(environment, "USSD_AFRICASTALKING_ALLOWED_IPS"),
            "ussd/hubtel": _networks(environment, "USSD_HUBTEL_ALLOWED_IPS"),
            "ussd/arkesel": _networks(environment, "USSD_ARKESEL_ALLOWED_IPS"),
            "ussd/beem": _networks(environment, "USSD_BEEM_ALLOWED_IPS"),
            "ussd/airtel": _networks(environment, "USSD_AIRTEL_ALLOWED_IPS"),
        }
        return cls(int(hops), allowed)


def _networks(environment: Environment, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks (192.0.2.0/24), separated by commas or spaces."""
    listed = read(environment, name, "").replace(",", " ").split()
    try:
        return tuple(ip_network(item) for item in listed)
    except ValueError as error:
        raise BadInput(f"{name}: {error}") from None


@dataclass(frozen=True, slots=True)
class DarajaSettings:
    """Credentials of the M-Pesa account, and where its callbacks reach us. Workers only."""

    base_url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    shortcode: str
    passkey: str = field(repr=False)
    callback_url: str = field(repr=False)
    # For what needs an initiator (reversals, status): without one we cannot ask for it.
    initiator: str = ""
    security_credential: str = field(default="", repr=False)

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
            initiator=read(environment, "DARAJA_INITIATOR", ""),
            security_credential=read(environment, "DARAJA_SECURITY_CREDENTIAL", ""),
        )


@dataclass(frozen=True, slots=True)
class ReconciliationSettings:
    """How often a provider's list of payments is asked for, and when unmatched money goes back by
    itself; None where it does not. `balances`: channels whose balance is read every day; Daraja's
    is with its list. Workers only."""

    pull_every: timedelta | None
    refund_after: timedelta | None
    balances: frozenset[str] = frozenset()

    @classmethod
    def from_environment(cls, environment: Environment) -> ReconciliationSettings:
        every_s = _seconds(environment, "DARAJA_PULL_EVERY_S", "600")
        after_h = read(environment, "SUSPENSE_REFUND_HOURS", "")
        balances = {
            "mtn": read(environment, "MTN_BALANCE", "0"),
            "airtel": read(environment, "AIRTEL_BALANCE", "0"),
        }
        return cls(
            pull_every=every_s if read(environment, "DARAJA_PULL", "0") == "1" else None,
            refund_after=_seconds(environment, "SUSPENSE_REFUND_HOURS", "") * 3600
            if after_h
            else None,
            balances=frozenset(name for name, wanted in balances.items() if wanted == "1"),
        )


def _seconds(environment: Environment, name: str, default: str) -> timedelta:
    text = read(environment, name, default)
    if not text.isdecimal() or not int(text):
        raise BadInput(f"{name} must be a whole number above 0, not {text!r}")
    return timedelta(seconds=int(text))


@dataclass(frozen=True, slots=True)
class MtnSettings:
    """The MTN MoMo Collections account of one country (`target_environment`). Workers only."""

    base_url: str
    target_environment: str
    subscription_key: str = field(repr=False)
    api_user: str
    api_key: str = field(repr=False)
    callback_url: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> MtnSettings:
        public_url = read(environment, "PUBLIC_URL").rstrip("/")
        return cls(
            base_url=read(environment, "MTN_BASE_URL").rstrip("/"),
            target_environment=read(environment, "MTN_TARGET_ENVIRONMENT"),
            subscription_key=read(environment, "MTN_SUBSCRIPTION_KEY"),
            api_user=read(environment, "MTN_API_USER"),
            api_key=read(environment, "MTN_API_KEY"),
            callback_url=f"{public_url}/payments/mtn/{read(environment, 'CALLBACK_KEY')}",
        )


@dataclass(frozen=True, slots=True)
class AirtelSettings:
    """The Airtel Money account of one country (ISO 3166). Workers only."""

    base_url: str
    country: str
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> AirtelSettings:
        return cls(
            base_url=read(environment, "AIRTEL_BASE_URL").rstrip("/"),
            country=read(environment, "AIRTEL_COUNTRY"),
            client_id=read(environment, "AIRTEL_CLIENT_ID"),
            client_secret=read(environment, "AIRTEL_CLIENT_SECRET"),
        )


@dataclass(frozen=True, slots=True)
class PawaPaySettings:
    """The pawaPay account. Workers only."""

    base_url: str
    api_token: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> PawaPaySettings:
        return cls(
            base_url=read(environment, "PAWAPAY_BASE_URL").rstrip("/"),
            api_token=read(environment, "PAWAPAY_API_TOKEN"),
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
        if "pawapay" not in channels_on(environment):
            return None
        public_url = read(environment, "PUBLIC_URL").rstrip("/")
        return cls(
            public_keys=read(environment, "PAWAPAY_PUBLIC_KEYS"),
            address=f"{public_url}/payments/pawapay/{read(environment, 'CALLBACK_KEY')}",
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
