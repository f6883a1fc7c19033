"""What an operator is told when the database says no."""

from __future__ import annotations

from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

# PostgreSQL's SQLSTATEs: undefined_table, undefined_column; unique_violation; lock_not_available.
_NOT_MIGRATED = ("42P01", "42703")
_TAKEN = "23505"
_LOCKED = "55P03"


def told(error: Exception) -> str | None:
    """A line that says what to do; None for an error nobody foresaw."""
    if isinstance(error, ArgumentError):
        return f"DATABASE_URL is not an address of a database: {error}"
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if state == _LOCKED:
        return "another session holds what this needs, and nothing was changed. Run it again."
    if isinstance(error, OperationalError):
        reason = str(error.orig).strip().splitlines()[0]
        return f"cannot reach the database ({reason}). Is it running, and is DATABASE_URL right?"
    if state == _TAKEN:
        return "the books changed while this ran, and nothing was written. Run it again."
    if state in _NOT_MIGRATED:
        return "the database has not the newest schema. Run `dialwatt migrate` first."
    return None
