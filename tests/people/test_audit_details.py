"""What the use cases write to the audit log: ids and names of columns, nothing of a person."""

from __future__ import annotations

import ast
from pathlib import Path

import core.usecases

_FOLDER = Path(core.usecases.__path__[0])
_PERSONAL = {"msisdn", "phone", "number", "surname", "payer", "wallet", "body", "typed", "holder"}


def test_no_audit_row_is_given_something_of_a_person() -> None:
    given = {
        f"{path.name}:{call.lineno} {keyword.arg}"
        for path in _FOLDER.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "write_audit"
        for keyword in call.keywords
        if keyword.arg in _PERSONAL
    }

    assert given == set()
