"""Queries for vends: what vendors are asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from core.db.typed_rows import all_rows, row_or_none
from core.vend import Vend

_COLUMNS = """
    v.id, v.handle, v.device_id, d.serial, d.owner_id, v.customer_id,
    c.account AS customer_account, v.payment_id, p.receipt,
    p.amount_minor - p.returned_minor AS payment_left_minor, v.order_id, v.kind, v.units,
    v.amount_minor, coalesce(p.currency, (SELECT currency FROM market)) AS currency, v.until_at,
    (SELECT max(e.until_at) FROM vends e WHERE e.device_id = v.device_id AND e.state = 'done')
      AS until_before,
    v.state, coalesce(v.vendor, m.token_family) AS vendor,
    coalesce(v.account, m.account) AS account, v.created_at, v.asked_at, v.asks, v.attempts,
    v.next_attempt_at, v.reason, v.words, v.decided_by, v.typed_codes,
    v.given_back, v.vendor_reference
"""
_FROM = """
    FROM vends v JOIN devices d ON d.id = v.device_id
    JOIN manufacturers m ON m.id = d.manufacturer_id
    LEFT JOIN customers c ON c.id = v.customer_id LEFT JOIN payments p ON p.id = v.payment_id
"""


def insert_ordered_vend(
    connection: Connection, now: datetime, order_id: int, amount_minor: int
) -> None:
    """Store the vend of a locked token order, for the customer that it was ordered for."""
    connection.execute(
        text(
            "INSERT INTO vends (device_id, customer_id, order_id, kind, units, amount_minor,"
            " created_at, next_attempt_at) SELECT device_id, customer_id, id, kind, units, :amount,"
            " :now, :now FROM token_orders WHERE id = :id"
        ),
        {"id": order_id, "amount": amount_minor, "now": now},
    )


def claim_due_vends(
    connection: Connection, now: datetime, account: tuple[str, str], limit: int, *, in_turn: bool
) -> list[Vend]:
    """Lock up to `limit` vends that are due at an account (vendor, name), the oldest first; rows
    that others lock are skipped.

    A vend waits for earlier ones of its device that wait or are being asked; `in_turn`: also for
    those whose outcome is not known.
    """
    states = ["waiting", "asked", "unknown"] if in_turn else ["waiting", "asked"]
    return all_rows(
        connection,
        Vend,
        f"SELECT {_COLUMNS} {_FROM} WHERE v.next_attempt_at <= :now"
        " AND coalesce(v.vendor, m.token_family) = :vendor"
        " AND coalesce(v.account, m.account) = :account"
        " AND NOT EXISTS (SELECT FROM vends e WHERE e.device_id = v.device_id AND e.id < v.id"
        " AND e.state = ANY(:states))"
        " ORDER BY v.next_attempt_at, v.id LIMIT :limit FOR NO KEY UPDATE OF v SKIP LOCKED",
        now=now,
        vendor=account[0],
        account=account[1],
        states=states,
        limit=limit,
    )


def lock_vend(connection: Connection, vend_id: int) -> Vend | None:
    """Lock a vend and return it."""
    return row_or_none(
        connection,
        Vend,
        f"SELECT {_COLUMNS} {_FROM} WHERE v.id = :id FOR NO KEY UPDATE OF v",
        id=vend_id,
    )


def find_vend(connection: Connection, vend_id: int) -> Vend | None:
    """Return the vend with that id."""
    return row_or_none(connection, Vend, f"SELECT {_COLUMNS} {_FROM} WHERE v.id = :id", id=vend_id)


def lock_vends_of_payment(connection: Connection, payment_id: int) -> list[Vend]:
    """Lock the vends of a payment, in order of id, and return them."""
    return all_rows(
        connection,
        Vend,
        f"SELECT {_COLUMNS} {_FROM} WHERE v.payment_id = :id ORDER BY v.id FOR NO KEY UPDATE OF v",
        id=payment_id,
    )


def update_vend(connection: Connection, vend_id: int, **values: object) -> None:
    """Set columns of a locked vend."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE vends SET {columns} WHERE id = :id"), {**values, "id": vend_id}
    )


