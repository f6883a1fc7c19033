"""The people who work at the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

USERS = Query("u.id, u.name, u.role, u.created_at, u.disabled_at", "console_users u", key="u.id")
_COLUMNS = "id, name, password_hash, role, login_epoch"


@dataclass(frozen=True, slots=True)
class ConsoleUser:
    """Somebody who may log in."""

    id: int
    name: str
    password_hash: str
    role: str
    login_epoch: int

    def __repr__(self) -> str:
        return f"ConsoleUser({self.id})"


def find_user(connection: Connection, name: str) -> ConsoleUser | None:
    """The user with that name (lower case), unless disabled."""
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM console_users WHERE name = :name AND disabled_at IS NULL"),
        {"name": name},
    ).one_or_none()
    return None if row is None else ConsoleUser(*row)


def user_of_login(connection: Connection, user_id: int, login_epoch: int) -> ConsoleUser | None:
    """The user of a login that has not been ended since."""
    row = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM console_users WHERE id = :id AND login_epoch = :epoch"
            " AND disabled_at IS NULL"
        ),
        {"id": user_id, "epoch": login_epoch},
    ).one_or_none()
    return None if row is None else ConsoleUser(*row)


def get_user(connection: Connection, user_id: int) -> Row[Any] | None:
    """(id, name, role, disabled_at) of a user, shut out or not."""
    return connection.execute(
        text("SELECT id, name, role, disabled_at FROM console_users WHERE id = :id"),
        {"id": user_id},
    ).one_or_none()


def insert_user(
    connection: Connection, name: str, password_hash: str, role: str, now: datetime
) -> int | None:
    """A new user's id; None when the name is taken."""
    return connection.execute(
        text(
            "INSERT INTO console_users (name, password_hash, role, created_at)"
            " VALUES (:name, :hash, :role, :now) ON CONFLICT (name) DO NOTHING RETURNING id"
        ),
        {"name": name, "hash": password_hash, "role": role, "now": now},
    ).scalar_one_or_none()


def update_user(connection: Connection, user_id: int, **values: object) -> int:
    """Set columns of a user and end all their logins; how many users that were (0 or 1)."""
    assignments = "".join(f"{name} = :{name}, " for name in values)
    return connection.execute(
        text(f"UPDATE console_users SET {assignments}login_epoch = login_epoch + 1 WHERE id = :id"),
        {"id": user_id, **values},
    ).rowcount


def lock_owners(connection: Connection) -> set[int]:
    """The ids of all owners, locked: of two who shut each other out only one goes through."""
    return set(
        connection.execute(
            text(
                "SELECT id FROM console_users WHERE role = 'owner' AND disabled_at IS NULL"
                " ORDER BY id FOR UPDATE"
            )
        ).scalars()
    )


def count_users(connection: Connection) -> int:
    """How many there are, disabled ones included."""
    return int(connection.execute(text("SELECT count(*) FROM console_users")).scalar_one())
