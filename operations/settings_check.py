"""Everything that is wrong with the settings of a process, told together before it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.environment import CollectingEnvironment, Environment, read_setting
from core.errors import BadInput
from core.logs import logging_config
from core.tokens.errors import TokenError
from core.tokens.keys import KeyRing
from core.tokens.sealing_key import SealingKey
from core.tokens.sta import StaTables
from gateway.console.settings import ConsoleSettings
from gateway.guard import GuardSettings
from gateway.payments.airtel import AirtelSettings
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.mtn import MtnSettings
from gateway.payments.pawapay.message_signature import read_public_keys
from gateway.payments.pawapay.settings import PawaPayCallbackSettings, PawaPaySettings
from gateway.settings import CallbackSettings, ServicesSettings, channels_set_up
from gateway.sms.africastalking import SmsSettings
from workers.settings import ReconciliationSettings

Read = Callable[[Environment], object]


def _key_ring(environment: Environment) -> object:
    secret = read_setting(environment, "DEVICE_KEY_SECRET")
    return secret and KeyRing.from_settings(secret)


def _letterbox(environment: Environment) -> object:
    """Where the master keys are known too (dialwatt doctor), they have to open what it takes in."""
    given = read_setting(environment, "DEVICE_KEY_PUBLIC", "")
    box = SealingKey.from_settings(given) if given else None
    secret = read_setting(environment, "DEVICE_KEY_SECRET", "")
    if box and secret and not KeyRing.from_settings(secret).opens(box):
        raise BadInput(
            "DEVICE_KEY_PUBLIC is not that of a master key in DEVICE_KEY_SECRET: no code could"
            " be made with what it takes in (dialwatt keys public prints the right one)"
        )
    return box


def _sta_tables(environment: Environment) -> object:
    tables = read_setting(environment, "STA_TABLES", "")
    return tables and StaTables.from_json(tables)


def _signing_keys(environment: Environment) -> object:
    told = PawaPayCallbackSettings.from_environment(environment)
    return told and told.public_keys and read_public_keys(told.public_keys)


_OF_CHANNEL: Mapping[str, Read] = {
    "daraja": DarajaSettings.from_environment,
    "mtn": MtnSettings.from_environment,
    "airtel": AirtelSettings.from_environment,
    "pawapay": PawaPaySettings.from_environment,
}


def _channels(environment: Environment) -> None:
    """Those that are set up, one at least."""
    for name in channels_set_up(environment):
        _OF_CHANNEL[name](environment)


_EVERYWHERE: tuple[Read, ...] = (
    ServicesSettings.from_environment,
    lambda environment: logging_config(environment, ""),
)

WANTED: Mapping[str, tuple[Read, ...]] = {
    "web": (
        *_EVERYWHERE,
        CallbackSettings.from_environment,
        GuardSettings.from_environment,
        ConsoleSettings.from_environment,
        _signing_keys,
        _letterbox,
        lambda environment: read_setting(environment, "PIN_PEPPER"),
    ),
    "worker": (
        *_EVERYWHERE,
        SmsSettings.from_environment,
        _channels,
        ReconciliationSettings.from_environment,
        _key_ring,
        _sta_tables,
    ),
    "schedule": _EVERYWHERE,
}


def problems(environment: Environment, *processes: str) -> list[str]:
    """What these processes would miss or not understand, each thing once."""
    given = CollectingEnvironment(environment)
    found: list[str] = []
    for want in dict.fromkeys(want for process in processes for want in WANTED[process]):
        try:
            want(given)
        except (BadInput, TokenError) as error:
            found.append(str(error))
    return list(dict.fromkeys(given.missing + found))


def check_settings(process: str, environment: Environment) -> None:
    """Raises BadInput with everything that is wrong for this process."""
    if wrong := problems(environment, process):
        raise BadInput(*wrong)