def store_vended_codes(
    connection: Connection, now: datetime, vend: Vend, codes: Sequence[tuple[str, int]]
) -> list[int]:
    """Store the codes of a vend, in the order in which they are typed, each with its units; returns
    the ids of the tokens."""
    first = connection.execute(
        text(
            "SELECT count(*) FROM tokens WHERE payment_id = :payment_id AND device_id = :device_id"
        ),
        {"payment_id": vend.payment_id, "device_id": vend.device_id},
    ).scalar_one()
    known = len(codes_of_vend(connection, vend.id))
    ids = []
    for number, (code, units) in enumerate(codes):
        values = {
            "device": vend.device_id,
            "payment": vend.payment_id,
            "part": first + number,
            "kind": vend.kind,
            "units": units,
            "text": code,
            "now": now,
        }
        ids.append(_store_code(connection, vend, known + number + 1, values))
    return ids


def _store_code(connection: Connection, vend: Vend, part: int, values: Mapping[str, object]) -> int:
    token_id = int(
        connection.execute(
            text(
                "INSERT INTO tokens (device_id, payment_id, part, kind, units, text, issued_at)"
                " VALUES (:device, :payment, :part, :kind, :units, :text, :now) RETURNING id"
            ),
            values,
        ).scalar_one()
    )
    connection.execute(
        text("INSERT INTO vended_tokens (token_id, vend_id, part) VALUES (:token, :vend, :part)"),
        {"token": token_id, "vend": vend.id, "part": part},
    )
    if vend.order_id is not None:
        connection.execute(
            text("INSERT INTO ordered_tokens (token_id, order_id) VALUES (:token, :order)"),
            {"token": token_id, "order": vend.order_id},
        )
    return token_id


def codes_of_vend(connection: Connection, vend_id: int) -> list[str]:
    """Return the codes of a vend, in the order in which they are typed."""
    return list(
        connection.execute(
            text(
                "SELECT t.text FROM vended_tokens v JOIN tokens t ON t.id = v.token_id"
                " WHERE v.vend_id = :id ORDER BY v.part"
            ),
            {"id": vend_id},
        ).scalars()
    )


def take_days_back(connection: Connection, vend: Vend, instalment_ids: Collection[int]) -> None:
    """Days that a vend did not give can be given again: take them from these instalments, the last
    first. What an instalment has given for other money stays given."""
    left = vend.units
    rows: Sequence[Any] = connection.execute(
        text(
            "SELECT id, days_given - paid_minor * days / amount_minor AS beyond FROM instalments"
            " WHERE id = ANY(:ids) ORDER BY due_on DESC, number DESC"
        ),
        {"ids": list(instalment_ids)},
    ).all()
    for instalment_id, beyond in rows:
        taken = min(left, max(beyond, 0))
        left -= taken
        connection.execute(
            text("UPDATE instalments SET days_given = days_given - :days WHERE id = :id"),
            {"days": taken, "id": instalment_id},
        )


def vends_on_list(
    connection: Connection, handles: Collection[str], references: Collection[str]
) -> list[Vend]:
    """Return the vends with these handles or vendor's references, in order of id."""
    return all_rows(
        connection,
        Vend,
        f"SELECT {_COLUMNS} {_FROM} WHERE v.handle = ANY(CAST(:handles AS uuid[]))"
        " OR v.vendor_reference = ANY(:references) ORDER BY v.id",
        handles=list(handles),
        references=list(references),
    )


def is_reference_of_another(connection: Connection, vend: Vend, reference: str) -> bool:
    """Return whether another vend that the same account has done has this reference of the
    vendor's."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM vends WHERE vendor = :vendor AND account = :account"
                " AND vendor_reference = :reference AND state = 'done' AND id <> :id)"
            ),
            {
                "vendor": vend.vendor,
                "account": vend.account,
                "reference": reference,
                "id": vend.id,
            },
        ).scalar_one()
    )


def vends_pushed(
    connection: Connection, account: tuple[str, str], since: datetime, until: datetime
) -> list[Vend]:
    """Return the vends that were pushed by an account and asked for from `since` until before
    `until`, in order of id."""
    return all_rows(
        connection,
        Vend,
        f"SELECT {_COLUMNS} {_FROM} WHERE v.vendor = :vendor AND v.account = :account"
        " AND v.asked_at >= :since AND v.asked_at < :until AND v.pushed ORDER BY v.id",
        vendor=account[0],
        account=account[1],
        since=since,
        until=until,
    )
