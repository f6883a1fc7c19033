"""The two web applications of the simulator, and the process that runs the stand-in providers.

The phone app is served beside the gateway by the embedded set-up only; the providers app listens on
a loopback port of its own. Neither belongs in production, and nothing there imports this module.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from simulator import faults, phone_api, phone_page
from simulator.africastalking import messaging
from simulator.airtel import airtel
from simulator.device_shelf import DevicesSource
from simulator.mtn import mtn
from simulator.pawapay import pawapay
from simulator.postman import Postman
from simulator.safaricom.account import account
from simulator.safaricom.doors import daraja
from simulator.safaricom.prompts import expire_prompts
from simulator.settings import SimulatorSettings
from simulator.store import create_schema, open_store
from simulator.world import World

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def create_phone_app(world: World, cast: phone_api.Cast, devices_source: DevicesSource) -> Flask:
    """The handset's page and API under `/phone/`.

    `cast()` is contract.md's list of people; `devices_source(serial)` the device's kind, secret and
    initial count, or None when the books know no such device.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions["simulator"] = world
    app.extensions["phone"] = phone_api.Phones(
        cast, devices_source, threading.BoundedSemaphore(world.settings.phone_slots)
    )
    app.register_blueprint(phone_api.api)
    app.register_blueprint(phone_page.page)
    return app


def beside(gateway: Wsgi, phone: Wsgi) -> Wsgi:
    """One WSGI app: `/phone/...` is the handset, everything else the gateway."""

    def composite(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        chosen = phone if path == "/phone" or path.startswith("/phone/") else gateway
        return chosen(environ, start_response)

    return composite


def create_providers_app(world: World) -> Flask:
    """The APIs of Safaricom, MTN, Airtel, pawaPay and Africa's Talking, and the `/_ctl` control
    plane."""
    app = Flask(__name__, static_folder=None)
    app.extensions["simulator"] = world
    for blueprint in (daraja, account, mtn, airtel, pawapay, messaging, faults.ctl):
        app.register_blueprint(blueprint)
    return app


class _OnePacket(WSGIRequestHandler):
    """Buffered, so that header and body leave together: two small packets cost 40 ms each time."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent: what a stand-in hears (PINs, numbers) belongs in no log."""


class Providers:
    """The stand-ins: the postman, and a server with a thread per connection, so none runs dry."""

    def __init__(self, world: World, port: int) -> None:
        """Binds 127.0.0.1; `port` 0 picks a free one. Raises OSError when it is taken."""
        self._server = ThreadedWSGIServer(
            "127.0.0.1", port, create_providers_app(world), handler=_OnePacket
        )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._postman = Postman(
            world.engine, lambda: expire_prompts(world), world.settings.callback_seconds
        )

    def start(self) -> None:
        self._thread.start()
        self._postman.start()

    def stop(self) -> None:
        """Stop listening and finish the callbacks on the way; the rest waits in the table."""
        self._server.shutdown()
        self._server.server_close()
        self._postman.stop()


def run_providers(world: World, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly. Main thread only."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    create_schema(world.engine)
    providers = Providers(world, port)
    providers.start()
    over.wait()
    providers.stop()


def main() -> None:
    """`python -m simulator.app`: DATABASE_URL, SIMULATOR_PORT and the names in settings.py."""
    world = World(
        open_store(os.environ["DATABASE_URL"]), SimulatorSettings.from_environ(os.environ)
    )
    run_providers(world, int(os.environ.get("SIMULATOR_PORT", "8001")))


if __name__ == "__main__":
    main()
