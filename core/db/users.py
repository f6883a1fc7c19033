"""Queries for users of the console: found for a login, added, changed and disabled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from core.operator import ConsoleUser

_COLUMNS = (
    "id, name, password_hash, role, login_epoch, password_is_initial, totp_sealed, known_networks"
)
# A person logs in from an office, a home and a phone; older networks are forgotten.
_NETWORKS_MAX = 10


def find_user(connection: Connection, name: str) -> ConsoleUser | None:
    """Return the user with that name (lower case), unless disabled."""
    return _find(connection, "name = :name AND disabled_at IS NULL", name=name)


def find_any_user(connection: Connection, name: str) -> ConsoleUser | None:
    """Return the user with that name (lower case), disabled or not."""
    return _find(connection, "name = :name", name=name)


def find_user_by_id(connection: Connection, user_id: int) -> ConsoleUser | None:
    """Return the user with that id, disabled or not."""
    return _find(connection, "id = :id", id=user_id)


def find_user_id(connection: Connection, name: str) -> int | None:
    """Return the id of the user with that name (lower case), disabled or not."""
    return connection.execute(
        text("SELECT id FROM console_users WHERE name = :name"), {"name": name}
    ).scalar_one_or_none()


def user_of_login(connection: Connection, user_id: int, login_epoch: int) -> ConsoleUser | None:
    """Return the user of a login, unless the login was ended or the user disabled since."""
    condition = "id = :id AND login_epoch = :epoch AND disabled_at IS NULL"
    return _find(connection, condition, id=user_id, epoch=login_epoch)


def _find(connection: Connection, condition: str, **values: object) -> ConsoleUser | None:
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM console_users WHERE {condition}"), values
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


def use_totp_step(connection: Connection, user_id: int, step: int) -> bool:
    """Note that the code of that step was used. Returns False where it, or one of a later step, was
    used before."""
    used = connection.execute(
        text(
            "UPDATE console_users SET totp_step = :step"
            " WHERE id = :id AND totp_step < :step AND totp_sealed IS NOT NULL"
        ),
        {"id": user_id, "step": step},
    )
    return used.rowcount == 1


def use_recovery_code(connection: Connection, user_id: int, code_hash: str) -> bool:
    """Remove a recovery code. Returns False where the user has none with that hash."""
    used = connection.execute(
        text(
            "UPDATE console_users SET recovery_hashes = array_remove(recovery_hashes, :hash)"
            " WHERE id = :id AND :hash = ANY(recovery_hashes)"
        ),
        {"id": user_id, "hash": code_hash},
    )
    return used.rowcount == 1


def count_recovery_codes(connection: Connection, user_id: int) -> int:
    """Return how many recovery codes the user has left."""
    query = text("SELECT cardinality(recovery_hashes) FROM console_users WHERE id = :id")
    return int(connection.execute(query, {"id": user_id}).scalar_one())


def reseal_totp(connection: Connection, user_id: int, old: str, new: str) -> None:
    """Replace the encrypted form of a second factor's secret, unless it changed meanwhile."""
    connection.execute(
        text("UPDATE console_users SET totp_sealed = :new WHERE id = :id AND totp_sealed = :old"),
        {"id": user_id, "old": old, "new": new},
    )


def add_known_network(connection: Connection, user_id: int, network_hash: str) -> None:
    """Note that the user logged in from a network; the ten latest are kept."""
    connection.execute(
        text(
            "UPDATE console_users SET known_networks ="
            " (array_prepend(:hash, array_remove(known_networks, :hash)))[1:CAST(:most AS integer)]"
            " WHERE id = :id"
        ),
        {"id": user_id, "hash": network_hash, "most": _NETWORKS_MAX},
    )


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
