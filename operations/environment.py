"""The settings of a command: those of its process, and those that a running `dialwatt up` wrote.

With DATABASE_URL set (production) only the environment of the process counts. Without it the
settings of the embedded set-up are read from its data folder; those of the process take precedence.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from core.environment import read_setting
from core.errors import BadInput

SETTINGS_FILE = "settings.env"


def command_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return all settings that a command may read. Raises BadInput where there is no database."""
    if environment.get("DATABASE_URL") or environment.get("DATABASE_URL_FILE"):
        return dict(environment)
    path = Path(environment.get("DIALWATT_DATA") or "var") / SETTINGS_FILE
    try:
        return read_settings_file(path) | {n: value for n, value in environment.items() if value}
    except FileNotFoundError:
        raise BadInput(
            f"There is no database to talk to: DATABASE_URL is not set and there is no {path}."
            " Start the embedded set-up with `make run` (and give this command the same"
            " DIALWATT_DATA), or set DATABASE_URL."
        ) from None
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error


def settings_if_any(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings for a command that works without a database too."""
    try:
        return command_environment(environment)
    except BadInput:
        return dict(environment)


def read_settings_file(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines as they are. Empty lines and lines with a leading # are ignored."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and line.lstrip()[0] != "#")
    return {name.strip(): value for name, _, value in pairs}


def read_number(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a setting that is a whole number from 1 to `most`. Raises BadInput for another."""
    value = read_setting(environment, name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= most:
        raise BadInput(f"{name} must be a number from 1 to {most}, not {value!r}")
    return int(value)


def read_ip(environment: Mapping[str, str], name: str, default: str) -> str:
    """Return a setting that is an IP address of this host. Raises BadInput for anything else."""
    value = read_setting(environment, name, default)
    try:
        return str(ip_address(value))
    except ValueError:
        raise BadInput(
            f"{name} must be an address such as 127.0.0.1 or 0.0.0.0, not {value!r}"
        ) from None
