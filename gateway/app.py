"""The web process: USSD, the console, and the callbacks of all providers, put together.

It holds no device key and no credential for sending. What needs those is a row for a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from redis import Redis
from sqlalchemy import Engine

from core.clock import system_clock
from core.db.engine import make_engine, make_link, read_only
from core.environment import Environment, read_setting
from core.pin import Pins
from core.pseudonym import Pseudonyms
from core.quick_reads import QuickReads
from core.second_factor import TotpSeals
from core.tokens.sealing_key import SealingKey
from core.unit import OpenUnit, QueueName, unit_opener
from gateway.callbacks import CallbackRoute, mount, plain_errors, refuse_empty_segments
from gateway.console.app import PREFIX as CONSOLE
from gateway.console.app import console_application
from gateway.console.attempts import Attempts
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
from gateway.payments.mpesa.settings import DarajaCallbackSettings
from gateway.payments.pawapay.callbacks import PawaPayCallbacks
from gateway.payments.pawapay.message_signature import SignedMessages, read_public_keys
from gateway.payments.pawapay.settings import PawaPayCallbackSettings
from gateway.payments.unsigned_callbacks import UnsignedCallbacks
from gateway.redis_client import fail_fast_redis
from gateway.serving import sizes
from gateway.serving.after_answer import after_answer
from gateway.serving.lane import Late, Quick, try_later
from gateway.serving.patience import Patience
from gateway.serving.redis_link import RedisLink
from gateway.serving.sizes import Size
from gateway.settings import CallbackSettings, ServicesSettings
from gateway.sms.delivery import delivery_route
from gateway.sms.inbound import inbound_route
from gateway.ussd.endpoint import UssdEndpoint, ussd_application
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.product import product_menu
from gateway.work_queues import WorkQueues

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# How PostgreSQL lists the connections.
_NAME = "dialwatt web"
# Operators at the console can wait. No payment may wait for them.
_CONSOLE_DATABASE = {"statement_timeout": "15000", "lock_timeout": "5000"}
# What acts waits for a locked row for a moment only, and in the side room (serving/patience.py) for
# as long as its caller may wait.
_ACTING = {"statement_timeout": "5000", "idle_in_transaction_session_timeout": "15000"}
_BRIEF = _ACTING | {"lock_timeout": "50"}
_PATIENT_TURNS = _ACTING | {"lock_timeout": "1200"}
_PATIENT_CALLBACKS = _ACTING | {"lock_timeout": "5000"}
# Validations and screens only read, and give up long before the provider does.
_READERS = sizes.VALIDATIONS.threads
_READING = {
    "default_transaction_read_only": "on",
    "statement_timeout": "1500",
    "lock_timeout": "1000",
}
# The statements of screens are few and read by key: planned once, never compiled.
_SCREENS = _READING | {"plan_cache_mode": "force_generic_plan", "jit": "off"}


@dataclass(frozen=True, slots=True)
class Gateway:
    """The web process as a WSGI application. `late_turn` answers a USSD turn at its deadline,
    `quick_turn` in the event loop where that is enough. `close` closes the connections and threads.
    """

    serve: WSGIApplication
    closing: ExitStack
    late_turn: Late = try_later
    quick_turn: Quick | None = None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self.serve(environ, start_response)

    def close(self) -> None:
        self.closing.close()


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all parts of the web process share. `closing` closes the connections at the end."""

    services: ServicesSettings
    settings: CallbackSettings
    daraja: DarajaCallbackSettings | None
    opener: Callable[..., OpenUnit]
    redis: Redis
    pseudonyms: Pseudonyms
    guard: Guard
    closing: ExitStack

    @property
    def guesses(self) -> SerialGuesses:
        return SerialGuesses(self.guard.limits)

    def engine_of(self, **options: Any) -> Engine:
        """Return a further connection pool, closed at the end."""
        engine = make_engine(self.services.database_url, name=_NAME, **options)
        self.closing.callback(engine.dispose)
        return engine

    def acting(self, size: Size, side_room: Size, patient: Mapping[str, str]) -> OpenUnit:
        """What opens Units that write, with connections for a lane and for its side room."""
        brief = self.engine_of(pool_size=size.threads, settings=_BRIEF)
        side = self.engine_of(pool_size=side_room.threads, settings=patient)
        return Patience(self.opener(brief), self.opener(side))

    def pool(self, threads: int, name: str) -> ThreadPoolExecutor:
        """Return a thread pool, shut down at the end."""
        pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self.closing.callback(pool.shutdown)
        return pool


