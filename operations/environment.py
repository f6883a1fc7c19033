"""The environment of a command: the process's own, completed by what a running `dialwatt up` wrote.

With DATABASE_URL set (production) only the process's environment counts. Without it the settings of
the embedded set-up are read from its data folder, and the process's own values win over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import BadInput

SETTINGS_FILE = "settings.env"


def command_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """All settings a command may read. Raises BadInput that says what to do when there are none."""
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
    """The same for a command that needs none of them, and uses what is there."""
    try:
        return command_environment(environment)
    except BadInput:
        return dict(environment)


def read_settings_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines, taken as they are, without empty lines and those with a leading #."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and line.lstrip()[0] != "#")
    return {name.strip(): value for name, _, value in pairs}
