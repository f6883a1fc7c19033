"""Which role may do which act: the one table, asked in one place (gate.py)."""

from __future__ import annotations

from core.usecases.operators.users import ROLES

_ALL = frozenset(ROLES)
_OWNER = frozenset({"owner"})
_MONEY = frozenset({"owner", "finance"})
_DESK = frozenset({"owner", "support"})
_WORK = frozenset({"owner", "finance", "support"})

# Every page belongs to one of these acts; docs/console.md has the table for people.
MAY = {
    "see": _ALL,
    "password": _ALL,
    "manage_users": _OWNER,
    "market": _OWNER,
    "catalogue": _OWNER,
    "register": _DESK,
    "edit_customer": _DESK,
    "resend_text": _DESK,
    "see_token": _DESK,
    "order_code": _DESK,
    "sell": _DESK,
    "change_sale": _MONEY,
    "match": _MONEY,
    "refund": _MONEY,
    "export_month": _MONEY,
    "close_case": _WORK,
    "settle_agent": _MONEY,
    "float_limit": _MONEY,
    "reset_pin": _DESK,
    "stock": _DESK,
    "transfer_meter": _DESK,
    "swap": _DESK,
    "answer_request": _DESK,
}

# What makes sense on an empty book too.
WITHOUT_MARKET = frozenset({"market", "manage_users", "password"})


def may(role: str, act: str) -> bool:
    """Whether somebody in that role may do that act."""
    return role in MAY[act]
