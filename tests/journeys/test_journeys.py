"""Whole conversations, down to the device that takes the token: each played three ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.journeys import MODES, World, play

JOURNEYS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda path: path.stem)
def test_a_journey_goes_as_written(
    journey: Path, mode: str, journey_world: Callable[[str], World]
) -> None:
    play(journey.read_text(), journey_world(mode), mode)
