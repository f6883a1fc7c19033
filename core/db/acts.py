"""Queries for acts of operators: what one gave away, what a person did today, requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.act import APPROVING, ActName, ActRules, ActState, AskedAct
from core.db.typed_rows import all_rows, row_or_none
from core.operator import Role


def find_rules(connection: Connection) -> ActRules | None:
    """Return the rules that were set; None where none were set."""
    row = connection.execute(text("SELECT * FROM act_rules")).mappings().one_or_none()
    if row is None:
        return None
    daily: dict[Role, int | None] = {
        "owner": row["owner_daily_minor"],
        "finance": row["finance_daily_minor"],
        "support": row["support_daily_minor"],
        "read_only": 0,
    }
    return ActRules(row["second_person"], row["large_minor"], daily)


def store_rules(connection: Connection, rules: ActRules) -> None:
    """Store the rules in place of those before."""
    connection.execute(
        text(
            "INSERT INTO act_rules (id, second_person, large_minor, owner_daily_minor,"
            " finance_daily_minor, support_daily_minor)"
            " VALUES (1, :second_person, :large, :owner, :finance, :support)"
            " ON CONFLICT (id) DO UPDATE SET second_person = excluded.second_person,"
            " large_minor = excluded.large_minor, owner_daily_minor = excluded.owner_daily_minor,"
            " finance_daily_minor = excluded.finance_daily_minor,"
            " support_daily_minor = excluded.support_daily_minor"
        ),
        {
            "second_person": rules.second_person,
            "large": rules.large_minor,
            **{role: rules.daily_minor[role] for role in ("owner", "finance", "support")},
        },
    )


def lock_user(connection: Connection, user_id: int) -> None:
    """Lock a user: the acts of one person wait for each other."""
    connection.execute(
        text("SELECT FROM console_users WHERE id = :id FOR NO KEY UPDATE"), {"id": user_id}
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """The last journal entry and the last token order before an act."""

    entry_id: int
    order_id: int


def set_mark(connection: Connection) -> Mark:
    """Return a mark before an act, for `booked_since` and `ordered_since`."""
    row = connection.execute(
        text(
            "SELECT coalesce((SELECT max(id) FROM journal_entries), 0),"
            " coalesce((SELECT max(id) FROM token_orders), 0)"
        )
    ).one()
    return Mark(*row)


def booked_since(connection: Connection, mark: Mark) -> int:
    """Return the largest amount that one entry of this transaction has booked since the mark."""
    return int(
        connection.execute(
            text(
                "SELECT coalesce(max(booked), 0) FROM (SELECT sum(p.amount_minor) AS booked"
                " FROM entry_ids e JOIN postings p ON p.entry_id = e.id"
                " WHERE e.id > :last AND e.transaction_id = pg_current_xact_id()::text"
                " AND p.side = 'debit' GROUP BY e.id) entries"
            ),
            {"last": mark.entry_id},
        ).scalar_one()
    )


@dataclass(frozen=True, slots=True)
class OrderedToken:
    """A token that was ordered: `units` are days, or tenths of a kWh."""

    serial: str
    kind: str
    units: int


def ordered_since(
    connection: Connection, mark: Mark, operator: str, now: datetime
) -> list[OrderedToken]:
    """Return the tokens that an operator ordered at that instant, since the mark."""
    return all_rows(
        connection,
        OrderedToken,
        "SELECT d.serial, o.kind, o.units FROM token_orders o JOIN devices d ON d.id = o.device_id"
        " WHERE o.id > :last AND o.operator = :operator AND o.ordered_at = :now ORDER BY o.id",
        last=mark.order_id,
        operator=operator,
        now=now,
    )


def done_since(connection: Connection, user_id: int, since: datetime) -> int:
    """Return the sum of what a person did alone since then."""
    return int(
        connection.execute(
            text(
                "SELECT coalesce(sum(value_minor), 0) FROM operator_acts"
                " WHERE user_id = :id AND state = 'done' AND asked_at >= :since"
            ),
            {"id": user_id, "since": since},
        ).scalar_one()
    )


def store_done(
    connection: Connection, now: datetime, act: ActName, user_id: int, value_minor: int
) -> None:
    """Store an act that a person did alone."""
    connection.execute(
        text(
            "INSERT INTO operator_acts (act, user_id, state, value_minor, asked_at)"
            " VALUES (:act, :user_id, 'done', :value, :now)"
        ),
        {"act": act, "user_id": user_id, "value": value_minor, "now": now},
    )


@dataclass(frozen=True, slots=True)
class NewRequest:
    """An act to ask for: `ids` are those of its page, `typed` what was typed into its form, the
    reason among it."""

    act: ActName
    ids: Mapping[str, int]
    typed: Mapping[str, str]

    @property
    def reason(self) -> str:
        return self.typed.get("reason", "")


def store_request(
    connection: Connection,
    now: datetime,
    user_id: int,
    asked: NewRequest,
    value_minor: int,
    expires_at: datetime,
) -> int:
    """Store a request for an act; return its id."""
    return int(
        connection.execute(
            text(
                "INSERT INTO operator_acts (act, user_id, state, value_minor, ids, typed, reason,"
                " asked_at, expires_at) VALUES (:act, :user_id, 'waiting', :value,"
                " CAST(:ids AS jsonb), CAST(:typed AS jsonb), :reason, :now, :expires_at)"
                " RETURNING id"
            ),
            {
                "act": asked.act,
                "user_id": user_id,
                "value": value_minor,
                "ids": json.dumps(dict(asked.ids)),
                "typed": json.dumps(dict(asked.typed)),
                "reason": asked.reason[:500],
                "now": now,
                "expires_at": expires_at,
            },
        ).scalar_one()
    )


_ASKED = (
    "SELECT a.id, a.act, a.user_id, u.name AS asker, u.role AS asker_role,"
    " u.disabled_at IS NULL AS asker_is_active, a.ids, a.typed, a.reason, a.value_minor,"
    " a.state, a.asked_at, a.expires_at FROM operator_acts a JOIN console_users u"
    " ON u.id = a.user_id WHERE a.id = :id AND a.state <> 'done'"
)


def find_request(connection: Connection, act_id: int) -> AskedAct | None:
    """Return a request for an act, waiting or ended."""
    return row_or_none(connection, AskedAct, _ASKED, id=act_id)


def lock_request(connection: Connection, act_id: int) -> AskedAct | None:
    """Return a request for an act, locked: it is decided once."""
    return row_or_none(connection, AskedAct, f"{_ASKED} FOR NO KEY UPDATE OF a", id=act_id)


def end_request(
    connection: Connection, now: datetime, act_id: int, state: ActState, decided_by: int | None
) -> None:
    """End a request; what was typed is forgotten."""
    connection.execute(
        text(
            "UPDATE operator_acts SET state = :state, decided_by = :by, decided_at = :now,"
            " typed = '{}' WHERE id = :id"
        ),
        {"state": state, "by": decided_by, "now": now, "id": act_id},
    )


def count_waiting(connection: Connection, now: datetime, user_id: int | None = None) -> int:
    """Return how many requests wait, of one person or of all."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM operator_acts WHERE state = 'waiting' AND expires_at > :now"
                " AND (CAST(:id AS bigint) IS NULL OR user_id = :id)"
            ),
            {"now": now, "id": user_id},
        ).scalar_one()
    )


def overdue_requests(connection: Connection, now: datetime) -> list[int]:
    """Return the ids of the requests that have waited too long, locked."""
    return list(
        connection.execute(
            text(
                "SELECT id FROM operator_acts WHERE state = 'waiting' AND expires_at <= :now"
                " ORDER BY id FOR NO KEY UPDATE"
            ),
            {"now": now},
        ).scalars()
    )


def names_of_approvers(connection: Connection, without_id: int) -> list[str]:
    """Return the names of the users who may approve what that person asks for."""
    return _names(connection, APPROVING, without_id)


def names_of_owners(connection: Connection) -> list[str]:
    """Return the names of the owners."""
    return _names(connection, ("owner",), 0)


def _names(connection: Connection, roles: tuple[str, ...], without_id: int) -> list[str]:
    return list(
        connection.execute(
            text(
                "SELECT name FROM console_users WHERE role = ANY(:roles)"
                " AND disabled_at IS NULL AND id <> :id ORDER BY name"
            ),
            {"roles": list(roles), "id": without_id},
        ).scalars()
    )
