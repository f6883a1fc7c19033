"""Composition root of the worker process: the only one that holds device keys and credentials."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Event
from typing import NoReturn, get_args

from core.channel import ChannelName
from core.db.engine import make_engine
from core.device import Device
from core.environment import Environment, read_setting
from core.errors import BrokenInvariant
from core.market import NO_MARKET
from core.tokens.keys import VendingKeys
from core.unit import OpenUnit, unit_opener
from core.usecases.tokens.device_keys import OpenSecret, secrets_from
from core.usecases.tokens.vending_keys import publish_keys
from gateway.circuit import Circuit
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from gateway.payments.channel import PaymentChannel
from gateway.payments.channel_table import channel_table
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.mtn import LOOK_UP_EVERY_S, MtnChannel, MtnSettings
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.settings import PawaPaySettings
from gateway.rate_limit import RateLimit
from gateway.redis_client import fail_fast_redis
from gateway.settings import ServicesSettings, channels_set_up
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.sms.sender import SmsSender
from gateway.vendors.vendor import Vendor
from gateway.vendors.vendor_table import open_vendors
from gateway.work_queues import WorkQueues
from workers.settings import served_queues


def _no_keys(device: Device) -> NoReturn:
    raise BrokenInvariant("this worker does not serve the queue of payments: it has no device keys")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the jobs of the queues that this process serves need, and no more: who applies payments
    has the device keys and calls no provider, who calls providers has no keys.

    `vending_keys` is None where there are none. `daraja` is None in a market without M-Pesa;
    `other_channels` are the others that are set up, by name. `vendors`: the
    accounts with vendors; the first job writes them into the database (`vendors_are_stored`).
    """

    open_unit: OpenUnit
    work_queues: WorkQueues
    open_secret: OpenSecret = _no_keys
    vending_keys: VendingKeys | None = None
    sender: SmsSender | None = None
    daraja: DarajaClient | None = None
    other_channels: Mapping[str, PaymentChannel] = field(default_factory=dict)
    vendors: Sequence[Vendor] = ()
    vendors_are_stored: Event = field(default_factory=Event)

    def channel(self, name: str) -> PaymentChannel | None:
        """The channel of that name; None when it is not set up (any more)."""
        return self.daraja if name == "daraja" else self.other_channels.get(name)

    @property
    def channel_groups(self) -> Iterator[list[str]]:
        """The names of all channels: each that is set up by itself, then all the others."""
        others = [name for name in get_args(ChannelName) if self.channel(name) is None]
        yield from ([name] for name in get_args(ChannelName) if name not in others)
        yield others


# What workers ask, they ask again and again: a plan for all values costs less than one for each.
_PLANS = {"plan_cache_mode": "force_generic_plan"}


@cache
def runtime() -> Runtime:
    """The runtime of this process, made on first use. Raises BadInput for a missing setting."""
    given, served = os.environ, served_queues(os.environ)
    services = ServicesSettings.from_environment(given)
    work_queues = WorkQueues(services.redis_url)
    open_unit = unit_opener(
        make_engine(services.database_url, name="dialwatt worker", settings=_PLANS),
        channels=channel_table(channels_set_up(given)),
        after_commit=work_queues.wake,
    )
    sender = _sender(given) if "sms" in served else None
    vending_keys = VendingKeys(given) if "payments" in served else None
    keys = secrets_from(given, vending_keys) if vending_keys else _no_keys
    channels = _channels(given, open_unit) if {*served} & {"prompts", "reconciliation"} else {}
    daraja = channels.pop("daraja", None)
    assert daraja is None or isinstance(daraja, DarajaClient)
    redis = fail_fast_redis(services.redis_url)
    vendors = open_vendors(given, redis).values() if "vends" in served else ()
    return Runtime(
        open_unit, work_queues, keys, vending_keys, sender, daraja, channels, vendors=tuple(vendors)
    )


def publish_held_keys(made: Runtime, environment: Environment) -> None:
    """Tell the other processes which STS vending keys this worker holds, if it makes tokens. There
    may be no market yet. Raises BadInput."""
    if made.vending_keys is None:
        return
    database_url = ServicesSettings.from_environment(environment).database_url
    engine = make_engine(database_url, name="dialwatt worker", pool_size=0)
    with unit_opener(engine, market_if_none=NO_MARKET)() as unit:
        publish_keys(unit, made.vending_keys)


_MADE_BY: dict[str, Callable[[Environment], PaymentChannel]] = {
    "daraja": lambda environment: DarajaClient(DarajaSettings.from_environment(environment)),
    "mtn": lambda environment: MtnChannel(
        MtnSettings.from_environment(environment),
        _rate_limit(environment, "mtn", LOOK_UP_EVERY_S).wait,
    ),
    "airtel": lambda environment: AirtelChannel(AirtelSettings.from_environment(environment)),
    "pawapay": lambda environment: PawaPayChannel(PawaPaySettings.from_environment(environment)),
}


def _sender(environment: Environment) -> AfricasTalkingSender:
    settings = SmsSettings.from_environment(environment)
    if settings.per_second is None:
        return AfricasTalkingSender(settings)
    limit = _rate_limit(environment, AfricasTalkingSender.provider, 1 / settings.per_second)
    return AfricasTalkingSender(settings, limit.wait)


def _rate_limit(environment: Environment, provider: str, every_s: float) -> RateLimit:
    return RateLimit(fail_fast_redis(read_setting(environment, "REDIS_URL")), provider, every_s)


def _channels(environment: Environment, open_unit: OpenUnit) -> dict[str, PaymentChannel]:
    """The channels that are set up, each with its circuit."""
    channels = {name: _MADE_BY[name](environment) for name in channels_set_up(environment)}
    for name, channel in channels.items():
        channel.api.circuit = Circuit(name, open_unit)
    return channels
