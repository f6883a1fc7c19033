"""Opening what tokens are made from, in the one kind of process that holds the keys."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import BadInput
from core.tokens.errors import TokenError
from core.tokens.family import issue_energy
from core.tokens.keys import KeyRing
from core.tokens.sealing import bound_to
from core.usecases.tokens.device_keys import secrets_from
from tests.support.scenario import NOW

KEY = bytes(range(32))
SETTINGS = {"DEVICE_KEY_SECRET": base64.b64encode(KEY).decode()}
STA_SAMPLE = Path(__file__).parents[1] / "tokens" / "sta_sample.json"


def kit(serial: str) -> Any:
    sealed = KeyRing({"1": KEY}).seal(b"sixteen byte key", bound_to("KIT1"))
    return SimpleNamespace(
        serial=serial,
        token_family="openpaygo",
        has_key=True,
        sealed_key=sealed,
        starting_code=1,
        digits=None,
        divider=None,
        test_code=None,
        sealed_chain=None,
        sts=None,
    )


def ea07_meter() -> Any:
    sts = {"ea": 7, "dkga": 2, "sgc": "123456", "krn": 1, "ti": "01", "kt": 2}
    return SimpleNamespace(
        serial="01000000016",
        token_family="sts",
        has_key=False,
        sealed_key=None,
        starting_code=None,
        sts=sts,
    )


def test_a_devices_key_opens_for_that_device_only() -> None:
    open_secret = secrets_from(SETTINGS)

    assert open_secret(kit("KIT1")).key == b"sixteen byte key"
    with pytest.raises(TokenError, match="does not open"):
        open_secret(kit("KIT2"))


def test_a_meter_of_algorithm_07_is_served_with_the_operators_tables() -> None:
    settings = SETTINGS | {
        "STS_VENDING_KEY_123456": "ab" * 8,
        "STA_TABLES_FILE": str(STA_SAMPLE),
    }

    [token] = issue_energy(secrets_from(settings)(ea07_meter()), 0, 50, NOW, 5)

    assert len(token.text) == 20


def test_without_a_master_key_nothing_starts() -> None:
    with pytest.raises(BadInput, match="DEVICE_KEY_SECRET is not set"):
        secrets_from({})


def test_a_missing_vending_key_is_named() -> None:
    with pytest.raises(TokenError, match="STS_VENDING_KEY_123456 is not set"):
        secrets_from(SETTINGS)(ea07_meter())
