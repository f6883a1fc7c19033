"""`dialwatt user`: the first user comes from the command line."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.db.users import find_user
from core.operator import ConsoleUser
from core.password import verify_password
from tests.operations.conftest import Ran


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What stands on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return lambda line: monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n"))


def stored(engine: Engine, name: str) -> ConsoleUser:
    with engine.connect() as connection:
        user = find_user(connection, name)
    assert user is not None
    return user


def test_a_password_comes_from_standard_input(
    dialwatt: Callable[..., Ran], engine: Engine, typing: Callable[..., Any]
) -> None:
    typing("long enough now")

    ran = dialwatt("user", "add", "Wanjiru", "--role", "owner")

    user = stored(engine, "wanjiru")
    assert (ran.code, ran.out) == (0, "wanjiru may log in as owner.\n")
    assert user.role == "owner"
    assert verify_password(user.password_hash, "long enough now")


def test_without_a_password_a_random_one_is_printed_once(
    dialwatt: Callable[..., Ran], engine: Engine, typing: Callable[..., Any]
) -> None:
    ran = dialwatt("user", "add", "wanjiru")

    user = stored(engine, "wanjiru")
    assert user.role == "read_only"
    assert verify_password(user.password_hash, ran.out.split("password: ")[1].strip())
    assert user.password_is_initial


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["add", "wanjiru"], "there is a user wanjiru already"),
        (["add", "W W"], "a name is 2 to 40 letters"),
        (["disable", "nobody"], "there is no user nobody"),
        (["disable", "wanjiru"], "at least one user must be an owner"),
    ],
)
def test_a_refused_change_is_reported_with_its_reason(
    dialwatt: Callable[..., Ran], typing: Callable[..., Any], words: list[str], reason: str
) -> None:
    dialwatt("user", "add", "wanjiru", "--role", "owner")

    ran = dialwatt("user", *words)

    assert ran.code == 1
    assert reason in ran.err


def test_a_user_without_a_name_is_a_wrong_command_line(
    dialwatt: Callable[..., Ran], typing: Callable[..., Any]
) -> None:
    ran = dialwatt("user", "add")

    assert ran.code == 2
    assert "Missing argument 'NAME'" in ran.err


def test_a_disabled_user_shows_in_the_list(
    dialwatt: Callable[..., Ran], engine: Engine, typing: Callable[..., Any]
) -> None:
    for name in ("wanjiru", "otieno"):
        dialwatt("user", "add", name, "--role", "owner")

    assert dialwatt("user", "disable", "otieno").code == 0

    lines = dialwatt("user", "list").out.splitlines()
    assert lines[1].endswith("password only, first password not changed yet")
    assert [line.split()[:2] for line in lines] == [["otieno", "disabled"], ["wanjiru", "owner"]]
    with engine.connect() as connection:
        actions = (
            connection.execute(text("SELECT action FROM audit_log ORDER BY id")).scalars().all()
        )
    assert actions == ["add", "add", "disable"]


def test_a_user_is_let_back_in_with_a_new_first_password(
    dialwatt: Callable[..., Ran], engine: Engine, typing: Callable[..., Any]
) -> None:
    for name in ("wanjiru", "otieno"):
        typing("long enough now")
        dialwatt("user", "add", name, "--role", "owner")
    dialwatt("user", "disable", "otieno")

    assert dialwatt("user", "enable", "otieno").code == 2
    assert dialwatt("user", "enable", "otieno", "--reason", "back").code == 0
    ran = dialwatt("user", "password", "Otieno", "--reason", "forgot it")
    assert dialwatt("user", "reset-second-factor", "otieno", "--reason", "lost").code == 0

    user = stored(engine, "otieno")
    assert verify_password(user.password_hash, ran.out.split("password: ")[1].strip())
    assert user.password_is_initial
    assert not stored(engine, "wanjiru").password_is_initial
    with engine.connect() as connection:
        query = text("SELECT action, reason FROM audit_log ORDER BY id OFFSET 3")
        rows = [tuple(row) for row in connection.execute(query)]
    assert rows == [
        ("enable", "back"),
        ("first_password", "forgot it"),
        ("reset_second_factor", "lost"),
    ]
