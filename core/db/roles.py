"""The roles by which the processes use the database, and what each may do there.

The owner of the database has every right. It migrates, and runs the commands of operators. The web
process and the workers each have a role of their own with the rights stated here and no others, so
that an intruder in one of them cannot do what that process never does. The roles are named
after the database (`dialwatt_web`, `dialwatt_worker`), since all databases of a server share them.

`dialwatt migrate` makes the roles and grants exactly this, every time. A table that is not listed
can be used by the owner only, and a test refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from core.db.rights import FIXED, FUNCTIONS, HIDDEN, RIGHTS, ROLES, SEQUENCES, Role
from core.db.tables import metadata
from core.errors import BadInput

_WORDS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}
# Alembic's own table, by which every process sees whether the schema is new enough.
_REVISION = "alembic_version"


def role_names(connection: Connection) -> dict[Role, str]:
    """Return the name that each role has in this database."""
    database = connection.execute(text("SELECT current_database()")).scalar_one()
    return {role: f"{database}_{role}" for role in ROLES}


def grant_rights(connection: Connection, passwords: Mapping[Role, str]) -> None:
    """Make the roles where they are missing, set the given passwords, and grant exactly what is
    stated. Rights that other roles have, of reports for example, stay.

    Raises BadInput where this connection's role may not make them.
    """
    names = role_names(connection)
    _create(connection, names)
    for role, password in passwords.items():
        _set_password(connection, names[role], password)
    for statement in _statements(connection, names):
        connection.exec_driver_sql(statement)


def _create(connection: Connection, names: Mapping[Role, str]) -> None:
    present = connection.execute(text("SELECT rolname FROM pg_roles")).scalars().all()
    missing = [_quoted(connection, name) for name in names.values() if name not in present]
    create = [f"CREATE ROLE {name} LOGIN" for name in missing]
    allowed = connection.execute(
        text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    )
    if create and not allowed.scalar_one():
        raise BadInput(
            "this role of the database may not make others. Let an administrator of PostgreSQL give"
            f" it CREATEROLE or run: {'; '.join(create)}; and migrate again."
        )
    for statement in create:
        connection.exec_driver_sql(statement)


def _set_password(connection: Connection, name: str, password: str) -> None:
    """Only its hash is sent, so the password is in no log of the server."""
    driver = connection.connection.driver_connection
    assert driver is not None
    hashed = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    connection.exec_driver_sql(
        f"ALTER ROLE {_quoted(connection, name)} PASSWORD '{hashed.decode()}'"
    )


def _statements(connection: Connection, names: Mapping[Role, str]) -> Iterator[str]:
    database = _quoted(connection, connection.engine.url.database or "")
    quoted = {role: _quoted(connection, name) for role, name in names.items()}
    both = ", ".join(quoted.values())
    yield f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {both}"
    yield f"GRANT CONNECT ON DATABASE {database} TO {both}"
    yield f"REVOKE ALL ON SCHEMA public FROM PUBLIC, {both}"
    yield f"GRANT USAGE ON SCHEMA public TO {both}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {both}"
    yield f"GRANT SELECT ON {_REVISION} TO {both}"
    yield f"REVOKE ALL ON SEQUENCE {', '.join(SEQUENCES)} FROM PUBLIC, {both}"
    for function, users in FUNCTIONS.items():
        yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC, {both}"
        if granted := ", ".join(quoted[user] for user in users):
            yield f"GRANT EXECUTE ON FUNCTION {function} TO {granted}"
    for role, name in quoted.items():
        for table in RIGHTS:
            if granted := ", ".join(_rights(role, table)):
                yield f"GRANT {granted} ON {table} TO {name}"
        if sequences := ", ".join(s for s, users in SEQUENCES.items() if role in users):
            yield f"GRANT USAGE ON SEQUENCE {sequences} TO {name}"


def _rights(role: Role, table: str) -> Iterator[str]:
    """Yield what to grant on a table, on single columns where some are hidden or fixed."""
    for letter in RIGHTS[table][ROLES.index(role)]:
        columns = readable(role, table) if letter == "S" else changeable(role, table)
        is_whole = letter in "ID" or len(columns) == len(metadata.tables[table].columns)
        yield _WORDS[letter] if is_whole else f"{_WORDS[letter]} ({', '.join(columns)})"


def readable(role: Role, table: str) -> list[str]:
    """Return the columns that a role which reads the table may read."""
    hidden = HIDDEN[role].get(table, ())
    return [column.name for column in metadata.tables[table].columns if column.name not in hidden]


def changeable(role: Role, table: str) -> list[str]:
    """Return the columns that a role which updates the table may change."""
    fixed = FIXED.get(table, ())
    return [column for column in readable(role, table) if column not in fixed]


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


_STRONG = text(
    "SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)"
    " AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
    " OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = pg_roles.oid))"
)
_ON_TABLES = text(
    """
    SELECT r.rolname, t.name, concat(
        CASE WHEN has_any_column_privilege(r.oid, t.oid, 'SELECT') THEN 'S' END,
        CASE WHEN has_any_column_privilege(r.oid, t.oid, 'INSERT') THEN 'I' END,
        CASE WHEN has_any_column_privilege(r.oid, t.oid, 'UPDATE') THEN 'U' END,
        CASE WHEN has_table_privilege(r.oid, t.oid, 'DELETE') THEN 'D' END,
        CASE WHEN has_table_privilege(r.oid, t.oid, 'TRUNCATE, TRIGGER') THEN 'T' END) AS held,
        (SELECT count(*) FILTER (WHERE has_column_privilege(r.oid, a.attrelid, a.attnum, 'SELECT'))
           FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0) AS columns
      FROM pg_roles r CROSS JOIN
           (SELECT name, CAST(name AS regclass) AS oid FROM unnest(CAST(:tables AS text[])) name) t
     WHERE r.rolname = ANY(:names)
    """
)


def differing_rights(connection: Connection) -> list[str]:
    """Return, in words, where the roles of this database are not what is stated here."""
    names = role_names(connection)
    asked = {"names": list(names.values()), "tables": list(RIGHTS)}
    strong = connection.execute(_STRONG, asked).scalars()
    found = [f"{name} has more than the rights of its tables" for name in strong]
    held = {(row.rolname, row.name): row for row in connection.execute(_ON_TABLES, asked)}
    for role, name in names.items():
        if (name, next(iter(RIGHTS))) not in held:
            found.append(f"{name} is missing")
            continue
        for table, rights in RIGHTS.items():
            row, stated = held[name, table], rights[ROLES.index(role)]
            columns = len(readable(role, table)) if "S" in stated else 0
            if row.held != stated or row.columns != columns:
                has = row.held or "nothing"
                has += " with columns of its own" if row.held == stated else ""
                found.append(f"{name} has {has} on {table}, not {stated or 'nothing'}")
    return found


_FITS = text(
    "SELECT pg_has_role(current_user, relowner, 'MEMBER') AS is_owner,"
    " has_column_privilege(current_user, oid, 'sealed_key', 'SELECT') AS reads_keys"
    " FROM pg_class WHERE oid = to_regclass('devices')"
)


def why_unfit(connection: Connection, role: Role) -> str | None:
    """Return why a process with that role must not use this connection: it is the owner's, or that
    of the other role. None where it may, and in a database without tables."""
    found = connection.execute(_FITS).one_or_none()
    expected = role_names(connection)[role]
    if found is None or (not found.is_owner and found.reads_keys == (role == "worker")):
        return None
    whose = "of the owner of the database" if found.is_owner else "of the other processes"
    return f"DATABASE_URL is {whose}: this process needs the role {expected} (docs/deploying.md)"
