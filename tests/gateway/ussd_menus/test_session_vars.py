"""What a session keeps comes back as it was, through JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from core.errors import BrokenInvariant
from core.money import Money
from gateway.ussd_menus.session_vars import pack, unpack
from tests.support.builders import terms_by_amount, terms_by_count, terms_by_day


@pytest.mark.parametrize(
    "value",
    [
        None,
        "TV-2001",
        520,
        False,
        Money(150_00, "KES"),
        date(2026, 1, 31),
        terms_by_count("kit", 12, "monthly", down_minor=60_00),
        terms_by_count("kit", 0),
        terms_by_amount("kit", 150_00),
        terms_by_day("sun"),
    ],
)
def test_a_value_comes_back_as_it_was_kept(value: object) -> None:
    assert unpack(json.loads(json.dumps(pack(value)))) == value


def test_nothing_larger_is_kept() -> None:
    with pytest.raises(BrokenInvariant, match="does not keep list"):
        pack(["a", "b"])


def test_a_cadence_that_does_not_exist_is_no_plan() -> None:
    kept: dict[str, Any] = {"terms": ["kit", 12, "yearly", {"money": [0, "KES"]}]}

    with pytest.raises(BrokenInvariant, match="yearly"):
        unpack(kept)
