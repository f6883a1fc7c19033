"""A log line says what it is about, and never what it may not hold."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from logging import Logger
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.logs import LogFormatter, Masking, log_context, log_fields, logging_config, secrets_in

SECRETS = {
    "DARAJA_ENDPOINT_KEY": "a1b2c3d4e5f6a7b8,z9y8x7w6v5u4t3s2",
    "AT_API_KEY": "at-live-key-123",
    "DEVICE_KEY_SECRET": "2:bmV3bmV3bmV3bmV3,1:b2xkb2xkb2xkb2xk",
    "STS_VENDING_KEY_600000": "00112233445566778899aabbccddeeff00112233",
    "PIN_PEPPER": "pepper-of-the-pins",
    "DATABASE_URL": "postgresql+psycopg://dialwatt:database-password@db/dialwatt",
    "PUBLIC_URL": "https://gateway.example.org",
    "DARAJA_CONSUMER_SECRET": "consumer-secret",
    "PAWAPAY_API_TOKEN": "pawapay-live-token",
    "STA_TABLES": '{"substitution_1": [12, 10, 8, 4], "permutation": [29, 27, 34, 9]}',
    "REDIS_URL": "redis://web:pass%2Fword%40one@cache/0?password=in-the-query",
}


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Any]]]:
    """Log with a formatter of ours; the lines it wrote."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    logger = logging.getLogger("tests.logs")
    logger.propagate, logger.level = False, logging.DEBUG
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)

    def lines(log: Callable[[Logger], None], as_json: bool = True) -> list[Any]:
        handler.setFormatter(LogFormatter("web", as_json))
        log(logger)
        written = out.getvalue().splitlines()
        return [json.loads(line) for line in written] if as_json else written

    yield lines
    logger.removeHandler(handler)


def test_a_line_is_an_object_with_what_it_is_about(logged: Callable[..., list[Any]]) -> None:
    def log(logger: Logger) -> None:
        with log_context(request="r1", endpoint="daraja_confirmation"):
            logger.info("payment %s", "booked", extra=log_fields(payment=1234567890))
        logger.warning("alone")

    first, second = logged(log)
    assert first["at"].endswith("+00:00")
    assert first["process"].startswith("web-")
    assert {name: first[name] for name in first if name not in ("at", "process")} == {
        "level": "info",
        "logger": "tests.logs",
        "message": "payment booked",
        "request": "r1",
        "endpoint": "daraja_confirmation",
        "payment": 1234567890,
    }
    assert (second["message"], "request" in second) == ("alone", False)


def test_an_exception_is_one_line_too_and_is_masked(logged: Callable[..., list[Any]]) -> None:
    def log(logger: Logger) -> None:
        try:
            raise ValueError("no customer +254711000001")
        except ValueError:
            logger.exception("failed")

    [line] = logged(log)
    assert "ValueError: no customer ***001" in line["exception"]


def test_for_a_terminal_it_is_words(logged: Callable[..., list[Any]]) -> None:
    def log(logger: Logger) -> None:
        with log_context(request="r1"):
            logger.error("broken", extra=log_fields(payment=7))

    assert logged(log, as_json=False) == ["error tests.logs: broken request=r1 payment=7"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("+254711000001", "***001"),
        ("0711000001 paid", "***001 paid"),
        ("token 1234 5678 9012 3456 7890 for 01000000016", "token ***890 for ***016"),
        ("token 123-456-789", "token ***789"),
        ("Key (msisdn)=(+254711000001) already exists", "Key (msisdn)=(***001) already exists"),
        ("at 2026-11-24 09:00:00.123456 UTC", "at 2026-11-24 09:00:00.123456 UTC"),
        ("KES 500.00 for LAMP31001, SKE1A2B3C4", "KES 500.00 for LAMP31001, SKE1A2B3C4"),
        ("payment 12345678 of 1500000", "payment 12345678 of 1500000"),
        ("key 000102030405060708090a0b0c0d0e0f!", "key ***!"),
        ("POST /payments/daraja/a1b2c3d4e5f6a7b8/stk", "POST /payments/daraja/***/stk"),
        ("old bmV3bmV3bmV3bmV3 and b2xkb2xkb2xkb2xk", "old *** and ***"),
        ("dialwatt:database-password@db", "dialwatt:***@db"),
        ("https://gateway.example.org", "https://gateway.example.org"),
        ("Bearer pawapay-live-token", "Bearer ***"),
        ("bad table [12, 10, 8, 4] of 16 numbers", "bad table *** of 16 numbers"),
        ("as pass%2Fword%40one or pass/word@one", "as *** or ***"),
        ("redis://cache/0?password=in-the-query", "redis://cache/0?password=***"),
    ],
)
def test_what_may_not_be_in_a_log_is_taken_out_and_the_rest_stays(given: str, wanted: str) -> None:
    assert Masking(secrets_in(SECRETS))(given) == wanted


# Settings whose values may be read by anybody who reads a log.
_NO_SECRET = re.compile(
    r"(_IPS|_BASE_URL|_PORT|_S|_SECONDS|_HOURS|_DAYS|_BALANCE|_COUNTRY|_ENVIRONMENT|_WORKERS"
    r"|_PROXIES|_FORMAT|_LEVEL|_DATA|_DEMO|_ID|_USER|_USERNAME|_SHORTCODE|_INITIATOR|_PULL"
    r"|_PLAIN_HTTP|_COMPANY|_PER_SECOND|_PRICE|_GROUPS|_CURRENCY|_ORGANIZATION|_CUSTOMER_CODE|_AUTH_URL|_PUBLIC|_PUBLIC_KEYS|_AGGREGATORS|_SECOND_FACTOR|_QUEUES|_ASK_FROM|^PORT|^BIND|^PUBLIC_URL)$"
)


def test_every_setting_is_masked_or_known_to_be_no_secret() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    names = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    undecided = sorted(
        name
        for name in names
        if not list(secrets_in({name: "redis://x:a-long-secret@host/[12345678]"}))
        and not _NO_SECRET.search(name)
    )
    assert undecided == [], "core/logs.py has to mask it, or _NO_SECRET here has to let it pass"


def test_secrets_that_come_as_files_are_known_too(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-a-mounted-file\n")
    masked = Masking(secrets_in({"AT_API_KEY_FILE": str(file), "PIN_PEPPER_FILE": "/nowhere"}))
    assert masked("sent with from-a-mounted-file") == "sent with ***"


@pytest.mark.parametrize(("name", "value"), [("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml")])
def test_a_setting_that_is_none_is_told(name: str, value: str) -> None:
    with pytest.raises(BadInput, match=name):
        logging_config({name: value}, "web")
