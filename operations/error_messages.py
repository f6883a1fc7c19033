"""What an operator reads when a command fails with an error that was expected."""

from __future__ import annotations

from core.errors import BadInput, DialwattError, Refused

# PostgreSQL's SQLSTATE codes, in the order of its manual's appendix A.
UNIQUE_VIOLATION = "23505"
UNDEFINED_COLUMN, UNDEFINED_TABLE = "42703", "42P01"
LOCK_NOT_AVAILABLE = "55P03"


def describe_error(error: Exception) -> str | None:
    """Return what went wrong and what to do; None for an unexpected error."""
    if isinstance(error, BadInput):
        several = len(error.problems) > 1
        return "".join(f"\n  {problem}" for problem in error.problems) if several else str(error)
    if isinstance(error, Refused):
        from core.wording.operator_messages import describe_refusal

        return describe_refusal(error)
    if isinstance(error, DialwattError):
        return str(error)
    module = type(error).__module__
    if module.startswith("sqlalchemy."):
        return describe_database_error(error)
    return str(error) if module.startswith("core.tokens") else None


def describe_database_error(error: Exception) -> str | None:
    """Return what to do about an error of SQLAlchemy; None for an unexpected error."""
    from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

    if isinstance(error, ArgumentError):
        return f"DATABASE_URL is not an address of a database: {error}"
    sqlstate = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if sqlstate == LOCK_NOT_AVAILABLE:
        return "another session holds a lock that this needs. Nothing was changed; run it again."
    if isinstance(error, OperationalError):
        reason = str(error.orig).strip().splitlines()[0]
        return f"cannot reach the database ({reason}). Is it running, and is DATABASE_URL right?"
    if sqlstate == UNIQUE_VIOLATION:
        return "another session wrote the same at the same time. Nothing was written; run it again."
    if sqlstate in (UNDEFINED_TABLE, UNDEFINED_COLUMN):
        return "the database does not have the newest schema. Run `dialwatt migrate` first."
    return None
