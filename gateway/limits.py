"""Limits: how often an address or a phone number did something, counted by all web processes.

The counters are in Redis. When Redis cannot be reached nothing is counted and nothing is refused: a
limit is never a reason to turn payments away.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from redis import Redis, RedisError

from core.errors import Refused

log = logging.getLogger(__name__)

# Unknown serial numbers of one payer or caller in an hour: more than a person mistypes, and a
# search of even a six-digit series would take years.
_MISSES_MAX = 20
_MISSES_WITHIN_S = 3600
# Refusals that give a guess away.
MISSES = ("unknown_serial", "device_in_stock")


class Limits:
    """Counters that expire some time after their first count."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def count(self, name: str, subject: str, within_s: int) -> int:
        """Count one more event of `subject` (an address, a number); returns how many there were in
        the last `within_s` seconds, 0 when Redis cannot be reached."""
        key = _key(name, subject)
        try:
            counting = self._redis.pipeline()
            counting.set(key, 0, ex=within_s, nx=True)
            counting.incr(key)
            return int(counting.execute()[1])
        except RedisError as error:
            log.warning("not counted: %s (%s)", name, error)
            return 0

    def read(self, name: str, subject: str) -> int:
        """How many events of `subject` there were; 0 when Redis cannot be reached."""
        try:
            return int(self._redis.get(_key(name, subject)) or 0)
        except RedisError as error:
            log.warning("not read: %s (%s)", name, error)
            return 0


def _key(name: str, subject: str) -> str:
    """The key of a counter, with a hash: Redis holds no phone numbers and no addresses."""
    return f"limit:{name}:{hashlib.blake2s(subject.encode(), digest_size=12).hexdigest()}"


@dataclass(frozen=True, slots=True)
class SerialGuesses:
    """Refuses phone numbers that ask for too many unknown serial numbers."""

    limits: Limits

    def check(self, msisdn: str) -> None:
        """Raises Refused("too_many_guesses")."""
        if self.limits.read("misses", msisdn) >= _MISSES_MAX:
            raise Refused("too_many_guesses")

    def missed(self, msisdn: str) -> None:
        """Count a serial number that does not exist, or whose device is in stock."""
        self.limits.count("misses", msisdn, _MISSES_WITHIN_S)
