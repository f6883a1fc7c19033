"""Every published or cross-checked token must come out of our own code, digit by digit."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.tokens.sta import StaTables
from operations.commands.vectors import judge

HERE = Path(__file__).parent
ROWS = json.loads((HERE / "vectors.json").read_text())
SAMPLE_TABLES = StaTables.from_json((HERE / "sta_sample.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_known_token_is_reproduced(row: dict[str, Any]) -> None:
    assert judge(row, SAMPLE_TABLES) == ("match", "")


def test_the_vector_file_holds_every_system() -> None:
    assert {row["system"] for row in ROWS} == {
        "openpaygo_token",
        "openpaygo_device_behaviour",
        "nexus_keycode_full",
        "nexus_keycode_small",
        "sts",
    }
