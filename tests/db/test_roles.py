"""Each role of the database may do what is stated for it in core.db.rights and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text

from core.db.engine import make_engine, migrate
from core.db.personal import RECORDS
from core.db.rights import FIXED, FUNCTIONS, HIDDEN, RIGHTS, ROLES, Role
from core.db.roles import differing_rights, grant_rights, role_names, why_unfit
from core.db.tables import metadata
from core.errors import BadInput
from operations.embedded.services import Services
from tests.support.services import clone, inside, on_server, url_of

# What an intruder with the connection of a process would try first.
NOBODY_MAY = {
    "switch a trigger off": "ALTER TABLE audit_log DISABLE TRIGGER ALL",
    "pass the triggers by": "SET session_replication_role = replica",
    "change the ledger": "UPDATE postings SET amount_minor = 1",
    "lock the ledger": "SELECT FROM journal_entries FOR UPDATE",
    "take from the ledger": "DELETE FROM journal_entries",
    "empty the ledger": "TRUNCATE postings CASCADE",
    "drop the ledger": "DROP TABLE postings CASCADE",
    "turn an account around": "UPDATE ledger_accounts SET normal_side = 'debit'",
    "change the audit": "UPDATE audit_log SET reason = 'x'",
    "take from the audit": "DELETE FROM audit_log",
    "empty the audit": "TRUNCATE audit_log",
    "change a code": "UPDATE tokens SET text = '1'",
    "hand a device over in the past": "UPDATE ownership_changes SET changed_at = now()",
    "raise a payment": "UPDATE payments SET amount_minor = 99999900",
    "rename a receipt": "UPDATE payments SET receipt = 'X'",
    "delete a payment": "DELETE FROM payments",
    "raise a refund": "UPDATE refunds SET amount_minor = 99999900",
    "run a program": "COPY cases TO PROGRAM 'id'",
    "write a file": "COPY cases TO '/tmp/x'",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "become the owner": "SET ROLE postgres",
    "make a role": "CREATE ROLE intruder SUPERUSER",
    "make a table": "CREATE TABLE x (y int)",
    "make a temporary table": "CREATE TEMPORARY TABLE x (y int)",
    "make a function": "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "make a schema": "CREATE SCHEMA x",
    "replace a trigger's function": (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'"
    ),
    "add a trigger": "CREATE TRIGGER x BEFORE INSERT ON payments EXECUTE FUNCTION refuse_change()",
    "take the rights of others": "GRANT pg_read_all_data TO CURRENT_USER",
    "pretend a migration": "UPDATE alembic_version SET version_num = '9999'",
    "read passwords of roles": "SELECT * FROM pg_authid",
}
WEB_MAY_NOT = {
    "read keys": "SELECT sealed_key FROM devices",
    "read keys in whole rows": "SELECT d FROM devices d",
    "read starting codes": "SELECT starting_code FROM devices",
    "search keys": "SELECT FROM devices WHERE sealed_key IS NOT NULL",
    "swap a key": "UPDATE devices SET sealed_key = NULL",
    "get a key back": "INSERT INTO devices (serial) VALUES ('X') RETURNING sealed_key",
    "make a token": "INSERT INTO tokens (text) VALUES ('1')",
    "say what a payment bought": "INSERT INTO payment_lines (number) VALUES (1)",
    "delete a device": "DELETE FROM devices",
    "blank the audit": "SELECT forget_in_audit(1, '{}', '{700000001}', '{}')",
}
WORKER_MAY_NOT = {
    "read the console's users": "SELECT password_hash FROM console_users",
    "add a user": "INSERT INTO console_users (name) VALUES ('x')",
    "make a customer": "INSERT INTO customers (name) VALUES ('x')",
    "change a price": "UPDATE appliances SET price_minor = 1",
    "enter a device": "INSERT INTO devices (serial) VALUES ('X')",
}


Session = psycopg.Connection[tuple[object, ...]]
Login = Callable[[Role], Session]


@pytest.fixture(scope="module")
def log_in(migrated: Services) -> Iterator[Login]:
    """Log in to a migrated database as a process does."""
    opened: dict[Role, Session] = {}
    with clone(migrated) as url:
        migrate(url)
        database = make_url(url).database

        def connection(role: Role) -> Session:
            if role not in opened:
                as_role = make_url(url).set(username=f"{database}_{role}")
                opened[role] = inside(as_role.render_as_string(hide_password=False))
            return opened[role]

        yield connection
        for each in opened.values():
            each.close()


def is_refused(connection: Session, statement: str) -> bool:
    """Whether the database says that this role has not the right."""
    try:
        connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.Error:
        return False  # it has the right, and the statement is no good otherwise
    return False


@pytest.mark.parametrize("role", ROLES)
def test_no_process_may(log_in: Login, role: Role) -> None:
    connection = log_in(role)
    assert [what for what, try_it in NOBODY_MAY.items() if not is_refused(connection, try_it)] == []


def test_the_web_process_may_not(log_in: Login) -> None:
    web = log_in("web")
    assert [what for what, try_it in WEB_MAY_NOT.items() if not is_refused(web, try_it)] == []


def test_a_worker_may_not(log_in: Login) -> None:
    worker = log_in("worker")
    assert [what for what, try_it in WORKER_MAY_NOT.items() if not is_refused(worker, try_it)] == []


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_stated_is_refused_on_every_table(log_in: Login, role: Role) -> None:
    connection = log_in(role)
    for table, rights in RIGHTS.items():
        column = metadata.tables[table].columns.keys()[0]
        tried = {
            "S": f"SELECT {column} FROM {table}",
            "I": f"INSERT INTO {table} DEFAULT VALUES",
            "U": f"UPDATE {table} SET {column} = DEFAULT",
            "D": f"DELETE FROM {table}",
        }
        stated = rights[ROLES.index(role)]
        for letter in tried.keys() - set(stated):
            assert is_refused(connection, tried[letter]), tried[letter]


def test_every_table_has_stated_rights() -> None:
    assert set(RIGHTS) == set(metadata.tables)
    for table, stated in RIGHTS.items():
        for rights in stated:
            assert "".join(letter for letter in "SIUD" if letter in rights) == rights, table
    for columns_of in (FIXED, *HIDDEN.values()):
        for table, columns in columns_of.items():
            assert set(columns) <= set(metadata.tables[table].columns.keys()), table


def test_every_function_with_the_rights_of_the_owner_is_stated(connection: Connection) -> None:
    found = connection.execute(
        text("SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc WHERE prosecdef")
    )
    assert {name.replace(",", ", ") for name in found.scalars()} == set(FUNCTIONS)


def test_nothing_is_taken_from_what_is_kept_for_good() -> None:
    for table in ("journal_entries", "postings", "payment_lines", "tokens", "audit_log"):
        assert set("".join(RIGHTS[table])) <= {"S", "I"}, table


def test_workers_may_forget_and_purge_every_declared_table() -> None:
    for table, record in RECORDS.items():
        needed = set("S" if record.about else "")
        if record.is_deleted:
            needed |= {"D"}
        elif table != "audit_log" and ((record.about and record.personal) or record.mentions):
            needed |= {"U"}
        for rule in record.rules:  # rows are locked before they are deleted
            is_deleted = not rule.blanks and not rule.by_month
            needed |= {"S", "U"} | ({"D"} if is_deleted else set())
            if rule.by_month:
                assert "D" in RIGHTS[f"{table}_ids"][ROLES.index("worker")]
        assert needed <= set(RIGHTS[table][ROLES.index("worker")]), table


def test_a_role_that_is_not_what_is_stated_is_told(fresh_database_url: str) -> None:
    with make_engine(fresh_database_url, pool_size=0).begin() as connection:
        grant_rights(connection, {"web": "a password that is long"})
        assert differing_rights(connection) == []
        web, worker = role_names(connection).values()
        connection.exec_driver_sql(f"GRANT DELETE ON postings TO {web}")
        connection.exec_driver_sql(f"GRANT SELECT ON devices TO {web}")
        connection.exec_driver_sql(f"REVOKE INSERT ON tokens FROM {worker}")
        connection.exec_driver_sql(f"ALTER ROLE {worker} CREATEROLE")
        assert differing_rights(connection) == [
            f"{worker} has more than the rights of its tables",
            f"{web} has SIU with columns of its own on devices, not SIU",
            f"{web} has SID on postings, not SI",
            f"{worker} has S on tokens, not SI",
        ]


def test_an_owner_who_is_no_superuser_can_migrate(migrated: Services) -> None:
    on_server(migrated, "CREATE ROLE {} LOGIN CREATEROLE", "plain_owner")
    on_server(migrated, "CREATE DATABASE {} OWNER {}", "owned", "plain_owner")
    url = make_url(url_of(migrated, "owned")).set(username="plain_owner")
    migrate(url.render_as_string(hide_password=False), {"web": "one" * 8, "worker": "two" * 8})
    migrate(url.render_as_string(hide_password=False), {"web": "new" * 8})
    with make_engine(url_of(migrated, "owned"), pool_size=0).connect() as connection:
        assert differing_rights(connection) == []


def test_an_owner_who_may_make_no_roles_is_told_what_to_have_run(migrated: Services) -> None:
    on_server(migrated, "CREATE ROLE {} LOGIN", "weak_owner")
    on_server(migrated, "CREATE DATABASE {} OWNER {}", "weak", "weak_owner")
    url = make_url(url_of(migrated, "weak")).set(username="weak_owner")
    weak = url.render_as_string(hide_password=False)
    with pytest.raises(BadInput, match='CREATE ROLE "weak_web" LOGIN; CREATE ROLE "weak_worker"'):
        migrate(weak)
    on_server(migrated, "CREATE ROLE {} LOGIN", "weak_web")
    on_server(migrated, "CREATE ROLE {} LOGIN", "weak_worker")
    migrate(weak)


@pytest.mark.parametrize("role", ROLES)
def test_a_process_is_told_when_its_role_is_not_its_own(database_url: str, role: Role) -> None:
    unfit = {}
    for name in ("dialwatt", "dialwatt web", "dialwatt worker"):
        with make_engine(database_url, pool_size=0, name=name).connect() as connection:
            unfit[name] = why_unfit(connection, role)
    assert unfit.pop(f"dialwatt {role}") is None
    owner, other = unfit.values()
    assert "of the owner" in str(owner)
    assert "of the other processes" in str(other)


def test_every_engine_of_a_process_has_its_name() -> None:
    """In tests its role hangs on the name (tests/support/roles.py)."""
    for folder in ("gateway", "workers"):
        for path in Path(folder).rglob("*.py"):
            for call in re.findall(r"make_engine\((.*)", path.read_text()):
                assert "name=" in call, f"{path}: {call}"
