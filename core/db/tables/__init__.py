"""The schema, as SQLAlchemy tables: the reference for migrations and for reading.

Uniqueness and CHECKs here carry correctness. The triggers that make the ledger append-only and
balanced stand in the first migration, since SQLAlchemy cannot express them.
"""

# Each module adds its tables to the metadata.
from core.db.tables import audit as audit
from core.db.tables import catalogue as catalogue
from core.db.tables import customers as customers
from core.db.tables import keys as keys
from core.db.tables import messages as messages
from core.db.tables import payments as payments
from core.db.tables import sales as sales
from core.db.tables import users as users
from core.db.tables import vends as vends
from core.db.tables.columns import metadata as metadata
