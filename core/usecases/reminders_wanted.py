"""Whether a number wants to be reminded: STOP ends reminders, START brings them back."""

from __future__ import annotations

from sqlalchemy import text

from core.unit import Unit


def want_reminders(unit: Unit, msisdn: str, *, wanted: bool) -> None:
    """Remember the choice of a number; receipts and tokens are sent in any case."""
    statement = (
        "DELETE FROM no_reminders WHERE msisdn = :msisdn"
        if wanted
        else "INSERT INTO no_reminders (msisdn, since) VALUES (:msisdn, :now)"
        " ON CONFLICT (msisdn) DO NOTHING"
    )
    unit.connection.execute(text(statement), {"msisdn": msisdn, "now": unit.now})
