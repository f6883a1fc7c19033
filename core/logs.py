"""Log lines: one JSON object a line, saying what it is about, with nothing in it that is secret.

Two lines of defence. Code logs ids, outcomes and errors, never bodies, texts or people. And what is
logged all the same (an exception's words, a library's line) goes through `Masking`: phone numbers,
token codes and meter numbers lose all but their last three digits, keys in hex disappear, and so
does every secret this process was given by its settings, wherever it shows up.
"""

from __future__ import annotations

import json
import logging
import logging.config
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from core.environment import Environment, read_setting
from core.errors import BadInput

# Nine digits or more, as phone numbers and codes are written, blanks and dashes between them; not
# the beginning of a date.
_NUMBER = re.compile(r"(?<![\w-])\+?(?!\d{4}-\d\d-\d\d)\d(?:[ -]?\d){5,}[ -]?(\d{3})(?!\w)")
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")
_MASK = "***"

# Settings whose values are secret (the plural names: several of them), those that are tables of
# numbers, and those that are addresses with a password in them.
_SECRET = re.compile(
    r"((?<!_PUBLIC)_KEYS?|_SECRETS?|_FALLBACKS|_PASSKEY|_PEPPER|_CREDENTIAL|_PASSWORD|_TOKENS?"
    r"|^STS_VENDING_KEY_\w+)$"
)
_TABLES = re.compile(r"_TABLES$")
_ADDRESSES = re.compile(r"_URL$")
_SHORTEST_SECRET = 8  # a shorter one would black out ordinary words

LEVELS = ("debug", "info", "warning", "error")

_CONTEXT: ContextVar[Mapping[str, object] | None] = ContextVar("log_context", default=None)


@contextmanager
def log_context(**fields: object) -> Iterator[None]:
    """Everything logged inside the block carries these fields too (`request`, `endpoint`, ...)."""
    before = _CONTEXT.set({**(_CONTEXT.get() or {}), **fields})
    try:
        yield
    finally:
        _CONTEXT.reset(before)


def log_fields(**fields: object) -> dict[str, object]:
    """What one line is about: `log.info("applied", extra=log_fields(payments=[7, 8]))`. Ids, no
    people."""
    return {"fields": fields}


class Masking:
    """Takes out of a text what a log may not hold."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        longest_first = sorted(
            {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len
        )
        pattern = "|".join(re.escape(secret) for secret in reversed(longest_first))
        self._secrets = re.compile(pattern) if pattern else None

    def __call__(self, text: str) -> str:
        if self._secrets:
            text = self._secrets.sub(_MASK, text)
        return _NUMBER.sub(rf"{_MASK}\1", _HEX.sub(_MASK, text))

    def value(self, value: object) -> object:
        """Numbers stay: what a line is about are ids. Anything else is masked as text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return self(str(value))


def secrets_in(environment: Environment) -> Iterator[str]:
    """Every secret the settings hold, also those that come as files."""
    for name in {name.removesuffix("_FILE") for name in environment}:
        try:
            if _SECRET.search(name):
                yield from re.split(r"[,:\s]+", read_setting(environment, name, ""))
            elif _TABLES.search(name):
                yield from re.findall(r"\[[^\[\]]*\]", read_setting(environment, name, ""))
            elif _ADDRESSES.search(name):
                yield from _passwords_in(read_setting(environment, name, ""))
        except (BadInput, ValueError):
            continue  # the start tells what is wrong with it


def _passwords_in(address: str) -> Iterator[str]:
    """The passwords of an address, as they are written in it and as they are."""
    parts = urlsplit(address)
    written = [parts.password or "", *re.findall(r"(?:^|&)password=([^&]*)", parts.query)]
    for password in written:
        yield from (password, unquote(password))


class LogFormatter(logging.Formatter):
    """A record as one line: JSON, or in words for a terminal (`as_json` False)."""

    def __init__(self, process: str, as_json: bool = True) -> None:
        super().__init__()
        self.process = process
        self.as_json = as_json
        self.masked = Masking(secrets_in(os.environ))

    def format(self, record: logging.LogRecord) -> str:
        given: dict[str, object] = {**(_CONTEXT.get() or {}), **getattr(record, "fields", {})}
        fields = {name: self.masked.value(value) for name, value in given.items()}
        message = self.masked(record.getMessage())
        trace = self.masked(self.formatException(record.exc_info)) if record.exc_info else ""
        if not self.as_json:
            details = "".join(f" {name}={value}" for name, value in fields.items())
            return f"{record.levelname.lower()} {record.name}: {message}{details}" + (
                f"\n{trace}" if trace else ""
            )
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": f"{self.process}-{os.getpid()}",
            "logger": record.name,
            "message": message,
        }
        return json.dumps(
            line | fields | ({"exception": trace} if trace else {}), ensure_ascii=False
        )


def logging_config(environment: Environment, process: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`, also of a process this one starts. Raises BadInput."""
    level = log_level(environment)
    form = read_setting(environment, "LOG_FORMAT", "json")
    if form not in ("json", "plain"):
        raise BadInput(f"LOG_FORMAT must be json or plain, not {form!r}")
    ours = {"handlers": ["lines"], "level": level.upper()}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {"()": "core.logs.LogFormatter", "process": process, "as_json": form == "json"}
        },
        "handlers": {
            "lines": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "stream": "ext://sys.stderr",
            }
        },
        "root": ours,
        # The web server's own, which otherwise prints in its own way.
        "loggers": {"_granian": {**ours, "propagate": False}},
    }


def log_level(environment: Environment) -> str:
    """LOG_LEVEL. Raises BadInput."""
    level = read_setting(environment, "LOG_LEVEL", "info").lower()
    if level not in LEVELS:
        raise BadInput(f"LOG_LEVEL must be one of {', '.join(LEVELS)}, not {level!r}")
    return level


def start_logging(environment: Environment, process: str) -> None:
    """From now on this process logs to stderr. Raises BadInput."""
    logging.config.dictConfig(logging_config(environment, process))
