"""Provisioning files of OpenPAYGO devices, as their manufacturers give them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from core.db.devices import find_device
from core.tokens.family import issue_days
from core.usecases.tokens.device_keys import secrets_from
from tests.operations.commands.csv_lines import KEY
from tests.operations.conftest import Ran

HEADER = (
    "Serial Number,Starting Code,Key,Count,Time Divider,Restricted Digit Mode,Hardware Model,"
    "Version,Test Code\n"
)
LINE = f"SK-0001,516959010,{KEY.upper()},1,4,Yes,SK499,1.2,111111111111111\n"
OPTIONS = ("--manufacturer", "sunlite", "--product", "lamp3")
FORM = "SELECT divider, digits, model, test_code, starting_code, token_counter FROM devices"


def test_a_csv_as_it_comes_gives_codes_of_the_kit_s_own_form(
    dialwatt: Callable[..., Ran],
    loaded: None,
    rows: Callable[..., list[tuple[Any, ...]]],
    engine: Engine,
    environment: dict[str, str],
) -> None:
    for counted in ("devices: 1 new, 0 already there", "devices: 0 new, 1 already there"):
        ran = dialwatt("import", "devices", "FILE", *OPTIONS, content=HEADER + LINE)
        assert (ran.code, ran.out.strip()) == (0, counted), ran.err
    assert rows(FORM) == [(4, "restricted", "SK499", "1" * 15, 516959010, 1)]

    with engine.connect() as connection:
        kit = find_device(connection, "SK0001", with_secrets=True)
    assert kit is not None
    [token] = issue_days(secrets_from(environment)(kit), kit.token_counter, 7)
    assert (len(token.text), set(token.text) <= set("1234"), token.counter) == (15, True, 2)


def test_json_of_a_token_server_is_read_too(
    dialwatt: Callable[..., Ran], loaded: None, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    device = {
        "serial_number": "SK0002",
        "model": "SK499",
        "payg_mode": 1,
        "credit_value": "2026-01-01T00:00:00Z",
        "token_count": 12,
        "secret_key": KEY,
        "starting_code": None,
        "value_divider": None,
        "restricted_digit_set": False,
    }
    ran = dialwatt("import", "devices", "FILE", *OPTIONS, content=json.dumps([device]))
    assert ran.code == 0, ran.err
    assert rows(FORM) == [(None, "standard", "SK499", None, None, 12)]


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (HEADER + LINE, (), "--manufacturer"),
        (HEADER + LINE.replace("Yes", "maybe"), OPTIONS, "line 2: restricted digit mode: 'maybe'"),
        (HEADER + LINE.replace(",4,", ",0,"), OPTIONS, "time divider: must be 1 to 255, not 0"),
        (
            HEADER + LINE.replace("1" * 15, "123"),
            OPTIONS,
            "test_code: codes of this device have 15",
        ),
        (HEADER + LINE.replace(KEY.upper(), ""), OPTIONS, "line 2: key: is missing"),
        ("{ no JSON", OPTIONS, "the file is not JSON"),
        ("[1]", OPTIONS, "a list of devices"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_imported(
    dialwatt: Callable[..., Ran],
    loaded: None,
    rows: Callable[..., list[tuple[Any, ...]]],
    content: str,
    options: tuple[str, ...],
    says: str,
) -> None:
    ran = dialwatt("import", "devices", "FILE", *options, content=content)
    assert ran.code == 1
    assert says in ran.err
    assert KEY not in ran.err.lower()
    assert rows(FORM) == []
