"""A short torture run: every kind of kill happens at least once, and no payment is lost or doubled.

The seed is random; the report that a failure prints names it. Unlike in other tests the database is
durable: what it has acknowledged must survive a kill.
"""

from __future__ import annotations

import random

import pytest

from tests.support.services import folder_in_reach
from torture.deployment import start_deployment
from torture.run import run
from torture.workload import Workload

pytestmark = pytest.mark.slow


def test_payments_survive_any_process_that_is_killed() -> None:
    workload = Workload(
        seed=random.randrange(10**6),
        payments=60,
        worker_kills=3,
        web_kills=1,
        redis_flushes=1,
        redis_kills=1,
        postgres_kills=1,
        customers=8,
        agents=2,
        collections=3,
        payers=4,
        workers=2,
        patience_s=240,  # a vend whose worker was killed is taken up after three minutes
        pull_every_s=1,
    )
    with folder_in_reach() as folder, start_deployment(folder, workload) as deployment:
        report = run(deployment, workload, folder, lambda line: None, money_only=True)

    assert not report.violations, report.table()
    recorded = report.statistics["payments recorded by the provider"]
    assert recorded > workload.payments // 2, report.table()
