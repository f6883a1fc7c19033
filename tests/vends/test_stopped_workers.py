"""A worker may be stopped at any moment: never two vends without a person, never a lost one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.usecases.vends.claim import claim_vends
from core.usecases.vends.record import vend_answered
from core.vend import Done, Unknown
from tests.support.cast import METER
from tests.support.played_vendor import ABILITIES, Office, lost
from workers import vends

OfficeOf = Callable[[str], Office]
# What repairs itself, and what a person must decide.
BY_ITSELF = ["look-up", "repeat", "both", "date", "pushed"]


def before_the_claim(office: Office) -> None:
    """Nothing was stored: the transaction of the claim is rolled back."""


def before_the_socket(office: Office) -> None:
    """`asked` is stored, and nothing was sent."""
    assert len(office.claim()) == 1


def before_the_answer_is_read(office: Office) -> None:
    """The vendor has done it, and the worker ends before the answer is recorded."""
    [task] = office.claim()
    vends.call_vendor(office.vendor, task)


def answer_lost(office: Office) -> None:
    """The worker lives, and the answer does not come."""
    office.vendor.troubles.append(lost)
    office.work()


def request_lost(office: Office) -> None:
    """The worker lives, and cannot know that the vendor never got it."""
    office.vendor.troubles.append(Unknown("the line closed"))
    office.work()


STOPS = [before_the_claim, before_the_socket, before_the_answer_is_read, answer_lost, request_lost]


def settle(office: Office) -> None:
    """Workers go on for a day."""
    for _ in range(5):
        office.later(minutes=4)
    for _ in range(3):
        office.later(hours=6)


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("kind", ABILITIES)
def test_one_vend_or_a_person(
    office_of: OfficeOf, kind: str, stop: Callable[[Office], None]
) -> None:
    office = office_of(kind)
    office.scenario.pay("QS1", METER, 500_00)
    office.scenario.apply()

    stop(office)
    settle(office)

    assert len(office.vendor.vended) <= 1
    if kind in BY_ITSELF or stop is before_the_claim:
        assert office.states() == ["done"]
        assert len(office.vendor.vended) == 1
        assert len(office.texts()) == 1
        assert office.cases() == []
    else:
        assert office.states() == ["unknown"]
        assert office.cases() == ["vend_unknown"]
        assert office.vendor.asked <= 1
        assert len(office.texts()) == 1  # that it takes longer
    office.scenario.check_invariants()


def test_an_answer_that_comes_after_the_lease_is_taken(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.scenario.pay("QS1", METER, 500_00)
    office.scenario.apply()
    [task] = office.claim()
    record = vends.call_vendor(office.vendor, task)
    office.later(minutes=5)
    assert office.cases() == ["vend_unknown"]

    with office.scenario.open_unit() as unit:
        record(unit)

    assert office.states() == ["done"]
    assert office.cases() == []
    assert office.scenario.rows("SELECT count(*) FROM tokens") == [(1,)]


def test_the_same_answer_twice_is_one_code(office_of: OfficeOf) -> None:
    office = office_of("repeat")
    office.scenario.pay("QS1", METER, 500_00)
    office.scenario.apply()
    [task] = office.claim()
    late = vends.call_vendor(office.vendor, task)
    office.later(minutes=5)
    assert office.states() == ["done"]

    with office.scenario.open_unit() as unit:
        late(unit)

    assert office.scenario.rows("SELECT count(*) FROM tokens") == [(1,)]
    assert office.cases() == []


def test_another_code_after_the_end_is_kept_for_a_person(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.scenario.pay("QS1", METER, 500_00)
    office.scenario.apply()
    [task] = office.claim()
    office.scenario.run(
        "UPDATE vends SET state = 'withdrawn', ended_at = :now, next_attempt_at = NULL",
        now=office.scenario.now(),
    )
    with office.scenario.open_unit() as unit:
        vend_answered(unit, task, office.vendor.abilities, Done(("1" * 20,)))

    assert office.states() == ["withdrawn"]
    assert office.cases() == ["vend_late_answer"]
    assert office.texts() == []
    assert office.scenario.rows("SELECT text FROM tokens") == [("1" * 20,)]


def test_two_workers_claim_one_vend_once(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.scenario.pay("QS1", METER, 500_00)
    office.scenario.apply()
    key = ("stron", "main")
    with office.scenario.open_unit() as first, office.scenario.open_unit() as second:
        mine = claim_vends(first, key, office.vendor.abilities, 5)
        theirs = claim_vends(second, key, office.vendor.abilities, 5)

    assert len(mine) == 1
    assert theirs == []
