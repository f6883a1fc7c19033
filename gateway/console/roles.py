"""Which role has which permission. `auth.py` is the only module that checks it."""

from __future__ import annotations

from core.usecases.operators.users import ROLES

_ALL = frozenset(ROLES)
_OWNER = frozenset({"owner"})
_MONEY = frozenset({"owner", "finance"})
_SUPPORT = frozenset({"owner", "support"})
_STAFF = frozenset({"owner", "finance", "support"})

# The roles of each permission. Every page needs one of them; docs/console.md has the same table.
PERMISSIONS = {
    "view": _ALL,
    "see_numbers": _STAFF,
    "own_login": _ALL,
    "manage_users": _OWNER,
    "market": _OWNER,
    "set_limits": _OWNER,
    "forget_person": _OWNER,
    "export_person": _OWNER,
    "approve": _MONEY,
    "refuse_act": _STAFF,
    "catalogue": _OWNER,
    "register_customer": _SUPPORT,
    "edit_customer": _SUPPORT,
    "resend_sms": _SUPPORT,
    "reveal_token": _SUPPORT,
    "order_token": _SUPPORT,
    "sell": _SUPPORT,
    "change_sale": _MONEY,
    "match_payment": _MONEY,
    "refund": _MONEY,
    "export_month": _MONEY,
    "close_case": _STAFF,
    "decide_vend": _STAFF,
    "give_vend_back": _MONEY,
    "settle_agent": _MONEY,
    "set_float_limit": _MONEY,
    "own_money": _MONEY,
    "forgive_debt": _MONEY,
    "reset_pin": _SUPPORT,
    "stock": _SUPPORT,
    "transfer_meter": _SUPPORT,
    "replace_device": _SUPPORT,
    "answer_request": _SUPPORT,
}

# The permissions of pages that can be used before a market is set up.
WITHOUT_MARKET = frozenset({"market", "manage_users", "own_login"})


def is_allowed(role: str, permission: str) -> bool:
    """Return whether the role has the permission. Raises KeyError for an unknown permission."""
    return role in PERMISSIONS[permission]
