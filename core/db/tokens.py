"""Queries for token orders, which the console writes and workers execute, and device keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from core.device import TokenKind, TokenOrder

_BACKOFF = timedelta(seconds=15)
_BACKOFF_MAX = timedelta(hours=1)


def insert_order(connection: Connection, now: datetime, values: dict[str, Any]) -> int | None:
    """Store a token order (device_id, kind, units, operator, reason), for the owner the device
    has now; returns its id, or None while one of that kind waits on the device."""
    return connection.execute(
        text(
            "INSERT INTO token_orders (device_id, customer_id, kind, units, operator, reason,"
            " ordered_at, next_attempt_at) SELECT id, owner_id, :kind, :units, :operator, :reason,"
            " :now, :now FROM devices WHERE id = :device_id"
            " ON CONFLICT (device_id, kind) WHERE state = 'waiting' DO NOTHING RETURNING id"
        ),
        {**values, "now": now},
    ).scalar_one_or_none()


def claim_orders(connection: Connection, now: datetime, limit: int) -> list[TokenOrder]:
    """Lock up to `limit` orders that are due; rows that others lock are skipped."""
    rows = connection.execute(
        text(
            "SELECT id, device_id, customer_id, kind, units, operator, attempts + 1,"
            " value_minor"
            " FROM token_orders"
            " WHERE state = 'waiting' AND next_attempt_at <= :now"
            " ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
        ),
        {"now": now, "limit": limit},
    )
    return [TokenOrder(*row) for row in rows]


def find_order(connection: Connection, order_id: int) -> TokenOrder:
    """Return the order with that id. Raises NoResultFound."""
    row = connection.execute(
        text(
            "SELECT id, device_id, customer_id, kind, units, operator, attempts, value_minor"
            " FROM token_orders WHERE id = :id"
        ),
        {"id": order_id},
    ).one()
    return TokenOrder(*row)


def await_vendor(connection: Connection, order_id: int) -> None:
    """A vendor is asked for an order: what becomes of that ends it."""
    connection.execute(
        text("UPDATE token_orders SET next_attempt_at = NULL WHERE id = :id"), {"id": order_id}
    )


def store_ordered(
    connection: Connection,
    now: datetime,
    order: TokenOrder,
    tokens: Sequence[Mapping[str, Any]],
    sealed_chain: bytes | None,
) -> list[int]:
    """Store the tokens of an order (kind, units, counter, text), and the device's new counter and
    links (None: as they were).

    Returns the ids of the tokens, in order.
    """
    ids = [
        _store(connection, {"device": order.device_id, "part": part, "now": now, **token})
        for part, token in enumerate(tokens)
    ]
    connection.execute(
        text(
            "UPDATE devices SET token_counter = :counter,"
            " sealed_chain = coalesce(:sealed_chain, sealed_chain) WHERE id = :id"
        ),
        {
            "counter": tokens[-1]["counter"],
            "sealed_chain": sealed_chain,
            "id": order.device_id,
        },
    )
    connection.execute(
        text(
            "INSERT INTO ordered_tokens (token_id, order_id)"
            " SELECT unnest(CAST(:ids AS bigint[])), :id"
        ),
        {"ids": ids, "id": order.id},
    )
    return ids


def _store(connection: Connection, values: dict[str, Any]) -> int:
    return int(
        connection.execute(
            text(
                "INSERT INTO tokens (device_id, part, kind, units, counter, text, issued_at)"
                " VALUES (:device, :part, :kind, :units, :counter, :text, :now) RETURNING id"
            ),
            values,
        ).scalar_one()
    )


def end_order(
    connection: Connection, now: datetime, order_id: int, state: str, problem: str | None = None
) -> None:
    """End an order: its token was made, or never can be."""
    connection.execute(
        text(
            "UPDATE token_orders SET state = :state, problem = :problem, ended_at = :now,"
            " next_attempt_at = NULL, attempts = attempts + 1 WHERE id = :id"
        ),
        {"id": order_id, "state": state, "problem": problem, "now": now},
    )


def set_order_value(connection: Connection, order_id: int, value_minor: int) -> None:
    """Store what an ordered code would have cost."""
    connection.execute(
        text("UPDATE token_orders SET value_minor = :value WHERE id = :id"),
        {"id": order_id, "value": value_minor},
    )


def postpone_order(connection: Connection, now: datetime, order: TokenOrder, problem: str) -> None:
    """Try an order again later, after growing intervals."""
    wait = min(_BACKOFF * 2 ** min(order.attempts, 12), _BACKOFF_MAX)
    connection.execute(
        text(
            "UPDATE token_orders SET attempts = :attempts, problem = :problem,"
            " next_attempt_at = :at WHERE id = :id"
        ),
        {"id": order.id, "attempts": order.attempts, "problem": problem[:500], "at": now + wait},
    )


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token as it was made, with its counter; the repr hides its digits."""

    id: int
    kind: TokenKind
    units: int
    counter: int
    text: str = field(repr=False)


