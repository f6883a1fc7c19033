"""Reminders: at the steps of the domain, by day, once a customer and day, and not after STOP."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from core.errors import Temporary
from core.message import AtAStep
from core.unit import Unit, unit_opener
from core.usecases.messages.queue import send_sms_until
from core.usecases.messages.reminders import (
    find_due_reminders,
    missing_after_credit,
    send_reminders,
    want_reminders,
)
from core.usecases.messages.send import claim_unsent_sms, give_up_late_sms, record_sendings
from gateway.work_queues import WorkQueues
from tests.support.builders import insert_customer, insert_sale
from workers.schedule import Schedule, remind_all

DUE = date(2026, 11, 24)
AMINA, SECOND = "+254711000001", "+254711000091"


def at(day: date, hour: int = 10, zone: str = "Africa/Nairobi") -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))


def owe(
    engine: Engine,
    customer_id: int,
    *,
    due_on: date = DUE,
    amounts_minor: tuple[Any, ...] | tuple[int, ...] = (300_00,),
    sold_on: date | None = None,
    days: int = 7,
) -> int:
    with engine.begin() as connection:
        return insert_sale(
            connection,
            customer_id=customer_id,
            amounts_minor=amounts_minor,
            appliance_kind="other",
            first_due_on=due_on,
            sold_on=sold_on or due_on - timedelta(days=30),
            days=days,
        )


@pytest.fixture
def amina(engine: Engine) -> int:
    """Amina owes 300 on the 24th."""
    with engine.begin() as connection:
        customer_id = insert_customer(connection, msisdn=AMINA)
    owe(engine, customer_id)
    return customer_id


def remind(engine: Engine, now: datetime) -> int:
    return remind_all(unit_opener(engine, lambda: now))


def run(engine: Engine, *days: int, hour: int = 10) -> None:
    for day in days:
        remind(engine, at(DUE + timedelta(days=day), hour))


def reminders_sent(engine: Engine) -> list[tuple[int, str]]:
    """Each text as (days after DUE on which it was written, its words)."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT created_at, body FROM sms ORDER BY id")).all()
    local = ZoneInfo("Africa/Nairobi")
    return [((row[0].astimezone(local).date() - DUE).days, row[1]) for row in rows]


def days_told(engine: Engine) -> list[int]:
    return [day for day, _ in reminders_sent(engine)]


def test_every_step_of_the_domain_is_told_once(engine: Engine, amina: int) -> None:
    run(engine, *range(-10, 40))

    assert days_told(engine) == [-3, 0, 1, 7]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (-3, "KES 300 falls due on 24 Nov"),
        (0, "KES 300 is due today"),
        (1, "KES 300 has been due since 24 Nov"),
        (7, "KES 300 has been due since 24 Nov"),
    ],
)
def test_the_text_says_how_the_day_stands(engine: Engine, amina: int, day: int, words: str) -> None:
    run(engine, day)

    assert words in reminders_sent(engine)[0][1]


@pytest.mark.parametrize(("hour", "sent"), [(0, 0), (8, 0), (9, 1), (17, 1), (18, 0), (23, 0)])
def test_nobody_is_reminded_at_night(engine: Engine, amina: int, hour: int, sent: int) -> None:
    run(engine, 0, hour=hour)

    assert len(reminders_sent(engine)) == sent


