"""What the drivers of vendors that push credit, and are told money, have in common."""

from __future__ import annotations

from datetime import timedelta

from core.clock import system_clock
from core.money import major
from core.vend import Refusal, VendOrder
from gateway.vendors.account import Account
from gateway.vendors.http_client import Settled

# After this long no request of ours is under way any more, at us or at the vendor.
_SETTLES_IN = timedelta(minutes=15)


def customer_code(account: Account, order: VendOrder) -> str:
    """Return the code of the customer at the vendor. Raises Settled where there is none."""
    if account["CUSTOMER_CODE"] != "account":
        return order.serial
    if not order.customer_reference:
        raise Settled(Refusal("unknown_device", "the device has no customer"))
    return order.customer_reference


def written_money(order: VendOrder) -> str:
    """Return the money of an order, as `307.50`. Raises Settled: a vendor that is told money cannot
    be told a gift."""
    if not order.money:
        raise Settled(Refusal("amount", "no money was paid for it, and this vendor is told money"))
    return major(order.money.minor, order.money.currency)


def was_asked_long_ago(order: VendOrder) -> bool:
    """Return whether what the vendor does not have by now was not vended, and will not be."""
    return order.asked_at is None or system_clock() - order.asked_at > _SETTLES_IN
