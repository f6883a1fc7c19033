"""Fees fall due by the calendar: however often, late or with whatever clock the job runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db.invariants import WAITING, offenders
from core.db.ledger import post_entries
from core.db.registration import give_devices
from core.db.sales import return_to_stock
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.ownership import Handover
from core.usecases.catalogue.access_fees import accrue_access_rates
from tests.support.builders import (
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_tariff,
)
from tests.support.cast import METER
from tests.support.scenario import NOW, Scenario

BROKEN = "01999999990"


@pytest.fixture
def metered(scenario: Scenario) -> Scenario:
    """Amina's meter with a fee of 20 every 3 days from today."""
    with scenario.engine.begin() as connection:
        tariff = insert_tariff(connection, access_rate_minor=20_00, access_every_days=3)
        connection.exec_driver_sql(
            "UPDATE devices SET tariff_id = %s, access_anchor_on = %s WHERE serial = %s",
            (tariff, NOW.date(), METER),
        )
    return scenario


def accrue(scenario: Scenario, **ahead: int) -> int:
    scenario.ahead = timedelta(**ahead)
    with scenario.open_unit() as unit:
        return accrue_access_rates(unit, 0, 100)[0]


def charges(scenario: Scenario) -> list[int]:
    return [
        (due_on - NOW.date()).days
        for (due_on,) in scenario.rows("SELECT due_on FROM access_charges ORDER BY due_on")
    ]


def test_the_job_may_run_daily_many_times_or_once_after_downtime(metered: Scenario) -> None:
    assert [accrue(metered, days=day) for day in (0, 1, 2, 3, 3, 3)] == [0, 0, 0, 1, 0, 0]
    assert accrue(metered, days=16) == 4

    assert charges(metered) == [3, 6, 9, 12, 15]
    metered.check_invariants()


def test_a_clock_that_jumps_over_midnight_and_back_charges_once(metered: Scenario) -> None:
    """21:00 UTC is midnight in Nairobi; the cast's day is noon there."""
    hours = [24 * 3 - 12 - 1, 24 * 3 - 12, 24 * 3 - 12 - 1, 24 * 3 - 12 + 1]

    assert [accrue(metered, hours=hour) for hour in hours] == [0, 1, 0, 0]
    assert charges(metered) == [3]
    metered.check_invariants()


def test_a_meter_given_with_an_earlier_day_is_not_charged_again_for_the_same_days(
    metered: Scenario,
) -> None:
    """A sale by file to the wrong customer is cancelled and imported again with its true day."""
    accrue(metered, days=6)
    with metered.open_unit() as unit:
        meter = metered.device_id(METER)
        return_to_stock(unit.connection, meter, NOW)
        new_owner = insert_customer(unit.connection, msisdn="+254711000099")
        handover = Handover(meter, new_owner, NOW, "sale")
        give_devices(unit.connection, [(handover, NOW.date())], NOW.date())

    assert accrue(metered, days=9) == 1
    assert charges(metered) == [3, 6, 9]
    metered.pay("NEW", METER, 100_00)
    metered.apply()
    assert metered.states() == ["applied"]
    metered.check_invariants()


def test_a_meter_that_was_put_in_the_place_of_another_owes_no_day_twice(
    metered: Scenario,
) -> None:
    """The place brings its own period; the meter was charged for one of its days before."""
    with metered.open_unit() as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO access_charges (device_id, customer_id, due_on, amount_minor, paid_minor)"
            " SELECT id, owner_id, %s, 2000, 2000 FROM devices WHERE serial = %s",
            (NOW.date() + timedelta(days=3), METER),
        )

    assert accrue(metered, days=6) == 1
    assert charges(metered) == [3, 6]
    metered.check_invariants()


@pytest.fixture
def with_a_broken_meter(metered: Scenario) -> Scenario:
    """Another meter beside Amina's; the entry of its first fee is taken."""
    with metered.engine.begin() as connection:
        tariff = connection.exec_driver_sql(
            "SELECT tariff_id FROM devices WHERE serial = %s", (METER,)
        ).scalar_one()
        owner = insert_customer(connection, msisdn="+254711000098")
        manufacturer = insert_manufacturer(connection)
        broken = insert_device(
            connection,
            serial=BROKEN,
            manufacturer_id=manufacturer,
            owner_id=owner,
            tariff_id=tariff,
            assigned_on=NOW.date(),
        )
        legs = (Posting("bank", DEBIT, 1), Posting("income:access", CREDIT, 1))
        key = f"access:{broken}:{NOW.date() + timedelta(days=3)}"
        post_entries(connection, NOW, [JournalEntry("access_fee", key, legs)])
    return metered


def open_cases(scenario: Scenario) -> list[str]:
    return [
        detail
        for (detail,) in scenario.rows(
            "SELECT detail FROM cases WHERE kind = 'access_fees_failed' AND closed_at IS NULL"
        )
    ]


def test_one_meter_whose_fees_cannot_be_written_stops_no_other(
    with_a_broken_meter: Scenario,
) -> None:
    scenario = with_a_broken_meter
    assert accrue(scenario, days=4) == 1
    assert accrue(scenario, days=5) == 0

    assert charges(scenario) == [3]
    (case,) = open_cases(scenario)
    assert case.startswith(f"{BROKEN}: the access fees due since")
    with scenario.open_unit() as unit:
        behind = offenders(unit.connection, WAITING["no meter's access fees are behind"], unit.now)
    assert behind == f"meter {BROKEN} since {NOW.date() + timedelta(days=3)}"


def test_its_case_closes_once_the_fees_are_written(with_a_broken_meter: Scenario) -> None:
    scenario = with_a_broken_meter
    accrue(scenario, days=4)
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(
            "UPDATE journal_entries SET idempotency_key = 'other' WHERE kind = 'access_fee'"
            " AND idempotency_key LIKE 'access:%%' AND id IN (SELECT entry_id FROM postings"
            " WHERE account = 'bank')"
        )
        connection.exec_driver_sql(
            "UPDATE entry_ids i SET idempotency_key = e.idempotency_key FROM journal_entries e"
            " WHERE e.id = i.id AND e.idempotency_key = 'other'"
        )

    assert accrue(scenario, days=4) == 1
    assert open_cases(scenario) == []
