"""The queries of the console only read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.db import console

MODULES = sorted(Path(console.__file__).parent.glob("*.py"))
_WRITE = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|FOR (NO KEY )?UPDATE)\b")


def sql_in(module: Path) -> str:
    """Return all strings of the module but its docstrings."""
    tree = ast.parse(module.read_text())
    texts = {
        id(node): node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            texts.pop(id(node.value), None)
    return "\n".join(texts.values())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_no_query_of_the_console_writes_or_locks(module: Path) -> None:
    assert _WRITE.findall(sql_in(module)) == []


def test_a_write_would_be_found() -> None:
    users = Path(console.__file__).parents[1] / "users.py"

    assert _WRITE.findall(sql_in(users)) != []
