"""Advisories on packages in the Open Source Vulnerability format (OSV), and those saved here.

The format: https://ossf.github.io/osv-schema/. Facts only are kept: ids, and which versions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

SAVED = Path(__file__).parent / "advisories.json"
ECOSYSTEM = "PyPI"
_FIRST = Version("0.dev0")  # OSV's "0" is before every version
_EVENTS = ("introduced", "fixed", "last_affected")

Event = tuple[str, str]
Range = tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """What one advisory says of one package.

    `ranges` hold events, such as ("introduced", "1.0") and ("fixed", "1.2"); `versions` are
    affected whatever the ranges say.
    """

    id: str
    aliases: tuple[str, ...]
    ranges: tuple[Range, ...]
    versions: tuple[str, ...] = ()

    def affects(self, version: str) -> bool:
        """A range that cannot be read counts as affecting: better one look too many."""
        covered = any(_covers(events, version) for events in self.ranges)
        return covered or version in self.versions

    @property
    def fixed_in(self) -> list[str]:
        return [version for events in self.ranges for what, version in events if what == "fixed"]


@dataclass(frozen=True, slots=True)
class Database:
    """Advisories by the normal name of their package, as `source` knew them.

    What was published after `known_until` is not in it; `saved` is the day it was asked. A package
    that is no key was never asked about.
    """

    source: str
    saved: date
    known_until: date
    packages: Mapping[str, Sequence[Advisory]]


def _covers(events: Range, version: str) -> bool:
    try:
        return _is_affected(Version(version), [(_point(value), what) for what, value in events])
    except InvalidVersion:
        return True


def _point(value: str) -> Version:
    return _FIRST if value == "0" else Version(value)


def _is_affected(version: Version, points: list[tuple[Version, str]]) -> bool:
    """Go through the events in the order of their versions; the last one that was met decides."""
    affected = False
    for point, what in sorted(points):
        if what == "last_affected":
            affected = affected and version <= point
        elif version >= point:
            affected = what == "introduced"
    return affected


def read_advisory(record: Mapping[str, Any], package: str) -> Advisory | None:
    """Read what an OSV record says of a package.

    Returns None where it is withdrawn or says nothing. Raises KeyError for another format.
    """
    affected = [part for part in record["affected"] if _is_of(part["package"], package)]
    if not affected or record.get("withdrawn"):
        return None
    ranges = tuple(each for part in affected for each in _ranges(part.get("ranges", ())))
    versions = [version for part in affected for version in part.get("versions", ())]
    alone = (each for each in versions if not any(_covers(events, each) for events in ranges))
    return Advisory(record["id"], tuple(record.get("aliases", ())), ranges, tuple(alone))


def _is_of(subject: Mapping[str, Any], package: str) -> bool:
    return bool(subject["ecosystem"] == ECOSYSTEM and canonicalize_name(subject["name"]) == package)


def _ranges(ranges: Iterable[Mapping[str, Any]]) -> list[Range]:
    """Those of versions. The others are of commits, beside which versions are listed."""
    return [
        tuple((what, at[what]) for at in each["events"] for what in _EVENTS if what in at)
        for each in ranges
        if each["type"] == "ECOSYSTEM"
    ]


def load(path: Path = SAVED) -> Database:
    """Read the saved advisories. Raises OSError or ValueError where there are none."""
    content = json.loads(path.read_text())
    packages = {
        name: [_advisory(each) for each in advisories]
        for name, advisories in content["packages"].items()
    }
    saved, known_until = (date.fromisoformat(content[name]) for name in ("saved", "known_until"))
    return Database(content["source"], saved, known_until, packages)


def _advisory(row: Mapping[str, Any]) -> Advisory:
    ranges = tuple(tuple((what, at) for what, at in events) for events in row["ranges"])
    return Advisory(row["id"], tuple(row["aliases"]), ranges, tuple(row.get("versions", ())))


def save(database: Database, path: Path = SAVED) -> None:
    """Write them with an advisory a line, so that a change can be read."""
    about = {"source": database.source, "saved": str(database.saved)}
    about |= {"known_until": str(database.known_until)}
    packages = ",\n".join(_lines(name, found) for name, found in sorted(database.packages.items()))
    head = json.dumps(about, indent=1).removesuffix("\n}")
    path.write_text(f'{head},\n "packages": {{\n{packages}\n }}\n}}\n')


def _lines(name: str, advisories: Sequence[Advisory]) -> str:
    rows = [{key: value for key, value in asdict(each).items() if value} for each in advisories]
    text = ",\n".join(f"   {json.dumps({'aliases': (), 'ranges': ()} | row)}" for row in rows)
    return f"  {json.dumps(name)}: [\n{text}\n  ]" if rows else f"  {json.dumps(name)}: []"
