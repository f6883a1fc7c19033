"""Whole conversations, down to the device that takes the token: each played three ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import announce
from tests.support.journeys import MODES, World, play

JOURNEYS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda path: path.stem)
def test_a_journey_goes_as_written(
    journey: Path, mode: str, journey_world: Callable[[str], World]
) -> None:
    play(journey.read_text(), journey_world(mode), mode)


def test_a_journey_waits_for_a_callback_that_the_postman_took(
    journey_world: Callable[[str], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "deliver", lambda *_: None)  # whoever answers does not carry it
    journey = Path(__file__).parent / "agent_helps_a_customer.txt"
    play(journey.read_text(), journey_world("plain"), "plain")
