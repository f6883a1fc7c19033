"""The page docs/commands.md is what the command line says of itself."""

from __future__ import annotations

from pathlib import Path

from operations.cli import COMMANDS
from operations.commands_page import page

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_in_docs_is_up_to_date() -> None:
    assert page() + "\n" == PAGE.read_text(), (
        "write it: .venv/bin/python -m operations.commands_page > docs/commands.md"
    )


def test_the_page_has_every_command_with_its_arguments_and_options() -> None:
    written = page()
    assert [name for name in COMMANDS if f"\n### {name}\n" not in written] == []
    assert "\ndialwatt show payment RECEIPT\n" in written
    assert "\ndialwatt import customers|devices|sales FILE\n" in written
    assert "\n| `--role [owner\\|finance\\|support\\|read_only]` | " in written
