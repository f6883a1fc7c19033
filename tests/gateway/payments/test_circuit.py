"""A mobile-money provider that is away is not called for every row that waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from core.errors import OutcomeUnknown, Temporary, Unavailable
from core.usecases.providers.circuit import FAILURES_TO_OPEN, PROBE_EVERY
from gateway.circuit import Circuit
from gateway.payments.provider_api import ProviderApi
from tests.support.scenario import Scenario
from tests.support.standins import canned, closed_port_url


@dataclass
class Calls:
    """How often a provider was called, through its circuit."""

    api: ProviderApi
    made: int = 0
    refused: list[str] = field(default_factory=list)

    def call(self, times: int) -> None:
        for _ in range(times):
            try:
                self.api.execute("POST", "/pay", json={})
                self.made += 1
            except (Temporary, OutcomeUnknown) as failure:
                self.made += failure.code != "circuit_open"
                self.refused.append(failure.code)


@pytest.fixture
def calls(scenario: Scenario) -> Iterator[Calls]:
    api = ProviderApi("mtn", closed_port_url(), "token")
    api.circuit = Circuit("mtn", scenario.open_unit)
    yield Calls(api)
    api.close()


def test_after_five_failures_it_is_asked_now_and_then_until_it_answers(
    scenario: Scenario, calls: Calls
) -> None:
    calls.call(FAILURES_TO_OPEN + 10)
    assert calls.made == FAILURES_TO_OPEN
    assert scenario.rows("SELECT kind, closed_at IS NULL FROM cases") == [("provider_away", True)]

    scenario.ahead += PROBE_EVERY
    calls.call(3)
    assert calls.made == FAILURES_TO_OPEN + 1

    scenario.ahead += PROBE_EVERY
    with canned(200, "application/json", '{"ok": 1}') as url:
        calls.api._base_url = url
        calls.call(4)
    assert calls.made == FAILURES_TO_OPEN + 5
    assert scenario.rows("SELECT kind, closed_at IS NULL FROM cases") == [("provider_away", False)]


@pytest.mark.parametrize(
    ("status", "body", "opens"),
    [
        (503, "", True),
        (429, "{}", True),
        (500, '{"errorCode": "500.001.1001"}', False),
        (400, '{"errorCode": "400.002.02"}', False),
    ],
)
def test_an_answer_about_one_payer_is_no_failure_of_the_provider(
    scenario: Scenario, calls: Calls, status: int, body: str, opens: bool
) -> None:
    with canned(status, "application/json", body) as url:
        calls.api._base_url = url
        calls.call(FAILURES_TO_OPEN)
        if opens:
            with pytest.raises(Unavailable, match="circuit_open"):
                calls.api.execute("POST", "/pay", json={})
        else:
            calls.call(1)
    assert ("circuit_open" in calls.refused) is False
