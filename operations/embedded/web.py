"""The web process of the embedded set-up: the gateway and the phone page.

Production serves `gateway.rsgi:app`, which has no `/phone/`.
"""

from __future__ import annotations

import os

from core.db.engine import make_engine
from gateway.app import create_app
from gateway.rsgi import make_server
from gateway.serving.lane import Lane
from gateway.serving.sizes import Size
from operations.demo import cast, device_source
from simulator.app import create_phone_app
from simulator.database import open_database
from simulator.runtime import SimulatorRuntime
from simulator.settings import SimulatorSettings

# The phone page has the rights of the owner; the gateway beside it has those of its role.
_owner = os.environ["SIMULATOR_DATABASE_URL"]
_engine = make_engine(_owner)
_runtime = SimulatorRuntime(open_database(_owner), SimulatorSettings.from_environ(os.environ))

_phone = create_phone_app(_runtime, lambda: cast(_engine), device_source(_engine, os.environ))

# A handset waits until the gateway has answered it, and so needs threads of its own.
app = make_server(
    create_app(os.environ),
    {"phone": Lane("phone", _phone, Size(threads=32, queue=200, deadline_s=60.0))},
)
