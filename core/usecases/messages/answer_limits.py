"""How many answers a phone number gets to its SMS: a program that answers ours must not cost
without end, and a sender's number is easily forged.

All counts are of rows in the database, so that they hold when Redis is away, and for every process.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.messages import answers_since, newest_answers
from core.msisdn import region_of
from core.unit import Unit

# An hour, and a day. Agents register a village by SMS in an afternoon.
MOST = 10, 30
MOST_OF_AN_AGENT = 60, 200
# So often the same answer is given to a number within a quarter of an hour.
SAME_ANSWERS = 2
_SAME_WITHIN = timedelta(minutes=15)


def is_answered(unit: Unit, msisdn: str, role: str) -> bool:
    """Whether an SMS of this number, of a caller with that role, is acted on and answered now. A
    stranger's number must be of a country that the market names."""
    hour, day = answers_since(
        unit.connection, msisdn, unit.now - timedelta(hours=1), unit.now - timedelta(days=1)
    )
    most_an_hour, most_a_day = MOST_OF_AN_AGENT if role == "agent" else MOST
    if hour >= most_an_hour or day >= most_a_day:
        return False
    return role != "stranger" or region_of(msisdn) in (
        unit.market.country,
        *unit.market.sms_countries,
    )


def says_the_same(unit: Unit, msisdn: str, body: str) -> bool:
    """Whether the number was just told this, and nothing else, as often as is useful."""
    answers = newest_answers(unit.connection, msisdn, SAME_ANSWERS, unit.now - _SAME_WITHIN)
    return answers == [body] * SAME_ANSWERS
