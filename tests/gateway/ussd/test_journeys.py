"""The toy's journeys three ways: plainly, every callback twice, stopped before each commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from core.unit import OpenUnit
from simulator.terminal.journey import parse
from tests.support.journeys import (
    MODES,
    JourneySetup,
    Stop,
    StoppableRedis,
    play,
    stoppable_units,
)
from tests.support.phone import Phone
from tests.support.toy_menu import AMINA, BARAKA, JUMA

JOURNEYS = sorted((Path(__file__).parent / "journeys").glob("*.txt"))
PEOPLE = {"Amina": AMINA, "Baraka": BARAKA, "Juma": JUMA}


@pytest.fixture
def setup(
    redis: Redis,
    open_unit: OpenUnit,
    make_app: Any,
    charged: Callable[[], list[tuple[str, str, int]]],
) -> JourneySetup:
    database, session = Stop("before the database commits"), Stop("before the session commits")
    app = make_app(
        redis=StoppableRedis(redis, session), open_unit=stoppable_units(open_unit, database)
    )

    def check_charged(wanted: str) -> None:
        rows = [" ".join(str(value) for value in row if value) for row in charged()]
        assert sorted(rows) == sorted(filter(None, wanted.split("\n")))

    return JourneySetup(Phone(app), {"charged": check_charged}, PEOPLE, [database, session])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda path: path.stem)
def test_a_journey_goes_as_written(journey: Path, mode: str, setup: JourneySetup) -> None:
    play(journey.read_text(), setup, mode)


def test_a_process_stopped_before_a_commit_leaves_nothing_behind(
    setup: JourneySetup, charged: Callable[[], list[tuple[str, str, int]]]
) -> None:
    phone = setup.phone
    phone.dial()
    phone.answer("1")
    phone.answer("500")
    phone.text += "*1"
    database, session = setup.stops

    with database.here():
        phone.callback()
    assert charged() == []
    with session.here():
        phone.callback()
    assert len(charged()) == 1
    phone.callback()
    assert len(charged()) == 1


def test_a_journey_that_goes_otherwise_names_the_line(setup: JourneySetup) -> None:
    with pytest.raises(AssertionError, match="line 3, wanted:\nCON Hello\nsaw:\nCON Karibu"):
        play("phone Amina\ndial *384*96#\nCON Hello", setup)


def test_a_line_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: 'shout' is nothing a journey knows"):
        parse("phone Amina\nshout loudly")
