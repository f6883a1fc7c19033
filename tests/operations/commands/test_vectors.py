"""`dialwatt vectors`: the counts, the mismatches, and what is skipped."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operations.commands.vectors import check

DATA = Path(__file__).parents[2] / "tokens"
VECTORS, SAMPLE = DATA / "vectors.json", DATA / "sta_sample.json"
ROWS = {row["id"]: row for row in json.loads(VECTORS.read_text())}


def checked(path: Path, tables: Path | None = SAMPLE) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = check(path, tables, out)
    return code, out.getvalue().splitlines()


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: dict[str, Any]) -> Path:
        path = tmp_path / "rows.json"
        path.write_text(json.dumps(rows))
        return path

    return write


def test_every_known_vector_matches() -> None:
    assert checked(VECTORS) == (0, ["352 match, 0 differ, 0 skipped"])


def test_rows_that_need_tables_are_skipped_without_them() -> None:
    code, lines = checked(VECTORS, None)
    needing = sum(row["inputs"].get("ea") == "07" for row in ROWS.values())
    assert needing > 0
    assert (code, lines[-1]) == (0, f"{352 - needing} match, 0 differ, {needing} skipped")
    assert all("EA07 needs --sta-tables" in line for line in lines[:-1])


def test_rows_made_with_other_tables_than_those_loaded_are_skipped(
    written: Callable[..., Path],
) -> None:
    row = ROWS["STSS-001"]
    real = row | {"inputs": row["inputs"] | {"sta_tables": "real"}}
    code, lines = checked(written(real))
    assert (code, lines[-1]) == (0, "0 match, 0 differ, 1 skipped")


@pytest.mark.parametrize("row_id", ["OPG-001", "NXF-001", "NXS-017", "STS11-CTSA01-1", "STSS-001"])
def test_a_wrong_token_is_printed_and_fails_the_run(
    written: Callable[..., Path], row_id: str
) -> None:
    wrong = ROWS[row_id] | {"token": "0" * len(ROWS[row_id]["token"])}
    code, lines = checked(written(wrong, ROWS["OPG-003"]))
    assert (code, lines[-1]) == (1, "1 match, 1 differ, 0 skipped")
    assert lines[0].startswith(f"{row_id}: token expected {wrong['token']}, got ")


def test_a_wrong_count_or_display_form_differs_too(written: Callable[..., Path]) -> None:
    code, lines = checked(
        written(ROWS["OPG-001"] | {"new_count": 3}, ROWS["NXF-001"] | {"display": "863"})
    )
    assert (code, lines[-1]) == (1, "0 match, 2 differ, 0 skipped")


def test_a_device_that_behaves_otherwise_differs(written: Callable[..., Path]) -> None:
    row = ROWS["OPGB-04"]
    faulty = row | {"inputs": row["inputs"] | {"expected": ["ok"] * 4}}
    code, lines = checked(written(faulty))
    assert (code, lines[-1]) == (1, "0 match, 1 differ, 0 skipped")


def test_a_row_our_code_refuses_differs(written: Callable[..., Path]) -> None:
    row = ROWS["OPG-001"]
    negative = row | {"inputs": row["inputs"] | {"value": -5}}
    code, lines = checked(written(negative))
    assert (code, lines[-1]) == (1, "0 match, 1 differ, 0 skipped")
    assert "refused" in lines[0]


@pytest.mark.parametrize(
    "row",
    [
        {"id": "X", "system": "morse", "inputs": {}, "token": "1"},
        {"id": "X", "system": "sts", "inputs": {}, "token": "1"},
        {"id": "X", "system": "openpaygo_token", "inputs": {}, "token": "1"},
        {"system": "nexus_keycode_full", "inputs": {"message_type": "dance"}, "token": "1"},
        {"id": "X", "system": "nexus_keycode_small", "inputs": {"message_type": "x"}, "token": "1"},
    ],
)
def test_a_row_nobody_knows_how_to_recompute_is_skipped_with_its_reason(
    written: Callable[..., Path], row: dict[str, Any]
) -> None:
    code, lines = checked(written(row))
    assert (code, lines[-1]) == (0, "0 match, 0 differ, 1 skipped")
    assert "skipped, " in lines[0]


METER = ROWS["STS11-CTSA01-1"]["inputs"]


def test_key_change_and_currency_rows_are_recomputed(written: Callable[..., Path]) -> None:
    """Figures of the compliance suite STS 531-1-11."""
    key_change = {
        "id": "KC",
        "system": "sts",
        "inputs": METER | {"token_type": "key_change", "new_tariff_index": "02"},
        "token": [
            "03854447086453451911",
            "02791799436242461152",
            "67118070329353977190",
            "19019128690902932218",
        ],
    }
    currency = {
        "id": "CU",
        "system": "sts",
        "inputs": METER
        | {
            "token_type": "credit_electricity_currency",
            "issue_time": "2027-08-21T12:04:00",
            "amount": "180224",
        },
        "token": "67316201578649240766",
    }
    assert checked(written(key_change, currency)) == (0, ["2 match, 0 differ, 0 skipped"])


def test_a_file_that_is_not_json_is_an_error_and_not_a_pass(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        check(path, None, io.StringIO())
