"""Find every Unit that takes row locks in another order than the docstring of core.unit says.

Two transactions that take the same locks in different orders end in a deadlock one day. So every
Unit is watched, in whichever test it is opened:

* SELECT ... FOR NO KEY UPDATE: no table after one that comes later in the order; in one table, no
  row before one that is locked already.
* UPDATE and DELETE: the same, for the first statement on each table. (Later ones write rows that
  are locked already.)
* FOR UPDATE is never used: it also stops rows that only refer to the locked one.
* Cases are opened in the order of their keys.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import Connection, Engine, event

import core.unit
from core.unit import Unit

_ROOT = str(Path(__file__).parents[2])
_ORDER = re.compile(r"Locks are taken in one order everywhere:(.*?)\.", re.DOTALL)
_LOCK = re.compile(r"\bFOR (NO KEY )?UPDATE(?: OF (\w+))?", re.IGNORECASE)
_FROM = re.compile(r"\b(?:FROM|JOIN) (\w+)(?: (?!WHERE|JOIN|LEFT|ORDER|FOR|ON)(\w+))?")
_WRITE = re.compile(r"(?<!FOR )(?<!KEY )(?<!DO )\b(?:UPDATE|DELETE FROM) (\w+)")


def lock_order() -> list[str]:
    """The tables in the order in which their rows are locked."""
    found = _ORDER.search(core.unit.__doc__ or "")
    assert found is not None
    return re.findall(r"\w+", found[1])


@dataclass(frozen=True)
class Locks:
    """What a statement locks: `table`; `waits` for a SELECT; `stops_references` for FOR UPDATE."""

    table: str
    waits: bool
    stops_references: bool = False


@cache
def locks_of(statement: str) -> tuple[Locks, ...]:
    """What a statement locks, as its text says."""
    written = tuple(Locks(table, waits=False) for table in _WRITE.findall(statement))
    lock = _LOCK.search(statement)
    if lock is None:
        return written
    query = _query_around(statement, lock.start())
    tables = [(table, alias or table) for table, alias in _FROM.findall(query)]
    table = next((table for table, alias in tables if alias == lock[2]), tables[0][0])
    waits = "SKIP LOCKED" not in statement
    return (Locks(table, waits, stops_references=not lock[1]), *written)


def _query_around(statement: str, place: int) -> str:
    """The query that ends at that place, without the queries inside it."""
    query, depth = "", 0
    for char in reversed(statement[:place]):
        if char == "(" and depth == 0:
            break
        depth += {")": 1, "(": -1}.get(char, 0)
        query = char + query if depth == 0 and char != "(" else query
    return query


@dataclass
class Transaction:
    """What a transaction has locked so far, by table: the ids, None where they are not known.

    `case` is the key of the last case that was opened; `savepoints` is what was locked at each open
    savepoint.
    """

    locked: dict[str, set[int] | None] = field(default_factory=dict)
    case: str = ""
    savepoints: list[dict[str, set[int] | None]] = field(default_factory=list)


@dataclass
class LockWatch:
    """`found` has one line for each lock that was taken out of order."""

    order: dict[str, int]
    found: list[str] = field(default_factory=list)
    open: WeakKeyDictionary[Connection, Transaction] = field(default_factory=WeakKeyDictionary)

    def opened(self, unit: Unit) -> None:
        self.open[unit.connection] = Transaction()

    def executes(
        self, connection: Connection, _: object, statement: str, parameters: Any, *__: object
    ) -> None:
        transaction = self.open.get(connection)
        if transaction is None:
            return
        if "INSERT INTO cases" in statement:
            self._opens_case(transaction, parameters["key"])
        for locks in locks_of(statement):
            if locks.table in self.order:
                self._locks(transaction, locks, _ids(parameters))

    def _opens_case(self, transaction: Transaction, key: str) -> None:
        if key < transaction.case:
            self._report(f"case {key} is opened after {transaction.case}")
        transaction.case = key

    def _locks(self, transaction: Transaction, locks: Locks, ids: set[int]) -> None:
        table, locked = locks.table, transaction.locked
        if locks.stops_references:
            self._report(f"{table} is locked FOR UPDATE, not FOR NO KEY UPDATE")
        known = locked.get(table, set())
        is_new = table not in locked or (locks.waits and known is not None and not ids <= known)
        later = [name for name in locked if self.order[name] > self.order[table]]
        if later and is_new:
            self._report(f"{table} is locked after {', '.join(later)}")
        if locks.waits and known and ids - known and min(ids - known) < max(known):
            self._report(f"{table} {min(ids - known)} is locked after {max(known)}")
        if locks.waits or table not in locked:
            locked[table] = known | ids if known is not None and ids else None

    def _report(self, what: str) -> None:
        self.found.append(f"{what}: {_opener()}")

    def saves(self, connection: Connection, name: str) -> None:
        if (transaction := self.open.get(connection)) is not None:
            transaction.savepoints.append(dict(transaction.locked))

    def releases(self, connection: Connection, *_: object) -> None:
        if (transaction := self.open.get(connection)) is not None and transaction.savepoints:
            transaction.savepoints.pop()

    def rolls_back(self, connection: Connection, *_: object) -> None:
        """A savepoint that is rolled back gives its locks back."""
        if (transaction := self.open.get(connection)) is not None and transaction.savepoints:
            transaction.locked = transaction.savepoints.pop()

    def ends(self, connection: Connection) -> None:
        self.open.pop(connection, None)


def _ids(parameters: Any) -> set[int]:
    """The ids that a statement names, as far as its parameters are called so."""
    if not isinstance(parameters, dict):
        return set()
    ids = parameters.get("ids", parameters.get("id", parameters.get("key")))
    named = ids if isinstance(ids, list | set | tuple) else [ids]
    return {id for id in named if isinstance(id, int)}


def _opener() -> str:
    """Our own innermost lines above the statement."""
    frames = [frame for frame in traceback.extract_stack() if frame.filename.startswith(_ROOT)]
    ours = [frame for frame in frames if "/.venv/" not in frame.filename]
    ours = [frame for frame in ours if frame.filename != __file__]
    return " < ".join(f"{frame.filename[len(_ROOT) + 1 :]}:{frame.lineno}" for frame in ours[::-1])


@contextmanager
def watched_locks() -> Iterator[LockWatch]:
    """Watch all Units of this process while the context is open."""
    watch = LockWatch({table: rank for rank, table in enumerate(lock_order())})
    init = Unit.__init__

    def opened(unit: Unit, *args: Any, **named: Any) -> None:
        init(unit, *args, **named)
        watch.opened(unit)

    listeners: list[tuple[str, Callable[..., Any]]] = [
        ("before_cursor_execute", watch.executes),
        ("commit", watch.ends),
        ("rollback", watch.ends),
        ("savepoint", watch.saves),
        ("release_savepoint", watch.releases),
        ("rollback_savepoint", watch.rolls_back),
    ]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unit, "__init__", opened)
        yield watch
    for name, listener in listeners:
        event.remove(Engine, name, listener)
