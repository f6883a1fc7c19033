"""The schema, as SQLAlchemy tables: the reference for migrations and for reading.

Uniqueness and CHECKs here carry correctness; the triggers that make the ledger append-only and
balanced stand in the first migration, since SQLAlchemy cannot say them.
"""

import core.db.rows.goods  # noqa: F401, I001  (each module adds its tables to the metadata)
import core.db.rows.messages  # noqa: F401
import core.db.rows.money  # noqa: F401
import core.db.rows.people  # noqa: F401
from core.db.rows.books import metadata as metadata
