"""The settings of the embedded set-up: its secrets, made once, and the addresses of this run."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from core.tokens.keys import KeyRing
from gateway.settings import endpoints_set_up
from gateway.vendors.vendor_table import SETTINGS as VENDOR_SETTINGS
from operations.embedded.locations import free_port, write_private
from operations.embedded.services import Services
from operations.environment import SETTINGS_FILE, read_settings_file
from simulator.pawapay.signing import public_keys
from simulator.vendors.stand_ins import vendor_addresses

_PROVIDER_ADDRESSES = (
    *("AT_BASE_URL", "DARAJA_BASE_URL", "MTN_BASE_URL", "AIRTEL_BASE_URL"),
    "PAWAPAY_BASE_URL",
)
_AGGREGATORS = "africastalking"
_SERVED = endpoints_set_up(
    {
        "USSD_AGGREGATORS": _AGGREGATORS,
        "AT_USERNAME": "dialwatt",
        **dict.fromkeys(("DARAJA_SHORTCODE", *_PROVIDER_ADDRESSES), "set"),
    }
)


def _endpoint_keys() -> str:
    """A key of this data folder's own, by which the stand-in providers call back, so that those of
    another folder find nothing here; and one that everybody knows, to try things out by hand."""
    return f"{secrets.token_hex(16)},demo"


def _vendor_settings() -> dict[str, Callable[[], str]]:
    """What makes the settings of the account `main` with every vendor, besides its addresses: the
    stand-ins serve all of them."""
    known = {"CURRENCY": lambda: "KES", "PRICE": lambda: "25.00", "ORGANIZATION": lambda: "demo"}
    return {
        f"VENDOR_{token.upper()}_MAIN_{name}": known.get(name, lambda: secrets.token_urlsafe(12))
        for token, settings in VENDOR_SETTINGS.items()
        for name in (*settings.needed, *(known.keys() & settings.optional.keys()))
        if name not in settings.addresses
    }


# Made once for a data folder and kept in it.
_KEPT: dict[str, Callable[[], str]] = {
    **{endpoint.key_setting: _endpoint_keys for endpoint in _SERVED},
    "PROOF_SECRET": lambda: secrets.token_urlsafe(32),
    "DEVICE_KEY_SECRET": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "PIN_PEPPER": lambda: secrets.token_urlsafe(24),
    "STS_VENDING_KEY_600000": lambda: secrets.token_hex(20),
    "STS_TEST_GROUPS": lambda: "600000",
    "CONSOLE_SECRET": lambda: secrets.token_urlsafe(32),
    "CONSOLE_PASSWORD": lambda: secrets.token_urlsafe(9),
    "CONSOLE_SECOND_FACTOR": lambda: "none",
    "USSD_AGGREGATORS": lambda: _AGGREGATORS,
    "AT_USERNAME": lambda: "dialwatt",
    "AT_API_KEY": lambda: secrets.token_urlsafe(24),
    "AT_SENDER_ID": lambda: "DIALWATT",
    "DARAJA_CONSUMER_KEY": lambda: secrets.token_urlsafe(24),
    "DARAJA_CONSUMER_SECRET": lambda: secrets.token_urlsafe(24),
    "DARAJA_SHORTCODE": lambda: "600123",
    "DARAJA_PASSKEY": lambda: secrets.token_hex(32),
    "DARAJA_INITIATOR": lambda: "dialwatt",
    "DARAJA_SECURITY_CREDENTIAL": lambda: secrets.token_urlsafe(24),
    "DARAJA_PULL": lambda: "1",
    "MTN_TARGET_ENVIRONMENT": lambda: "mtnuganda",
    "MTN_SUBSCRIPTION_KEY": lambda: secrets.token_hex(16),
    "MTN_API_USER": lambda: str(uuid.uuid4()),
    "MTN_API_KEY": lambda: secrets.token_hex(16),
    "AIRTEL_COUNTRY": lambda: "KE",
    "AIRTEL_CLIENT_ID": lambda: str(uuid.uuid4()),
    "AIRTEL_CLIENT_SECRET": lambda: secrets.token_urlsafe(24),
    "AIRTEL_CALLBACK_KEY": lambda: secrets.token_urlsafe(24),
    "PAWAPAY_API_TOKEN": lambda: secrets.token_urlsafe(24),
    "SIMULATOR_PAWAPAY_SECRET": lambda: secrets.token_hex(30),
    **_vendor_settings(),
}


def write_settings(
    environment: Mapping[str, str], data: Path, services: Services, port: int
) -> dict[str, str]:
    """Return the settings of every process, after writing them where the other commands find them.

    Secrets that the data folder has are kept. Values of `environment` take precedence over them.
    """
    path = data / SETTINGS_FILE
    kept = read_settings_file(path) if path.exists() else {}
    settings = {name: kept.get(name) or make() for name, make in _KEPT.items()}
    settings |= {name: value for name, value in kept.items() if name.startswith("STS_VENDING_KEY_")}
    settings |= {
        name: value
        for name, value in environment.items()
        if name in _KEPT or name == "STA_TABLES_FILE" or name.startswith("STS_VENDING_KEY_")
    }
    providers = f"http://127.0.0.1:{free_port()}"
    settings |= {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "INSTANCE_ID": secrets.token_hex(8),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        **dict.fromkeys(_PROVIDER_ADDRESSES, providers),
        **vendor_addresses(providers),
        "PAWAPAY_PUBLIC_KEYS": json.dumps(public_keys(settings["SIMULATOR_PAWAPAY_SECRET"])),
        "SIMULATOR_PORT": providers.rpartition(":")[2],
        "DEVICE_KEY_PUBLIC": str(
            KeyRing.from_settings(settings["DEVICE_KEY_SECRET"]).sealing_key()
        ),
    }
    write_private(path, "".join(f"{name}={value}\n" for name, value in sorted(settings.items())))
    return settings
