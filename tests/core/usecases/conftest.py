"""A Kenyan market on a database of the test's own, and Units on it at a fixed instant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine

from core.unit import unit_opener
from tests.support.book import make_book
from tests.support.builders import insert_market
from tests.support.channels import CHANNELS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def engine(database_url):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert_market(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def open_unit(engine):
    return unit_opener(engine, lambda: NOW, channels=CHANNELS)


@pytest.fixture
def book(database_url):
    """The cast of the tests on a database of the test's own."""
    engine = create_engine(database_url)
    yield make_book(engine)
    engine.dispose()
