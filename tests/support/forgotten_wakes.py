"""Find every Unit that leaves work for a queue without waking it, in whichever test it is opened.

Before a Unit commits, the rows that its transaction wrote are read back. A row whose time has come
only now (`next_attempt_at`) needs its queue in `unit.wakes`. A new use case that forgets it fails
the first test that runs it.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import Connection, Engine, event, text

from core.unit import Unit

_ROOT = str(Path(__file__).parents[2])
# Rows that a job of a queue takes when they are due: the queue, the table, in which states.
_WORK = (
    ("payments", "payments", "state = 'received'"),
    ("payments", "token_orders", "state = 'waiting'"),
    ("prompts", "prompts", "state <> 'approved'"),
    ("reconciliation", "prompts", "state = 'approved'"),
    ("reconciliation", "refunds", "true"),
    ("reconciliation", "provider_words", "state = 'waiting'"),
    ("sms", "sms", "true"),
    ("vends", "vends", "true"),
    ("vends", "serial_checks", "true"),
)
_KEYS = {"provider_words": "payment_id"}
TABLES = {table for _, table, _ in _WORK}
_WRITES = re.compile(rf"\b(INSERT INTO|UPDATE) ({'|'.join(TABLES)})\b", re.IGNORECASE)
_DUE = " UNION ALL ".join(
    f"SELECT '{queue}', '{table}', {_KEYS.get(table, 'id')} FROM {table}"
    f" WHERE next_attempt_at <= :now AND {states} {{}}"
    for queue, table, states in _WORK
)
_DUE_BEFORE = text(_DUE.replace("{}", ""))
# What we can see of a transaction in progress is our own, written in a savepoint or not.
_DUE_OF_OURS = text(_DUE.replace("{}", "AND pg_xact_status(xmin::text::xid8) = 'in progress'"))


@dataclass
class ForgottenWakes:
    """`found` has one line for each row that was committed and whose queue was not woken."""

    found: list[str] = field(default_factory=list)
    units: WeakKeyDictionary[Connection, list[Unit]] = field(default_factory=WeakKeyDictionary)
    writers: set[Connection] = field(default_factory=set)

    def opened(self, unit: Unit) -> None:
        self.units.setdefault(unit.connection, []).append(unit)

    def executes(self, connection: Connection, _: object, statement: str, *__: object) -> None:
        if connection in self.units and _WRITES.search(statement):
            self.writers.add(connection)

    def commits(self, connection: Connection) -> None:
        if connection in self.writers:
            units = self.units[connection]
            self.found += _forgotten(connection, units)
        self.ends(connection)

    def ends(self, connection: Connection) -> None:
        self.units.pop(connection, None)
        self.writers.discard(connection)


def _forgotten(connection: Connection, units: list[Unit]) -> list[str]:
    given = {"now": max(unit.now for unit in units)}
    woken = {queue for unit in units for queue in unit.wakes}
    rows = {tuple(row) for row in connection.execute(_DUE_OF_OURS, given) if row[0] not in woken}
    if rows:
        with connection.engine.connect() as other:  # sees what is committed
            rows -= {tuple(row) for row in other.execute(_DUE_BEFORE, given)}
    return [f"{table} {id} waits, {queue} is not woken: {_opener()}" for queue, table, id in rows]


def _opener() -> str:
    """Who opened the Unit: our own innermost lines above it."""
    frames = [frame for frame in traceback.extract_stack() if frame.filename.startswith(_ROOT)]
    skipped = ("/.venv/", "/core/unit.py", __file__)
    ours = [frame for frame in frames if not any(part in frame.filename for part in skipped)]
    return " < ".join(f"{frame.filename[len(_ROOT) + 1 :]}:{frame.lineno}" for frame in ours[::-1])


@contextmanager
def forgotten_wakes() -> Iterator[ForgottenWakes]:
    """Watch all Units of this process while the context is open."""
    watch, init = ForgottenWakes(), Unit.__init__
    listeners: list[tuple[str, Callable[..., Any]]] = [
        ("before_cursor_execute", watch.executes),
        ("commit", watch.commits),
        ("rollback", watch.ends),
    ]

    def opened(unit: Unit, *args: Any, **named: Any) -> None:
        init(unit, *args, **named)
        watch.opened(unit)

    for name, listener in listeners:
        event.listen(Engine, name, listener)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unit, "__init__", opened)
        yield watch
    for name, listener in listeners:
        event.remove(Engine, name, listener)
