"""`dialwatt backup` and `restore-check`: a copy that was never brought back is no backup."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from alembic import command
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from core.db.engine import make_engine
from core.db.schema import known_revisions
from operations.commands.restore_check import _temporary_database
from operations.embedded.postgres_client import connection_of
from tests.operations.conftest import Ran
from tests.support.cast import KIT, METER, SEALED_KEYS
from tests.support.next_release import config_of_next_release
from tests.support.scenario import Scenario, make_scenario


@pytest.fixture
def scenario(
    engine: Engine, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Scenario:
    """A book with applied, waiting and unmatched payments; its device keys are the cast's."""
    monkeypatch.setenv("DEVICE_KEY_SECRET", "A" * 43 + "=")
    scenario = make_scenario(engine)
    scenario.pay("R1", METER, 555_00)
    scenario.pay("R2", KIT, 150_00)
    scenario.apply()
    scenario.pay("R3", METER, 100_00)
    scenario.pay("R4", "NOSUCH", 70_00)
    return scenario


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "night.dump"


@pytest.fixture
def checked(
    dialwatt: Callable[..., Ran],
) -> Callable[[Path], tuple[dict[str, dict[str, Any]], int]]:
    """The checks of a file by name, and the exit code."""

    def check(file: Path) -> tuple[dict[str, dict[str, Any]], int]:
        ran = dialwatt("restore-check", str(file), "--json")
        report = json.loads(ran.out)
        assert report["ok"] is (ran.code == 0)
        return {check["name"]: check for check in report["checks"]}, ran.code

    return check


def test_a_backup_brings_the_books_back_whole(
    dialwatt: Callable[..., Ran],
    scenario: Scenario,
    file: Path,
    checked: Callable[[Path], tuple[dict[str, dict[str, Any]], int]],
) -> None:
    ran = dialwatt("backup", str(file))
    assert ran.code == 0, ran.err
    assert f"dialwatt restore-check {file}" in ran.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]

    checks, code = checked(file)

    assert {name for name, check in checks.items() if not check["ok"]} == set()
    assert code == 0
    assert "4 payments, the newest of 2026-11-24 09:00:00 UTC" in checks["contents"]["detail"]
    assert checks["device keys open"]["detail"] == f"all {SEALED_KEYS}"


@pytest.mark.slow
def test_an_encrypted_and_signed_backup_is_read_with_its_keys_only(
    dialwatt: Callable[..., Ran],
    scenario: Scenario,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    identity = pyrage.x25519.Identity.generate()
    secret, other = file.with_name("secret"), file.with_name("other")
    secret.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    other.write_text(str(pyrage.x25519.Identity.generate()))
    monkeypatch.setenv("BACKUP_SIGNING_KEY", "C" * 43 + "=")
    signer = dialwatt("keys", "signer").out.strip()
    assert dialwatt("backup", str(file), "--recipient", str(identity.to_public())).code == 0
    assert b"PGDMP" not in file.read_bytes()

    def check(*options: str) -> tuple[int, str]:
        ran = dialwatt("restore-check", str(file), *options)
        return ran.code, ran.out + ran.err

    code, printed = check("--identity", str(secret), "--signed-by", signer)
    assert (code, "4 payments" in printed) == (0, True), printed
    assert "give the file of its secret key with --identity" in check()[1]
    assert "does not open" in check("--identity", str(other))[1]
    assert "holds no secret key" in check("--identity", str(file))[1]
    assert "is not what `dialwatt keys signer` prints" in check("--signed-by", "me")[1]
    with file.open("r+b") as sealed:
        sealed.seek(-1, 2)
        sealed.write(b"?")
    assert "is not what was signed" in check("--signed-by", signer)[1]
    assert "it was changed" in check("--identity", str(secret))[1]
    file.with_name(f"{file.name}.sig").unlink()
    assert "is not signed" in check("--signed-by", signer)[1]


def test_a_recipient_that_is_none_is_refused_and_leaves_no_file(
    dialwatt: Callable[..., Ran], scenario: Scenario, file: Path
) -> None:
    ran = dialwatt("backup", str(file), "--recipient", "me@example.org")

    assert (ran.code, list(file.parent.iterdir())) == (1, [])
    assert "begins with age1" in ran.err


@pytest.mark.slow
def test_what_a_backup_would_run_outside_its_database_is_refused(tmp_path: Path) -> None:
    with _temporary_database(tmp_path) as url, make_engine(url, pool_size=0).begin() as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.exec_driver_sql("COPY (SELECT 1) TO PROGRAM 'id'")


@pytest.mark.slow
def test_a_backup_of_broken_books_and_one_without_its_master_key_fail(
    dialwatt: Callable[..., Ran],
    scenario: Scenario,
    file: Path,
    checked: Callable[[Path], tuple[dict[str, dict[str, Any]], int]],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET credit_minor = 7")
    monkeypatch.setenv("DEVICE_KEY_SECRET", "B" * 43 + "=")
    dialwatt("backup", str(file))
    checks, code = checked(file)
    assert code == 1
    assert {name for name, check in checks.items() if not check["ok"]} == {
        "every customer's credit equals the ledger",
        "device keys open",
    }


@pytest.mark.slow
def test_a_backup_of_an_older_release_is_brought_up_to_date(
    dialwatt: Callable[..., Ran],
    scenario: Scenario,
    file: Path,
    checked: Callable[[Path], tuple[dict[str, dict[str, Any]], int]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    def migrate_to_next_release(database_url: str) -> None:
        folder = tmp_path_factory.mktemp("migrations")
        command.upgrade(config_of_next_release(database_url, folder), "head")

    assert dialwatt("backup", str(file)).code == 0
    monkeypatch.setattr("operations.commands.restore_check.migrate", migrate_to_next_release)

    checks, code = checked(file)

    assert code == 0
    assert checks["restored"]["detail"] == f"schema {known_revisions()[-1]}, brought to next"


def test_it_never_writes_over_a_backup(
    dialwatt: Callable[..., Ran], scenario: Scenario, file: Path
) -> None:
    file.write_text("last night")
    ran = dialwatt("backup", str(file))
    assert ran.code == 1
    assert "exists already" in ran.err
    assert file.read_text() == "last night"


def test_what_pg_dump_says_is_passed_on_and_no_file_stays(
    dialwatt: Callable[..., Ran], scenario: Scenario, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://u:secret@127.0.0.1:1/none")
    ran = dialwatt("backup", str(file))
    assert ran.code == 1
    assert "Connection refused" in ran.err
    assert "No backup was made" in ran.err
    assert "secret" not in ran.err
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a backup"])
def test_a_file_that_is_no_backup_is_refused(
    dialwatt: Callable[..., Ran], environment: dict[str, str], content: bytes
) -> None:
    ran = dialwatt("restore-check", "FILE", content=content)
    assert ran.code == 1
    assert "does not restore" in ran.err
    assert dialwatt("restore-check", "/nowhere").code == 1


def test_a_password_is_kept_out_of_the_command_line() -> None:
    conninfo, secret = connection_of("postgresql+psycopg://u:pass%20word@db.example:5433/dialwatt")
    assert "pass" not in conninfo
    assert "host=db.example" in conninfo
    assert secret == {"PGPASSWORD": "pass word"}
