"""One server of stand-in vendors for each test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.pool import DatabasePool
from tests.support.standins import StandIns, stand_ins

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def standins(simulated_databases: DatabasePool) -> Iterator[StandIns]:
    with simulated_databases.database() as url, stand_ins(url, NOWHERE, "k3y") as running:
        yield running
