"""A thousand payments, a vendor that loses answers, and workers that are killed in the middle."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from core.usecases.vends.claim import VendTask
from core.vend import Answer, Unknown, VendOrder
from tests.support.builders import insert_device
from tests.support.cast import AMINA
from tests.support.played_vendor import ABILITIES, Office, PlayedVendor, lost
from workers import vends

pytestmark = pytest.mark.slow

PAYMENTS, METERS, AT_ONCE = 1000, 100, 50
# As vendors do, and more often: of a hundred calls so many are vended and answered too late, are
# cut off before the vendor has them, and end with their worker at any step.
SLOW, CLOSED, KILLED = 3, 3, 5


def meters(office: Office) -> list[str]:
    """Meters of Amina, beside the one of the cast."""
    scenario = office.scenario
    [(amina, manufacturer, tariff)] = scenario.rows(
        "SELECT d.owner_id, d.manufacturer_id, d.tariff_id FROM devices d"
        " JOIN customer_msisdns n ON n.customer_id = d.owner_id WHERE n.msisdn = :msisdn"
        " AND d.tariff_id IS NOT NULL",
        msisdn=AMINA,
    )
    serials = [f"V{number:05}" for number in range(METERS)]
    with scenario.engine.begin() as connection:
        for serial in serials:
            insert_device(
                connection,
                serial=serial,
                manufacturer_id=manufacturer,
                owner_id=amina,
                tariff_id=tariff,
            )
    return serials


class Faulty(PlayedVendor):
    """Its answers are lost by chance."""

    chance = random.Random(13)

    def vend(self, order: VendOrder) -> Answer:
        drawn = self.chance.randrange(100)
        if drawn < CLOSED:
            return Unknown("the line closed")
        answer = super().vend(order)
        return lost(answer) if drawn < CLOSED + SLOW else answer


def work(office: Office, tasks: Sequence[VendTask], chance: random.Random) -> None:
    """A worker takes its tasks; some end with it before the call, some before the record."""
    for task in tasks:
        ends = chance.randrange(100)
        if ends < KILLED:
            continue
        record = vends.call_vendor(office.vendor, task)
        if ends < 2 * KILLED:
            continue
        with office.scenario.open_unit() as unit:
            record(unit)


@pytest.mark.parametrize("kind", ["person", "look-up", "repeat"])
def test_every_payment_is_vended_once_or_with_a_person(
    office_of: Callable[[str], Office], kind: str
) -> None:
    office, chance = office_of(kind), random.Random(13)
    serials = meters(office)
    for number in range(PAYMENTS):
        office.scenario.pay(f"QT{number}", serials[number % METERS], 100_00)
    office.scenario.apply()
    office.vendor = Faulty(replace(ABILITIES[kind], at_once=AT_ONCE))
    office.set_up()

    while office.scenario.rows("SELECT FROM vends WHERE next_attempt_at IS NOT NULL LIMIT 1"):
        tasks = office.claim(AT_ONCE)
        work(office, tasks, chance)
        office.scenario.ahead += timedelta(seconds=0 if tasks else 60)

    counts = dict(office.scenario.rows("SELECT state, count(*) FROM vends GROUP BY state"))
    held = office.scenario.rows(
        "SELECT count(*) FROM vends v JOIN cases k ON k.dedupe_key = 'vend_unknown:' || v.id"
        " WHERE v.state = 'unknown' AND k.closed_at IS NULL"
    )[0][0]
    print(kind, counts, "with an open case:", held)
    assert sum(counts.values()) == PAYMENTS
    assert counts.get("done", 0) + held == PAYMENTS
    assert max(office.vendor.times().values()) == 1
    texts = office.scenario.rows(
        "SELECT count(*) FROM sms WHERE dedupe_key LIKE 'vended:%' AND kind <> 'vend_delayed'"
    )[0][0]
    assert texts == counts["done"]
    office.scenario.check_invariants()
