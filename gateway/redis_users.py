"""The users of Redis and what each may do: the one statement of it, as rules of an ACL file.

The web process wakes workers by writing a job that it can neither read nor take back. It reads no
job, and no worker reads the session of a caller. The owner's user is for operators.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal, get_args

RedisUser = Literal["owner", "web", "worker"]
REDIS_USERS: tuple[RedisUser, ...] = get_args(RedisUser)

# What a client says for itself, and RQ, which asks for the version.
_CONNECT = "+hello +auth +ping +select +client|setinfo +client|setname +info +multi +exec +discard"
_SCRIPTS = "+eval +evalsha +script|load"

# Each is a list of rules; those in brackets apply to the keys named in the same brackets only.
# `%W~` is the right to write a key, without the right to read it.
RULES: Mapping[RedisUser, str] = {
    "owner": "~* &* +@all",
    "web": (
        f"{_CONNECT} {_SCRIPTS} +time"
        # Sessions of callers, limits, and figures that the console keeps for a while.
        " ~ussd:* ~limit:* ~console:* ~event_counters"
        " +get +mget +set +del +exists +incr +incrby +decr +decrby +expire +ttl +pttl"
        " +hincrby +hgetall"
        # Waking a queue.
        " (%W~wake:* +set)"
        " (%W~rq:queues +sadd)"
        " (%W~rq:queue:* +rpush)"
        " (%W~rq:job:* +hset +expire)"
        # Whether workers and the schedule are alive.
        " (%R~rq:workers %R~rq:workers:* +smembers +scard)"
        " (%R~rq:worker:* +hgetall +hmget +hget +exists)"
        " (%R~heartbeat:* +get)"
    ),
    "worker": (
        f"{_CONNECT} ~rq:* ~wake:* ~rate_limit:* ~heartbeat:* ~event_counters &rq:pubsub:*"
        " +@all -@dangerous -@admin +info +client|list"
    ),
}


def acl_file(passwords: Mapping[RedisUser, str]) -> str:
    """Return the ACL file of Redis or Valkey that makes these users; it holds hashes only."""
    lines = ["user default off"]
    for user in REDIS_USERS:
        hashed = hashlib.sha256(passwords[user].encode()).hexdigest()
        lines.append(f"user {user} on #{hashed} {RULES[user]}")
    return "\n".join(lines) + "\n"
