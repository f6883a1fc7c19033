"""Applications served over real HTTP: the gateway itself, and the stand-in providers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from sqlalchemy import text
from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.settings import ENDPOINTS
from simulator.app import ProviderServer
from simulator.database import create_schema, open_database
from simulator.runtime import SimulatorRuntime
from simulator.settings import SimulatorSettings
from tests.support.vendors import VENDOR_CREDENTIALS


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The URL of a WSGI application on a free loopback port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class StandIns:
    """Simulated Safaricom and Africa's Talking, listening at `url`."""

    runtime: SimulatorRuntime
    url: str

    def fault(self, provider: str, name: str, **asked: Any) -> int:
        """Add a fault (simulator/fault_injection.py). Returns its id."""
        body = {"provider": provider, "name": name} | asked
        answer = requests.post(f"{self.url}/_ctl/faults", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def settled(self) -> None:
        """Return once every callback has arrived.

        The sender thread may have claimed a callback, and then the request that caused it does not
        wait for it.
        """
        deadline = time.monotonic() + 20
        while self._on_the_way():
            assert time.monotonic() < deadline, "a callback does not arrive"
            time.sleep(0.005)

    def _on_the_way(self) -> bool:
        sql = text("SELECT EXISTS (SELECT FROM simulator.callbacks WHERE closed_at IS NULL)")
        with self.runtime.engine.connect() as connection:
            return bool(connection.execute(sql).scalar_one())

    def vends(self, vendor: str, serial: str) -> list[dict[str, Any]]:
        """What a vendor has vended to a device, oldest first (simulator/vendors/control.py)."""
        address = f"{self.url}/_ctl/vends/{vendor}"
        answer = requests.get(address, params={"serial": serial}, timeout=10)
        return list(answer.json())

    def behave(self) -> None:
        """Remove all faults."""
        requests.delete(f"{self.url}/_ctl/faults", timeout=10)


def furnish(database_url: str) -> None:
    """Create the schema of the simulated providers."""
    engine = open_database(database_url)
    create_schema(engine)
    engine.dispose()


@contextmanager
def stand_ins(database_url: str, public_url: str, callback_key: str) -> Iterator[StandIns]:
    """Simulated providers that call the gateway at `public_url`, with the accounts of the tests."""
    settings = SimulatorSettings(
        public_url,
        {endpoint.name: callback_key for endpoint in ENDPOINTS},
        shortcode="600123",
        consumer_key="consumer",
        consumer_secret="secret",
        passkey="pass",
        at_username="jua",
        at_api_key="at-key",
        initiator="dialwatt",
        security_credential="c2VjcmV0",
        mtn_target_environment="mtnuganda",
        mtn_subscription_key="subscription",
        mtn_api_user="api-user",
        mtn_api_key="api-key",
        airtel_country="KE",
        airtel_client_id="client",
        airtel_client_secret="secret",
        airtel_callback_key="airtel-signs",
        pawapay_api_token="pawapay-token",
        pawapay_signing_secret="5ec2e7",
        vendors=VENDOR_CREDENTIALS,
    )
    engine = open_database(database_url)
    create_schema(engine)
    runtime = SimulatorRuntime(engine, settings)
    providers = ProviderServer(runtime, 0)
    providers.start()
    try:
        yield StandIns(runtime, f"http://127.0.0.1:{providers.port}")
    finally:
        providers.stop()
        engine.dispose()


@contextmanager
def canned(status: int, content_type: str, body: str) -> Iterator[str]:
    """A server that gives everybody the same answer."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(f"{status} Canned", [("Content-Type", content_type)])
        return [body.encode()]

    with served(app) as url:
        yield url


def closed_port_url() -> str:
    """An address at which no server listens."""
    with canned(200, "text/plain", "") as url:
        pass
    return url