def create_app(environment: Environment, menu: Menu | None = None) -> Gateway:
    """Return the web process. It connects to nothing until the first request. `menu`: another than
    the product's.

    Raises BadInput, which names a missing or wrong setting.
    """
    shared = _share(environment)
    signed = _signed(environment)
    ussd = _ussd(shared, menu or product_menu())
    applications: dict[str, WSGIApplication] = {"/ussd/": ussd}
    if console := ConsoleSettings.from_environment(environment):
        applications[f"{CONSOLE}/"] = console_application(
            console, _console_context(shared, console)
        )
    serve = by_prefix(_flask(shared, signed), applications)
    return Gateway(serve, shared.closing, ussd.late, ussd.answer_quickly)


def _share(environment: Environment) -> _Shared:
    services = ServicesSettings.from_environment(environment)
    settings = CallbackSettings.from_environment(environment)
    daraja = (
        DarajaCallbackSettings.from_environment(environment)
        if "daraja" in settings.channels
        else None
    )
    redis = fail_fast_redis(services.redis_url)
    pepper = read_setting(environment, "PIN_PEPPER")
    opener = partial(
        unit_opener,
        pins=Pins(pepper),
        channels=channel_table(settings.channels, _ask_from(daraja)),
        after_commit=partial(_wake_afterwards, WorkQueues(services.redis_url)),
    )
    closing = ExitStack()
    closing.callback(redis.close)
    guard = Guard(GuardSettings.from_environment(environment), Limits(redis))
    pseudonyms = Pseudonyms(pepper)
    return _Shared(services, settings, daraja, opener, redis, pseudonyms, guard, closing)


def _ask_from(daraja: DarajaCallbackSettings | None) -> Mapping[str, int]:
    """Return from which sums on a channel's own word is waited for."""
    if daraja is None or daraja.ask_from_minor is None:
        return {}
    return {"daraja": daraja.ask_from_minor}


def _wake_afterwards(work_queues: WorkQueues, queue_names: Collection[QueueName]) -> None:
    """Wake the workers once the caller is answered: the rows are there, the schedule finds them."""
    after_answer(partial(work_queues.wake, queue_names))


def _ussd(shared: _Shared, menu: Menu) -> UssdEndpoint:
    # A screen waits for its queries and for nothing else: no ping, no BEGIN, no COMMIT.
    threads = sizes.TURNS.threads + sizes.TURNS_SIDE_ROOM.threads
    url, redis_link = shared.services.database_url, RedisLink(shared.services.redis_url)
    link = make_link(url, most=sizes.QUICK_READS, settings=_SCREENS, name=_NAME)
    reads = QuickReads(link, system_clock)
    shared.closing.callback(redis_link.close)
    shared.closing.callback(reads.close)
    screens = shared.engine_of(pool_size=threads, settings=_SCREENS, ping=False)
    return ussd_application(
        keys=shared.settings.keys,
        redis=shared.redis,
        pseudonyms=shared.pseudonyms,
        open_unit=shared.acting(sizes.TURNS, sizes.TURNS_SIDE_ROOM, _PATIENT_TURNS),
        open_read_only_unit=unit_opener(screens.execution_options(isolation_level="AUTOCOMMIT")),
        menu=menu,
        guesses=shared.guesses,
        guard=shared.guard,
        redis_link=redis_link,
        reads=reads,
    )


