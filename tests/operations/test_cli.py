"""The command: quick, with help, an exit code that means something, and no traceback."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from core.db.rights import Role
from core.errors import Refused
from core.wording.operator_messages import describe_refusal
from operations import cli
from operations.embedded.services import Services
from tests.operations.conftest import Ran
from tests.support.roles import as_role
from tests.support.services import url_of


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_that_begins_with_its_line_in_the_list(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"dialwatt {name}" in out
    assert out.splitlines()[2].strip() == cli.COMMANDS[name].summary


def test_the_list_of_commands_has_each_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [f"{name} {entry.summary}" for name, entry in cli.COMMANDS.items()] == [
        line for line in lines if line.split(" ")[0] in cli.COMMANDS
    ]


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"dialwatt, version {version('dialwatt')}\n"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("dialwatt re", ["remind", "replay", "restore-check"]),
        ("dialwatt show ", ["payment", "customer", "waterfall"]),
        ("dialwatt import d", ["devices"]),
        ("dialwatt statement mtn x --acc", ["--account"]),
    ],
)
def test_a_shell_completes_commands_options_and_choices(typed: str, offered: list[str]) -> None:
    words = typed.split(" ")
    environment = os.environ | {
        "_DIALWATT_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "operations.cli"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(line.split(",")[1] for line in ran.stdout.splitlines()) == sorted(offered)


def test_ctrl_c_ends_a_command_with_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("operations.commands.accrue.open_for_command", interrupted)
    assert cli.main(["accrue"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_error_that_nobody_expected_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("operations.commands.accrue.open_for_command", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main(["accrue"])


def test_the_commands_of_the_contract_are_there() -> None:
    wanted = {"up", "load", "import", "statement", "accrue", "remind", "doctor", "show", "vectors"}
    wanted |= {"web", "worker", "schedule", "migrate", "phone"}
    wanted |= {"backup", "restore-check", "keys", "wake", "replay"}
    assert wanted <= set(cli.COMMANDS)


@pytest.mark.parametrize("words", [[], ["nonsense"], ["import", "people", "x"], ["load"]])
def test_a_command_that_is_none_ends_with_an_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2


def test_help_loads_no_database_and_no_web_framework() -> None:
    """`dialwatt show` is called often; what it does not need must not cost it time."""
    heavy = [
        "sqlalchemy",
        "flask",
        "granian",
        "alembic",
        "rq",
        "africastalking",
        "phonenumbers",
        "redis",
    ]
    program = (
        "import sys, operations.cli as c\n"
        "c.main(['--help'])\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql+psycopg://user@127.0.0.1:1/none", "cannot reach the database"),
        ("nonsense", "DATABASE_URL is not an address of a database"),
    ],
)
def test_a_database_out_of_reach_is_told_in_a_line(
    dialwatt: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, url: str, wanted: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    ran = dialwatt("show", "payment", "R1")
    assert (ran.code, ran.out) == (1, "")
    assert wanted in ran.err
    assert "Traceback" not in ran.err


def test_without_books_it_says_how_to_get_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "DATABASE_URL_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DIALWATT_DATA", str(tmp_path))
    assert cli.main(["accrue"]) == 1
    assert "make run" in capsys.readouterr().err


def test_an_old_schema_is_told_with_the_way_out(
    dialwatt: Callable[..., Ran], engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE market RENAME COLUMN operator TO owner"))
    ran = dialwatt("show", "payment", "R1")
    assert ran.code == 1
    assert "dialwatt migrate" in ran.err


def test_migrate_brings_an_empty_database_up_to_date_and_again_does_nothing(
    dialwatt: Callable[..., Ran], services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = url_of(services, "cli_fresh")
    alone = {"poolclass": NullPool, "isolation_level": "AUTOCOMMIT"}
    with create_engine(services.database_url, **alone).connect() as server:
        server.execute(text("CREATE DATABASE cli_fresh"))
    monkeypatch.setenv("DATABASE_URL", fresh)
    first, again = dialwatt("migrate"), dialwatt("migrate")
    assert (first.code, again.code) == (0, 0)
    assert "Running upgrade  -> 0103" in first.err
    assert "Running upgrade" not in again.err
    with create_engine(fresh, **alone).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM market")).scalar_one() == 0


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("WEB_WORKERS", "0")])
def test_web_refuses_a_setting_that_is_no_number(
    dialwatt: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = dialwatt("web")
    assert ran.code == 1
    assert f"{name} must be a number" in ran.err


@pytest.mark.parametrize("command", ["web", "up"])
def test_a_port_in_use_ends_with_one_line_that_names_it(
    dialwatt: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("DIALWATT_DATA", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        ran = dialwatt(command)
    assert (ran.code, ran.out) == (1, "")
    assert f"port {port} " in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_refusal_without_words_is_still_readable() -> None:
    assert describe_refusal(Refused("some_new_code", amount_minor=150, serial="X"), "KES") == (
        "refused: some new code, amount KES 1.50, serial X"
    )


@pytest.fixture
def newer(engine: Engine) -> None:
    """A database that a later release has brought up to date."""
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


def test_an_older_program_does_not_migrate_a_newer_database(
    dialwatt: Callable[..., Ran], newer: None, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    ran = dialwatt("migrate")

    assert ran.code == 1
    assert "9999" in ran.err
    assert "update the program" in ran.err.lower()
    assert "Traceback" not in ran.err
    assert rows("SELECT version_num FROM alembic_version") == [("9999",)]


def test_the_doctor_of_an_older_program_says_to_update_it(
    dialwatt: Callable[..., Ran], newer: None
) -> None:
    ran = dialwatt("doctor")

    assert ran.code == 1
    assert "9999" in ran.out
    assert "update the program" in ran.out.lower()
    assert "dialwatt migrate" not in ran.out


@pytest.mark.parametrize("verb", ["web", "worker sms", "schedule"])
def test_a_process_of_an_older_program_says_so_and_starts(
    dialwatt: Callable[..., Ran],
    newer: None,
    verb: str,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Migrations only expand: while a release is on its way, old processes may come up again."""
    started = []
    role: Role = "web" if verb == "web" else "worker"
    monkeypatch.setenv("DATABASE_URL", as_role(environment["DATABASE_URL"], role))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr("operations.commands.serve.start_logging", lambda *_: None)
    for target in ("granian.Granian.serve", "workers.worker.run_worker", "workers.schedule.run"):
        monkeypatch.setattr(target, lambda *_: started.append(1))

    ran = dialwatt(*verb.split())

    assert (ran.code, started) == (0, [1])
    assert "9999" in ran.err
    assert "update the program" in ran.err.lower()
