"""The table of retention in docs/privacy.md is what the code declares."""

from __future__ import annotations

from core.db.personal import RULES
from operations.privacy_page import PAGE, with_table


def test_the_page_has_the_table_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == with_table(page), "write it: .venv/bin/python -m operations.privacy_page"


def test_the_example_of_the_settings_has_every_rule() -> None:
    example = (PAGE.parents[1] / ".env.example").read_text(encoding="utf-8")

    for _, rule in RULES.values():
        assert f"# {rule.setting}={rule.days}\n" in example
