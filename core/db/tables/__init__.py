"""The schema, as SQLAlchemy tables: the reference for migrations and for reading.

Uniqueness and CHECKs here carry correctness; the triggers that make the ledger append-only and
balanced stand in the first migration, since SQLAlchemy cannot say them.
"""

import core.db.tables.console
import core.db.tables.goods
import core.db.tables.messages
import core.db.tables.money
import core.db.tables.oversight
import core.db.tables.people  # noqa: F401  each module adds its tables
from core.db.tables.books import metadata as metadata
