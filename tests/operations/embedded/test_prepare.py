"""The database of the embedded set-up gets its first user once."""

from __future__ import annotations

from sqlalchemy import Engine

from core.db.users import find_user
from core.password import verify_password
from operations.embedded.prepare import FIRST_USER, add_first_user


def test_an_owner_is_added_only_where_the_console_has_no_user(engine: Engine) -> None:
    settings = {"CONSOLE_PASSWORD": "long enough now"}

    add_first_user(engine, settings)
    add_first_user(engine, settings | {"CONSOLE_PASSWORD": "another one"})

    with engine.connect() as connection:
        user = find_user(connection, FIRST_USER)
    assert user is not None
    assert user.role == "owner"
    assert verify_password(user.password_hash, "long enough now")
