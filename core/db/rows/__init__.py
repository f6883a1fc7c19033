"""The schema, as SQLAlchemy tables: the reference for migrations and for reading.

Uniqueness and CHECKs here carry correctness; the triggers that make the ledger append-only and
balanced stand in the first migration, since SQLAlchemy cannot say them.
"""

import core.db.rows.console
import core.db.rows.goods
import core.db.rows.messages
import core.db.rows.money
import core.db.rows.oversight
import core.db.rows.people  # noqa: F401  each module adds its tables
from core.db.rows.books import metadata as metadata
