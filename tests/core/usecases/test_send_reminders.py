"""Reminders: at the steps of the domain, by day, once a customer and day, and not after STOP."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core.unit import unit_opener
from core.usecases.reminders_wanted import want_reminders
from core.usecases.send_reminders import send_reminders
from tests.support.builders import insert_customer, insert_sale

DUE = date(2026, 11, 24)
AMINA = "+254711000001"


def at(day, hour=10):
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Africa/Nairobi"))


@pytest.fixture
def debt(engine):
    """Amina owes 300 on the 24th."""
    with engine.begin() as connection:
        amina = insert_customer(connection, msisdn=AMINA)
        insert_sale(
            connection,
            customer_id=amina,
            amounts_minor=(300_00,),
            appliance_kind="other",
            first_due_on=DUE,
        )
    return amina


def remind(engine, now):
    with unit_opener(engine, lambda: now)() as unit:
        send_reminders(unit, 0, 100)


def bodies(engine):
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT body FROM sms ORDER BY id")).scalars())


@pytest.mark.parametrize("days", range(-5, 10))
def test_only_the_steps_of_the_domain_are_reminded_of(engine, debt, days):
    remind(engine, at(DUE + timedelta(days=days)))

    assert len(bodies(engine)) == (days in (-3, 0, 1, 7))


@pytest.mark.parametrize(
    ("days", "words"),
    [(-3, "falls due on 24 Nov"), (0, "is due today"), (7, "has been due since 24 Nov")],
)
def test_the_text_says_how_the_day_stands(engine, debt, days, words):
    remind(engine, at(DUE + timedelta(days=days)))

    assert f"KES 300 {words}" in bodies(engine)[0]


@pytest.mark.parametrize(("hour", "sent"), [(8, 0), (9, 1), (17, 1), (18, 0), (23, 0)])
def test_nobody_is_reminded_at_night(engine, debt, hour, sent):
    remind(engine, at(DUE, hour))

    assert len(bodies(engine)) == sent


def test_a_customer_with_two_debts_gets_one_text_a_day_however_often_it_runs(engine, debt):
    with engine.begin() as connection:
        insert_sale(
            connection,
            customer_id=debt,
            amounts_minor=(200_00,),
            appliance_kind="other",
            first_due_on=DUE,
        )

    for hour in (9, 12, 15):
        remind(engine, at(DUE, hour))

    assert len(bodies(engine)) == 1
    assert "KES 500" in bodies(engine)[0]


def test_stop_ends_reminders_and_start_brings_them_back(engine, debt):
    with unit_opener(engine, lambda: at(DUE))() as unit:
        want_reminders(unit, AMINA, wanted=False)
    remind(engine, at(DUE))
    assert bodies(engine) == []

    with unit_opener(engine, lambda: at(DUE))() as unit:
        want_reminders(unit, AMINA, wanted=True)
    remind(engine, at(DUE))
    assert len(bodies(engine)) == 1
