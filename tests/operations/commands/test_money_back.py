"""`dialwatt money-back` and `dialwatt credit`: recorded once, shown, and refused in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.operations.conftest import Ran
from tests.support.cast import BARAKA, CHIDI, LAST_KIT, METER
from tests.support.scenario import ACCOUNT, Scenario, make_scenario

WHY = ("--reason", "asked for it")


@pytest.fixture
def scenario(engine: Engine, environment: dict[str, str]) -> Scenario:
    scenario = make_scenario(engine)
    scenario.pay("SKE1", METER, 500_00)
    scenario.pay("SKE2", LAST_KIT, 1150_00)
    scenario.pay("SKE3", "?", 500_00)
    scenario.apply()
    return scenario


def test_parts_are_recorded_once_and_shown(
    dialwatt: Callable[..., Ran], scenario: Scenario
) -> None:
    part = ("money-back", "record", "SKE1", "--from", "office", "--amount", "150", *WHY)
    assert "reference" in dialwatt(*part).err
    assert dialwatt(*part, "--reference", "V1", "--on", "2026-11-23").code == 0
    assert "recorded before" in dialwatt(*part, "--reference", "v1").out

    shown = json.loads(dialwatt("show", "payment", "SKE1", "--json").out)
    assert (shown["state"], shown["returned"]) == ("applied", "150.00")
    assert [line.get("returned") for line in shown["lines"]] == [None, "150.00"]
    [back] = shown["returns"]
    assert (back["amount"], back["from"], back["receipt"]) == ("150.00", "office", "V1")
    assert "150.00  office V1" in dialwatt("show", "payment", "SKE1").out
    scenario.check_invariants()


def test_a_refund_is_requested(dialwatt: Callable[..., Ran], scenario: Scenario) -> None:
    ask = ("money-back", "request", "SKE3", *WHY)
    assert "only whole payments" in dialwatt(*ask, "--amount", "100").err
    assert dialwatt(*ask).code == 0

    assert scenario.states() == ["applied", "applied", "refunding"]


def test_credit_is_given_back_moved_and_used(
    dialwatt: Callable[..., Ran], scenario: Scenario
) -> None:
    back = ("credit", "give-back", CHIDI, "--from", ACCOUNT, "--amount", "400", *WHY)
    assert dialwatt(*back, "--reference", "QB1").code == 0
    assert "recorded before" in dialwatt(*back, "--reference", "QB1").out
    move = ("credit", "move", CHIDI, BARAKA, "--reference", "M1", *WHY)
    assert dialwatt(*move).code == 0
    assert "credit of 0" not in dialwatt("credit", "use", CHIDI, LAST_KIT, *WHY).out

    used = dialwatt("credit", "use", BARAKA, "LAMP100", *WHY)

    assert "CR000001" in used.out
    scenario.apply()
    scenario.check_invariants()
