"""Forms of the console, each saved once: its token is spent in the transaction of what it did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class SavedForm:
    """A form that was saved: a hash of what was typed, and what was answered."""

    digest: str
    message: str
    location: str


def spend_token(connection: Connection, token: str, digest: str, now: datetime) -> bool:
    """Spend the token of a form; False when it was spent before.

    A second spender waits here for the first transaction to end before anything is done.
    """
    spent = connection.execute(
        text(
            "INSERT INTO saved_forms (token, digest, saved_at) VALUES (:token, :digest, :now)"
            " ON CONFLICT DO NOTHING"
        ),
        {"token": token, "digest": digest, "now": now},
    )
    return spent.rowcount == 1


def find_saved_form(connection: Connection, token: str) -> SavedForm | None:
    """Return the form that was saved with this token."""
    row = connection.execute(
        text("SELECT digest, message, location FROM saved_forms WHERE token = :token"),
        {"token": token},
    ).one_or_none()
    return None if row is None else SavedForm(*row)


def save_answer(connection: Connection, token: str, message: str, location: str) -> None:
    """Store what the operator is answered for a form with a spent token."""
    connection.execute(
        text("UPDATE saved_forms SET message = :message, location = :at WHERE token = :token"),
        {"token": token, "message": message, "at": location},
    )


def unspend_token(connection: Connection, token: str) -> None:
    """Make the token of a form usable again, in the transaction that spent it."""
    connection.execute(text("DELETE FROM saved_forms WHERE token = :token"), {"token": token})
