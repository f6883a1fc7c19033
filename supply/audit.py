"""Look every locked package up among known vulnerabilities: `python -m supply.audit`.

OSV is asked over the network, and with SAVE=1 what it says is saved (`advisories.json`). Where it
cannot be asked, the saved advisories are looked through, and the output says how old they are.

Exit codes: 0 all looked up and nothing found; 1 something found; 2 nothing found, and not all
looked up, which is no all-clear.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from packaging.utils import canonicalize_name

from supply.advisories import SAVED, Database, load, save
from supply.osv import NotAnswered, ask

ROOT = Path(__file__).parents[1]
LOCKS = (
    *("requirements.lock", "requirements-embedded.lock"),
    *("requirements-dev.lock", "browser.lock"),
)
OLD_DAYS = 30


@dataclass(frozen=True, slots=True, order=True)
class Locked:
    """A package of a lock, by its normal name."""

    name: str
    version: str


def locked(root: Path = ROOT) -> list[Locked]:
    """Return what the locks of a clone name, each once."""
    text = "\n".join((root / lock).read_text() for lock in LOCKS)
    found = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE)
    return sorted({Locked(canonicalize_name(name), version) for name, version in found})


def audited(packages: Collection[Locked], database: Database) -> tuple[int, list[str]]:
    """Return the exit code, and what to say about these packages."""
    lines = [
        f"{package.name} {package.version}: {', '.join((flaw.id, *flaw.aliases))},"
        f" fixed in {' or '.join(flaw.fixed_in) or 'no version'}"
        for package in packages
        for flaw in database.packages.get(package.name, ())
        if flaw.affects(package.version)
    ]
    unseen = sorted({package.name for package in packages} - set(database.packages))
    if unseen:
        missing = f"not looked up, so not audited: {', '.join(unseen)}"
        return (1 if lines else 2), [*lines, missing]
    return (1 if lines else 0), lines or [f"{len(packages)} packages, no known vulnerability"]


def age_of(database: Database, today: date) -> str:
    """What advisories that were saved can tell today, and what they cannot."""
    days = (today - database.known_until).days
    advice = "" if days <= OLD_DAYS else " That is old: with a network, run make audit SAVE=1."
    return (
        f"Looked through the advisories saved on {database.saved}. They are from"
        f" {database.source}, and know nothing that was published after {database.known_until}"
        f" ({days} days ago).{advice}"
    )


def audit(packages: list[Locked], keep: bool) -> tuple[int, list[str]]:
    """Return the exit code and what to say; `keep` saves what OSV answers."""
    try:
        database = ask(sorted({package.name for package in packages}))
    except NotAnswered as error:
        return _audit_with_saved(packages, f"OSV could not be asked ({error}).")
    if keep:
        save(database)
    code, lines = audited(packages, database)
    return code, [f"Asked OSV today.{' Its answers are saved.' if keep else ''}", *lines]


def _audit_with_saved(packages: list[Locked], why: str) -> tuple[int, list[str]]:
    try:
        database = load(SAVED)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return 2, [why, f"Nothing was audited: no saved advisories either ({error!r})."]
    code, lines = audited(packages, database)
    return code, [why, age_of(database, datetime.now(UTC).date()), *lines]


if __name__ == "__main__":
    exit_code, lines = audit(locked(), keep=os.environ.get("SAVE", "") not in ("", "0"))
    print("\n".join(lines), file=sys.stderr if exit_code else sys.stdout)
    sys.exit(exit_code)
