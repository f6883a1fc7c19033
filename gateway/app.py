"""Composition root of the web process: everything that listens, in one table.

It holds no device key and no credential for sending: what needs those waits as a row for a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from redis import Redis
from sqlalchemy import Engine

from core.clock import system_clock
from core.db.engine import make_engine, read_only
from core.environment import Environment, read_setting
from core.pin import Pins
from core.tokens.sealing_key import SealingKey
from core.unit import OpenUnit, unit_opener
from gateway.callbacks import CallbackRoute, mount, plain_errors
from gateway.console.app import PREFIX as CONSOLE
from gateway.console.app import console_application
from gateway.console.console_context import BLANK_MARKET, ConsoleContext
from gateway.console.settings import ConsoleSettings
from gateway.counters import EventCounters
from gateway.gate import Gate
from gateway.guard import Guard, GuardSettings
from gateway.health import Health, watch
from gateway.limits import Limits, SerialGuesses
from gateway.payments import airtel, mtn
from gateway.payments.channel_table import channel_table
from gateway.payments.mpesa.callbacks import MpesaCallbacks
from gateway.payments.mpesa.results import ResultCallbacks
from gateway.payments.pawapay.callbacks import PawaPayCallbacks
from gateway.payments.pawapay.message_signature import SignedMessages, read_public_keys
from gateway.payments.pawapay.settings import PawaPayCallbackSettings
from gateway.payments.unsigned_callbacks import UnsignedCallbacks
from gateway.redis_client import fail_fast_redis
from gateway.settings import CallbackSettings, ServicesSettings
from gateway.sms.delivery import delivery_route
from gateway.sms.inbound import inbound_route
from gateway.ussd.endpoint import ussd_application
from gateway.ussd_menus.product import product_menu
from gateway.work_queues import WorkQueues

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# Menu turns played at once in one process; more wait, and are told so after the deadline.
_TURNS = 16
# Operators at the console can wait. No payment may wait for them.
_CONSOLE_CONNECTIONS = 4
_CONSOLE_DATABASE = {"statement_timeout": "15000", "lock_timeout": "5000"}
# A validation and a screen only read, and give up long before anybody stops waiting for them.
_READERS = 8
_READING = {
    "default_transaction_read_only": "on",
    "statement_timeout": "1500",
    "lock_timeout": "1000",
}


@dataclass(frozen=True, slots=True)
class Gateway:
    """The web process as a WSGI application. `close` gives back its connections and threads."""

    serve: WSGIApplication
    closing: ExitStack

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self.serve(environ, start_response)

    def close(self) -> None:
        self.closing.close()


def create_app(environment: Environment) -> Gateway:
    """The gateway. Connects to nothing until asked; raises BadInput naming a missing setting."""
    services = ServicesSettings.from_environment(environment)
    settings = CallbackSettings.from_environment(environment)
    signed = _signed(environment)
    pins = Pins(read_setting(environment, "PIN_PEPPER"))
    engine = make_engine(services.database_url)
    reading = make_engine(services.database_url, pool_size=_READERS, settings=_READING)
    # A screen waits for what it wants to know and for nothing else: no ping, no BEGIN, no COMMIT.
    screens = make_engine(
        services.database_url, pool_size=_TURNS // 2, settings=_READING, ping=False
    )
    readers = ThreadPoolExecutor(_READERS, thread_name_prefix="validation")
    redis = fail_fast_redis(services.redis_url)
    limits = Limits(redis)
    guesses = SerialGuesses(limits)
    guard = Guard(GuardSettings.from_environment(environment), limits)
    turns = ThreadPoolExecutor(_TURNS, thread_name_prefix="ussd")
    opener = partial(
        unit_opener,
        pins=pins,
        channels=channel_table(settings.channels),
        after_commit=WorkQueues(services.redis_url).wake,
    )
    open_unit = opener(engine)
    closing = ExitStack()
    for close in (
        redis.close,
        engine.dispose,
        reading.dispose,
        screens.dispose,
        readers.shutdown,
        turns.shutdown,
    ):
        closing.callback(close)
    mpesa = MpesaCallbacks(
        shortcode=settings.daraja_shortcode,
        open_unit=open_unit,
        open_read_only_unit=unit_opener(reading),
        readers=readers,
        guesses=guesses,
    )
    ussd = ussd_application(
        key=settings.callback_key,
        redis=redis,
        open_unit=open_unit,
        open_read_only_unit=unit_opener(screens.execution_options(isolation_level="AUTOCOMMIT")),
        menu=product_menu(),
        pool=turns,
        guesses=guesses,
        guard=guard,
    )
    hot = {"/ussd/": ussd}
    if console := ConsoleSettings.from_environment(environment):
        console_engine = make_engine(
            services.database_url, pool_size=_CONSOLE_CONNECTIONS, settings=_CONSOLE_DATABASE
        )
        closing.callback(console_engine.dispose)
        context = _console_context(console_engine, opener, redis, guard, console)
        hot[f"{CONSOLE}/"] = console_application(console, context)
    return Gateway(beside(_flask(engine, redis, settings, mpesa, guard, signed), hot), closing)


def _signed(environment: Environment) -> SignedMessages | None:
    """What pawaPay's callbacks are proved with; None without that channel."""
    told = PawaPayCallbackSettings.from_environment(environment)
    return SignedMessages(read_public_keys(told.public_keys), told.address) if told else None


def _console_context(
    engine: Engine,
    opener: Callable[..., OpenUnit],
    redis: Redis,
    guard: Guard,
    settings: ConsoleSettings,
) -> ConsoleContext:
    return ConsoleContext(
        unit_opener(read_only(engine), market_if_none=BLANK_MARKET),
        opener(engine, market_if_none=BLANK_MARKET),
        guard.limits,
        redis,
        guard,
        system_clock,
        SealingKey.from_settings(settings.sealing_key) if settings.sealing_key else None,
    )


def _flask(
    engine: Engine,
    redis: Redis,
    settings: CallbackSettings,
    mpesa: MpesaCallbacks,
    guard: Guard,
    signed: SignedMessages | None,
) -> WSGIApplication:
    open_unit, counters = mpesa.open_unit, EventCounters(redis)
    told = UnsignedCallbacks(open_unit)
    signing_key = settings.airtel_callback_key
    proved = partial(airtel.verify_callback, signing_key=signing_key) if signing_key else None
    of_channel: dict[str, tuple[CallbackRoute[Any], ...]] = {
        "daraja": (
            *mpesa.routes(),
            *ResultCallbacks(mpesa.shortcode, open_unit).routes(),
        ),
        "mtn": (told.route("mtn", mtn.read_callback),),
        "airtel": (told.route("airtel", airtel.read_callback, proved),),
        "pawapay": (PawaPayCallbacks(signed, open_unit).route(),) if signed else (),
    }
    routes: tuple[CallbackRoute[Any], ...] = (
        *(route for name in settings.channels for route in of_channel[name]),
        delivery_route(open_unit),
        inbound_route(open_unit, mpesa.guesses),
    )
    gate = Gate(settings.callback_key, guard, counters)
    app = Flask("dialwatt", static_folder=None)
    plain_errors(app)
    watch(app, Health(engine, redis), counters)
    for route in routes:
        mount(app, route, gate)
    return app.wsgi_app


def beside(rest: WSGIApplication, hot: Mapping[str, WSGIApplication]) -> WSGIApplication:
    """One application of several: the first part of the path that is in `hot` decides."""

    def dispatch(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for prefix, application in hot.items():
            if path.startswith(prefix):
                return application(environ, start_response)
        return rest(environ, start_response)

    return dispatch
