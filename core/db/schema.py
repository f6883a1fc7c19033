"""Which schema version this code needs, and whether the database has at least that one.

Migrations only expand, so a newer schema works as well: it belongs to a release that is being
rolled out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

_VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


@cache
def known_revisions() -> tuple[str, ...]:
    """Return the revisions of this release, oldest first."""
    follows = dict(_follows(path.read_text()) for path in _VERSIONS.glob("[0-9]*.py"))
    chain: list[str] = []
    following = follows.get(None)
    while following is not None:
        chain.append(following)
        following = follows.get(following)
    return tuple(chain)


def _follows(migration: str) -> tuple[str | None, str]:
    """Return (the revision before it, its revision)."""
    named = dict(re.findall(r'^(revision|down_revision).* = "?(\w+)"?$', migration, re.MULTILINE))
    before = named["down_revision"]
    return None if before == "None" else before, named["revision"]


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the database; None when it was never migrated."""
    found = connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not found.scalar_one():
        return None
    revision: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return revision


@dataclass(frozen=True, slots=True)
class Revision:
    """Where a database's schema is (None: empty), and the newest that this program has.

    `is_newer`: a later release has migrated it. Migrations only expand, so this program works on
    it while that release is rolled out, but it cannot migrate it. `is_unreleased`: a development
    version from before the first release made it; no release can upgrade it.
    """

    here: str | None
    newest: str
    is_newer: bool
    is_unreleased: bool

    @property
    def is_enough(self) -> bool:
        """Whether this program can work on that database."""
        return self.is_newer or self.here == self.newest

    def __str__(self) -> str:
        if self.is_unreleased:
            return (
                f"the database is at revision {self.here}, from before the first release, and"
                " cannot be upgraded. Start with an empty database, and load and import again."
            )
        if self.is_newer:
            return (
                f"the database is at revision {self.here}, and this program knows none after"
                f" {self.newest}: a later release has been here. Update the program."
            )
        return f"at {self.here}, newest is {self.newest}: run `dialwatt migrate`"


def compare_revision(connection: Connection) -> Revision:
    """Return the revision of that database beside this program's."""
    known, here = known_revisions(), revision_of(connection)
    unknown = here is not None and here not in known
    is_unreleased = here is not None and here < known[0]
    return Revision(here, known[-1], unknown and not is_unreleased, is_unreleased)
