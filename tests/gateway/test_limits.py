"""A caller who asks for serial after serial that does not exist is held back; no other is."""

import pytest
from redis import Redis

from core.errors import Refused
from gateway.limits import _MISSES_MAX, Limits, SerialGuesses
from gateway.redis_client import fail_fast_redis
from tests.gateway.conftest import Web
from tests.gateway.payments.bodies import c2b

GUESSER, OTHER = "254711000007", "254711000008"


def code(web: Web, account: str, payer: str) -> str:
    answer = web.daraja("validation", c2b(BillRefNumber=account, MSISDN=payer))
    assert answer.json is not None
    return str(answer.json["ResultCode"])


def test_a_payer_who_guesses_serials_is_refused_even_the_right_one(web: Web) -> None:
    for _ in range(_MISSES_MAX):
        assert code(web, "M-404", GUESSER) == "C2B00012"
    assert code(web, "M-100", GUESSER) == "C2B00011"
    assert code(web, "M-100", OTHER) == "0"


def test_a_payer_whose_number_is_hashed_is_still_one_payer(web: Web) -> None:
    for _ in range(_MISSES_MAX):
        code(web, "M-404", "ab" * 32)
    assert code(web, "M-100", "ab" * 32) == "C2B00011"
    assert code(web, "M-100", "cd" * 32) == "0"


def test_payers_that_look_alike_are_not_held_back_for_one_another(web: Web) -> None:
    for _ in range(_MISSES_MAX):
        code(web, "M-404", "2547 ***** 126")
    assert code(web, "M-100", "2547 ***** 126") == "0"


def test_serials_that_exist_cost_nothing(web: Web) -> None:
    for _ in range(_MISSES_MAX + 1):
        assert code(web, "M-100", GUESSER) == "0"


def test_a_count_ends_by_itself_and_holds_no_number(redis: Redis) -> None:
    limits = Limits(redis)
    assert [limits.count("misses", "+254711000007", 60) for _ in range(3)] == [1, 2, 3]
    (key,) = redis.keys("limit:*")
    assert 0 < redis.ttl(key) <= 60
    assert b"711000007" not in key


def test_without_redis_nobody_is_held_back() -> None:
    guesses = SerialGuesses(Limits(fail_fast_redis("redis://127.0.0.1:9")))
    for _ in range(_MISSES_MAX + 1):
        guesses.missed(GUESSER)
    guesses.check(GUESSER)


def test_with_redis_the_next_guess_is_refused(redis: Redis) -> None:
    guesses = SerialGuesses(Limits(redis))
    for _ in range(_MISSES_MAX):
        guesses.check(GUESSER)
        guesses.missed(GUESSER)
    with pytest.raises(Refused, match="too_many_guesses"):
        guesses.check(GUESSER)


def test_a_payer_nobody_can_tell_apart_is_not_counted(web: Web, redis: Redis) -> None:
    for hidden in ("2547 ***** 126", ""):
        assert code(web, "M-404", hidden) == "C2B00012"
    assert redis.keys("limit:misses:*") == []
