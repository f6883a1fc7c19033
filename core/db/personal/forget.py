"""Forget a person: tombstones for names, numbers and texts in every declared table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.personal import RECORDS
from core.db.personal.find import values_of
from core.db.personal.record import TableRecord
from core.db.tables import metadata
from core.person import TOMBSTONE, Person

# In the order of their locks (core/unit.py); everything else belongs to one of these.
_LOCKED = ("agents", "prompts", "payments", "customers", "devices", "cases")
_ORDER = (*_LOCKED, *(name for name in RECORDS if name not in _LOCKED))
# Digits from the end by which a number is known however it is written, with blanks or dashes.
_DIGITS = 9


def lock_person(connection: Connection, person: Person) -> None:
    """Lock the rows of a person that others lock too."""
    for table in _LOCKED:
        connection.execute(
            text(f"SELECT id FROM {table} WHERE {RECORDS[table].about} ORDER BY id"
                 " FOR NO KEY UPDATE"),
            values_of(person),
        )  # fmt: skip


def forget_rows(connection: Connection, person: Person, now: datetime) -> dict[str, int]:
    """Put tombstones in all rows of a locked person, and take their numbers and names out of what
    mentions them. Returns how many rows were changed or deleted, by table, without zeros.

    The audit log keeps its rows: only names and numbers in reasons and details go.
    """
    values = values_of(person) | {"now": now, "mentioned": _mentioned(person)}
    changed = {
        table: sum(
            connection.execute(text(statement), values).rowcount
            for statement in _statements(table, RECORDS[table])
        )
        for table in _ORDER
    }
    changed["audit_log"] = _forget_in_audit(connection, person)
    return {table: rows for table, rows in changed.items() if rows}


def _statements(table: str, record: TableRecord) -> Iterator[str]:
    if table == "audit_log":
        return
    if record.is_deleted:
        yield f"DELETE FROM {table} WHERE {record.about}"
    elif record.about and record.personal:
        changes = ", ".join(f"{column} = {value}" for column, value in record.personal.items())
        yield f"UPDATE {table} SET {changes} WHERE {record.about}"
    for column in record.mentions:
        kind = "jsonb" if isinstance(metadata.tables[table].c[column].type, JSONB) else "text"
        written = f"CAST({column} AS text)"
        yield (
            f"UPDATE {table} SET {column} = CAST(regexp_replace({written}, :mentioned,"
            f" '{TOMBSTONE}', 'gi') AS {kind}) WHERE {written} ~* :mentioned"
            + (f" AND {column} <> ''" if kind == "text" else "")
        )


def _mentioned(person: Person) -> str:
    """A regular expression for the person's numbers and full names, as people write them."""
    numbers = [
        r"\+?[0-9]{0,4}[ -]?" + "[ -]?".join(number.msisdn[-_DIGITS:]) for number in person.numbers
    ]
    names = [
        rf"\m{re.escape(name)}\s+{re.escape(surname)}\M"
        for name, surname in person.names
        if surname
    ]
    return "|".join(numbers + names)


def _forget_in_audit(connection: Connection, person: Person) -> int:
    return int(
        connection.execute(
            text(
                "SELECT forget_in_audit(CAST(:customer AS bigint), CAST(:agents AS bigint[]),"
                " CAST(:numbers AS text[]), CAST(:names AS text[]))"
            ),
            {
                "customer": person.customer_id,
                "agents": list(person.agent_ids),
                "numbers": [number.msisdn[-_DIGITS:] for number in person.numbers],
                "names": [word for names in person.names for word in names if word],
            },
        ).scalar_one()
    )


