"""Keep what a caller reports, for the operator."""

from __future__ import annotations

from sqlalchemy import text

from core.unit import Unit


def report_problem(unit: Unit, msisdn: str, body: str) -> None:
    """Store the report, with the customer it came from if the number is known."""
    unit.connection.execute(
        text(
            "INSERT INTO problem_reports (msisdn, body, customer_id, reported_at) VALUES (:msisdn,"
            " :body, (SELECT customer_id FROM customer_msisdns WHERE msisdn = :msisdn), :now)"
        ),
        {"msisdn": msisdn, "body": body[:500], "now": unit.now},
    )