_MADE = "SELECT id, kind, units, counter, text FROM tokens WHERE device_id = :device"


def find_made(connection: Connection, device_id: int, digits: str) -> MadeToken | None:
    """Return the newest token of a device with those digits, or None."""
    return _one_made(
        connection, f"{_MADE} AND text = :digits ORDER BY counter DESC LIMIT 1",
        device=device_id, digits=digits,
    )  # fmt: skip


def newest_made(
    connection: Connection,
    device_id: int,
    between: tuple[int, int],
    kinds: Sequence[TokenKind] | None = None,
) -> MadeToken | None:
    """Return the newest token of a device whose counter is above the first and not above the
    second; of these kinds, or of any."""
    return _one_made(
        connection,
        f"{_MADE} AND counter > :above AND counter <= :most"
        " AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY(:kinds))"
        " ORDER BY counter DESC LIMIT 1",
        device=device_id, above=between[0], most=between[1], kinds=kinds and list(kinds),
    )  # fmt: skip


def _one_made(connection: Connection, sql: str, **values: object) -> MadeToken | None:
    row = connection.execute(text(sql), values).one_or_none()
    return None if row is None else MadeToken(*row)


def is_ordered(connection: Connection, serial: str, kind: str) -> bool:
    """Return whether a token of that kind is ordered for that device and not made yet."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM token_orders o JOIN devices d ON d.id = o.device_id"
                " WHERE d.serial = :serial AND o.kind = :kind AND o.state = 'waiting')"
            ),
            {"serial": serial, "kind": kind},
        ).scalar_one()
    )


# Version (1 byte), length of the id (1 byte), id.
_KEY_ID = "convert_from(substr(sealed_key, 3, get_byte(sealed_key, 1)), 'UTF8')"


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A device and its key as stored; the repr hides the key."""

    device_id: int
    serial: str
    sealed: bytes = field(repr=False)


def keys_by_master(connection: Connection) -> dict[str, int]:
    """Return how many device keys each master key encrypts, by its id."""
    rows = connection.execute(
        text(
            f"SELECT {_KEY_ID}, count(*) FROM devices WHERE sealed_key IS NOT NULL"
            " GROUP BY 1 ORDER BY 1"
        )
    )
    return {row[0]: row[1] for row in rows}


def lock_other_keys(connection: Connection, key_id: str, after: int, limit: int) -> list[SealedKey]:
    """Lock the next devices, by id, whose key another master key than `key_id` encrypts."""
    rows = connection.execute(
        text(
            "SELECT id, serial, sealed_key FROM devices WHERE id > :after"
            f" AND sealed_key IS NOT NULL AND {_KEY_ID} <> :key_id"
            " ORDER BY id LIMIT :limit FOR NO KEY UPDATE"
        ),
        {"after": after, "key_id": key_id, "limit": limit},
    )
    return [SealedKey(*row) for row in rows]


def read_keys(connection: Connection, after: int, limit: int) -> list[SealedKey]:
    """Return the next devices that have a key, by id."""
    rows = connection.execute(
        text(
            "SELECT id, serial, sealed_key FROM devices WHERE id > :after"
            " AND sealed_key IS NOT NULL ORDER BY id LIMIT :limit"
        ),
        {"after": after, "limit": limit},
    )
    return [SealedKey(*row) for row in rows]


def store_keys(connection: Connection, sealed: Mapping[int, bytes]) -> None:
    """Store these encrypted keys, by device id."""
    connection.execute(
        text(
            "UPDATE devices SET sealed_key = fresh.sealed"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:sealed AS bytea[])) AS fresh (id, sealed)"
            " WHERE devices.id = fresh.id"
        ),
        {"ids": list(sealed), "sealed": list(sealed.values())},
    )
