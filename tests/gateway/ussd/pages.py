"""What the toy menu shows on the way to a payment, and how to get there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from redis import Redis

Charged = Callable[[], list[tuple[str, str, int]]]
HOME = "CON Karibu Amina\n1 Pay\n2 What I owe\n3 Language"
AMOUNT = "CON M1001 owes KES 300.\nAmount?\n0 Back 00 Home"
CONFIRM = "CON KES 500 for M1001: loan KES 300, 5.0 kWh.\n1 Pay\n2 Change\n0 Back 00 Home"
PAID = "END Request 7 for M1001. Check your phone."
LOST = HOME.replace("Karibu", "Sorry, we lost our place.\nKaribu")


def to_confirm(caller: Any) -> None:
    """Dial and answer up to the confirmation; `caller` is a Phone or a conformance Caller."""
    assert caller.dial() == HOME
    assert caller.answer("1") == AMOUNT
    assert caller.answer("500") == CONFIRM


def stored_texts(redis: Redis) -> bytes:
    """Everything that Redis holds: all keys, and the values that are text."""
    keys = cast(list[bytes], redis.keys("*"))
    texts = [key for key in keys if redis.type(key) == b"string"]
    return b" ".join([key + b"=" + cast(bytes, redis.get(key) or b"") for key in texts] + keys)
