"""Whether somebody wants to be reminded: STOP ends reminders, START brings them back."""

from __future__ import annotations

from sqlalchemy import text

from core.unit import Unit

_STOP = "INSERT INTO no_reminders (msisdn, since) VALUES (:msisdn, :now) ON CONFLICT DO NOTHING"
_START = """
    DELETE FROM no_reminders WHERE msisdn = :msisdn OR msisdn IN (
        SELECT other.msisdn FROM customer_msisdns this JOIN customer_msisdns other
            USING (customer_id) WHERE this.msisdn = :msisdn)
"""


def want_reminders(unit: Unit, msisdn: str, *, wanted: bool) -> None:
    """Remember the choice. Any of a customer's numbers speaks for all of them.

    Receipts and tokens are sent in any case.
    """
    unit.connection.execute(text(_START if wanted else _STOP), {"msisdn": msisdn, "now": unit.now})
