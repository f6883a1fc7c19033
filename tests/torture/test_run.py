"""The torture run in its short form: everything is struck once or twice, nothing lost or twice.

The seed is drawn anew each time and stands in the table that a failure prints. Unlike in other
tests the database is durable: what it acknowledged must outlive its being killed.
"""

from __future__ import annotations

import random

from tests.support.services import folder_in_reach
from torture.deployment import start_deployment
from torture.run import run
from torture.workload import Workload


def test_payments_survive_whatever_is_killed_under_them():
    workload = Workload(
        seed=random.randrange(10**6),
        payments=60,
        worker_kills=3,
        web_kills=1,
        redis_flushes=1,
        redis_kills=1,
        postgres_kills=1,
        customers=8,
        payers=4,
        workers=2,
        patience_s=60,
        pull_every_s=1,
    )
    with folder_in_reach() as folder, start_deployment(folder, workload) as up:
        report = run(up, workload, lambda line: None, money_only=True)

    assert not report.wrong, report.table()
    assert report.facts["payments the provider moved"] > workload.payments // 2, report.table()