@pytest.mark.parametrize(("zone", "sent"), [("Africa/Dakar", 0), ("Africa/Nairobi", 1)])
def test_the_hours_are_those_of_the_market(
    engine: Engine, amina: int, zone: str, sent: int
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE market SET timezone = :zone"), {"zone": zone})

    remind(engine, datetime(2026, 11, 24, 7, 30, tzinfo=UTC))

    assert len(reminders_sent(engine)) == sent


def test_a_reminder_that_cannot_be_sent_by_the_evening_is_not_sent(
    engine: Engine, amina: int
) -> None:
    run(engine, 0, hour=17)
    with unit_opener(engine, lambda: at(DUE, 17))() as unit:
        (waiting,) = claim_unsent_sms(unit, 10, "at")
        record_sendings(unit, [(waiting, Temporary("at", "407"))], "at")

    with unit_opener(engine, lambda: at(DUE, 18))() as unit:
        give_up_late_sms(unit)
        assert claim_unsent_sms(unit, 10, "at") == []
        states = unit.connection.execute(text("SELECT state, provider_status FROM sms"))
        assert states.all() == [("failed", "too_late")]


@pytest.mark.parametrize(
    ("down", "day", "words"),
    [
        (range(-3, -1), -1, "falls due on 24 Nov"),
        (range(-3, 0), 0, "is due today"),
        (range(-3, 5), 5, "due since 24 Nov"),
        (range(-3, 12), 12, "due since 24 Nov"),
    ],
)
def test_after_a_downtime_only_the_newest_step_is_told(
    engine: Engine, amina: int, down: range, day: int, words: str
) -> None:
    run(engine, -5, -4, *range(day, 30))

    first_day, body = reminders_sent(engine)[0]
    assert (first_day, words in body) == (day, True)
    assert days_told(engine) == [day, *(step for step in (0, 1, 7) if step > day)]


def test_what_has_been_due_for_long_is_not_dug_out(engine: Engine, amina: int) -> None:
    run(engine, 14, 15, 16)

    assert reminders_sent(engine) == []


def test_a_step_that_had_passed_when_the_thing_was_sold_is_none(engine: Engine, amina: int) -> None:
    with engine.begin() as connection:
        baraka = insert_customer(connection, msisdn=SECOND)
        connection.execute(text("DELETE FROM instalments"))
    owe(engine, baraka, sold_on=DUE - timedelta(days=1), days=1)

    run(engine, -1, 0)

    assert days_told(engine) == [0]


def test_a_customer_with_two_debts_gets_one_text_a_day_however_often_it_runs(
    engine: Engine, amina: int
) -> None:
    owe(engine, amina, amounts_minor=(200_00,))

    for hour in (9, 10, 12, 15, 17):
        run(engine, 0, hour=hour)

    ((_, body),) = reminders_sent(engine)
    assert "KES 500" in body


def test_the_most_urgent_is_told_and_the_rest_on_the_next_day(engine: Engine, amina: int) -> None:
    owe(engine, amina, due_on=DUE + timedelta(days=3), amounts_minor=(200_00,))

    run(engine, 0)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE instalments SET paid_minor = 30000 WHERE due_on = :due"), {"due": DUE}
        )
    run(engine, 1, 2)

    assert [body.split(" Dial")[0] for _, body in reminders_sent(engine)] == [
        "KES 300 is due today.",
        "KES 200 falls due on 27 Nov.",
    ]


def test_what_is_late_is_told_as_one_sum_since_the_oldest_day(engine: Engine, amina: int) -> None:
    owe(engine, amina, due_on=DUE - timedelta(days=20), amounts_minor=(100_00, 100_00))

    run(engine, 1)

    assert "KES 500 has been due since 4 Nov" in reminders_sent(engine)[0][1]


def test_a_daily_plan_brings_at_most_one_text_a_day(engine: Engine, amina: int) -> None:
    owe(engine, amina, amounts_minor=(50_00,) * 10, days=1)

    run(engine, *range(-5, 25))

    days = days_told(engine)
    assert len(days) == len(set(days))


def test_what_is_paid_is_not_reminded_of(engine: Engine, amina: int) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE instalments SET paid_minor = amount_minor"))

    run(engine, *range(-5, 10))

    assert reminders_sent(engine) == []


def test_the_second_of_two_schedules_reminds_nobody_again(engine: Engine, amina: int) -> None:
    open_unit = unit_opener(engine, lambda: at(DUE))
    with open_unit() as first, open_unit() as other:
        customers = find_due_reminders(first)
        assert find_due_reminders(other) == customers == [amina]
    for _ in range(2):
        with open_unit() as unit:
            send_reminders(unit, customers)

    assert len(reminders_sent(engine)) == 1


def test_stop_from_any_of_their_numbers_ends_reminders_and_start_brings_them_back(
    engine: Engine, amina: int
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO customer_msisdns VALUES (:msisdn, :id, 1)"),
            {"msisdn": SECOND, "id": amina},
        )

    with unit_opener(engine, lambda: at(DUE))() as unit:
        want_reminders(unit, SECOND, wanted=False)
    run(engine, -3, 0)
    assert reminders_sent(engine) == []

    with unit_opener(engine, lambda: at(DUE))() as unit:
        want_reminders(unit, AMINA, wanted=True)
    run(engine, 0)
    assert len(reminders_sent(engine)) == 1


