"""`dialwatt user`: the first user comes from the command line."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import text

from core.db.users import find_user
from core.password import verify_password


@pytest.fixture
def typing(monkeypatch):
    """What stands on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return lambda line: monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n"))


def stored(engine, name):
    with engine.connect() as connection:
        return find_user(connection, name)


def test_a_password_comes_from_standard_input(dialwatt, engine, typing):
    typing("long enough")

    ran = dialwatt("user", "add", "Wanjiru", "--role", "owner")

    user = stored(engine, "wanjiru")
    assert (ran.code, ran.out) == (0, "wanjiru may log in as owner.\n")
    assert user.role == "owner"
    assert verify_password(user.password_hash, "long enough")


def test_without_a_password_a_random_one_is_printed_once(dialwatt, engine, typing):
    ran = dialwatt("user", "add", "wanjiru")

    user = stored(engine, "wanjiru")
    assert user.role == "read_only"
    assert verify_password(user.password_hash, ran.out.split("password: ")[1].strip())


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["add", "wanjiru"], "there is a user wanjiru already"),
        (["add", "W W"], "a name is 2 to 40 letters"),
        (["disable", "nobody"], "there is no user nobody"),
        (["disable", "wanjiru"], "at least one user must be an owner"),
    ],
)
def test_a_refused_change_is_reported_with_its_reason(dialwatt, typing, words, reason):
    dialwatt("user", "add", "wanjiru", "--role", "owner")

    ran = dialwatt("user", *words)

    assert ran.code == 1
    assert reason in ran.err


def test_a_user_without_a_name_is_a_wrong_command_line(dialwatt, typing):
    ran = dialwatt("user", "add")

    assert ran.code == 2
    assert "Missing argument 'NAME'" in ran.err


def test_a_disabled_user_shows_in_the_list(dialwatt, engine, typing):
    for name in ("wanjiru", "otieno"):
        dialwatt("user", "add", name, "--role", "owner")

    assert dialwatt("user", "disable", "otieno").code == 0

    lines = dialwatt("user", "list").out.splitlines()
    assert [line.split()[:2] for line in lines] == [["otieno", "disabled"], ["wanjiru", "owner"]]
    with engine.connect() as connection:
        actions = (
            connection.execute(text("SELECT action FROM audit_log ORDER BY id")).scalars().all()
        )
    assert actions == ["add", "add", "disable"]
