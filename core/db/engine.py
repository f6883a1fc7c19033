"""The database engine, and bringing the schema up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine

_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def make_engine(database_url: str, *, pool_size: int = 8) -> Engine:
    """A pooled engine on psycopg 3. Connections are made on first use, so fork before that."""
    return create_engine(
        database_url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"application_name": "dialwatt", "options": "-c timezone=UTC"},
    )


def migrate(database_url: str) -> None:
    """Bring the schema to the newest revision; does nothing when it is there already."""
    command.upgrade(alembic_config(database_url), "head")


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration, without a file: the repository's migrations on that database."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config
