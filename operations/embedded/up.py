"""`dialwatt up`: the whole product on one machine, with simulated providers and phones.

The same processes as in production (web, workers, schedule) beside real PostgreSQL and a real
Redis-protocol server; only who starts them differs. Keeps everything in one folder and leaves
nothing running.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from core.tokens.keys import KeyRing
from operations.embedded.locations import ensure_port_free, free_port, write_private
from operations.embedded.processes import Process
from operations.embedded.services import Services, embedded_services
from operations.embedded.supervision import supervise
from operations.environment import SETTINGS_FILE, read_number, read_settings_file
from simulator.pawapay.signing import public_keys

_WORKERS = 2
_READY_SECONDS = 30.0

# Made once per data folder and kept: the throw-away secrets of a set-up nobody depends on.
_KEPT: dict[str, Callable[[], str]] = {
    "CALLBACK_KEY": lambda: "demo",
    "DEVICE_KEY_SECRET": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "PIN_PEPPER": lambda: secrets.token_urlsafe(24),
    "STS_VENDING_KEY_600000": lambda: secrets.token_hex(20),
    "CONSOLE_SECRET": lambda: secrets.token_urlsafe(32),
    "CONSOLE_PASSWORD": lambda: secrets.token_urlsafe(9),
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
}


def run(environment: Mapping[str, str]) -> int:
    """Serve until Ctrl-C; returns an exit code. Raises EmbeddedServicesError with what to do."""
    data = Path(environment.get("DIALWATT_DATA", "var")).absolute()
    port = read_number(environment, "PORT", 8000, 65535)
    ensure_port_free("127.0.0.1", port)
    with embedded_services(data) as services:
        settings = _settings(environment, data, services, port)
        _prepare(settings, with_demo=environment.get("DIALWATT_DEMO", "1") != "0")
        processes = [*services.processes, *_processes(settings, port, data)]
        return supervise(processes, on_start=lambda: _announce(settings, port))


def _settings(
    environment: Mapping[str, str], data: Path, services: Services, port: int
) -> dict[str, str]:
    """What every process of the set-up is told; written where the other commands find it."""
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
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "AT_BASE_URL": providers,
        "DARAJA_BASE_URL": providers,
        "MTN_BASE_URL": providers,
        "AIRTEL_BASE_URL": providers,
        "PAWAPAY_BASE_URL": providers,
        "PAWAPAY_PUBLIC_KEYS": json.dumps(public_keys(settings["SIMULATOR_PAWAPAY_SECRET"])),
        "SIMULATOR_PORT": providers.rpartition(":")[2],
        "DEVICE_KEY_PUBLIC": str(
            KeyRing.from_settings(settings["DEVICE_KEY_SECRET"]).sealing_key()
        ),
    }
    write_private(path, "".join(f"{name}={value}\n" for name, value in sorted(settings.items())))
    return settings


def _prepare(settings: Mapping[str, str], *, with_demo: bool) -> None:
    """Bring the schemas up to date and, on an empty book, load the people of the demo."""
    from core.db.engine import make_engine, migrate
    from operations.commands.user import add_first_user
    from operations.demo import load_demo
    from simulator.database import create_schema, open_database

    migrate(settings["DATABASE_URL"])
    create_schema(open_database(settings["DATABASE_URL"]))
    engine = make_engine(settings["DATABASE_URL"], pool_size=0)
    if with_demo:
        load_demo(engine, settings)
    add_first_user(engine, settings)


def _processes(settings: Mapping[str, str], port: int, data: Path) -> list[Process]:
    """The processes of a deployment, and the stand-in providers."""
    # On a terminal warnings, in words; a deployment logs every callback's outcome as JSON.
    env = {"LOG_FORMAT": "plain", "LOG_LEVEL": "warning", **os.environ, **settings}
    python = sys.executable
    web = (
        f"{python} -m granian --interface wsgi --host 127.0.0.1 --port {port} --workers 2"
        " --blocking-threads 96 --no-ws --no-access-log --log-level error"
        " operations.embedded.web:app"
    ).split()
    dialwatt = [python, "-m", "operations.cli"]
    commands = {
        "providers": [python, "-m", "simulator.app"],
        "web": web,
        **{f"worker-{n}": [*dialwatt, "worker"] for n in range(1, _WORKERS + 1)},
        "schedule": [*dialwatt, "schedule"],
    }
    return [
        Process(name, argv, env=env, lock=data / f"{name}.lock") for name, argv in commands.items()
    ]


def _announce(settings: Mapping[str, str], port: int) -> None:
    """Say where it is and who lives in it, once it answers."""
    from core.db.engine import make_engine
    from operations.commands.user import FIRST_USER
    from operations.demo import cast

    address = f"http://127.0.0.1:{port}"
    _wait_for(f"{address}/healthz")
    print(f"\nDialwatt is up: open {address}/phone/\n")
    print(f"The operator's console: {address}/console/")
    print(f"  log in as {FIRST_USER}, password {settings['CONSOLE_PASSWORD']}\n", flush=True)
    for person in cast(make_engine(settings["DATABASE_URL"], pool_size=0)):
        devices = ", ".join(f"{d['serial']} ({d['kind']})" for d in person["devices"])
        pin = f"PIN {person['pin']}" if "pin" in person else ""
        print(f"  {person['msisdn']}  {person['name']:<20} {person['role']:<9} {devices}{pin}")
    print("\nCtrl-C stops everything.", flush=True)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    print(f"no answer from {url} yet; see what the processes print", file=sys.stderr)
