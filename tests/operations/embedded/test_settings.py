"""The settings of the embedded set-up: every data folder has keys of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from gateway.health import INSTANCE_HEADER
from gateway.settings import endpoints_set_up
from operations.embedded.processes import Process
from operations.embedded.services import Services
from operations.embedded.settings import write_settings
from operations.embedded.up import instance_answers
from operations.environment import SETTINGS_FILE
from operations.settings_check import problems
from tests.support.standins import served

_NOTHING = Process("nothing", [])
_SERVICES = Services("postgresql+psycopg://x/x", "unix:///x?db=0", _NOTHING, _NOTHING, {})
_DEMO = {
    *("payments/daraja", "payments/mtn", "payments/airtel", "payments/pawapay"),
    *("sms/africastalking", "ussd/africastalking"),
}


def settings_of(folder: Path, **given: str) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    return write_settings(given, folder, _SERVICES, 8000)


def keys_of(settings: dict[str, str]) -> list[tuple[str, str]]:
    """The own key of every endpoint that is set up, and the other one."""
    found = (settings[each.key_setting].split(",") for each in endpoints_set_up(settings))
    return [(own, other) for own, other in found]


def test_every_endpoint_of_every_folder_has_a_key_of_its_own_besides_the_demos(
    tmp_path: Path,
) -> None:
    first, second = settings_of(tmp_path / "first"), settings_of(tmp_path / "second")

    assert {each.name for each in endpoints_set_up(first)} == _DEMO
    keys = keys_of(first) + keys_of(second)
    assert {other for _, other in keys} == {"demo"}
    assert len({own for own, _ in keys}) == 2 * len(_DEMO)
    assert problems(first, "web", "worker", "schedule") == []


def test_keys_are_kept_and_a_run_is_not(tmp_path: Path) -> None:
    first, again = settings_of(tmp_path / "var"), settings_of(tmp_path / "var")

    assert keys_of(first) == keys_of(again)
    assert first["INSTANCE_ID"] != again["INSTANCE_ID"]


def test_a_folder_of_an_earlier_release_gets_its_keys(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_text("CALLBACK_KEY=demo\nPIN_PEPPER=kept\n")

    settings = settings_of(tmp_path)

    assert settings["PIN_PEPPER"] == "kept"
    assert "CALLBACK_KEY" not in settings
    assert len(set(keys_of(settings))) == len(_DEMO)


def test_a_key_that_is_given_is_taken(tmp_path: Path) -> None:
    given = {"MTN_ENDPOINT_KEY": "given-by-hand-once"}
    assert settings_of(tmp_path, **given)["MTN_ENDPOINT_KEY"] == "given-by-hand-once"


def answering(instance: str) -> Any:
    """A web process that says it is this instance."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [(INSTANCE_HEADER, instance)])
        return [b"ok\n"]

    return app


def test_only_the_instance_that_was_started_counts_as_up() -> None:
    with served(answering("mine")) as url:
        assert instance_answers(url, "mine")
        with pytest.raises(BadInput, match=f"another program answers at {url}"):
            instance_answers(url, "another")
    assert not instance_answers(url, "mine")
