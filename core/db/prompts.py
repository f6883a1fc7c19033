"""Queries for prompts: waiting to be sent, looked up while their outcome is unknown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from core.prompt import Joined, Prompt

_COLUMNS = (
    "id, channel, network, msisdn, account_reference, customer_id, device_id, amount_minor,"
    " (SELECT currency FROM market) AS currency, purpose, state, checkout_reference, payment_id,"
    " attempts, created_at, sent_at, next_attempt_at"
)


def count_prompts(
    connection: Connection, msisdn: str, open_since: datetime, since: datetime
) -> tuple[int, int]:
    """Return how many prompts to a number were made since `open_since` and have not ended, and how
    many of any state since `since`, which is earlier."""
    row = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE created_at > :open_since"
            " AND state NOT IN ('approved', 'paid', 'failed')), count(*)"
            " FROM prompts WHERE msisdn = :msisdn AND created_at > :since"
        ),
        {"msisdn": msisdn, "open_since": open_since, "since": since},
    ).one()
    return row[0], row[1]


def insert_prompt(connection: Connection, values: dict[str, Any]) -> int:
    """Store a prompt that waits to be sent; returns its id."""
    return int(
        connection.execute(
            text(
                "INSERT INTO prompts (channel, network, checkout_reference, msisdn,"
                " account_reference, customer_id, device_id, amount_minor, purpose, created_at,"
                " next_attempt_at) VALUES (:channel, :network, :checkout_reference, :msisdn,"
                " :account_reference, :customer_id, :device_id, :amount_minor, :purpose, :now,"
                " :now) RETURNING id"
            ),
            values,
        ).scalar_one()
    )


def set_own_reference(connection: Connection, prompt_id: int) -> None:
    """Let the payer see a reference that leads back to this prompt: its customer and purpose."""
    connection.execute(
        text("UPDATE prompts SET account_reference = prompt_reference(id) WHERE id = :id"),
        {"id": prompt_id},
    )


def find_reference(connection: Connection, account_reference: str) -> Prompt | None:
    """Return the newest prompt that showed this account reference, or None."""
    return _find_prompt_where(
        connection, "account_reference = :key ORDER BY id DESC LIMIT 1", account_reference
    )


def asked_of_others(
    connection: Connection, device_id: int, amount_minor: int, between: tuple[datetime, datetime]
) -> set[int]:
    """Return the customers for whom that amount was asked for a device between two instants, where
    the prompt has not ended or its money is not known."""
    rows = connection.execute(
        text(
            "SELECT customer_id FROM prompts WHERE device_id = :device AND amount_minor = :amount"
            " AND payment_id IS NULL AND state <> 'failed' AND created_at BETWEEN :begin AND :end"
        ),
        {"device": device_id, "amount": amount_minor, "begin": between[0], "end": between[1]},
    )
    return set(rows.scalars())


def is_asked_between(
    connection: Connection, between: tuple[datetime, datetime], tariff_id: int | None = None
) -> bool:
    """Return whether money was asked between two instants, for a meter on that tariff or for
    anything, by a prompt that has not ended: who approves it was told what it does then."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM prompts r LEFT JOIN devices d ON d.id = r.device_id"
                " WHERE r.created_at >= :begin AND r.created_at < :end AND r.payment_id IS NULL"
                " AND r.state <> 'failed'"
                " AND (CAST(:tariff AS bigint) IS NULL OR d.tariff_id = :tariff))"
            ),
            {"begin": between[0], "end": between[1], "tariff": tariff_id},
        ).scalar_one()
    )


def customers_asked(connection: Connection, payment_id: int) -> set[int]:
    """Return the customers for whom a payment was asked by a prompt; none without a prompt."""
    rows = connection.execute(
        text("SELECT customer_id FROM prompts WHERE payment_id = :id"), {"id": payment_id}
    )
    return set(rows.scalars())


