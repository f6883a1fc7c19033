"""The documents tell the truth where a machine can check it: what they name exists."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import click
import pytest

from core.db.invariants import LEDGER, WAITING
from dev import COMMANDS
from gateway.settings import ENDPOINTS
from operations import cli
from tests.support.command_line import parse

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PRODUCT = ("core", "gateway", "workers", "operations", "simulator")
COMMAND_NAMES = set(cli.COMMANDS)

_LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_SETTING = re.compile(r"[A-Z][A-Z0-9_]{2,}")
# What a web server puts beside the settings' namesake (PEP 3333).
_WSGI = {
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_LENGTH",
    "REQUEST_METHOD",
    "REMOTE_ADDR",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_HOST",
    "SERVER_NAME",
    "SERVER_PORT",
}
# Settings of earlier releases, which are refused with a line that says what to set.
_RETIRED = {"CALLBACK_KEY", "TRUSTED_PROXY_HOPS"}
# One setting for each supply group, and for each table that is purged.
_OPEN_ENDED = ("STS_VENDING_KEY_", "RETENTION_", "VENDOR_")

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


def code_in(document: Path) -> str:
    """Everything that stands as code, inline or in blocks."""
    return "\n".join(_CODE.findall(document.read_text()))


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link or source for link, source in _LINK.findall(document.read_text())]
    targets = [link.partition("#")[0].replace("\\", "") for link in links if "://" not in link]
    missing = [target for target in targets if target and not (document.parent / target).exists()]
    assert not missing


@each_document
def test_every_path_named_exists(document: Path) -> None:
    folders = "|".join([*PRODUCT, "tests", "docs", "migrations", "bench", "deploy"])
    named = re.findall(rf"(?<![\w/.<>-])(?:{folders})/[\w./-]*", code_in(document))
    real = [path for path in named if "NNNN" not in path]
    assert [path for path in real if not (ROOT / path.rstrip(".")).exists()] == []


@each_document
def test_every_command_named_can_be_run(document: Path) -> None:
    code = code_in(document)
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) <= targets <= COMMANDS.keys()
    assert set(re.findall(r"\bdev\.py ([a-z][a-z-]*)", code)) <= COMMANDS.keys()
    assert set(re.findall(r"\bdialwatt ([a-z][a-z-]*)", code)) <= COMMAND_NAMES


def shown_commands(document: Path) -> Iterator[list[str]]:
    """Every `dialwatt ...` that a document shows, in words; `a|b` gives one each."""
    for code in _CODE.findall(document.read_text()):
        for line in code.strip("`").splitlines():
            found = re.match(r"\s*(?:\w+=\S* )*(?:\.venv/bin/)?dialwatt (.*)", line)
            if not found:
                continue
            alone = re.split(r" [<>] ", found[1].replace("...", "X"))[0]
            words = shlex.split(alone, comments=True)
            yield from map(list, product(*(word.split("|") for word in words)))


@each_document
def test_every_command_shown_is_one_the_parser_takes(document: Path) -> None:
    wrong = []
    for words in shown_commands(document):
        if len(words) == 1 and words[0] in COMMAND_NAMES:
            continue  # its name, not a command to copy
        try:
            parse(words)
        except click.UsageError:
            wrong.append(" ".join(words))
    assert wrong == []


def test_the_readme_leads_to_the_page_that_has_every_command() -> None:
    assert "(docs/commands.md)" in (ROOT / "README.md").read_text()
    page = code_in(ROOT / "docs" / "commands.md")
    described = set(re.findall(r"\bdialwatt ([a-z][a-z-]*)", page))
    assert COMMAND_NAMES - described == set()


def test_the_deployment_starts_commands_that_exist() -> None:
    procfile = (ROOT / "Procfile").read_text()
    assert set(re.findall(r"dialwatt ([a-z][a-z-]*)", procfile)) <= COMMAND_NAMES


def test_the_guide_says_what_to_do_about_every_check_of_the_books() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in (*LEDGER, *WAITING) if name not in guide] == []


def faults_and_their_tests() -> dict[str, list[tuple[Path, str]]]:
    """Row by row of the fault matrix: the files and test functions it names."""
    page = ROOT / "docs" / "integrity.md"
    rows = re.findall(r"^\| (F\d+) \|(.*)$", page.read_text(), re.MULTILINE)
    named = re.compile(r"\]\(([^)]+\.py)\) `(\w+)`")
    return {
        number: [((page.parent / path).resolve(), name) for path, name in named.findall(row)]
        for number, row in rows
    }


def test_every_fault_of_the_matrix_names_a_test_that_exists() -> None:
    faults = faults_and_their_tests()
    assert list(faults) == [f"F{number}" for number in range(1, 21)]
    assert [number for number, tests in faults.items() if not tests] == []
    missing = [
        (number, name)
        for number, tests in faults.items()
        for path, name in tests
        if f"def {name}(" not in path.read_text()
    ]
    assert missing == []


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_every_setting_is_described_and_every_description_is_of_a_setting() -> None:
    described = set(
        re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    read = {name.removesuffix("_FILE") for name in settings_read()} - _WSGI - _RETIRED
    read |= {endpoint.key_setting for endpoint in ENDPOINTS}
    read |= {endpoint.list_setting for endpoint in ENDPOINTS}
    assert read - described == set()
    assert {name for name in described - read if not name.startswith(_OPEN_ENDED)} == set()


def settings_read() -> Iterator[str]:
    """Every name the product asks an environment for."""
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                yield from _names_asked(node)


def _names_asked(node: ast.AST) -> Iterator[str]:
    """`environment["NAME"]`, `environment.get("NAME")`, `read(environment, "NAME")`."""
    if isinstance(node, ast.Subscript) and _is_environment(node.value):
        asked: list[ast.expr] = [node.slice]
    elif isinstance(node, ast.Call):
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        if not any(map(_is_environment, [*node.args, *([of] if of else [])])):
            return
        asked = node.args
    else:
        return
    for node in asked:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from [node.value] if _SETTING.fullmatch(node.value) else []


def _is_environment(node: ast.expr) -> bool:
    return ast.unparse(node) in ("environment", "environ", "os.environ")


def test_every_use_case_stands_in_the_table_of_contents() -> None:
    folder = ROOT / "core" / "usecases"
    contents = (folder / "__init__.py").read_text()

    missing = [
        file.stem
        for file in folder.glob("*.py")
        if file.stem != "__init__" and not re.search(rf"\b{file.stem}\b", contents)
    ]

    assert missing == []
