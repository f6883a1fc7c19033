"""What a row of an M-Pesa statement is: told by its transaction type, never by letters in a name.

The type stands in the column `Reason Type`, else in the leading words of `Details`. Only payments
by customers are payments; a type that is not listed here is left to a person.
"""

from __future__ import annotations

import re

from core.movement import Direction, MovementKind

# Types as Safaricom's portals write them, in small letters, with single blanks for all else.
_CUSTOMER = (
    r"(customer )?(pay ?bill|pay utility|buy ?goods|pay merchant|merchant payment"
    r"|payment to small business)( fuliza m ?pesa)?( online)?"
)
_TYPES: tuple[tuple[MovementKind, str], ...] = (
    ("fee", r"(.* )?(charges?|fees?)"),
    ("reversal", r"(.* )?(reversal|reversed)"),
    ("payment", _CUSTOMER),
    (
        "settlement",
        r"organi[sz]ation settlement.*|revenue settlement.*|funds received.*"
        r"|merchant account to organi[sz]ation settlement account",
    ),
)
# Customers' payments come in and their reversals go out; fees and settlements do both. Money that
# comes back from a reversed payout is none of them.
_DIRECTION_OF: dict[MovementKind, Direction] = {"payment": "in", "reversal": "out"}
# Where the type ends in Details, and names, numbers and accounts begin.
_DETAILS_END = re.compile(
    r"\b(from|by|for|at|via|acc|of|on|to(?! small business| organi[sz]ation settlement))\b"
    r"|[-–—,/:;(.\d]"
)


def kind_of(reason: str, details: str, direction: Direction) -> MovementKind:
    """Return what a row is, by the columns `Reason Type` and `Details`, and where money went.

    A charge can stand under the type of its payment: then the leading words of Details tell.
    """
    kind = _named(reason or type_in_details(details))
    if kind == "payment" and direction == "out":
        kind = _named(type_in_details(details))
    return kind if direction == _DIRECTION_OF.get(kind, direction) else "other"


def type_in_details(details: str) -> str:
    """Return the leading words of Details, which are the type of the transaction."""
    lowered = " ".join(details.lower().split())
    end = _DETAILS_END.search(lowered)
    return lowered[: end.start()].strip() if end else lowered


def is_pulled_payment(written: str) -> bool:
    """Whether a type of the pull API, such as `c2b-pay-bill-debit`, is a customer's payment."""
    found = re.fullmatch(r"c2b-(.*)-debit", written.strip().lower())
    return found is not None and re.fullmatch(_CUSTOMER, _plain(found.group(1))) is not None


def _named(written: str) -> MovementKind:
    plain = _plain(written)
    return next((kind for kind, pattern in _TYPES if re.fullmatch(pattern, plain)), "other")


def _plain(written: str) -> str:
    return re.sub(r"[^a-z]+", " ", written.lower()).strip()
