"""Use cases take nouns: none has so many parameters that two of them can be swapped unseen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import core.usecases

_FOLDER = Path(core.usecases.__path__[0])
_PARAMETERS_MAX = 6


def functions_of(module: Path) -> Iterator[ast.FunctionDef]:
    """Every function of a module, private and nested ones too."""
    tree = ast.parse(module.read_text())
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def parameters_of(function: ast.FunctionDef) -> int:
    """How many parameters it has: the unit and keyword-only ones too."""
    arguments = function.args
    return len(arguments.posonlyargs + arguments.args + arguments.kwonlyargs)


@pytest.mark.parametrize(
    "module",
    sorted(_FOLDER.rglob("*.py")),
    ids=lambda path: str(path.relative_to(_FOLDER)),
)
def test_no_use_case_takes_more_than_six_parameters(module: Path) -> None:
    long = {
        function.name: parameters_of(function)
        for function in functions_of(module)
        if parameters_of(function) > _PARAMETERS_MAX
    }

    assert long == {}
