"""Make the manual tokens that operators ordered. Only workers can, as it takes device keys.

The token and the device's counter are stored in one transaction, as for a payment. The owner gets
an SMS with the token, except for what locks or wipes, which is read at the console.
"""

from __future__ import annotations

import logging
import secrets

from core.db.audit import open_case
from core.db.customers import get_customer
from core.db.devices import lock_devices
from core.db.ownership import replacement_of
from core.db.tokens import (
    await_vendor,
    claim_orders,
    end_order,
    postpone_order,
    store_ordered,
)
from core.db.vends import insert_ordered_vend
from core.device import Device, TokenOrder
from core.logs import log_fields
from core.tokens.errors import TokenImpossible
from core.tokens.family import (
    Action,
    IssuedToken,
    group,
    issue,
)
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.tokens.device_keys import OpenSecret
from core.usecases.tokens.goodwill import post_goodwill
from core.vend import VENDORS
from core.wording.messages import sms
from core.wording.payment_words import describe_token

log = logging.getLogger(__name__)

ORDER_OF_ANOTHER = "order_of_another"
# What a technician types, or the agent who takes the device back: its owner is not told.
READ_AT_THE_CONSOLE: tuple[Action, ...] = ("lock", "wipe_state", "wipe_ids", "wipe_all")


def make_ordered_tokens(unit: Unit, open_secret: OpenSecret, limit: int = 50) -> int:
    """Make up to `limit` ordered tokens. Return how many orders were claimed.

    One that cannot be made now keeps its reason and waits, one that never can ends as failed; no
    order takes its neighbours with it.
    """
    orders = claim_orders(unit.connection, unit.now, limit)
    for order in sorted(orders, key=lambda order: order.device_id):  # the order of the locks
        try:
            with unit.connection.begin_nested():
                _make(unit, order, open_secret)
        except TokenImpossible as never:
            end_order(unit.connection, unit.now, order.id, "failed", str(never))
        except Exception as error:  # noqa: BLE001  it must not stop the other orders
            log.error(
                "an ordered token cannot be made: %r", error, extra=log_fields(order=order.id)
            )
            postpone_order(unit.connection, unit.now, order, repr(error))
    return len(orders)


def _make(unit: Unit, order: TokenOrder, open_secret: OpenSecret) -> None:
    locked = lock_devices(unit.connection, [order.device_id], [], with_secrets=True)
    device = locked[order.device_id]
    if device.owner_id != order.customer_id:
        return _give_up(unit, order, device)
    if device.token_family in VENDORS:
        return _ask_vendor(unit, order)
    secret = open_secret(device)
    rnd = secrets.randbelow(16)
    issued = issue(secret, device.token_counter, order.kind, order.units, unit.now, rnd)
    rows = [
        {"kind": token.kind, "units": token.amount, "counter": token.counter, "text": token.text}
        for token in issued
    ]
    ids = store_ordered(unit.connection, unit.now, order, rows, secret.sealed_links())
    end_order(unit.connection, unit.now, order.id, "made")
    post_goodwill(unit, order, device)
    if order.kind not in READ_AT_THE_CONSOLE and device.owner_id is not None:
        _notify_owner(unit, device, device.owner_id, dict(zip(ids, issued, strict=True)))
    log.info("ordered token made", extra=log_fields(order=order.id))


def _ask_vendor(unit: Unit, order: TokenOrder) -> None:
    """Leave the order to its vend, which ends it."""
    insert_ordered_vend(unit.connection, unit.now, order.id, order.value_minor)
    await_vendor(unit.connection, order.id)
    unit.wakes.add("vends")


def _give_up(unit: Unit, order: TokenOrder, device: Device) -> None:
    """End an order whose device is in other hands since, without a token: a person must know."""
    problem = f"{device.serial} changed hands after it was ordered"
    end_order(unit.connection, unit.now, order.id, "failed", problem)
    what = _describe(order)
    detail = (
        f"{what} for {device.serial}, ordered by {order.operator} for"
        f" {_name(unit, order.customer_id)}, was not made: {_whose_now(unit, device)}."
        " Order it again for the right device if it is still wanted"
    )
    open_case(unit.connection, unit.now, ORDER_OF_ANOTHER, str(order.id), detail)


def _describe(order: TokenOrder) -> str:
    if order.kind == "energy":
        return f"a code for {order.units // 10}.{order.units % 10} kWh"
    if order.kind in ("days", "set_days"):
        return f"a code for {order.units} days"
    return f"the {order.kind.replace('_', ' ')} code"


def _whose_now(unit: Unit, device: Device) -> str:
    if device.owner_id is not None:
        return f"the device is {_name(unit, device.owner_id)}'s now"
    replaced_by = replacement_of(unit.connection, device.id)
    return f"{replaced_by} has taken its place" if replaced_by else "the device is in stock now"


def _name(unit: Unit, customer_id: int | None) -> str:
    return get_customer(unit.connection, customer_id).full_name if customer_id else "the stock"


def _notify_owner(
    unit: Unit, device: Device, owner_id: int, tokens: dict[int, IssuedToken]
) -> None:
    owner = get_customer(unit.connection, owner_id)
    for token_id, token in tokens.items():
        message = sms.token(
            token=group(token.text, device.token_family),
            serial=device.serial,
            content=describe_token(token.kind, token.amount),
        )
        send_sms_to(unit, owner, message, f"ordered:{token_id}", token_id=token_id)
