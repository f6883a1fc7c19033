"""`dialwatt up`: the whole product on one machine, with simulated providers and phones.

It runs the same processes as production (web, workers, schedule) with PostgreSQL and Valkey; only
who starts them differs. It keeps everything in one folder and leaves nothing running.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from core.db.engine import make_engine
from core.errors import BadInput
from gateway.guard import GuardSettings
from gateway.health import INSTANCE_HEADER
from gateway.work_queues import QUEUES
from operations.demo import cast
from operations.embedded.locations import reserved_port
from operations.embedded.prepare import FIRST_USER, prepare
from operations.embedded.processes import Process
from operations.embedded.services import Services, embedded_services
from operations.embedded.settings import write_settings
from operations.embedded.supervision import supervise
from operations.environment import read_number
from operations.web_server import allow_open_files, granian_command


def run(environment: Mapping[str, str]) -> int:
    """Serve until Ctrl-C, and return an exit code. Raises EmbeddedServicesError, BadInput."""
    allow_open_files()
    data = Path(environment.get("DIALWATT_DATA", "var")).absolute()
    port = read_number(environment, "PORT", 8000, 65535)
    web_processes = read_number(environment, "WEB_WORKERS", 2, 256)
    GuardSettings.from_environment(environment)  # of the settings given, only these can be wrong
    with reserved_port("127.0.0.1", port), embedded_services(data) as services:
        settings = write_settings(environment, data, services, port)
        with_demo = environment.get("DIALWATT_DEMO", "1") != "0"
        prepare(settings, services.passwords, with_demo=with_demo)
        return supervise(
            _processes(settings, services, web_processes, data),
            services=services.processes,
            announce=lambda: _announce(settings, port),
        )


def _processes(
    settings: Mapping[str, str], services: Services, web_processes: int, data: Path
) -> list[Process]:
    """The processes of a deployment, each with its role, and the stand-in providers."""
    # A terminal shows warnings as text; a deployment logs the outcome of every callback as JSON.
    env = {"LOG_FORMAT": "plain", "LOG_LEVEL": "warning", **os.environ, **settings}
    python, port = sys.executable, int(settings["PORT"])
    dialwatt = [python, "-m", "operations.cli"]
    commands = {
        "providers": [python, "-m", "simulator.app"],
        "web": granian_command("operations.embedded.web:app", port, web_processes),
        **{f"worker-{queue}": [*dialwatt, "worker", queue] for queue in QUEUES},
        "schedule": [*dialwatt, "schedule"],
    }
    of_worker = services.settings_of("worker")
    # The phone page is no part of the gateway: it knows what phones and devices know.
    of_web = services.settings_of("web") | {"SIMULATOR_DATABASE_URL": services.database_url}
    own = {"providers": {}, "web": of_web}
    return [
        Process(name, argv, env=env | own.get(name, of_worker), lock=data / f"{name}.lock")
        for name, argv in commands.items()
    ]


def _announce(settings: Mapping[str, str], port: int) -> bool:
    """Print the address to open and the people of the demo, where the web process answers; whether
    it does. Raises BadInput where the web process of another set-up answers."""
    address = f"http://127.0.0.1:{port}"
    if not instance_answers(f"{address}/healthz", settings["INSTANCE_ID"]):
        return False
    print(f"\nDialwatt is up: open {address}/phone/\n")
    print(f"The operator's console: {address}/console/")
    print(f"  log in as {FIRST_USER}, password {settings['CONSOLE_PASSWORD']}\n", flush=True)
    for person in cast(make_engine(settings["DATABASE_URL"], pool_size=0)):
        devices = ", ".join(f"{d['serial']} ({d['kind']})" for d in person["devices"])
        pin = f"PIN {person['pin']}" if "pin" in person else ""
        print(f"  {person['msisdn']}  {person['name']:<20} {person['role']:<9} {devices}{pin}")
    print("\nCtrl-C stops everything.", flush=True)
    return True


def instance_answers(url: str, instance: str) -> bool:
    """Return whether the web process of this instance answers. Raises BadInput where another
    does."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            found = answer.headers.get(INSTANCE_HEADER)
    except (urllib.error.URLError, OSError):
        return False
    if found != instance:
        raise BadInput(f"another program answers at {url}: stop it, or set another PORT")
    return True
