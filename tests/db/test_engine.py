"""What a database error says: enough to find the cause, never what a row held."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from core.db.engine import make_engine

CODE = "58129436701122334455"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=1)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        # PostgreSQL tells the whole row that fails a check, and the values of a key that is taken.
        ("INSERT INTO sms (dedupe_key, kind, msisdn, body) VALUES ('k', 'k', 'm', :code)", "sms"),
        (
            "INSERT INTO villages (code, name) VALUES (:code, 'a'), (:code, 'b')",
            "villages_code_key",
        ),
    ],
    ids=["a row that breaks a rule", "a key that is taken"],
)
def test_an_error_names_the_rule_and_never_the_values(
    engine: Engine, statement: str, named: str
) -> None:
    with pytest.raises(IntegrityError) as caught:
        with engine.begin() as connection:
            connection.execute(text(statement), {"code": CODE})

    message = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert named in message
    assert CODE not in message


def test_what_only_the_commit_finds_out_is_told_without_values_too(engine: Engine) -> None:
    deferred = (
        "CREATE TABLE once (code text UNIQUE DEFERRABLE INITIALLY DEFERRED);"
        f"INSERT INTO once VALUES ('{CODE}'), ('{CODE}')"
    )
    connection = engine.connect()
    connection.exec_driver_sql(deferred)

    with pytest.raises(IntegrityError) as caught:
        connection.commit()

    message = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    connection.close()
    assert "once_code_key" in message
    assert CODE not in message


def test_a_value_that_does_not_convert_is_not_repeated(engine: Engine) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  whatever its class, see what it says
        with engine.begin() as connection:
            connection.execute(text("SELECT CAST(:code AS boolean)"), {"code": CODE})

    assert CODE not in "".join(traceback.format_exception(caught.value))
