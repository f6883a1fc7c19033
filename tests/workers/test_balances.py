"""Balances that providers state are compared with the ledger once a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from core.payment import PaymentNotice
from core.usecases.payments.record import record_payment
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from simulator.mobile_money.wallets import set_balance
from tests.support.cast import METER
from tests.workers.conftest import WorkerScenario
from workers import jobs, reconciliation
from workers.settings import ReconciliationSettings

ACCOUNT = "daraja:600123"

pytestmark = pytest.mark.usefixtures("pulling")


def balances_asked_for(scenario: WorkerScenario) -> list[tuple[str]]:
    """As the stand-in wrote them down; they do not arrive, as no gateway listens here."""
    return scenario.rows(
        "SELECT body::jsonb -> 'Result' -> 'ResultParameters' -> 'ResultParameter' -> 0 ->> 'Value'"
        " FROM simulator.callbacks WHERE url LIKE '%/balance/%'"
    )


def test_the_balance_is_asked_for_once_a_day(scenario: WorkerScenario) -> None:
    scenario.provider_moved("SKE0000001", METER, 10_00)
    for hours in (0, 1, 23, 25):
        scenario.ahead = timedelta(hours=hours)
        reconciliation.reconcile()

    utility = "Utility Account|KES|10.00|10.00|0.00|0.00"
    assert [value.split("&")[1] for (value,) in balances_asked_for(scenario)] == [utility, utility]


@pytest.fixture
def airtel(scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerScenario]:
    """Airtel Money set up besides, its balance asked for."""
    channel = AirtelChannel(AirtelSettings(scenario.standins.url, "KE", "client", "secret"))
    runtime = replace(cast(Any, reconciliation).runtime(), other_channels={"airtel": channel})
    monkeypatch.setattr(reconciliation, "runtime", lambda: runtime)
    monkeypatch.setattr(jobs, "runtime", lambda: runtime)
    chosen = ReconciliationSettings(None, None, frozenset({"airtel"}))
    monkeypatch.setattr(reconciliation, "settings", lambda: chosen)
    yield scenario
    channel.close()


def assertions(scenario: WorkerScenario) -> list[tuple[str, int, int]]:
    return scenario.rows(
        "SELECT provider_account, stated_minor, booked_minor FROM balance_assertions ORDER BY id"
    )


def holding(scenario: WorkerScenario, amount_minor: int) -> None:
    with scenario.standins.runtime.engine.begin() as connection:
        set_balance(connection, "airtel", amount_minor)


def test_other_channels_balances_are_read_once_a_day_and_set_beside_the_books(
    airtel: WorkerScenario,
) -> None:
    for hours in (0, 1, 23, 25):
        airtel.ahead = timedelta(hours=hours)
        reconciliation.reconcile()

    assert assertions(airtel) == [("airtel:KE", 0, 0)] * 2


def test_a_balance_that_differs_is_read_again_soon_until_a_person_is_asked(
    airtel: WorkerScenario,
) -> None:
    holding(airtel, 100_00)
    for minutes in (0, 5, 11, 71):
        airtel.ahead = timedelta(minutes=minutes)
        reconciliation.reconcile()

    assert assertions(airtel) == [("airtel:KE", 100_00, 0)] * 3
    assert airtel.cases() == [("balance_differs", True)]


def test_a_balance_that_was_read_while_money_moved_asks_nobody(airtel: WorkerScenario) -> None:
    holding(airtel, 100_00)
    reconciliation.reconcile()
    airtel.ahead = timedelta(minutes=1)
    with airtel.open_unit() as unit:
        notice = PaymentNotice(
            "airtel:KE", "MP1", "query", 100_00, "KES", METER, "none", None, unit.now
        )
        record_payment(unit, notice)
    for minutes in (11, 120):
        airtel.ahead = timedelta(minutes=minutes)
        reconciliation.reconcile()

    assert airtel.cases() == []


def test_a_balance_nobody_says_is_asked_for_the_next_day(airtel: WorkerScenario) -> None:
    airtel.standins.fault("airtel", "fail_before", operation="balance", times=1)
    reconciliation.reconcile()
    assert assertions(airtel) == []
    airtel.ahead = timedelta(hours=25)
    reconciliation.reconcile()
    assert len(assertions(airtel)) == 1
