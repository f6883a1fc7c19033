"""What is kept of people: every table of the schema is declared here, and a test fails for a table
or a column of text that is not.

Forgetting, exporting, purging and docs/privacy.md all read these declarations.
"""

from __future__ import annotations

from core.db.personal.messages import MESSAGES
from core.db.personal.office import OFFICE
from core.db.personal.people import PEOPLE
from core.db.personal.record import Rule, TableRecord
from core.db.personal.trade import TRADE

RECORDS: dict[str, TableRecord] = PEOPLE | MESSAGES | TRADE | OFFICE
RULES: dict[str, tuple[str, Rule]] = {
    rule.name: (table, rule) for table, record in RECORDS.items() for rule in record.rules
}
