"""Queries for users of the console: found for a login, added, changed and disabled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from core.operator import ConsoleUser

_COLUMNS = "id, name, password_hash, role, login_epoch"


def find_user(connection: Connection, name: str) -> ConsoleUser | None:
    """Return the user with that name (lower case), unless disabled."""
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM console_users WHERE name = :name AND disabled_at IS NULL"),
        {"name": name},
    ).one_or_none()
    return None if row is None else ConsoleUser(*row)


def find_user_id(connection: Connection, name: str) -> int | None:
    """Return the id of the user with that name (lower case), disabled or not."""
    return connection.execute(
        text("SELECT id FROM console_users WHERE name = :name"), {"name": name}
    ).scalar_one_or_none()


def user_of_login(connection: Connection, user_id: int, login_epoch: int) -> ConsoleUser | None:
    """Return the user of a login, unless the login was ended or the user disabled since."""
    row = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM console_users WHERE id = :id AND login_epoch = :epoch"
            " AND disabled_at IS NULL"
        ),
        {"id": user_id, "epoch": login_epoch},
    ).one_or_none()
    return None if row is None else ConsoleUser(*row)


def insert_user(
    connection: Connection, name: str, password_hash: str, role: str, now: datetime
) -> int | None:
    """Add a user. Return the new id, or None if the name is taken."""
    return connection.execute(
        text(
            "INSERT INTO console_users (name, password_hash, role, created_at)"
            " VALUES (:name, :hash, :role, :now) ON CONFLICT (name) DO NOTHING RETURNING id"
        ),
        {"name": name, "hash": password_hash, "role": role, "now": now},
    ).scalar_one_or_none()


def update_user(connection: Connection, user_id: int, **values: object) -> int:
    """Set columns of a user and end all their logins. Return how many users were found (0 or 1)."""
    assignments = "".join(f"{name} = :{name}, " for name in values)
    return connection.execute(
        text(f"UPDATE console_users SET {assignments}login_epoch = login_epoch + 1 WHERE id = :id"),
        {"id": user_id, **values},
    ).rowcount


def lock_owners(connection: Connection) -> set[int]:
    """Lock all owners and return their ids. Two owners cannot disable each other at once."""
    return set(
        connection.execute(
            text(
                "SELECT id FROM console_users WHERE role = 'owner' AND disabled_at IS NULL"
                " ORDER BY id FOR NO KEY UPDATE"
            )
        ).scalars()
    )


def count_users(connection: Connection) -> int:
    """Return the number of users, including disabled ones."""
    return int(connection.execute(text("SELECT count(*) FROM console_users")).scalar_one())
