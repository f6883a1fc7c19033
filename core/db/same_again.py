"""What was done minutes ago, for acts that nothing tells apart from their repetition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text


def find_same_cash(
    connection: Connection,
    provider_account: str,
    account: tuple[int, int | None, str],
    amount_minor: int,
    since: datetime,
) -> tuple[str, datetime] | None:
    """Return (receipt, instant) of the newest cash of that agent and of that amount for an account:
    its customer, its device if any, and what was typed. None where there is none since then, or it
    was given back.

    The device may have got another owner meanwhile, and the cash may be in suspense by now.
    """
    row = connection.execute(
        text(
            "SELECT receipt, received_at FROM payments"
            " WHERE provider_account = :account AND amount_minor = :amount"
            " AND received_at >= :since AND state NOT IN ('refunded', 'reversed')"
            " AND (account_raw = :typed OR device_id = :device OR"
            " (customer_id = :customer AND coalesce(device_id, :device) IS NULL))"
            " ORDER BY id DESC LIMIT 1"
        ),
        {
            "account": provider_account,
            "customer": account[0],
            "device": account[1],
            "typed": account[2],
            "amount": amount_minor,
            "since": since,
        },
    ).one_or_none()
    return None if row is None else (row.receipt, row.received_at)


def find_open_prompt(
    connection: Connection,
    msisdn: str,
    account: tuple[int, int | None, str],
    amount_minor: int,
    since: datetime,
) -> tuple[int, datetime] | None:
    """Return (id, instant) of the newest prompt to that number, for that customer, device and
    purpose and of that amount, that was made since then and has not ended."""
    row = connection.execute(
        text(
            "SELECT id, created_at FROM prompts WHERE msisdn = :msisdn AND customer_id = :customer"
            " AND device_id IS NOT DISTINCT FROM :device AND purpose = :purpose"
            " AND amount_minor = :amount"
            " AND created_at >= :since AND state NOT IN ('paid', 'failed')"
            " ORDER BY id DESC LIMIT 1"
        ),
        {
            "msisdn": msisdn,
            "customer": account[0],
            "device": account[1],
            "purpose": account[2],
            "amount": amount_minor,
            "since": since,
        },
    ).one_or_none()
    return None if row is None else (row.id, row.created_at)


def find_same_sale(
    connection: Connection, customer_id: int, appliance: str, since: datetime
) -> tuple[str, datetime] | None:
    """Return (name, instant) of the last sale of that appliance (a code) to that customer on a
    plan; None where it was before `since`, or cancelled."""
    row = connection.execute(
        text(
            "SELECT a.name, e.posted_at FROM sales s JOIN appliances a ON a.id = s.appliance_id"
            " JOIN entry_ids k ON k.idempotency_key = 'sale:' || s.id"
            " JOIN journal_entries e ON e.id = k.id"
            " WHERE s.customer_id = :customer AND a.code = :appliance AND s.state <> 'cancelled'"
            " AND e.posted_at >= :since ORDER BY e.posted_at DESC LIMIT 1"
        ),
        {"customer": customer_id, "appliance": appliance, "since": since},
    ).one_or_none()
    return None if row is None else (row.name, row.posted_at)


def find_sale_beside(connection: Connection, sale_id: int, since: datetime) -> datetime | None:
    """Return when the appliance of that sale was last sold to its customer in another sale that is
    not cancelled; None where that was before `since`."""
    sold_at: datetime | None = connection.execute(
        text(
            "SELECT max(e.posted_at) FROM sales s JOIN sales t USING (customer_id, appliance_id)"
            " JOIN entry_ids k ON k.idempotency_key = 'sale:' || t.id"
            " JOIN journal_entries e ON e.id = k.id"
            " WHERE s.id = :id AND t.id <> s.id AND t.state <> 'cancelled'"
            " AND e.posted_at >= :since"
        ),
        {"id": sale_id, "since": since},
    ).scalar_one()
    return sold_at


def find_audit(
    connection: Connection,
    subject: tuple[str, int],
    action: str,
    details: Mapping[str, object],
    since: datetime,
) -> datetime | None:
    """Return when that action was last done to that row with these details, since then."""
    acted_at: datetime | None = connection.execute(
        text(
            "SELECT max(acted_at) FROM audit_log WHERE subject = :subject AND subject_id = :id"
            " AND action = :action AND details @> CAST(:details AS jsonb) AND acted_at >= :since"
        ),
        {
            "subject": subject[0],
            "id": subject[1],
            "action": action,
            "details": json.dumps(dict(details)),
            "since": since,
        },
    ).scalar_one()
    return acted_at


def count_audit(
    connection: Connection, subject: tuple[str, int], action: str, since: datetime
) -> int:
    """Return how often that action was done to that row since then."""
    done: int = connection.execute(
        text(
            "SELECT count(*) FROM audit_log WHERE subject = :subject AND subject_id = :id"
            " AND action = :action AND acted_at >= :since"
        ),
        {"subject": subject[0], "id": subject[1], "action": action, "since": since},
    ).scalar_one()
    return done


def find_act_of(
    connection: Connection,
    operator: str,
    subject: tuple[str, int],
    action: str | None,
    since: datetime,
) -> datetime | None:
    """Return when that operator last did that action, or any, to that row, since then."""
    acted_at: datetime | None = connection.execute(
        text(
            "SELECT max(acted_at) FROM audit_log WHERE subject = :subject AND subject_id = :id"
            " AND operator = :operator AND acted_at >= :since"
            " AND (CAST(:action AS text) IS NULL OR action = :action)"
        ),
        {
            "subject": subject[0],
            "id": subject[1],
            "operator": operator,
            "action": action,
            "since": since,
        },
    ).scalar_one()
    return acted_at
