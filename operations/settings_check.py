"""Checking the settings of a process before it starts: all errors are reported together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.environment import CollectingEnvironment, Environment, read_setting
from core.errors import BadInput
from core.logs import logging_config
from core.tokens.errors import TokenError
from core.tokens.keys import KeyRing
from core.tokens.sealing_key import SealingKey
from core.tokens.sta import StaTables
from core.usecases.people.purge import RetentionSettings
from gateway.console.settings import ConsoleSettings
from gateway.endpoints import weak_keys
from gateway.guard import GuardSettings
from gateway.payments.airtel import AirtelSettings
from gateway.payments.mpesa.settings import DarajaCallbackSettings, DarajaSettings
from gateway.payments.mtn import MtnSettings
from gateway.payments.pawapay.message_signature import read_public_keys
from gateway.payments.pawapay.settings import PawaPayCallbackSettings, PawaPaySettings
from gateway.settings import CallbackSettings, ServicesSettings, channels_set_up, endpoints_set_up
from gateway.sms.africastalking import SmsSettings
from gateway.vendors.account import accounts_in
from gateway.vendors.vendor_table import SETTINGS
from workers.settings import ReconciliationSettings, served_queues

Read = Callable[[Environment], object]


def _key_ring(environment: Environment) -> object:
    secret = read_setting(environment, "DEVICE_KEY_SECRET")
    return secret and KeyRing.from_settings(secret)


def _sealing_key(environment: Environment) -> object:
    """Where the master keys are set too (dialwatt doctor), they have to open what it encrypts."""
    public = read_setting(environment, "DEVICE_KEY_PUBLIC", "")
    sealing_key = SealingKey.from_settings(public) if public else None
    secret = read_setting(environment, "DEVICE_KEY_SECRET", "")
    if sealing_key and secret and not KeyRing.from_settings(secret).opens(sealing_key):
        raise BadInput(
            "DEVICE_KEY_PUBLIC is not of a master key in DEVICE_KEY_SECRET: device keys encrypted"
            " with it could not be opened (`dialwatt keys public` prints the right one)"
        )
    return sealing_key


def _sta_tables(environment: Environment) -> object:
    tables = read_setting(environment, "STA_TABLES", "")
    return tables and StaTables.from_json(tables)


def _signing_keys(environment: Environment) -> object:
    pawapay = PawaPayCallbackSettings.from_environment(environment)
    return pawapay and pawapay.public_keys and read_public_keys(pawapay.public_keys)


def _endpoint_keys(environment: Environment) -> None:
    """Keys that can be guessed, or that open more than one endpoint. Raises BadInput."""
    if weak := list(weak_keys(environment, endpoints_set_up(environment))):
        raise BadInput(*weak)


_OF_CHANNEL: Mapping[str, Read] = {
    "daraja": DarajaSettings.from_environment,
    "mtn": MtnSettings.from_environment,
    "airtel": AirtelSettings.from_environment,
    "pawapay": PawaPaySettings.from_environment,
}


def _vendor_accounts(environment: Environment) -> None:
    accounts_in(environment, SETTINGS)


def _channels(environment: Environment) -> None:
    """Every channel that is set up. Raises BadInput where there is none."""
    for name in channels_set_up(environment):
        _OF_CHANNEL[name](environment)


def _daraja_callbacks(environment: Environment) -> object:
    return "daraja" in channels_set_up(environment) and DarajaCallbackSettings.from_environment(
        environment
    )


def _where_served(read: Read, *queues: str) -> Read:
    """`read`, for a worker that serves one of these queues."""

    def read_where_served(environment: Environment) -> object:
        return {*queues} & {*served_queues(environment)} and read(environment)

    return read_where_served


_EVERYWHERE: tuple[Read, ...] = (
    ServicesSettings.from_environment,
    lambda environment: logging_config(environment, ""),
)

WANTED: Mapping[str, tuple[Read, ...]] = {
    "web": (
        *_EVERYWHERE,
        CallbackSettings.from_environment,
        _endpoint_keys,
        _daraja_callbacks,
        GuardSettings.from_environment,
        ConsoleSettings.from_environment,
        _signing_keys,
        _sealing_key,
        lambda environment: read_setting(environment, "PIN_PEPPER"),
    ),
    "worker": (
        *_EVERYWHERE,
        channels_set_up,
        _where_served(SmsSettings.from_environment, "sms"),
        _where_served(_channels, "prompts", "reconciliation"),
        _where_served(ReconciliationSettings.from_environment, "reconciliation"),
        _where_served(_vendor_accounts, "vends"),
        _where_served(_key_ring, "payments"),
        _where_served(_sta_tables, "payments"),
    ),
    "schedule": (*_EVERYWHERE, RetentionSettings.from_environment),
}


def problems(environment: Environment, *processes: str) -> list[str]:
    """Return everything that is missing or wrong for these processes, each problem once."""
    given = CollectingEnvironment(environment)
    found: list[str] = []
    for want in dict.fromkeys(want for process in processes for want in WANTED[process]):
        try:
            want(given)
        except (BadInput, TokenError) as error:
            found.append(str(error))
    return list(dict.fromkeys(given.missing + found))


def check_settings(process: str, environment: Environment) -> None:
    """Raise BadInput with everything that is wrong for this process."""
    if wrong := problems(environment, process):
        raise BadInput(*wrong)
