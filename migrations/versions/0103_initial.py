"""The first schema: tables in the order of their references, then the ledger's triggers.

The statements stand in the SQL files of the folder 0103, to be read there.
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0103"
down_revision = None

_FILES = sorted(Path(__file__).with_name("0103").glob("*.sql"))


def upgrade() -> None:
    # The driver's own connection: it takes several statements at once, and `%` as it stands.
    driver = op.get_bind().connection.driver_connection
    for file in _FILES:
        driver.execute(file.read_text())


def downgrade() -> None:
    connection = op.get_bind()
    created = "".join(file.read_text() for file in _FILES)
    tables = re.findall(r"^CREATE TABLE (\w+)", created, re.MULTILINE)
    sequences = re.findall(r"^CREATE SEQUENCE (\w+)", created, re.MULTILINE)
    functions = re.findall(r"^CREATE FUNCTION (\w+)", created, re.MULTILINE)
    connection.exec_driver_sql(f"DROP TABLE {', '.join(tables)} CASCADE")
    connection.exec_driver_sql(f"DROP SEQUENCE {', '.join(sequences)}")
    connection.exec_driver_sql(f"DROP FUNCTION {', '.join(functions)}")
