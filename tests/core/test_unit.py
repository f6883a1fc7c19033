"""What a Unit left for a queue wakes its workers after the commit, and only then."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from core.db.ledger import post_entries
from core.errors import Refused
from core.journal import DEBIT, JournalEntry, Posting
from core.unit import OpenUnit, QueueName, Unit, unit_opener
from core.usecases.messages.queue import Recipient, send_sms_to
from core.wording.messages import sms
from gateway.work_queues import WorkQueues
from tests.support.builders import insert_market
from tests.support.standins import closed_port_url

Woken = list[tuple[set[QueueName], int]]

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert_market(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def woken() -> Woken:
    """Each wake-up: the queues, and how many texts another connection saw at that moment."""
    return []


@pytest.fixture
def open_unit(engine: Engine, woken: Woken) -> OpenUnit:
    def wake(queues: Collection[QueueName]) -> None:
        with engine.connect() as other:
            seen = other.execute(text("SELECT count(*) FROM sms")).scalar_one()
        woken.append((set(queues), seen))

    return unit_opener(engine, lambda: NOW, after_commit=wake)


def queue(unit: Unit, dedupe_key: str = "first") -> None:
    message = sms.no_token(serial="M100", operator="Jua")
    send_sms_to(unit, Recipient("+254711000001", "en"), message, dedupe_key)


def test_the_workers_are_woken_after_the_commit_and_once(open_unit: OpenUnit, woken: Woken) -> None:
    with open_unit() as unit:
        queue(unit, "first")
        queue(unit, "second")
        assert woken == []

    assert woken == [({"sms"}, 2)]


def queue_and(open_unit: OpenUnit, then: Callable[[Unit], None]) -> None:
    with open_unit() as unit:
        queue(unit)
        then(unit)


def test_a_unit_that_is_rolled_back_wakes_nothing(open_unit: OpenUnit, woken: Woken) -> None:
    def refuse(unit: Unit) -> None:
        raise Refused("too_late")

    with pytest.raises(Refused):
        queue_and(open_unit, refuse)

    assert woken == []


def test_a_commit_that_the_database_refuses_wakes_nothing(
    open_unit: OpenUnit, woken: Woken
) -> None:
    def unbalance(unit: Unit) -> None:
        legs = (Posting("unapplied", DEBIT, 5),)
        post_entries(unit.connection, NOW, [JournalEntry("received", "received:1", legs)])

    with pytest.raises(DBAPIError, match="does not balance"):
        queue_and(open_unit, unbalance)

    assert woken == []


def test_what_was_queued_before_wakes_nothing(open_unit: OpenUnit, woken: Woken) -> None:
    for _ in range(2):
        with open_unit() as unit:
            queue(unit)

    assert len(woken) == 1


def test_a_wake_up_that_redis_does_not_take_leaves_what_was_committed(engine: Engine) -> None:
    queues = WorkQueues(closed_port_url().replace("http", "redis"))

    with unit_opener(engine, lambda: NOW, after_commit=queues.wake)() as unit:
        queue(unit)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sms")).scalar_one() == 1
