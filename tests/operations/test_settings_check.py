"""A process does not start with wrong settings, and one start tells of everything that is wrong."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.tokens.keys import KeyRing
from operations.settings_check import WANTED, problems
from tests.operations.conftest import Ran

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets: without a database's address a command would look for a set-up."""
    for name in ("REDIS_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("verb", "missing"),
    [
        (
            "web",
            {"REDIS_URL", "USSD_AGGREGATORS", "DARAJA_ENDPOINT_KEY", "PIN_PEPPER"}
            | {"PROOF_SECRET"},
        ),
        (
            "worker",
            {"REDIS_URL", "DEVICE_KEY_SECRET", "PUBLIC_URL", "AT_USERNAME"}
            | {"AT_API_KEY", "DARAJA_BASE_URL", "DARAJA_CONSUMER_KEY", "DARAJA_CONSUMER_SECRET"}
            | {"DARAJA_PASSKEY", "DARAJA_ENDPOINT_KEY", "PROOF_SECRET"},
        ),
        ("schedule", {"REDIS_URL"}),
    ],
)
def test_every_missing_setting_is_named_at_once(
    dialwatt: Callable[..., Ran],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    missing: set[str],
) -> None:
    for name in environment.keys() - {"DARAJA_SHORTCODE"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", environment["DATABASE_URL"])
    ran = dialwatt(verb)
    assert (ran.code, ran.out) == (1, "")
    assert set(re.findall(r"([A-Z_0-9]+) is not set", ran.err)) == missing
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("queue", "needs"),
    [
        ("payments", {"DEVICE_KEY_SECRET"}),
        ("sms", {"AT_USERNAME", "AT_API_KEY"}),
        ("prompts", {"DARAJA_PASSKEY", "DARAJA_ENDPOINT_KEY"}),
        ("reconciliation", {"DARAJA_PASSKEY", "DARAJA_ENDPOINT_KEY"}),
    ],
)
def test_a_worker_needs_only_what_its_queue_needs(queue: str, needs: set[str]) -> None:
    secrets = {
        "DEVICE_KEY_SECRET",
        "AT_USERNAME",
        "AT_API_KEY",
        "DARAJA_PASSKEY",
        "DARAJA_ENDPOINT_KEY",
    }
    found = "\n".join(problems({"WORKER_QUEUES": queue, "DARAJA_SHORTCODE": "600123"}, "worker"))
    assert set(re.findall(r"([A-Z_0-9]+) is not set", found)) & secrets == needs


@pytest.mark.parametrize(
    ("queues", "wrong"),
    [
        ("payments sms", "payments shares no process"),
        ("sms prompts tokens", "no such queue: tokens"),
        ("sms prompts", None),
    ],
)
def test_payments_shares_no_process_with_what_calls_providers(
    environment: dict[str, str], queues: str, wrong: str | None
) -> None:
    given = environment | {"REDIS_URL": "redis:", "WORKER_QUEUES": queues}
    found = problems(given, "worker")
    assert [problem for problem in found if wrong and wrong in problem] == found


def test_a_set_up_without_any_channel_is_told_beside_what_else_is_missing() -> None:
    found = problems({}, "web", "worker")
    assert "USSD_AGGREGATORS is not set (see .env.example)" in found
    assert [problem for problem in found if "no mobile-money channel is set up" in problem]


def test_what_is_malformed_is_told_beside_what_is_missing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    given = environment | {
        "DEVICE_KEY_SECRET": "c2hvcnQ=",
        "TRUSTED_PROXY_HOPS": "1",
        "TRUSTED_PROXIES": "many",
        "MTN_ENDPOINT_KEY": "demo",
        "LOG_LEVEL": "loud",
        "MTN_BASE_URL": "https://sandbox.momodeveloper.mtn.com",
        "AT_API_KEY": "",
        "AT_API_KEY_FILE": str(tmp_path / "missing"),
    }
    found = "\n".join(problems(given, "web", "worker"))
    for name in (
        *(
            "DATABASE_URL",
            "REDIS_URL",
            "TRUSTED_PROXIES",
            "MTN_ENDPOINT_KEY must have",
            "LOG_LEVEL",
            "MTN_API_KEY",
        ),
        *("AT_API_KEY_FILE: cannot read", "must have 32 bytes"),
    ):
        assert (name in found) is (name != "DATABASE_URL"), name
    assert "c2hvcnQ=" not in found


def test_a_secret_may_come_as_a_file_instead(environment: dict[str, str], tmp_path: Path) -> None:
    secret = tmp_path / "pepper"
    secret.write_text("pepper\n")
    given = environment | {"PIN_PEPPER": "", "PIN_PEPPER_FILE": str(secret), "REDIS_URL": "redis:"}
    assert problems(given, "web", "worker", "schedule") == []


def test_every_section_of_the_settings_is_checked_by_some_process() -> None:
    sections = {
        name
        for folder in ("gateway", "workers")
        for module in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"^class (\w+Settings):", module.read_text(), re.MULTILINE)
    }
    sections.remove("AccountSettings")  # accounts_in reads those of each vendor's driver
    source = inspect.getsource(sys.modules[problems.__module__])
    assert "accounts_in(environment" in source
    assert len(sections) >= 11
    assert {name for name in sections if f"{name}.from_environment" not in source} == set()
    assert set(WANTED) == {"web", "worker", "schedule"}


def test_a_public_key_of_another_master_key_is_refused_where_both_are_set(
    environment: dict[str, str],
) -> None:
    other = KeyRing({"1": bytes(32)}).sealing_key()
    fits = KeyRing.from_settings(environment["DEVICE_KEY_SECRET"]).sealing_key()

    def faults_with(box: object) -> str:
        given = environment | {"DEVICE_KEY_PUBLIC": str(box)}
        return "\n".join(problems(given, "web", "worker"))

    assert "could not be opened" in faults_with(other)
    assert "keys public" in faults_with("1:AAAA")
    assert "DEVICE_KEY_PUBLIC" not in faults_with(fits)
