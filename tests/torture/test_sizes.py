"""The sizes of a run come from the environment, and a seed draws the same blows again."""

from __future__ import annotations

from torture.sizes import Sizes


def test_full_size_is_what_the_release_asks_for():
    full = Sizes.from_environment({"TORTURE_SEED": "5"})

    assert (full.payments, full.worker_kills) == (20_000, 300)
    assert (full.redis_flushes, full.postgres_kills) == (20, 10)


def test_a_scale_takes_a_part_of_all_that_is_not_named():
    some = Sizes.from_environment({"TORTURE_SCALE": "0.1", "TORTURE_POSTGRES_KILLS": "4"})

    assert (some.payments, some.worker_kills, some.postgres_kills) == (2_000, 30, 4)


def test_a_seed_draws_the_same_blows_again():
    sizes = Sizes(seed=5)

    assert sizes.blows() == Sizes(seed=5).blows() != Sizes(seed=6).blows()
    assert len(sizes.blows()) == 300 + 10 + 20 + 5 + 10


def test_two_runs_without_a_seed_are_not_the_same():
    assert len({Sizes.from_environment({}).seed for _ in range(20)}) > 1
