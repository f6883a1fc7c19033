"""Lists the words of docs/words.toml where they still stand: `python3 dev.py words`."""

from __future__ import annotations

import io
import os
import re
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIST = "docs/words.toml"
# History, what customers read, what no person wrote, and the list itself.
LEFT_OUT = (
    "docs/decisions/*",
    "CHANGELOG.md",
    "LICENSE",
    "core/wording/*.toml",
    "docs/menu.md",
    "tests/docs/test_words.py",
    "tests/journeys/*.txt",
    "*.lock",
    LIST,
)

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True)
class Hit:
    """A word in a file; line 0 is the file's own path."""

    path: str
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.found} -> {self.instead}"


class WordList:
    """The parsed docs/words.toml: each section maps what is avoided to what is used instead."""

    def __init__(self, sections: Mapping[str, Any]) -> None:
        self.words = _by_entry(sections["words"])
        self.names = _by_entry(sections["names"])
        self.names_in = {glob: _by_entry(names) for glob, names in sections["names_in"].items()}
        self.files = _by_entry(sections["files"])
        self.phrases = {
            re.compile(phrase, re.IGNORECASE): instead
            for phrase, instead in sections["phrases"].items()
        }

    def hits(self, path: str, text: str) -> list[Hit]:
        """Every avoided word of one file, in the order of its lines."""
        found = [*self._in_path(path), *self._in_text(path, text)]
        if path.endswith(".py"):
            found += self._in_names(path, text)
        return sorted(found, key=lambda hit: hit.line)

    def _in_path(self, path: str) -> Iterator[Hit]:
        for glob, instead in self.files.items():
            if fnmatchcase(path, glob):
                yield Hit(path, 0, path, instead)
        yield from self._in_line(path, 0, path)

    def _in_text(self, path: str, text: str) -> Iterator[Hit]:
        for number, line in enumerate(text.splitlines(), start=1):
            yield from self._in_line(path, number, line)

    def _in_line(self, path: str, number: int, line: str) -> Iterator[Hit]:
        for word in _WORD.findall(line):
            if instead := self.words.get(word.lower()):
                yield Hit(path, number, word, instead)
        for phrase, instead in self.phrases.items():
            for match in phrase.finditer(line):
                yield Hit(path, number, match[0], instead)

    def _in_names(self, path: str, text: str) -> Iterator[Hit]:
        instead_of = self._names_of(path)
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        texts = [token.string for token in tokens]
        for before, token, after in zip(["", *texts], tokens, [*texts[1:], ""], strict=False):
            is_call_of_a_method = (before, after) == (".", "(")
            if token.type != tokenize.NAME or is_call_of_a_method:
                continue  # a method of ours is found where it is defined
            if instead := instead_of(token.string):
                yield Hit(path, token.start[0], token.string, instead)

    def _names_of(self, path: str) -> Callable[[str], str | None]:
        """What to use instead of a name in this file; None for a name that may stay."""
        names = dict(self.names)
        for glob, more in self.names_in.items():
            if fnmatchcase(path, glob):
                names |= more
        globs = [glob for glob in names if "*" in glob]

        def instead_of(name: str) -> str | None:
            found = next((glob for glob in globs if fnmatchcase(name, glob)), name)
            return names.get(found)

        return instead_of


def _by_entry(section: Mapping[str, str]) -> dict[str, str]:
    return {
        entry.strip(): instead
        for entries, instead in section.items()
        for entry in entries.split(",")
    }


def files_of_the_project() -> Iterator[tuple[str, str]]:
    """Path and text of every file, but those left out, binary ones and what is no source."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if not is_no_source(name))
        for path in sorted(Path(folder, name) for name in names):
            relative = path.relative_to(ROOT).as_posix()
            if any(fnmatchcase(relative, glob) for glob in LEFT_OUT):
                continue
            data = path.read_bytes()
            if b"\0" not in data:
                yield relative, data.decode()


def is_no_source(folder: str) -> bool:
    """Whether a folder of this name holds data, caches or an environment."""
    return (folder.startswith(".") and folder != ".ci") or folder in ("var", "build", "__pycache__")


def main() -> int:
    """Print each hit and their number; 1 if there is any."""
    words = WordList(tomllib.loads((ROOT / LIST).read_text()))
    hits = [hit for path, text in files_of_the_project() for hit in words.hits(path, text)]
    for hit in hits:
        print(hit)
    print(f"{len(hits)} words to replace, see {LIST}")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
