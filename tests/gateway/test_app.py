"""The web process as a whole: what it needs to start, and what it leaves to whom."""

import subprocess
import sys
from typing import Any

import pytest
from werkzeug.test import Client

from core.errors import BadInput
from gateway.app import beside, create_app


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "CALLBACK_KEY", "DARAJA_SHORTCODE", "PIN_PEPPER"]
)
def test_a_missing_setting_is_named(environment: dict[str, str], name: str) -> None:
    del environment[name]
    with pytest.raises(BadInput, match=name):
        create_app(environment)


def test_an_unknown_address_gets_one_line(environment: dict[str, str]) -> None:
    app = create_app(environment)
    answer = Client(app).get("/nowhere")
    assert (answer.status_code, answer.text) == (404, "not found\n")
    app.close()


def says(word: str) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [word.encode()]

    return application


def test_a_hot_address_goes_past_the_framework() -> None:
    client = Client(beside(says("rest"), {"/hot/": says("hot")}))
    assert [client.get(path).text for path in ("/hot/key", "/hotter", "/")] == [
        "hot",
        "rest",
        "rest",
    ]


def test_the_servers_entry_is_made_from_the_environment(environment: dict[str, str]) -> None:
    script = "import gateway.wsgi as w; print(type(w.app).__name__, w.app is w.app)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Gateway True\n"


def test_importing_the_servers_entry_needs_no_settings() -> None:
    subprocess.run([sys.executable, "-c", "import gateway.wsgi"], env={}, check=True)
