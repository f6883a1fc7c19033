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

from simulator import fault_injection, phone_api, phone_page
from simulator.africastalking import messaging
from simulator.airtel.api import airtel
from simulator.callback_sender import CallbackSender
from simulator.database import create_schema, open_database
from simulator.devices.store import DeviceSource
from simulator.mobile_money.prompts import expire_prompts
from simulator.mtn.api import mtn
from simulator.pawapay.api import pawapay
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.reversal import account
from simulator.safaricom.stk_push import daraja
from simulator.settings import SimulatorSettings

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def create_phone_app(
    runtime: SimulatorRuntime, cast: phone_api.Cast, device_source: DeviceSource
) -> Flask:
    """The handset's page and API under `/phone/`.

    `cast()` is contract.md's list of people; `device_source(serial)` the device's kind, secret and
    initial count, or None when the books know no such device.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions["simulator"] = runtime
    app.extensions["phone"] = phone_api.Phones(
        cast, device_source, threading.BoundedSemaphore(runtime.settings.phone_slots)
    )
    app.register_blueprint(phone_api.api)
    app.register_blueprint(phone_page.page)
    return app


def mount_phone(gateway: Wsgi, phone: Wsgi) -> Wsgi:
    """One WSGI app: `/phone/...` is the handset, everything else the gateway."""

    def composite(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        chosen = phone if path == "/phone" or path.startswith("/phone/") else gateway
        return chosen(environ, start_response)

    return composite


def create_providers_app(runtime: SimulatorRuntime) -> Flask:
    """The APIs of Safaricom, MTN, Airtel, pawaPay and Africa's Talking, and the `/_ctl` control
    plane."""
    app = Flask(__name__, static_folder=None)
    app.extensions["simulator"] = runtime
    for blueprint in (daraja, account, mtn, airtel, pawapay, messaging, fault_injection.control):
        app.register_blueprint(blueprint)
    return app


class _OnePacket(WSGIRequestHandler):
    """Buffered, so that header and body leave together: two small packets cost 40 ms each time."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent: what a stand-in hears (PINs, numbers) belongs in no log."""


class ProviderServer:
    """The stand-ins: the postman, and a server with a thread per connection, so none runs dry."""

    def __init__(self, runtime: SimulatorRuntime, port: int) -> None:
        """Binds 127.0.0.1; `port` 0 picks a free one. Raises OSError when it is taken."""
        self._server = ThreadedWSGIServer(
            "127.0.0.1", port, create_providers_app(runtime), handler=_OnePacket
        )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._postman = CallbackSender(
            runtime.engine, lambda: expire_prompts(runtime), runtime.settings.callback_seconds
        )

    def start(self) -> None:
        self._thread.start()
        self._postman.start()

    def stop(self) -> None:
        """Stop listening and finish the callbacks on the way; the rest waits in the table."""
        self._server.shutdown()
        self._server.server_close()
        self._postman.stop()


def run_providers(runtime: SimulatorRuntime, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly. Main thread only."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    create_schema(runtime.engine)
    providers = ProviderServer(runtime, port)
    providers.start()
    over.wait()
    providers.stop()


def main() -> None:
    """`python -m simulator.app`: DATABASE_URL, SIMULATOR_PORT and the names in settings.py."""
    runtime = SimulatorRuntime(
        open_database(os.environ["DATABASE_URL"]), SimulatorSettings.from_environ(os.environ)
    )
    run_providers(runtime, int(os.environ.get("SIMULATOR_PORT", "8001")))


if __name__ == "__main__":
    main()