def test_the_schedule_reminds_in_the_morning_and_of_what_came_up_in_an_hour(
    engine: Engine, amina: int
) -> None:
    class NoQueues:
        def wake(self, queue_names: tuple[str, str, str, str]) -> None:
            pass

    clock = [at(DUE, 8)]
    schedule = Schedule(unit_opener(engine, lambda: clock[0]), cast(WorkQueues, NoQueues()))
    schedule.sweep()
    assert reminders_sent(engine) == []

    clock[0] = at(DUE, 9)
    schedule.sweep()
    assert len(reminders_sent(engine)) == 1

    with engine.begin() as connection:
        baraka = insert_customer(connection, msisdn=SECOND)
    owe(engine, baraka)
    clock[0] = at(DUE, 10)
    schedule.sweep()
    assert len(reminders_sent(engine)) == 2


def test_many_customers_are_reminded_page_by_page(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.schedule._ROWS_A_PAGE", 2)
    for number in range(5):
        with engine.begin() as connection:
            customer = insert_customer(connection, msisdn=f"+25471100000{number}")
        owe(engine, customer)

    progress: list[int] = []
    assert remind_all(unit_opener(engine, lambda: at(DUE)), progress.append) == 5
    assert progress == [2, 4, 5]


def test_a_customer_who_cannot_be_reminded_stops_no_other(
    engine: Engine, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as connection:
        baraka = insert_customer(connection, msisdn=SECOND)
    owe(engine, baraka)

    def fail_for_amina(unit: Unit, reminder: AtAStep, *rest: Any) -> None:
        if reminder.customer_id == amina:
            raise ValueError("no words for her")
        send_sms_until(unit, reminder, *rest)

    monkeypatch.setattr("core.usecases.messages.reminders.send_sms_until", fail_for_amina)

    assert remind_all(unit_opener(engine, lambda: at(DUE))) == 1
    with engine.begin() as connection:
        details = connection.execute(text("SELECT detail FROM cases")).scalars().all()
    assert details == [f"customer {amina} cannot be reminded (the log has the error)"]


def give_credit(engine: Engine, customer_id: int, credit_minor: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE customers SET credit_minor = :credit WHERE id = :id"),
            {"credit": credit_minor, "id": customer_id},
        )


@pytest.mark.parametrize(
    ("day", "reminder"),
    [
        (-3, "KES 200 falls due on 24 Nov."),
        (0, "KES 200 is due today."),
        (1, "KES 200 has been due since 24 Nov."),
    ],
)
def test_only_what_is_missing_after_the_credit_is_asked_for(
    engine: Engine, amina: int, day: int, reminder: str
) -> None:
    give_credit(engine, amina, 100_00)

    run(engine, day)

    assert [body.split(" Dial")[0] for _, body in reminders_sent(engine)] == [reminder]


def test_credit_that_covers_an_instalment_is_told_how_it_is_used(
    engine: Engine, amina: int
) -> None:
    give_credit(engine, amina, 350_00)

    run(engine, 0)

    ((_, body),) = reminders_sent(engine)
    assert body.startswith(
        "KES 300 is due on 24 Nov. Your credit of KES 350 covers it with your next payment of any"
        " amount: dial"
    )


def test_credit_that_an_order_of_payment_keeps_for_energy_pays_no_instalment(
    engine: Engine, amina: int
) -> None:
    give_credit(engine, amina, 100_00)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO waterfalls (valid_from, steps, lifeline_percent) VALUES"
                " ('2026-01-01', '{arrears,access_rate,device}', 50)"
            )
        )

    run(engine, 0)

    assert reminders_sent(engine)[0][1].startswith("KES 300 is due today.")


@pytest.mark.parametrize(
    ("older", "clawback", "credit", "missing"),
    [(0, 0, 0, 300), (0, 0, 100, 200), (0, 0, 300, 0), (150, 0, 200, 250), (0, 50, 0, 350),
     (0, 50, 40, 310), (0, 50, 100, 250), (100, 50, 500, 0)],
)  # fmt: skip
def test_credit_pays_clawbacks_and_older_debts_first(
    older: int, clawback: int, credit: int, missing: int
) -> None:
    assert missing_after_credit(300, older, clawback, credit) == missing
