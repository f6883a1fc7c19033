"""Sessions in Redis: what a text means next to the last one, and who wins."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from gateway.ussd.drop_off import RETENTION_S
from gateway.ussd.request import UssdReply, UssdRequest
from gateway.ussd.sessions import SessionStore, StoredSession
from gateway.ussd_menus.session import EffectKey, InterruptedSession, Offered, UssdSession
from tests.support.cast import PSEUDONYMS

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
REPLY = UssdReply("Amount?", False, "payment.amount")
KEY = EffectKey("africastalking:a/0", 2)
SESSION = UssdSession(
    "en", 156, KEY, ("home", "payment.amount"), {"serial": "M1"}, Offered("Amount?")
)


def request(ussd_session: str = "a", msisdn: str = "+254711000001") -> UssdRequest:
    return UssdRequest("africastalking", ussd_session, msisdn, "*384*96#", "63902", "1")


@pytest.mark.parametrize(
    ("last", "text", "typed"),
    [
        ("", "1", "1"),
        ("1", "1*1", "1"),
        ("1", "1*5*0", "5*0"),
        ("1", "1*", ""),
        ("1", "12", None),
        ("1", "2*1", None),
        ("1*####", "1*4321*2", "2"),
        ("1*####", "1*432*2", None),
    ],
)
def test_what_was_typed_is_what_follows_the_last_text(
    last: str, text: str, typed: str | None
) -> None:
    assert StoredSession(SESSION, last, REPLY).answer_after(text) == typed


@pytest.mark.parametrize(
    ("last", "text", "is_repeat"),
    [
        ("", "", True),
        ("1", "1", True),
        ("1*500", "1", True),
        ("1*500", "", False),  # of an ended session: the id is used again
        ("1*500", "1*5", False),
        ("1*500", "1*500*1", False),
        ("1*500", "2", False),
        ("1*####", "1*4321", True),
        ("1*####", "1*432", False),
    ],
)
def test_the_same_or_an_earlier_text_was_answered_before(
    last: str, text: str, is_repeat: bool
) -> None:
    ended = replace(REPLY, ends=True)

    assert StoredSession(SESSION, last, ended).repeats(text) is is_repeat


def test_a_late_dial_of_a_session_that_goes_on_is_a_repeat() -> None:
    assert StoredSession(SESSION, "1*500", REPLY).repeats("")


def test_answers_are_counted_on_after_a_fresh_start() -> None:
    assert StoredSession(SESSION, "", REPLY).answers == 0
    assert StoredSession(SESSION, "1*5", REPLY, offset=3).answers == 5


def test_of_two_commits_on_one_version_the_first_wins(redis: Redis) -> None:
    store = SessionStore(redis, PSEUDONYMS)
    first = StoredSession(SESSION, "1", REPLY, version=1)
    second = StoredSession(SESSION, "2", replace(REPLY, text="late"), version=1)

    assert store.commit(request(), first, 0) is first
    assert store.commit(request(), second, 0) == first
    assert store.load(request())[0] == first
    assert store.commit(request(), replace(second, version=2), 1).version == 2


def test_another_caller_with_the_same_id_finds_nothing(redis: Redis) -> None:
    store = SessionStore(redis, PSEUDONYMS)
    store.commit(request(), StoredSession(SESSION, "1", REPLY, version=1), 0)

    assert store.load(request(msisdn="+254711000002")) == (None, None)


def test_an_unfinished_conversation_is_remembered_by_phone_until_it_ends(redis: Redis) -> None:
    store = SessionStore(redis, PSEUDONYMS)
    kept = StoredSession(SESSION, "1", REPLY, version=1, answered_at=NOW)

    store.commit(request("a"), kept, 0)
    left = InterruptedSession(SESSION.trail, SESSION.variables, KEY, NOW)
    assert store.load(request("b")) == (None, left)

    store.commit(request("a"), replace(kept, reply=replace(REPLY, ends=True), version=2), 1)
    assert store.load(request("b")) == (None, None)


def test_asking_whether_to_go_on_does_not_keep_a_conversation_longer(redis: Redis) -> None:
    store = SessionStore(redis, PSEUDONYMS)
    left = InterruptedSession(SESSION.trail, SESSION.variables, KEY, NOW)
    asking = replace(SESSION, variables={}, interrupted=left)
    minutes = timedelta(minutes=1)

    for number, (after, kept_s) in enumerate([(4 * minutes, 360), (11 * minutes, None)]):
        asked = StoredSession(asking, "", REPLY, number + 1, answered_at=NOW + after)
        store.commit(request("b"), asked, number)
        ttls = [redis.ttl(key) for key in redis.keys("ussd:resume:*")]
        assert ttls == ([kept_s] if kept_s else [])


def test_a_conversation_in_which_nothing_was_given_is_not_worth_going_on(redis: Redis) -> None:
    store = SessionStore(redis, PSEUDONYMS)

    store.commit(
        request("a"), StoredSession(replace(SESSION, variables={}), "1", REPLY, version=1), 0
    )

    assert store.load(request("b")) == (None, None)


def test_everything_in_redis_goes_away_by_itself(redis: Redis) -> None:
    SessionStore(redis, PSEUDONYMS).commit(
        request(), StoredSession(SESSION, "1", REPLY, version=1), 0
    )

    assert sorted(redis.ttl(key) for key in redis.keys("ussd:*")) == [600, 900, RETENTION_S]


def test_no_key_holds_a_phone_number(redis: Redis) -> None:
    store = SessionStore(redis, PSEUDONYMS)
    store.commit(request(), StoredSession(SESSION, "1", REPLY, version=1), 0)

    assert len(redis.keys("*")) == 3
    assert redis.keys("*711000001*") == []
    assert "711000001" not in store.key(request().name)
