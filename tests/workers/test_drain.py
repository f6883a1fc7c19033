"""Claim and call: what one item meets with is its own affair."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from rq.timeouts import JobTimeoutException

from workers.drain import claim_and_call


@contextmanager
def open_unit():
    yield None


@pytest.mark.parametrize("where", ["call", "record"])
def test_an_item_that_breaks_takes_no_other_with_it(where):
    """What was sent for the others has to be recorded, or it is sent again."""
    recorded = []

    def call(item):
        if where == "call" and item == 2:
            raise KeyError(item)
        return lambda unit: record(item)

    def record(item):
        if item == 2:
            raise KeyError(item)
        recorded.append(item)

    assert claim_and_call(open_unit, lambda unit: [1, 2, 3], call) == 3
    assert recorded == [1, 3]


def test_the_end_of_a_job_s_time_ends_the_job():
    def record(unit):
        raise JobTimeoutException

    with pytest.raises(JobTimeoutException):
        claim_and_call(open_unit, lambda unit: [1], lambda item: record)
