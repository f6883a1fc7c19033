"""What is on its way for a device or a customer: payments, prompts, ordered tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.payments import NEVER


@dataclass(frozen=True, slots=True)
class InFlight:
    """What waits. `held_receipt`: a payment on hold for a person; `waiting_receipt`: one for a
    worker; `prompted_at`: when the newest prompt that may still be approved was sent or stored;
    `token_waits`: a token that adds something was just ordered, or a vendor is being asked (what
    failed does not count)."""

    held_receipt: str | None
    waiting_receipt: str | None
    prompted_at: datetime | None
    token_waits: bool


_IN_FLIGHT = """
    SELECT (SELECT min(receipt) FROM payments p WHERE p.{about} = :id AND state = 'received'
               AND next_attempt_at = :never),
           (SELECT min(receipt) FROM payments p WHERE p.{about} = :id AND state = 'received'
               AND next_attempt_at < :never),
           (SELECT max(coalesce(sent_at, created_at)) FROM prompts r WHERE r.{about} = :id
               AND (state = 'waiting' AND next_attempt_at IS NOT NULL
                    OR state IN ('approved', 'sending', 'pending', 'unknown')
                   AND sent_at > :since)),
           EXISTS (SELECT FROM token_orders o WHERE o.{about} = :id AND state = 'waiting'
                      AND attempts = 0 AND kind <> 'lock')
           OR EXISTS (SELECT FROM vends v WHERE v.{about} = :id AND kind <> 'lock'
                         AND (state = 'asked' OR state = 'waiting' AND attempts = 0))
"""
_ABOUT_DEVICE = text(_IN_FLIGHT.format(about="device_id"))
_ABOUT_CUSTOMER = text(_IN_FLIGHT.format(about="customer_id"))


def about_device(connection: Connection, device_id: int, since: datetime) -> InFlight:
    """Return what waits for a device; prompts sent before `since` were answered or given up."""
    values = {"id": device_id, "since": since, "never": NEVER}
    return InFlight(*connection.execute(_ABOUT_DEVICE, values).one())


def about_customer(connection: Connection, customer_id: int, since: datetime) -> InFlight:
    """Return what waits for a customer, on whatever device; `since` as for `about_device`."""
    values = {"id": customer_id, "since": since, "never": NEVER}
    return InFlight(*connection.execute(_ABOUT_CUSTOMER, values).one())
