"""Whole conversations, down to the device that takes the token: each played three ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from simulator import callback_sender
from tests.journeys.conftest import CAST, DEMO
from tests.support.journeys import MODES, JourneySetup, play

FOLDER = Path(__file__).parent
JOURNEYS = [(CAST, path) for path in sorted(FOLDER.glob("*.txt"))]
JOURNEYS += [(DEMO, path) for path in sorted(FOLDER.glob("demo/*.txt"))]
# A customer's payment, an agent's cash and a registration: what every change must keep.
_ALL_WAYS = ("pay_meter", "agent_collects_cash", "agent_registers_a_kit")


def _ways() -> list[ParameterSet]:
    """Each journey with screens in every mode, the others once. Beside `_ALL_WAYS` the doubled and
    stopped calls are a long trial."""
    ways = []
    for setup, path in JOURNEYS:
        name = path.relative_to(FOLDER).with_suffix("").as_posix()
        has_screens = re.search("^(dial|>)", path.read_text(), re.MULTILINE)
        for mode in MODES if has_screens else MODES[:1]:
            marks = [] if mode == MODES[0] or name in _ALL_WAYS else [pytest.mark.slow]
            ways.append(pytest.param(setup, path, mode, id=f"{name}-{mode}", marks=marks))
    return ways


@pytest.mark.parametrize(("journey_setup", "journey", "mode"), _ways(), indirect=["journey_setup"])
def test_a_journey_goes_as_written(
    journey: Path, mode: str, journey_setup: Callable[[str], JourneySetup]
) -> None:
    play(journey.read_text(), journey_setup(mode), mode)


def test_a_journey_waits_for_a_callback_that_the_sender_thread_claimed(
    journey_setup: Callable[[str], JourneySetup], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The request that caused the callback does not send it, so the sender thread must.
    monkeypatch.setattr(callback_sender, "send_callbacks", lambda *_: None)
    journey = Path(__file__).parent / "agent_helps_a_customer.txt"
    play(journey.read_text(), journey_setup("plain"), "plain")
