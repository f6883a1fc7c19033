"""The stand-in providers of the payment tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.payments.unsigned_channels import (
    NOWHERE,
)
from tests.support.standins import StandIns, stand_ins


@pytest.fixture
def database_url(simulated_database_url: str) -> str:
    """Where the stand-ins keep their world, too."""
    return simulated_database_url


@pytest.fixture
def standins(database_url: str) -> Iterator[StandIns]:
    with stand_ins(database_url, NOWHERE, "k3y") as running:
        yield running
