"""`dialwatt endpoints`: the addresses to give to providers, by default without their keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import Client

from gateway.app import create_app
from gateway.settings import endpoints_set_up
from operations.commands.endpoints import addresses
from tests.operations.conftest import SETTINGS, Ran
from tests.support.endpoint_settings import endpoint_settings


def test_the_keys_are_masked_unless_they_are_asked_for(
    dialwatt: Callable[..., Ran], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = environment["DARAJA_ENDPOINT_KEY"]
    monkeypatch.setenv("DARAJA_ENDPOINT_KEY", f"{key},an-old-key")

    masked, whole = dialwatt("endpoints"), dialwatt("endpoints", "--show-keys")

    assert (masked.code, whole.code) == (0, 0)
    assert not any(value in masked.out for name, value in SETTINGS.items() if "_ENDPOINT" in name)
    assert "payments/daraja (the old key is good too)\n" in masked.out
    assert "an-old-key" not in masked.out + whole.out
    assert f"http://127.0.0.1:8000/payments/daraja/...{key[-4:]}/validation\n" in masked.out
    assert f"http://127.0.0.1:8000/payments/daraja/{key}/confirmation\n" in whole.out
    names = re.findall(r"^\w+/\w+", whole.out, re.MULTILINE)
    assert names == ["payments/daraja", "sms/africastalking", "ussd/africastalking"]


@pytest.fixture
def everything(database_url: str, redis_url: str) -> dict[str, str]:
    """The settings of a web process at which every endpoint is set up that needs no more keys."""
    return (
        SETTINGS
        | endpoint_settings("a-key-for-all-of-them")
        | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        | dict.fromkeys(("MTN_BASE_URL", "AIRTEL_BASE_URL"), "http://127.0.0.1:9")
    )


@pytest.fixture
def client(everything: dict[str, str]) -> Iterator[Client]:
    app = create_app(everything)
    yield Client(app)
    app.close()


def test_every_address_that_is_printed_is_served(
    client: Client, everything: dict[str, str]
) -> None:
    printed = [
        address
        for endpoint in endpoints_set_up(everything)
        for address in addresses(everything, endpoint)
    ]
    assert len(printed) == len(set(printed)) == 12
    for address in printed:
        path = address.removeprefix(everything["PUBLIC_URL"])
        assert client.post(path, data=b"nonsense").status_code in (400, 405), path
