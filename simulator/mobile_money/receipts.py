"""Receipt numbers: each is used once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection

from simulator.database import next_number

EAST_AFRICA_TIME = timezone(timedelta(hours=3))
_DIGITS_AND_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = _DIGITS_AND_LETTERS[10:]
_SEVEN_PLACES = 36**7
# Has no common factor with 36**7, so the products never repeat and look random.
_STRIDE = 41_887_903_571


def mpesa_receipt(connection: Connection, now: datetime) -> str:
    """A receipt of M-Pesa, such as TKO1A2B3C4: year, month and day, then seven characters."""
    day = now.astimezone(EAST_AFRICA_TIME)
    number = next_number(connection) * _STRIDE % _SEVEN_PLACES
    tail = "".join(_DIGITS_AND_LETTERS[number // 36**place % 36] for place in range(7))
    year, month = _LETTERS[(day.year - 2006) % 26], _LETTERS[day.month - 1]
    return f"{year}{month}{_DIGITS_AND_LETTERS[day.day]}{tail}"


def numeric_receipt(connection: Connection, now: datetime) -> str:
    """A receipt of any other provider: the date (yymmdd) and eight digits."""
    return f"{now:%y%m%d}{next_number(connection):08d}"
