"""The web process as providers meet it, on real services, with little data.

Meter M100 (100.00 a kWh, minimum purchase 50.00) and solar home system S200 (3 x 150.00) belong to
Amina, who owes nothing yet; meter M999 is in stock.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from redis import Redis
from werkzeug.test import Client, TestResponse

from core.db.engine import make_engine
from gateway.app import create_app
from gateway.payments.proof import Proofs
from operations.embedded.services import Services
from simulator.pawapay.signing import public_keys, signature_headers
from tests.support.builders import (
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_market,
    insert_sale,
    insert_tariff,
)
from tests.support.cast import PROOF_SECRET
from tests.support.endpoint_settings import endpoint_settings
from tests.support.local_client import LocalClient
from tests.support.scenario import Scenario

KEY = "k3y"
SHORTCODE = "600123"
PUBLIC_URL = "https://gateway.example.org"
PAWAPAY_SECRET = "5ec2e7"
AMINA = "+254711000001"


@pytest.fixture
def scenario(database_url: str) -> Iterator[Scenario]:
    engine = make_engine(database_url, pool_size=16)
    with engine.begin() as connection:
        insert_market(connection)
        manufacturer = insert_manufacturer(connection, token_family="none")
        tariff = insert_tariff(connection, minimum_purchase_minor=50_00)
        amina = insert_customer(connection, msisdn=AMINA)
        insert_device(
            connection,
            serial="M100",
            manufacturer_id=manufacturer,
            owner_id=amina,
            tariff_id=tariff,
        )
        solar_id = insert_device(
            connection, serial="S200", manufacturer_id=manufacturer, owner_id=amina, kind="shs"
        )
        insert_sale(
            connection,
            customer_id=amina,
            device_id=solar_id,
            amounts_minor=(150_00,) * 3,
            first_due_on=date(2126, 1, 1),
        )
        insert_device(connection, serial="M999", manufacturer_id=manufacturer)
    yield Scenario(engine, start=None)
    engine.dispose()


@pytest.fixture
def redis_url(services: Services, redis_client: Redis) -> str:
    """An empty Valkey, with the rights of the web process."""
    redis_client.flushdb()
    return services.redis_url_of("web")


@pytest.fixture
def environment(database_url: str, redis_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        **endpoint_settings(KEY),
        "DARAJA_SHORTCODE": SHORTCODE,
        "MTN_BASE_URL": "http://127.0.0.1:9",
        "AIRTEL_BASE_URL": "http://127.0.0.1:9",
        "PAWAPAY_BASE_URL": "http://127.0.0.1:9",
        "PAWAPAY_PUBLIC_KEYS": json.dumps(public_keys(PAWAPAY_SECRET)),
        "PUBLIC_URL": PUBLIC_URL,
        "PIN_PEPPER": "pepper",
    }


@dataclass(frozen=True)
class Web:
    """The web process; `post` takes the parts of the path around the key."""

    client: Client

    def post(self, road: str, endpoint: str, *, key: str = KEY, **sent: Any) -> TestResponse:
        return self.client.post(f"/{road}/{key}/{endpoint}", **sent)

    def pawapay(self, deposit: Any) -> TestResponse:
        """A callback as pawaPay signs it."""
        endpoint, kind, body = f"/payments/pawapay/{KEY}", "application/json", json.dumps(deposit)
        signed = signature_headers(PAWAPAY_SECRET, PUBLIC_URL + endpoint, kind, body.encode())
        return self.client.post(endpoint, data=body, content_type=kind, headers=signed)

    def with_proof(self, kind: str, number: int, document: Any, end: str = "") -> TestResponse:
        """A callback at an address that only Daraja is told; `end`: what follows the proof."""
        proof = Proofs(PROOF_SECRET).of(kind, number)
        return self.daraja(f"{kind}/{number}/{proof}{end}", document)

    def daraja(self, endpoint: str, document: Any, **sent: Any) -> TestResponse:
        return self.post("payments/daraja", endpoint, json=document, **sent)


@pytest.fixture
def web(scenario: Scenario, environment: dict[str, str]) -> Iterator[Web]:
    app = create_app(environment)
    yield Web(LocalClient(app))
    app.close()
