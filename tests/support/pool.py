"""Databases that tests take turns with: given back, emptied, renamed, handed out again.

Cutting a database from a template creates some hundreds of files, emptying one takes milliseconds.
A test must not be able to tell the difference, hence:

* Every other connection is ended, and every turn has a name of its own: a thread that outlives its
  test finds no database, and never the next test's.
* Only rows younger than the template go. Where a schema, a row of the template or the planner's
  statistics have changed, the whole database goes.
* After `TURNS` it goes too, before its dead rows cost more than a new one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from operations.embedded.services import Services
from tests.support.services import TEMPLATE, cut, drop, inside, rename, url_of

TURNS = 50

Rows = list[tuple[object, ...]]

# What a change of the schema, of a setting of it, or an ANALYZE cannot but leave a row in.
_CATALOGUES = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger"),
    *("pg_proc", "pg_type", "pg_namespace", "pg_rewrite", "pg_policy", "pg_event_trigger"),
    *("pg_enum", "pg_extension", "pg_default_acl", "pg_db_role_setting"),
    *("pg_statistic", "pg_statistic_ext", "pg_largeobject_metadata"),
)

_TABLES = """
    SELECT oid::regclass::text FROM pg_class
     WHERE relkind = 'r' AND relpersistence <> 't'
       AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
"""

_NEWEST = "SELECT '{0}', count(*), max(xmin::text::bigint) FROM {0}"
_MOVED = "SELECT 'sequences', count(pg_sequence_last_value(seqrelid)), NULL FROM pg_sequence"
_ANALYZED = "SELECT 'sizes', sum(relpages), sum(reltuples)::bigint FROM pg_class"

# `replica`: the ledger's triggers refuse a DELETE, and foreign keys would want an order.
# A sequence's value is set, not RESTARTed: that would change the schema.
_EMPTY = """
    SET session_replication_role = replica;
    DO $$
    DECLARE written regclass;
    BEGIN
        FOR written IN {tables} AND pg_relation_size(oid) > 0 LOOP
            EXECUTE format('DELETE FROM %s WHERE xmin::text::bigint > {cut}', written);
        END LOOP;
        PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
    END $$
"""


@dataclass(frozen=True)
class _Cut:
    """What every database is when it is cut: the last transaction in it, and what it holds."""

    last_transaction: int
    question: str
    answer: Rows

    @classmethod
    def of(cls, url: str) -> "_Cut":
        with inside(url) as connection:
            tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
            filled = [name for name in tables if connection.execute(f"TABLE {name}").rowcount]
            question = " UNION ALL ".join(
                [_MOVED, _ANALYZED, *map(_NEWEST.format, (*_CATALOGUES, *filled))]
            )
            answer = connection.execute(question).fetchall()
            ((last,),) = connection.execute("SELECT pg_current_xact_id()::text").fetchall()
        return cls(int(str(last)), question, answer)

    def restored(self, url: str) -> bool:
        """Empty the database; whether it then is what was cut."""
        with inside(url) as connection:
            connection.execute(_EMPTY.format(tables=_TABLES, cut=self.last_transaction))
            return connection.execute(self.question).fetchall() == self.answer


class DatabasePool:
    """Databases like one template, as many as are in use at once."""

    def __init__(self, services: Services, template: str = TEMPLATE) -> None:
        self._services, self._template = services, template
        self._cut = _Cut.of(url_of(services, template))
        self._resting: list[tuple[str, int]] = []
        self.cut_so_far = 0

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a migrated database; it is not there afterwards."""
        name, turns = self._resting.pop() if self._resting else self._first_turn()
        try:
            yield url_of(self._services, name)
        finally:
            self._take_back(name, turns - 1)

    def _first_turn(self) -> tuple[str, int]:
        self.cut_so_far += 1
        return cut(self._services, self._template), TURNS

    def _take_back(self, name: str, turns: int) -> None:
        try:
            name = rename(self._services, name)
            if turns and self._cut.restored(url_of(self._services, name)):
                return self._resting.append((name, turns))
        except psycopg.errors.ObjectInUse:
            pass  # a client connects again and again
        drop(self._services, name)
