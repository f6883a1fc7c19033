"""Everybody a phone number can belong to, in one look."""

from __future__ import annotations

from sqlalchemy import Connection, text

_FIND = text(
    """
    SELECT 'agent', id, name, language FROM agents WHERE msisdn = :msisdn
    UNION ALL
    SELECT 'customer', c.id, c.name, c.language
      FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id WHERE m.msisdn = :msisdn
    UNION ALL
    SELECT 'stranger', 0, '', language FROM stranger_languages WHERE msisdn = :msisdn
    LIMIT 1
    """
)


def find_caller(connection: Connection, msisdn: str) -> tuple[str, int, str, str] | None:
    """(role, id, name, language); None for a number nobody has used here."""
    row = connection.execute(_FIND, {"msisdn": msisdn}).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def set_language(connection: Connection, msisdn: str, language: str) -> None:
    """Store the language of whoever has this number; strangers get a row of their own."""
    for statement in (
        "UPDATE agents SET language = :language WHERE msisdn = :msisdn",
        "UPDATE customers SET language = :language WHERE id ="
        " (SELECT customer_id FROM customer_msisdns WHERE msisdn = :msisdn)",
        "INSERT INTO stranger_languages (msisdn, language) SELECT :msisdn, :language"
        " WHERE NOT EXISTS (SELECT FROM agents WHERE msisdn = :msisdn)"
        " AND NOT EXISTS (SELECT FROM customer_msisdns WHERE msisdn = :msisdn)"
        " ON CONFLICT (msisdn) DO UPDATE SET language = excluded.language",
    ):
        connection.execute(text(statement), {"msisdn": msisdn, "language": language})
