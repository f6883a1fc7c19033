"""A workload is read from the environment, and a seed gives the same kill schedule again."""

from __future__ import annotations

from torture.workload import Workload


def test_full_size_is_what_the_release_asks_for():
    full = Workload.from_environment({"TORTURE_SEED": "5"})

    assert (full.payments, full.worker_kills) == (20_000, 300)
    assert (full.redis_flushes, full.postgres_kills) == (20, 10)


def test_a_scale_takes_a_part_of_all_that_is_not_named():
    some = Workload.from_environment({"TORTURE_SCALE": "0.1", "TORTURE_POSTGRES_KILLS": "4"})

    assert (some.payments, some.worker_kills, some.postgres_kills) == (2_000, 30, 4)


def test_a_seed_draws_the_same_blows_again():
    workload = Workload(seed=5)

    assert (
        workload.kill_schedule()
        == Workload(seed=5).kill_schedule()
        != Workload(seed=6).kill_schedule()
    )
    assert len(workload.kill_schedule()) == 300 + 10 + 20 + 5 + 10


def test_two_runs_without_a_seed_are_not_the_same():
    assert len({Workload.from_environment({}).seed for _ in range(20)}) > 1
