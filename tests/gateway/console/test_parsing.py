"""The parsers of typed values: accepted forms and refused ones."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.unit import Unit
from gateway.console import parsing

UNIT = cast(Unit, SimpleNamespace(market=SimpleNamespace(country="KE", currency="KES")))


@pytest.mark.parametrize(("typed", "minor"), [("1,250", 1250_00), ("1 250.50", 1250_50)])
def test_amounts_may_have_thousands_separators(typed: str, minor: int) -> None:
    assert parsing.amount_minor(UNIT, typed) == minor


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        (parsing.amount_minor, "150,50"),
        (parsing.amount_minor, "-5"),
        (parsing.amount_minor, "1e3"),
        (parsing.whole_number, "1.5"),
        (parsing.whole_number, "²"),
        (parsing.msisdn, "12"),
        (parsing.serial, "a'b"),
        (parsing.day, "5 March"),
        (parsing.reason, "ok"),
    ],
)
def test_invalid_values_are_refused(read: Callable[..., Any], typed: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(UNIT, typed)


@pytest.mark.parametrize("typed", ["a\0b", "\ud800", "x" * 501])
def test_control_characters_and_long_texts_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"characters"):
        parsing.plain_text(typed)
