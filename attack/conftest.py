"""One deployment for all attacks: `deployment`. An attack leaves it as it was found."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from attack.deployment import Deployment, start_deployment


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    """The processes of production on the demo's data."""
    with start_deployment() as running:
        yield running


@pytest.fixture(scope="session")
def scale() -> float:
    """How large a trial is, from ATTACK_SCALE: 1 is whole, 0.1 a tenth."""
    return float(os.environ.get("ATTACK_SCALE", "1"))