# What stands in the way, as (what, what it is about, an amount in minor units or NULL).
_OBSTACLES = text(
    """
    SELECT 'sale' AS what, a.name AS about, NULL::bigint AS minor
      FROM sales s JOIN appliances a ON a.id = s.appliance_id
     WHERE s.customer_id = CAST(:customer AS bigint) AND s.state IN ('open', 'paused', 'defaulted')
    UNION ALL
    SELECT 'debt', 'access fees', sum(amount_minor - paid_minor - waived_minor)::bigint
      FROM access_charges WHERE customer_id = CAST(:customer AS bigint)
     HAVING sum(amount_minor - paid_minor - waived_minor) > 0
    UNION ALL
    SELECT 'debt', 'money that was taken back',
           sum(amount_minor - paid_minor - written_off_minor)::bigint
      FROM clawbacks WHERE customer_id = CAST(:customer AS bigint)
     HAVING sum(amount_minor - paid_minor - written_off_minor) > 0
    UNION ALL
    SELECT 'credit', '', credit_minor FROM customers
     WHERE id = CAST(:customer AS bigint) AND credit_minor > 0
    UNION ALL
    SELECT 'payment', receipt, amount_minor FROM payments
     WHERE state IN ('received', 'suspense', 'refunding') AND ({payments})
    UNION ALL
    SELECT 'prompt', account_reference, amount_minor FROM prompts
     WHERE (next_attempt_at IS NOT NULL
            OR state IN ('waiting', 'approved', 'sending', 'pending', 'unknown')) AND ({prompts})
    UNION ALL
    SELECT 'code', d.serial, NULL FROM token_orders o JOIN devices d ON d.id = o.device_id
     WHERE o.state = 'waiting' AND o.customer_id = CAST(:customer AS bigint)
    UNION ALL
    SELECT 'case', k.id::text, NULL FROM cases k JOIN payments p ON p.id = k.payment_id
     WHERE k.closed_at IS NULL AND p.customer_id = CAST(:customer AS bigint)
    UNION ALL
    SELECT 'cash', '', float_used_minor FROM agents
     WHERE id = ANY(CAST(:agents AS bigint[])) AND float_used_minor > 0
    UNION ALL
    SELECT 'commission', '', commission_minor FROM agents
     WHERE id = ANY(CAST(:agents AS bigint[])) AND commission_minor > 0
    """.format(payments=RECORDS["payments"].about, prompts=RECORDS["prompts"].about)
)


def obstacles(connection: Connection, person: Person) -> list[tuple[str, str, int | None]]:
    """Return what stands in the way of forgetting a person: (what, what it is about, amount)."""
    return [tuple(row) for row in connection.execute(_OBSTACLES, values_of(person))]


def is_known_person(connection: Connection, person: Person) -> bool:
    """Return whether any declared table has rows of this person."""
    tables = " UNION ALL ".join(
        f"(SELECT 1 FROM {table} WHERE {record.about} LIMIT 1)"
        for table, record in RECORDS.items()
        if record.about
    )
    return bool(
        connection.execute(text(f"SELECT EXISTS ({tables})"), values_of(person)).scalar_one()
    )


def count_rows(connection: Connection, person: Person) -> dict[str, int]:
    """Return how many rows of a person forgetting would change or delete, by table."""
    values = values_of(person)
    counted = {
        table: connection.execute(
            text(f"SELECT count(*) FROM {table} WHERE {record.about}"), values
        ).scalar_one()
        for table, record in RECORDS.items()
        if record.about and (record.is_deleted or record.personal)
    }
    return {table: int(rows) for table, rows in counted.items() if rows}


def devices_of_person(connection: Connection, person: Person) -> list[tuple[int, str, str]]:
    """Return (id, kind, serial) of the devices that the customer has."""
    rows = connection.execute(
        text(
            "SELECT id, kind, serial FROM devices WHERE owner_id = CAST(:customer AS bigint)"
            " ORDER BY id"
        ),
        {"customer": person.customer_id},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def retire_devices(connection: Connection, device_ids: list[int], today: object) -> None:
    """Take devices that have no owner any more out of use for good."""
    connection.execute(
        text("UPDATE devices SET retired_on = :today WHERE id = ANY(:ids)"),
        {"today": today, "ids": device_ids},
    )
