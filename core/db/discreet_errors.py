"""Database errors without the values of rows: those are people's numbers and codes for devices.

PostgreSQL repeats values in an error's DETAIL, and in the message itself where a value does not
convert. What is left names the rule that was broken (state, constraint, table), which is enough to
find the cause, and may go into a log, a row or a queue.
"""

from __future__ import annotations

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

# SQLSTATE class 22, data exceptions: their message quotes what was sent.
_QUOTES_DATA = "22"


def keep_values_out(engine: Engine) -> None:
    """From now on, what this engine raises says nothing of what rows held."""

    @event.listens_for(engine, "handle_error")
    def discreet(context: ExceptionContext) -> None:
        error = context.original_exception
        if not isinstance(error, psycopg.Error) or error.diag.sqlstate is None:
            return
        line = _line(error)
        error.args = (line,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(error).__name__}) {line}",)


def _line(error: psycopg.Error) -> str:
    diag = error.diag
    said = diag.message_primary or "no message"
    if (diag.sqlstate or "").startswith(_QUOTES_DATA):
        said = said.partition('"')[0].rstrip(" :")
    places = (("table", diag.table_name), ("constraint", diag.constraint_name))
    where = "".join(f", {kind} {name}" for kind, name in places if name)
    return f"{said} ({diag.sqlstate}{where})"
