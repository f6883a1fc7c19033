"""Where a command finds the database: its own environment, else the set-up that runs."""

from pathlib import Path

import pytest

from core.errors import BadInput
from operations.environment import SETTINGS_FILE, command_environment, read_ip


@pytest.fixture
def var(tmp_path: Path) -> str:
    (tmp_path / SETTINGS_FILE).write_text(
        "# written by up\n\nDATABASE_URL=postgresql://here/x?a=b\nPORT=8000\nPIN_PEPPER= a b \n"
    )
    return str(tmp_path)


def test_with_a_database_of_its_own_the_set_up_is_not_asked(var: str) -> None:
    own = {"DATABASE_URL": "postgresql://mine", "DIALWATT_DATA": var}
    assert command_environment(own) == own


def test_a_database_in_a_file_counts_as_its_own(var: str) -> None:
    own = {"DATABASE_URL_FILE": "/run/secrets/db", "DIALWATT_DATA": var}
    assert command_environment(own) == own


def test_without_one_the_set_up_s_settings_are_read_as_they_stand(var: str) -> None:
    found = command_environment({"DIALWATT_DATA": var})
    assert found["DATABASE_URL"] == "postgresql://here/x?a=b"
    assert found["PIN_PEPPER"] == " a b "


def test_the_command_s_own_values_win_unless_they_are_empty(var: str) -> None:
    found = command_environment({"DIALWATT_DATA": var, "PORT": "9000", "DATABASE_URL": ""})
    assert found["PORT"] == "9000"
    assert found["DATABASE_URL"] == "postgresql://here/x?a=b"


def test_the_set_up_is_looked_for_in_var(
    var: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    tmp_path.rename(tmp_path.parent / "var")
    try:
        assert command_environment({})["PORT"] == "8000"
    finally:
        (tmp_path.parent / "var").rename(tmp_path)


def test_with_neither_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"make run.*DATABASE_URL"):
        command_environment({"DIALWATT_DATA": str(tmp_path)})


@pytest.mark.parametrize("given", ["127.0.0.1", "0.0.0.0", "::", "192.0.2.7"])
def test_an_address_to_listen_on_is_taken(given: str) -> None:
    assert read_ip({"BIND": given}, "BIND", "127.0.0.1") == given
    assert read_ip({}, "BIND", "127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize("given", ["localhost", "127.0.0.1:8000", "*", "127.1"])
def test_anything_else_is_refused_by_the_name_of_its_setting(given: str) -> None:
    with pytest.raises(BadInput, match="BIND must be an address"):
        read_ip({"BIND": given}, "BIND", "127.0.0.1")
