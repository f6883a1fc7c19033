"""`dialwatt keys`: which master key seals what, and another one in its place."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from core.tokens.keys import KeyRing
from core.tokens.sealing_key import SealingKey
from tests.operations.conftest import Ran
from tests.support.cast import KIT, METER, SEALED_KEYS
from tests.support.scenario import Scenario, make_scenario

OLD = "1:" + base64.b64encode(bytes(32)).decode()
NEW = "2026:" + base64.b64encode(bytes([7]) * 32).decode()


@pytest.fixture
def scenario(engine: Engine, environment: dict[str, str]) -> Scenario:
    return make_scenario(engine)


def test_a_rotation_as_the_guide_tells_it(
    dialwatt: Callable[..., Ran],
    scenario: Scenario,
    monkeypatch: pytest.MonkeyPatch,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    monkeypatch.setattr("operations.commands.keys._KEYS_A_PAGE", 3)
    monkeypatch.setattr("operations.progress.LINE_EVERY_S", 0)
    monkeypatch.setenv("DEVICE_KEY_SECRET", f"{NEW},{OLD}")
    before = dialwatt("keys", "list")
    assert before.out.splitlines() == [
        "master key 2026                0 device keys  encrypts",
        f"master key 1                   {SEALED_KEYS} device keys  opens",
    ]

    ran = dialwatt("keys", "rotate")

    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"{SEALED_KEYS} device keys re-encrypted with master key 2026",
        f"master key 2026                {SEALED_KEYS} device keys  encrypts",
        "master key 1                   0 device keys  opens"
        "  no longer needed: remove it from DEVICE_KEY_SECRET",
    ]
    shown = ran.err.splitlines()
    assert shown[0] == f"device keys: 3 of {SEALED_KEYS}"  # a page
    assert shown[-1] == f"device keys: {SEALED_KEYS} of {SEALED_KEYS}"
    monkeypatch.setenv("DEVICE_KEY_SECRET", NEW)
    assert "0 device keys re-encrypted" in dialwatt("keys", "rotate").out
    assert rows("SELECT operator FROM audit_log")[0][0].endswith("(command line)")


def test_a_master_key_that_is_not_at_hand_is_told_with_the_devices_it_costs(
    dialwatt: Callable[..., Ran], scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVICE_KEY_SECRET", NEW)
    ran = dialwatt("keys", "rotate")
    assert ran.code == 1
    assert f"the key of {KIT} does not open" in ran.err
    assert METER not in ran.err
    assert "NOT in DEVICE_KEY_SECRET" in ran.out


def test_a_secret_that_is_none_is_told_without_its_text(
    dialwatt: Callable[..., Ran], scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVICE_KEY_SECRET", "c2hvcnQ=")
    ran = dialwatt("keys", "list")
    assert (ran.code, ran.out) == (1, "")
    assert "must have 32 bytes" in ran.err
    assert "c2hvcnQ=" not in ran.err


def test_the_public_key_is_printed_for_the_web_process_and_is_no_secret(
    dialwatt: Callable[..., Ran], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVICE_KEY_SECRET", f"{NEW},{OLD}")

    printed = dialwatt("keys", "public").out.strip()

    ring = KeyRing.from_settings(f"{NEW},{OLD}")
    assert printed.startswith("2026:")
    assert printed not in NEW
    assert ring.opens(SealingKey.from_settings(printed))
    assert not KeyRing.from_settings(OLD).opens(SealingKey.from_settings(printed))
    sealed = SealingKey.from_settings(printed).seal(bytes(16), "a place")
    assert ring.open(sealed, "a place") == bytes(16)
