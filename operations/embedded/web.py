"""The web process of the embedded set-up: the gateway and the phone page.

Production serves `gateway.wsgi:app`, which has no `/phone/`.
"""

from __future__ import annotations

import os

from core.db.engine import make_engine
from gateway.app import create_app
from operations.demo import cast, device_source
from simulator.app import create_phone_app, mount_phone
from simulator.database import open_database
from simulator.runtime import SimulatorRuntime
from simulator.settings import SimulatorSettings

_engine = make_engine(os.environ["DATABASE_URL"])
_runtime = SimulatorRuntime(
    open_database(os.environ["DATABASE_URL"]), SimulatorSettings.from_environ(os.environ)
)

app = mount_phone(
    create_app(os.environ),
    create_phone_app(_runtime, lambda: cast(_engine), device_source(_engine, os.environ)),
)
