"""The web process of the embedded set-up: the gateway, with the handset's page beside it.

Production serves `gateway.wsgi:app`, which has no `/phone/`.
"""

from __future__ import annotations

import os

from core.db.engine import make_engine
from gateway.app import create_app
from operations.demo import cast, device_source
from simulator.app import beside, create_phone_app
from simulator.settings import SimulatorSettings
from simulator.store import open_store
from simulator.world import World

_books = make_engine(os.environ["DATABASE_URL"])
_world = World(open_store(os.environ["DATABASE_URL"]), SimulatorSettings.from_environ(os.environ))

app = beside(
    create_app(os.environ),
    create_phone_app(_world, lambda: cast(_books), device_source(_books, os.environ)),
)
