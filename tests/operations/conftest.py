"""An operator with a shell: `dialwatt(...)` runs the command here, on a database of its own."""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from core.db.rights import ROLES, Role
from operations import cli
from tests.support.endpoint_settings import distinct_keys
from tests.support.services import TEMPLATE

CATALOGUE = Path(__file__).parents[2] / "operations" / "demo" / "catalogue.toml"
SETTINGS = {
    "DEVICE_KEY_SECRET": base64.b64encode(bytes(range(32))).decode(),
    "PIN_PEPPER": "pepper",
    "STS_VENDING_KEY_600000": "00" * 20,
    **distinct_keys(),
    "USSD_AGGREGATORS": "africastalking",
    "PROOF_SECRET": "a secret of these tests",
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "AT_USERNAME": "test",
    "AT_API_KEY": "test",
    "DARAJA_BASE_URL": "http://127.0.0.1:1",
    "DARAJA_CONSUMER_KEY": "test",
    "DARAJA_CONSUMER_SECRET": "test",
    "DARAJA_SHORTCODE": "600123",
    "DARAJA_PASSKEY": "test",
}


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command that sets logging up for its process does so for this one, here."""
    loggers = [logging.getLogger(name) for name in (None, "_granian", "alembic.runtime.migration")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, state in zip(loggers, before, strict=True):
        logger.handlers, logger.level, logger.propagate = state
        logger.setLevel(logger.level)  # forgets what was worked out from the other level


@pytest.fixture(autouse=True)
def environment_as_before() -> Iterator[None]:
    """So does one that makes its settings those of its process."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def roles_of_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of a test is cut from the template, and has the roles that were made for that."""
    names: dict[Role, str] = {role: f"{TEMPLATE}_{role}" for role in ROLES}
    monkeypatch.setattr("core.db.roles.role_names", lambda connection: names)


@pytest.fixture
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    given = SETTINGS | {"DATABASE_URL": database_url}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def dialwatt(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Ran]:
    """`dialwatt("load", "FILE", content="...")`: FILE is replaced by a file with that content."""

    def run(*words: str, content: str | bytes | None = None) -> Ran:
        if content is not None:
            file = tmp_path / "given"
            file.write_bytes(content.encode() if isinstance(content, str) else content)
            words = tuple(str(file) if word == "FILE" else word for word in words)
        capsys.readouterr()
        code = cli.main(words)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def loaded(dialwatt: Callable[..., Ran]) -> None:
    """The demo's catalogue is loaded."""
    assert dialwatt("load", str(CATALOGUE)).code == 0


@pytest.fixture
def rows(engine: Engine) -> Callable[..., list[tuple[Any, ...]]]:
    """The rows of a query, each as a tuple."""

    def read(sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    return read


@pytest.fixture
def contents(rows: Callable[..., list[tuple[Any, ...]]]) -> Callable[..., Any]:
    """All that a load or an import could have written: to see that nothing was."""
    tables = (
        *("market", "villages", "manufacturers", "tariffs", "tariff_versions", "appliances"),
        *("agents", "customers", "customer_msisdns", "devices", "sales", "instalments"),
        *("journal_entries", "postings"),
    )
    return lambda: {table: rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables}
