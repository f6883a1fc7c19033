"""Texts that could not be handed over: tried again on the schedule, then given up on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine

from core.usecases.messages.send import (
    RETRY_AFTER,
    claim_unsent_sms,
    sms_postponed,
    sms_refused,
)
from tests.support.book import make_book
from tests.support.builders import insert_sms

STATE = "SELECT state, provider_status, next_attempt_at IS NULL FROM sms"


@pytest.fixture
def book(database_url):
    engine = create_engine(database_url)
    book = make_book(engine)
    with engine.begin() as connection:
        insert_sms(connection)
    yield book
    engine.dispose()


def claimed(book):
    with book.open_unit() as unit:
        return claim_unsent_sms(unit, 10)


def test_a_temporary_failure_is_tried_again_after_each_wait_and_then_given_up(book):
    for wait in RETRY_AFTER:
        (text,) = claimed(book)
        with book.open_unit() as unit:
            sms_postponed(unit, text, "500")
        book.ahead += wait - timedelta(seconds=1)
        assert claimed(book) == []
        book.ahead += timedelta(seconds=1)

    (text,) = claimed(book)
    with book.open_unit() as unit:
        sms_postponed(unit, text, "500")
    assert book.rows(STATE) == [("failed", "500", True)]


def test_a_permanent_failure_is_the_end_of_it(book):
    (text,) = claimed(book)
    with book.open_unit() as unit:
        sms_refused(unit, text, "406")

    book.ahead += timedelta(days=30)
    assert claimed(book) == []
    assert book.rows(STATE) == [("failed", "406", True)]