def lock_prompt(connection: Connection, prompt_id: int) -> Prompt | None:
    """Return the prompt with that id, locked, or None."""
    return _find_prompt_where(connection, "id = :key FOR NO KEY UPDATE", prompt_id)


def lock_checkout(connection: Connection, checkout_reference: str) -> Prompt | None:
    """Return the prompt with that provider's reference, locked, or None."""
    return _find_prompt_where(
        connection, "checkout_reference = :key FOR NO KEY UPDATE", checkout_reference
    )


def _find_prompt_where(connection: Connection, where: str, key: object) -> Prompt | None:
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM prompts WHERE {where}"),
        {"key": key},
    ).one_or_none()
    return None if row is None else Prompt(*row)


def claim_prompts(
    connection: Connection,
    states: list[str],
    now: datetime,
    limit: int,
    channels: Collection[str] | None = None,
) -> list[Prompt]:
    """Lock prompts in those states whose next step is due, of these channels or of all."""
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM prompts WHERE next_attempt_at <= :now"
            " AND state = ANY(:states)"
            " AND (CAST(:channels AS text[]) IS NULL OR channel = ANY(:channels))"
            " ORDER BY next_attempt_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
        ),
        {
            "now": now,
            "states": states,
            "limit": limit,
            "channels": None if channels is None else list(channels),
        },
    )
    return [Prompt(*row) for row in rows]


def update_prompt(connection: Connection, prompt_id: int, **values: object) -> None:
    """Set columns of a prompt."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE prompts SET {assignments} WHERE id = :id"),
        {"id": prompt_id, **values},
    )


def join_receipts(connection: Connection, now: datetime) -> list[Joined]:
    """Match open prompts to recorded payments with the same reference, amount and payer.

    The payment must have been made while the prompt was open, and match no other prompt. No money
    moves. A masked payer matches when every visible digit does. A prompt that is not known to be
    paid is left to its own callback for a minute.
    """
    joined = connection.execute(
        text(
            """
            WITH found AS (
                SELECT DISTINCT ON (p.id) r.id AS prompt_id, p.id AS payment_id
                  FROM prompts r JOIN LATERAL (
                       SELECT * FROM payments
                        WHERE payer IN (r.msisdn, encode(sha256(decode(substr(r.msisdn, 2),
                                                                       'escape')), 'hex'))
                        UNION ALL
                       SELECT o.* FROM payments o
                        WHERE o.customer_id = r.customer_id AND payer_kind = 'masked'
                          AND o.device_id IS NOT DISTINCT FROM r.device_id
                          AND payer ~ '^[0-9]{4,}[ *]+[0-9]{3,}$'
                          AND substr(r.msisdn, 2) LIKE regexp_replace(payer, '[ *]+', '%')
                       ) p ON p.amount_minor = r.amount_minor
                   AND p.account_raw = r.account_reference
                   AND coalesce(p.customer_id, r.customer_id) = r.customer_id
                   AND p.provider_account LIKE r.channel || ':%'
                   AND p.paid_at BETWEEN r.sent_at - interval '1 minute'
                                     AND r.sent_at + interval '10 minutes'
                 WHERE (r.state = 'approved' OR r.state IN ('sending', 'pending', 'unknown')
                                                AND p.received_at < :now - interval '1 minute')
                   AND NOT EXISTS (SELECT FROM prompts o WHERE o.payment_id = p.id)
                 ORDER BY p.id, r.id DESC
            )
            UPDATE prompts SET state = 'paid', next_attempt_at = NULL, payment_id = first.payment_id
              FROM (SELECT prompt_id, min(payment_id) AS payment_id FROM found GROUP BY 1) AS first
             WHERE prompts.id = first.prompt_id
               AND prompts.state IN ('approved', 'sending', 'pending', 'unknown')
            RETURNING prompts.id, prompts.payment_id, prompts.msisdn
            """
        ),
        {"now": now},
    )
    return [Joined(*row) for row in joined]
