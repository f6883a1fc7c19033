"""The users of the console: the list, and one user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.db.console.listing import Query
from core.db.typed_rows import row_or_none
from core.operator import Role

_COLUMNS = (
    "u.id, u.name, u.role, u.created_at, u.disabled_at, u.totp_since,"
    " cardinality(u.recovery_hashes) AS recovery_codes, u.password_is_initial"
)


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user of the console; `disabled_at` is None while they may log in, `totp_since` without a
    second factor. `recovery_codes`: how many are left."""

    id: int
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    totp_since: datetime | None
    recovery_codes: int
    password_is_initial: bool


USERS = Query(UserRow, _COLUMNS, "console_users u", key="u.id")


def find_user_row(connection: Connection, user_id: int) -> UserRow | None:
    """Return the user with that id, disabled or not."""
    return row_or_none(
        connection,
        UserRow,
        f"SELECT {_COLUMNS} FROM console_users u WHERE u.id = :id",
        id=user_id,
    )
