"""Attempts at a secret (a password, a code) and the delays between them.

After some free attempts the next one has to wait, twice as long each time: for one name from one
network (a /24 of IPv4, a /64 of IPv6), for one name from everywhere, and for the whole console. No
name is ever locked. A network that the person logged in from before waits for its own attempts
only, and never long: a stranger elsewhere cannot shut a person out.

An attempt is counted before the secret is looked at, so that many at once count as many. What is
counted is in Redis, for all web processes; where it cannot be reached, each process counts itself.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol, TypeVar

from redis import Redis, RedisError

from core.errors import Refused
from gateway.console.process_counters import ProcessCounters

log = logging.getLogger(__name__)
Result = TypeVar("Result")

# Attempts are forgotten after an hour without any.
KEPT_S = 3600


@dataclass(frozen=True, slots=True)
class Rule:
    """How many attempts are free, and the longest delay after that, in seconds."""

    free: int
    longest_s: int

    def delay_s(self, attempts: int) -> int:
        """The delay after so many attempts; 0 while they are free."""
        beyond = attempts - self.free
        return 0 if beyond <= 0 else min(self.longest_s, 2 ** min(beyond, 20))


FROM_NEW_NETWORK = Rule(5, 15 * 60)
FROM_KNOWN_NETWORK = Rule(10, 60)
# From all networks that the person never logged in from.
OF_NAME = Rule(40, 5 * 60)
OF_CONSOLE = Rule(400, 10)
# Wrong present passwords of one login, which ends then.
PRESENT_PASSWORD_MAX = 5


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at a secret: `at` says at which ("password", "code"), `is_known` whether the
    person with that name logged in from the network before."""

    at: str
    name: str
    network: str
    is_known: bool

    @property
    def rules(self) -> list[tuple[str, Rule]]:
        """The key of each counter with its rule; the first is that of this name and network."""
        own = f"{self.at}|{self.name}|{self.network}"
        if self.is_known:
            return [(own, FROM_KNOWN_NETWORK)]
        return [
            (own, FROM_NEW_NETWORK),
            (f"{self.at}|{self.name}", OF_NAME),
            (self.at, OF_CONSOLE),
        ]


def network_of(source: str) -> str:
    """Return the network that an address counts for: its /24 or /64. Text that is no address counts
    for itself."""
    try:
        address = ip_address(source)
    except ValueError:
        return source[:45]
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    length = 24 if address.version == 4 else 64
    return str(ip_network(f"{address}/{length}", strict=False))


class Counters(Protocol):
    """Counters and the delays that they lead to."""

    def left_s(self, keys: Sequence[str]) -> int:
        """Return the longest delay that is not over, in seconds; 0 without one."""

    def count(self, keys: Sequence[str]) -> list[int]:
        """Count one more of each; returns how many there are."""

    def delay(self, key: str, seconds: int) -> bool:
        """Begin a delay. Returns False where another attempt began one at this moment."""

    def forget(self, key: str) -> None:
        """Forget what was counted, and the delay."""

    def uncount(self, keys: Sequence[str]) -> None:
        """Take one away from each."""


class RedisCounters:
    """Counters that all web processes share. Raises RedisError where Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def left_s(self, keys: Sequence[str]) -> int:
        asking = self._redis.pipeline(transaction=False)
        for key in keys:
            asking.pttl(_delay_key(key))
        return max(0, *(-(-int(left_ms) // 1000) for left_ms in asking.execute()))

    def count(self, keys: Sequence[str]) -> list[int]:
        counting = self._redis.pipeline()
        for key in keys:
            counting.incr(_count_key(key))
        for key in keys:
            counting.expire(_count_key(key), KEPT_S)
        return [int(count) for count in counting.execute()[: len(keys)]]

    def delay(self, key: str, seconds: int) -> bool:
        return bool(self._redis.set(_delay_key(key), 1, ex=seconds, nx=True))

    def forget(self, key: str) -> None:
        self._redis.delete(_count_key(key), _delay_key(key))

    def uncount(self, keys: Sequence[str]) -> None:
        counting = self._redis.pipeline()
        for key in keys:
            counting.decr(_count_key(key))
            counting.expire(_count_key(key), KEPT_S)
        counting.execute()


def _count_key(key: str) -> str:
    """The key in Redis, with a hash: it holds no names and no addresses."""
    return f"limit:attempts:{hashlib.blake2s(key.encode(), digest_size=12).hexdigest()}"


def _delay_key(key: str) -> str:
    return f"{_count_key(key)}:delay"


class Attempts:
    """Counts the attempts at secrets of the console, and delays them."""

    def __init__(self, redis: Redis) -> None:
        self._shared, self._own = RedisCounters(redis), ProcessCounters()

    def begin(self, attempt: Attempt) -> None:
        """Count an attempt. Raises Refused("attempts_delayed"): look at no secret then."""
        self._with_counters(lambda counters: _begin(counters, attempt))

    def succeed(self, attempt: Attempt) -> None:
        """Forget the attempts of this name and network: the secret was right."""
        own, *others = [key for key, _ in attempt.rules]
        self._with_counters(lambda counters: counters.forget(own))
        if others:
            self._with_counters(lambda counters: counters.uncount(others))

    def count_present_password(self, user_id: int) -> bool:
        """Count an attempt at the present password of a login. Returns False after too many: the
        login has to end."""
        counted = self._with_counters(lambda counters: counters.count([_present_key(user_id)]))
        return counted[0] <= PRESENT_PASSWORD_MAX

    def forget_present_password(self, user_id: int) -> None:
        """Begin to count again: the password was right, here or at a login."""
        self._with_counters(lambda counters: counters.forget(_present_key(user_id)))

    def _with_counters(self, work: Callable[[Counters], Result]) -> Result:
        """Do it with the counters in Redis, or where that cannot be reached, of this process."""
        try:
            return work(self._shared)
        except RedisError as error:
            log.warning("console: this process counts attempts alone (%s)", error)
            return work(self._own)


def _present_key(user_id: int) -> str:
    return f"present|{user_id}"


def _begin(counters: Counters, attempt: Attempt) -> None:
    keys = [key for key, _ in attempt.rules]
    if left_s := counters.left_s(keys):
        raise Refused("attempts_delayed", wait=_duration(left_s))
    for (key, rule), count in zip(attempt.rules, counters.count(keys), strict=True):
        seconds = rule.delay_s(count)
        if seconds and not counters.delay(key, seconds):
            raise Refused("attempts_delayed", wait=_duration(seconds))


def _duration(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