def _signed(environment: Environment) -> SignedMessages | None:
    """Return what verifies the callbacks of pawaPay; None without that channel."""
    settings = PawaPayCallbackSettings.from_environment(environment)
    if settings is None:
        return None
    return SignedMessages(read_public_keys(settings.public_keys), settings.addresses)


def _console_context(shared: _Shared, settings: ConsoleSettings) -> ConsoleContext:
    engine = shared.engine_of(pool_size=sizes.CONSOLE.threads, settings=_CONSOLE_DATABASE)
    return ConsoleContext(
        unit_opener(read_only(engine), market_if_none=BLANK_MARKET),
        shared.opener(engine, market_if_none=BLANK_MARKET),
        shared.guard.limits,
        shared.redis,
        shared.guard,
        system_clock,
        Attempts(shared.redis),
        TotpSeals(settings.secrets),
        settings.second_factor_roles,
        SealingKey.from_settings(settings.sealing_key) if settings.sealing_key else None,
    )


def _flask(shared: _Shared, signed: SignedMessages | None) -> WSGIApplication:
    """Return the application for callbacks, health and metrics."""
    counters = EventCounters(shared.redis)
    gate = Gate(shared.settings.keys, shared.guard, counters)
    app = Flask("dialwatt", static_folder=None)
    plain_errors(app)
    refuse_empty_segments(app)
    routes = _callback_routes(shared, signed)
    health = Health(shared.engine_of(pool_size=1, settings=_READING), shared.redis)
    watch(app, health, counters, shared.guard.may_monitor, shared.settings.instance)
    for route in routes:
        mount(app, route, gate)
    return app.wsgi_app


def _callback_routes(
    shared: _Shared, signed: SignedMessages | None
) -> tuple[CallbackRoute[Any], ...]:
    settings = shared.settings
    open_unit = shared.acting(sizes.PAYMENTS, sizes.PAYMENTS_SIDE_ROOM, _PATIENT_CALLBACKS)
    open_for_texts = shared.acting(sizes.TEXTS, sizes.TEXTS_SIDE_ROOM, _PATIENT_CALLBACKS)
    unsigned = UnsignedCallbacks(open_unit)
    signing_key = settings.airtel_callback_key
    verify = partial(airtel.verify_callback, signing_key=signing_key) if signing_key else None
    of_channel: dict[str, tuple[CallbackRoute[Any], ...]] = {
        "daraja": _daraja_routes(shared, shared.daraja, open_unit) if shared.daraja else (),
        "mtn": (unsigned.route("mtn", mtn.read_callback),),
        "airtel": (unsigned.route("airtel", airtel.read_callback, verify),),
        "pawapay": (PawaPayCallbacks(signed, open_unit).route(),) if signed else (),
    }
    of_sms = (delivery_route(open_for_texts), inbound_route(open_for_texts, shared.guesses))
    routes = (*(route for name in settings.channels for route in of_channel[name]), *of_sms)
    return tuple(route for route in routes if route.endpoint in settings.keys)


def _daraja_routes(
    shared: _Shared, daraja: DarajaCallbackSettings, open_unit: OpenUnit
) -> tuple[CallbackRoute[Any], ...]:
    shortcode = shared.settings.daraja_shortcode
    mpesa = MpesaCallbacks(
        shortcode=shortcode,
        open_unit=open_unit,
        open_read_only_unit=unit_opener(shared.engine_of(pool_size=_READERS, settings=_READING)),
        readers=shared.pool(_READERS, "validation"),
        guesses=shared.guesses,
        proofs=daraja.proofs,
    )
    return *mpesa.routes(), *ResultCallbacks(shortcode, open_unit, daraja.proofs).routes()


def by_prefix(
    rest: WSGIApplication, applications: Mapping[str, WSGIApplication]
) -> WSGIApplication:
    """Return one application that calls the application with the prefix of the path, or `rest`."""

    def dispatch(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for prefix, application in applications.items():
            if path.startswith(prefix):
                return application(environ, start_response)
        return rest(environ, start_response)

    return dispatch
