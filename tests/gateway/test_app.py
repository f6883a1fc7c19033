"""The web process as a whole: what it needs to start, and what it leaves to whom."""

import subprocess
import sys
from typing import Any

import pytest
from werkzeug.test import Client

from core.errors import BadInput
from gateway.app import by_prefix, create_app


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "USSD_AGGREGATORS", "DARAJA_ENDPOINT_KEY", "PIN_PEPPER"]
)
def test_a_missing_setting_is_named(environment: dict[str, str], name: str) -> None:
    del environment[name]
    with pytest.raises(BadInput, match=name):
        create_app(environment)


CHANNELS = {
    "daraja": "DARAJA_SHORTCODE",
    "mtn": "MTN_BASE_URL",
    "airtel": "AIRTEL_BASE_URL",
    "pawapay": "PAWAPAY_BASE_URL",
}
ENDPOINTS = {
    "daraja": "daraja/k3y/confirmation",
    "mtn": "mtn/k3y",
    "airtel": "airtel/k3y",
    "pawapay": "pawapay/k3y",
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_market_may_have_one_channel_only_and_no_endpoints_of_others(
    environment: dict[str, str], channel: str
) -> None:
    for name in CHANNELS.values():
        environment.pop(name, None)
    environment[CHANNELS[channel]] = "600123"

    app = create_app(environment)

    client = Client(app)
    answers = {
        name: client.post(f"/payments/{endpoint}").status_code
        for name, endpoint in ENDPOINTS.items()
    }
    assert answers == {name: 400 if name == channel else 404 for name in ENDPOINTS}
    app.close()


def test_without_any_channel_it_does_not_start_and_says_what_to_set(
    environment: dict[str, str],
) -> None:
    for name in CHANNELS.values():
        environment.pop(name, None)

    with pytest.raises(BadInput) as refused:
        create_app(environment)

    assert all(name in str(refused.value) for name in CHANNELS.values())


@pytest.mark.parametrize("name", ["PAWAPAY_PUBLIC_KEYS", "PUBLIC_URL"])
def test_a_signing_channel_does_not_start_without_what_its_signatures_are_checked_with(
    environment: dict[str, str], name: str
) -> None:
    del environment[name]
    with pytest.raises(BadInput, match=f"{name} is not set"):
        create_app(environment)


def test_keys_that_are_no_keys_stop_the_start(environment: dict[str, str]) -> None:
    environment["PAWAPAY_PUBLIC_KEYS"] = "[]"
    with pytest.raises(BadInput, match="public keys"):
        create_app(environment)


def test_a_channel_set_up_by_half_names_what_is_missing(environment: dict[str, str]) -> None:
    del environment["DARAJA_SHORTCODE"]
    environment["DARAJA_BASE_URL"] = "https://sandbox.example.org"

    with pytest.raises(BadInput, match="DARAJA_SHORTCODE is not set"):
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
    client = Client(by_prefix(says("rest"), {"/hot/": says("hot")}))
    assert [client.get(path).text for path in ("/hot/key", "/hotter", "/")] == [
        "hot",
        "rest",
        "rest",
    ]


@pytest.mark.slow
def test_the_servers_entry_is_made_from_the_environment(environment: dict[str, str]) -> None:
    script = "import gateway.rsgi as w; print(type(w.app).__name__, w.app is w.app)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Server True\n"


def test_importing_the_servers_entry_needs_no_settings() -> None:
    subprocess.run([sys.executable, "-c", "import gateway.rsgi"], env={}, check=True)
