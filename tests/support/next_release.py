"""A release after this one: its migrations are ours and one more."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config

from core.db.engine import alembic_config
from core.db.schema import known_revisions

_MIGRATION = """
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    op.execute("ALTER TABLE agents ADD COLUMN note text")
"""


def config_of_next_release(database_url: str, folder: Path) -> Config:
    """Alembic's configuration of that release; its own migration is written into `folder`."""
    (folder / "next.py").write_text(_MIGRATION.format(head=known_revisions()[-1]))
    config = alembic_config(database_url)
    versions = Path(config.get_main_option("script_location") or "") / "versions"
    config.set_main_option("version_locations", f"{versions};{folder}")
    config.set_main_option("path_separator", ";")
    return config
