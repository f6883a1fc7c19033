"""A workload is read from the environment, and a seed gives the same kill schedule again."""

from __future__ import annotations

from torture.workload import Workload


def test_full_size_is_what_a_release_needs() -> None:
    workload = Workload.from_environment({"TORTURE_SEED": "5"})

    assert (workload.payments, workload.worker_kills) == (20_000, 300)
    assert (workload.redis_flushes, workload.postgres_kills) == (20, 10)


def test_a_scale_reduces_everything_that_is_not_named() -> None:
    workload = Workload.from_environment({"TORTURE_SCALE": "0.1", "TORTURE_POSTGRES_KILLS": "4"})

    assert (workload.payments, workload.worker_kills, workload.postgres_kills) == (2_000, 30, 4)


def test_a_seed_gives_the_same_kill_schedule_again() -> None:
    workload = Workload(seed=5)

    assert workload.kill_schedule() == Workload(seed=5).kill_schedule()
    assert workload.kill_schedule() != Workload(seed=6).kill_schedule()
    assert len(workload.kill_schedule()) == 300 + 10 + 20 + 5 + 10


def test_runs_without_a_seed_differ() -> None:
    assert len({Workload.from_environment({}).seed for _ in range(20)}) > 1
