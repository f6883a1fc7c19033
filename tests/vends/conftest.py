"""A vendor for Amina's meter, and the steps of a worker."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.support.played_vendor import ABILITIES, Office, PlayedVendor
from tests.support.scenario import Scenario
from workers import vends


@pytest.fixture
def office_of(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Office]:
    """Make the office of a kind of vendor (ABILITIES). Nothing is due."""
    scenario.run("UPDATE instalments SET due_on = due_on + 1000")
    runtime = SimpleNamespace(open_unit=scenario.open_unit)
    monkeypatch.setattr(vends, "runtime", lambda: runtime)
    return lambda kind: Office(scenario, PlayedVendor(ABILITIES[kind]))
