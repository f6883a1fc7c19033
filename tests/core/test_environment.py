"""Settings from the environment: a value, the file that holds it, or a fault that names it."""

from pathlib import Path

import pytest

from core.environment import CollectingEnvironment, read_setting
from core.errors import BadInput


def test_a_value_wins_over_a_file_and_a_file_over_the_default(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from file\n")
    named = {"KEY_FILE": str(secret)}
    assert read_setting({"KEY": "given"} | named, "KEY") == "given"
    assert read_setting(named, "KEY", "default") == "from file"
    assert read_setting({"KEY": ""}, "KEY", "default") == "default"


def test_what_is_missing_is_named() -> None:
    with pytest.raises(BadInput, match="KEY is not set"):
        read_setting({}, "KEY")
    with pytest.raises(BadInput, match="KEY_FILE: cannot read"):
        read_setting({"KEY_FILE": "/nowhere"}, "KEY")


def test_missing_settings_are_collected() -> None:
    environment = CollectingEnvironment({"PORT": "1"})
    assert [read_setting(environment, name) for name in ("PORT", "KEY", "PEPPER")] == ["1", "", ""]
    assert [problem.split()[0] for problem in environment.missing] == ["KEY", "PEPPER"]
