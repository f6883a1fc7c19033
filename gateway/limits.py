"""How often somebody did something lately, counted in Redis for all web processes together.

A limit protects; it is never a reason to turn money or people away. When Redis is away nothing is
counted and nobody is held back.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from redis import Redis, RedisError

from core.errors import Refused

log = logging.getLogger(__name__)

# Serial numbers that do not exist, by one payer or caller in an hour: more than anybody mistypes,
# and a search of even a six-digit series would take years.
_MISSES_MAX = 20
_MISSES_WITHIN_S = 3600
# Refusals that tell a guesser something.
MISSES = ("unknown_serial", "device_in_stock")


class Limits:
    """Counters that start anew some time after their first count."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def count(self, name: str, who: str, within_s: int) -> int:
        """One more; how many that makes. 0 when Redis is away."""
        key = _key(name, who)
        try:
            counting = self._redis.pipeline()
            counting.set(key, 0, ex=within_s, nx=True)
            counting.incr(key)
            return int(counting.execute()[1])
        except RedisError as error:
            log.warning("not counted: %s (%s)", name, error)
            return 0

    def read(self, name: str, who: str) -> int:
        """How many there were. 0 when Redis is away."""
        try:
            return int(self._redis.get(_key(name, who)) or 0)
        except RedisError as error:
            log.warning("not read: %s (%s)", name, error)
            return 0


def _key(name: str, who: str) -> str:
    """No number of a person and no address stands in Redis as it is."""
    return f"limit:{name}:{hashlib.blake2s(who.encode(), digest_size=12).hexdigest()}"


@dataclass(frozen=True, slots=True)
class SerialGuesses:
    """Holds back who asks for serial number after serial number that does not exist."""

    limits: Limits

    def check(self, who: str) -> None:
        """Raises Refused("too_many_guesses")."""
        if self.limits.read("misses", who) >= _MISSES_MAX:
            raise Refused("too_many_guesses")

    def missed(self, who: str) -> None:
        """They named a serial that does not exist, or one that nobody owns."""
        self.limits.count("misses", who, _MISSES_WITHIN_S)
