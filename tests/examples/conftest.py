"""The operator of the worked examples, on a database of their own."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import create_app
from tests.examples.operator import (
    CATALOGUE,
    OWNER,
    Operator,
)
from tests.support.endpoint_settings import endpoint_settings


@pytest.fixture
def operator(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Operator]:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        **endpoint_settings("demo"),
        "DARAJA_SHORTCODE": "600123",
        "DEVICE_KEY_SECRET": base64.b64encode(bytes(32)).decode(),
        "PIN_PEPPER": "pepper",
        "STS_VENDING_KEY_123456": "abababababababab949494949494949401234567",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    gateway = create_app(environment)
    operator = Operator(tmp_path, gateway, environment, capsys)
    operator.dialwatt("load", str(CATALOGUE))
    customer = f"{OWNER},Amina,Odhiambo,KIB,en"
    operator.start_worker()
    operator.bring_in("customers", "msisdn,name,surname,village,language", customer)
    yield operator
    gateway.close()
