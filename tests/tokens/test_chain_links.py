"""OpenPAYGO's hash chain makes no payment slow: the last link stays with the device, encrypted."""

from __future__ import annotations

import pytest

from core.tokens import openpaygo
from core.tokens.siphash import siphash24
from tests.support.cast import KIT, RING
from tests.support.scenario import Scenario

WEEK = 150_00


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the chains of codes hashed."""
    hashed: list[bytes] = []

    def counted(key: bytes, message: bytes) -> int:
        hashed.append(message)
        return siphash24(key, message)

    monkeypatch.setattr(openpaygo, "siphash24", counted)
    return hashed


def pay(scenario: Scenario, receipt: str, hashes: list[bytes]) -> int:
    """Buy a week; return how many hashes it cost."""
    scenario.pay(receipt, KIT, WEEK)
    hashes.clear()
    scenario.apply()
    assert scenario.states()[-1] == "applied"
    return len(hashes)


def count(scenario: Scenario, value: int) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE devices SET token_counter = {value}, initial_counter = {value}"
            f" WHERE serial = '{KIT}'"
        )


def test_a_week_costs_two_hashes_after_the_first_one(
    scenario: Scenario, hashes: list[bytes]
) -> None:
    count(scenario, 880)
    assert 880 < pay(scenario, "R1", hashes) < 890
    assert pay(scenario, "R2", hashes) == 2
    # Its link serves a device that went on elsewhere too.
    count(scenario, 896)
    assert pay(scenario, "R3", hashes) == 898 - 884


def test_links_are_as_secret_as_the_key_and_of_no_use_without_it(
    scenario: Scenario, hashes: list[bytes]
) -> None:
    count(scenario, 100)
    pay(scenario, "R1", hashes)
    [(sealed,)] = scenario.rows(f"SELECT sealed_chain FROM devices WHERE serial = '{KIT}'")
    with pytest.raises(Exception, match="does not open"):
        RING.open(bytes(sealed), f"devices:{KIT}:sealed_key")
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE devices SET sealed_chain = sealed_key")

    assert pay(scenario, "R2", hashes) > 100, "what does not open is not believed"
    scenario.check_invariants()
