"""The simulator's two web applications, and the process that runs the simulated providers.

The embedded set-up serves the phone application together with the gateway. The providers
application listens on a loopback port of its own. Neither belongs in production, and no module of
the gateway imports this one.
"""

from __future__ import annotations

import os
import signal
import threading

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
from simulator.safaricom.api import daraja
from simulator.settings import SimulatorSettings
from simulator.vendors import control as vendor_control
from simulator.vendors.stand_ins import STAND_INS


def create_phone_app(
    runtime: SimulatorRuntime, cast: phone_api.Cast, device_source: DeviceSource
) -> Flask:
    """The phone's page and API under `/phone/`.

    `cast()` lists the demo's people as `GET /phone/api/cast` returns them. `device_source(serial)`
    gives a device's kind, secret and initial count, or None for an unknown serial number.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions["simulator"] = runtime
    app.extensions["phone"] = phone_api.PhoneServices(
        cast, device_source, threading.BoundedSemaphore(runtime.settings.phone_slots)
    )
    app.register_blueprint(phone_api.api)
    app.register_blueprint(phone_page.page)
    return app


def create_providers_app(runtime: SimulatorRuntime) -> Flask:
    """The APIs of Safaricom, MTN, Airtel, pawaPay and Africa's Talking, those of the vendors under
    `/vendors/`, and `/_ctl/`."""
    app = Flask(__name__, static_folder=None)
    app.extensions["simulator"] = runtime
    for blueprint in (daraja, mtn, airtel, pawapay, messaging):
        app.register_blueprint(blueprint)
    for wire in STAND_INS.values():
        app.register_blueprint(wire.blueprint)
    for control in (fault_injection.control, vendor_control.control):
        app.register_blueprint(control)
    return app


class _BufferedHandler(WSGIRequestHandler):
    """Sends header and body in one packet: two small packets cost 40 ms each time."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: requests hold PINs and phone numbers."""


class ProviderServer:
    """The simulated providers: an HTTP server with a thread per connection, and the sender."""

    def __init__(self, runtime: SimulatorRuntime, port: int) -> None:
        """Bind 127.0.0.1; `port` 0 picks a free one. Raises OSError when the port is in use."""
        self._server = ThreadedWSGIServer(
            "127.0.0.1", port, create_providers_app(runtime), handler=_BufferedHandler
        )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._callback_sender = CallbackSender(
            runtime.engine, lambda: expire_prompts(runtime), runtime.settings.callback_seconds
        )

    def start(self) -> None:
        """Serve in background threads."""
        self._thread.start()
        self._callback_sender.start()

    def stop(self) -> None:
        """Stop listening and finish the callbacks under way. Other callbacks stay in the table."""
        self._server.shutdown()
        self._server.server_close()
        self._callback_sender.stop()


def run_providers(runtime: SimulatorRuntime, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly. Main thread only."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    create_schema(runtime.engine)
    server = ProviderServer(runtime, port)
    server.start()
    stopped.wait()
    server.stop()


def main() -> None:
    """`python -m simulator.app`: reads DATABASE_URL, SIMULATOR_PORT and the settings."""
    runtime = SimulatorRuntime(
        open_database(os.environ["DATABASE_URL"]), SimulatorSettings.from_environ(os.environ)
    )
    run_providers(runtime, int(os.environ.get("SIMULATOR_PORT", "8001")))


if __name__ == "__main__":
    main()
