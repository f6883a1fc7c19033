"""Accounts with vendors, from the settings of a worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.environment import CollectingEnvironment
from core.errors import BadInput
from core.logs import Masking, secrets_in
from core.vend import VENDORS, WITHOUT_DRIVER
from gateway.vendors.account import accounts_in
from gateway.vendors.vendor_table import SETTINGS
from tests.support.vendors import VENDOR_CREDENTIALS, vendor_settings

PROVIDERS = "http://127.0.0.1:9"
STRON = {
    "VENDOR_STRON_MAIN_BASE_URL": "https://stron.example/api/",
    "VENDOR_STRON_MAIN_COMPANY": "jua",
    "VENDOR_STRON_MAIN_USERNAME": "user",
    "VENDOR_STRON_MAIN_PASSWORD": "str0n-pass-w0rd",
}


def test_an_account_is_what_its_settings_say(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("from-a-file\n")
    settings = STRON | {"VENDOR_STRON_MAIN_PASSWORD": ""}
    settings |= {"VENDOR_STRON_MAIN_PASSWORD_FILE": str(secret)}
    [account] = accounts_in(settings, SETTINGS)
    assert (account.token, account.name) == ("stron", "main")
    assert account.base_url == "https://stron.example/api"
    assert account["PASSWORD"] == "from-a-file"
    assert "from-a-file" not in repr(account)


def test_several_accounts_are_told_apart_also_where_a_token_begins_like_another() -> None:
    second = {name.replace("_MAIN_", "_WEST2_"): value for name, value in STRON.items()}
    old = {
        name: value
        for name, value in vendor_settings(PROVIDERS).items()
        if name.startswith("VENDOR_STRON_OLD_")
    }
    found = [(each.token, each.name) for each in accounts_in(STRON | second | old, SETTINGS)]
    assert found == [("stron", "main"), ("stron", "west2"), ("stron_old", "main")]


def test_what_is_missing_of_an_account_is_told_all_at_once() -> None:
    given = CollectingEnvironment({"VENDOR_CALIN_MAIN_PLAIN_HTTP": "1"})
    accounts_in(given, SETTINGS)
    assert [line.split()[0] for line in given.missing] == [
        "VENDOR_CALIN_MAIN_USERNAME",
        "VENDOR_CALIN_MAIN_PASSWORD",
    ]


@pytest.mark.parametrize(
    "name", ["VENDOR_STRON_MAIN_PASWORD", "VENDOR_STORN_MAIN_PASSWORD", "VENDOR_STRON_PASSWORD"]
)
def test_a_setting_that_no_vendor_has_is_told(name: str) -> None:
    with pytest.raises(BadInput, match=name):
        accounts_in(STRON | {name: "x"}, SETTINGS)


@pytest.mark.parametrize("url", ["http://stron.example/api", "http://10.0.0.1", "ftp://x", "stron"])
def test_an_address_that_is_not_encrypted_needs_a_word_of_the_operators(url: str) -> None:
    plain = STRON | {"VENDOR_STRON_MAIN_BASE_URL": url}
    with pytest.raises(BadInput, match="VENDOR_STRON_MAIN_PLAIN_HTTP=1") as refused:
        accounts_in(plain, SETTINGS)
    assert url not in str(refused.value)
    [account] = accounts_in(plain | {"VENDOR_STRON_MAIN_PLAIN_HTTP": "1"}, SETTINGS)
    assert account.base_url == url


def test_every_address_of_an_account_is_looked_at() -> None:
    settings = {
        name: value
        for name, value in vendor_settings("https://vendors.example").items()
        if name.startswith("VENDOR_SUNKING_")
    }
    accounts_in(settings, SETTINGS)
    with pytest.raises(BadInput, match="AUTH_URL is not https"):
        accounts_in(settings | {"VENDOR_SUNKING_MAIN_AUTH_URL": "http://auth.example"}, SETTINGS)


def test_every_vendor_of_the_catalogue_has_a_driver_or_is_known_to_have_none() -> None:
    assert {*SETTINGS, *WITHOUT_DRIVER} == {*VENDORS}
    assert not WITHOUT_DRIVER & SETTINGS.keys()


def test_no_secret_of_any_account_gets_through_a_log() -> None:
    secret = {
        name: value
        for name, value in VENDOR_CREDENTIALS.items()
        if name.endswith(("PASSWORD", "SECRET", "KEY", "TOKEN"))
    }
    assert {name.split("_")[1].lower() for name in secret} == {
        token.split("_")[0] for token in SETTINGS
    }
    masked = Masking(secrets_in(VENDOR_CREDENTIALS))(" and ".join(secret.values()))
    assert not [value for value in secret.values() if value in masked]
