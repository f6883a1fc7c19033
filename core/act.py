"""Acts: what an operator does at the console that gives something of value away.

What one person may do alone is bounded: by a sum for each day, and by a sum above which a second
person approves the act first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from core.market import Market
from core.operator import Role

ActName = Literal[
    "order_token",
    "replace_device",
    "match_payment",
    "refund",
    "record_return",
    "give_credit_back",
    "move_credit",
    "reprice_sale",
    "discount_sale",
    "settle_sale",
    "cancel_sale",
    "repossess_sale",
    "write_off_sale",
    "waive_fee",
    "write_off_clawback",
    "close_case",
    "ask_vendor_again",
    "give_vend_back",
    "take_payment",
    "settle_agent",
    "pay_commission",
    "write_off_shortfall",
    "set_float_limit",
    "set_act_rules",
]
# done: by one person alone. The others were asked for first.
ActState = Literal["done", "waiting", "approved", "refused", "withdrawn", "expired"]
SecondPerson = Literal["required", "off"]
SECOND_PERSON: tuple[SecondPerson, ...] = get_args(SecondPerson)

# The roles that act, and those that approve what others ask for.
ACTING: tuple[Role, ...] = ("owner", "finance", "support")
APPROVING: tuple[Role, ...] = ("owner", "finance")
# How long a request waits.
REQUEST_KEPT = timedelta(days=3)
# Who gave an agent a new PIN does not book what that agent hands over, for this long.
SPLIT_FOR = timedelta(days=7)
# Who made or changed a login is not approved by it, for this long.
NEW_LOGIN_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ActRules:
    """What one person may do alone.

    `large_minor`: an act of more needs a second person, as does every code that unlocks a device.
    `daily_minor`: the sum of a person's acts in a day, by role; None: no limit.
    """

    second_person: SecondPerson
    large_minor: int
    daily_minor: Mapping[Role, int | None]


def default_rules(market: Market) -> ActRules:
    """Return the rules until others are set: a second person above a tenth of the largest payment;
    in a day, twice the largest payment for finance, a fifth of it for support."""
    largest = market.payment_max_minor
    daily: dict[Role, int | None] = {
        "owner": None,
        "finance": largest * 2,
        "support": largest // 5,
        "read_only": 0,
    }
    return ActRules("required", largest // 10, daily)


@dataclass(frozen=True, slots=True)
class AskedAct:
    """An act that waits for a second person, or has waited: `ids` are those of its page, `typed`
    what was typed into its form."""

    id: int
    act: ActName
    user_id: int
    asker: str
    asker_role: Role
    asker_is_active: bool
    ids: Mapping[str, int]
    typed: Mapping[str, Any]
    reason: str
    value_minor: int
    state: ActState
    asked_at: datetime
    expires_at: datetime
