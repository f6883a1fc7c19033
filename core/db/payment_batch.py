"""Everything that a batch of applied payments writes, as one statement: one round trip, one plan.

The rows of each set below are sent as arrays, one per column, and taken apart by `unnest`. Token
counters and the token ids of SMS come from the tokens that the same statement stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

Rows = Sequence[Mapping[str, Any]]

# Set by set, the columns of its rows with their types. `charge`, `clawback`, `instalment` and
# `recovery` (of a written-off sale) say how much of each is paid now, an instalment also the days
# it has given; `credit` what each customer has left; `device_id` and `counter` of a text name the
# token it carries. `chain` has the links of a device's codes, where they are new.
_SETS = {
    "done": "id bigint, credit_used_minor bigint",
    "line": "payment_id bigint, number smallint, kind text, amount_minor bigint,"
    " instalment_id bigint, access_charge_id bigint, clawback_id bigint, sale_id bigint,"
    " device_id bigint",
    "leg": "payment_id bigint, account text, side text, amount_minor bigint, customer_id bigint",
    "instalment": "id bigint, paid_minor bigint, days_given integer",
    "charge": "id bigint, paid_minor bigint",
    "recovery": "id bigint, paid_minor bigint",
    "clawback": "id bigint, paid_minor bigint",
    "completed": "sale_id bigint",
    "credit": "customer_id bigint, credit_minor bigint",
    "vend": "device_id bigint, customer_id bigint, payment_id bigint, kind text, units integer,"
    " amount_minor bigint",
    "token": "device_id bigint, payment_id bigint, part smallint, kind text, units integer,"
    " counter bigint, text text",
    "chain": "device_id bigint, sealed_chain bytea",
    "sms": "dedupe_key text, kind text, msisdn text, body text, segments smallint,"
    " payment_id bigint, device_id bigint, counter bigint",
}
_COLUMNS = {
    name: [column.split() for column in columns.split(", ")] for name, columns in _SETS.items()
}


def _rows(name: str) -> str:
    """Return the set as a table: `unnest(CAST(:line_number AS smallint[]), ...) AS line (number,
    ...)`.
    """
    arrays = ", ".join(f"CAST(:{name}_{column} AS {kind}[])" for column, kind in _COLUMNS[name])
    return f"unnest({arrays}) AS {name} ({', '.join(column for column, _ in _COLUMNS[name])})"


_WRITE = text(
    f"""
    WITH lines AS (
        INSERT INTO payment_lines (payment_id, number, kind, amount_minor, instalment_id,
                                   access_charge_id, clawback_id, sale_id, device_id)
        SELECT * FROM {_rows("line")}
    ), instalments_paid AS (
        UPDATE instalments SET paid_minor = instalment.paid_minor,
                               days_given = instalment.days_given
          FROM {_rows("instalment")} WHERE instalments.id = instalment.id
    ), charges_paid AS (
        UPDATE access_charges SET paid_minor = charge.paid_minor
          FROM {_rows("charge")} WHERE access_charges.id = charge.id
    ), sales_recovered AS (
        UPDATE sales SET recovered_minor = recovery.paid_minor
          FROM {_rows("recovery")} WHERE sales.id = recovery.id
    ), clawbacks_paid AS (
        UPDATE clawbacks SET paid_minor = clawback.paid_minor
          FROM {_rows("clawback")} WHERE clawbacks.id = clawback.id
    ), sales_completed AS (
        UPDATE sales SET state = 'complete', paused_on = NULL
          FROM {_rows("completed")} WHERE sales.id = sale_id
    ), credits AS (
        UPDATE customers SET credit_minor = credit.credit_minor
          FROM {_rows("credit")}
         WHERE customers.id = customer_id AND customers.credit_minor <> credit.credit_minor
    ), entries AS (
        INSERT INTO journal_entries (kind, idempotency_key, posted_at)
        SELECT 'applied', 'applied:' || id, :now FROM {_rows("done")}
        RETURNING id, idempotency_key
    ), legs AS (
        INSERT INTO postings (entry_id, account, side, amount_minor, customer_id)
        SELECT entries.id, account, side, amount_minor, customer_id
          FROM {_rows("leg")} JOIN entries ON idempotency_key = 'applied:' || leg.payment_id
    ), vends_wanted AS (
        INSERT INTO vends (device_id, customer_id, payment_id, kind, units, amount_minor,
                           created_at, next_attempt_at)
        SELECT vend.*, :now, :now FROM {_rows("vend")}
    ), issued AS (
        INSERT INTO tokens (device_id, payment_id, part, kind, units, counter, text, issued_at)
        SELECT token.*, :now FROM {_rows("token")}
        RETURNING id, device_id, counter
    ), counters AS (
        UPDATE devices SET token_counter = used.counter,
                           sealed_chain = coalesce(chain.sealed_chain, devices.sealed_chain)
          FROM (SELECT device_id, max(counter) AS counter FROM issued GROUP BY device_id) AS used
          LEFT JOIN {_rows("chain")} ON chain.device_id = used.device_id
         WHERE devices.id = used.device_id
    ), texts AS (
        INSERT INTO sms (dedupe_key, kind, msisdn, body, segments, payment_id, token_id, created_at,
                         next_attempt_at)
        SELECT dedupe_key, kind, msisdn, body, segments, payment_id, issued.id, :now, :now
          FROM {_rows("sms")} LEFT JOIN issued USING (device_id, counter)
    )
    UPDATE payments SET state = 'applied', applied_at = :now, problem = NULL,
           credit_used_minor = done.credit_used_minor
      FROM {_rows("done")} WHERE payments.id = done.id
    """
)


def write_batch(connection: Connection, now: datetime, **sets: Rows) -> None:
    """Write a batch; every set of `_SETS` is given, empty ones too."""
    arrays = {
        f"{name}_{column}": [row[column] for row in sets[name]]
        for name, columns in _COLUMNS.items()
        for column, _ in columns
    }
    connection.execute(_WRITE, {"now": now} | arrays)
