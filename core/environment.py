"""Reading settings from the environment.

`NAME_FILE` may name a file that holds a value instead of `NAME`. A missing setting stops the start
and names the variable. No message shows a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import BadInput

Environment = Mapping[str, str]


class CollectingEnvironment(dict[str, str]):
    """An environment whose missing settings are collected in `missing` and read as "", so that one
    start reports all of them."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.missing: list[str] = []


def read_setting(environment: Environment, name: str, default: str | None = None) -> str:
    """The value of NAME, or of the file that NAME_FILE names. Raises BadInput when neither is set
    and there is no default, or when the file cannot be read."""
    if value := environment.get(name):
        return value
    if path := environment.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadInput(f"{name}_FILE: cannot read {path} ({error.strerror})") from error
    if default is None:
        report_missing(environment, f"{name} is not set (see .env.example)")
    return default or ""


def report_missing(environment: Environment, problem: str) -> None:
    """Raise BadInput with the problem, or collect it in a CollectingEnvironment."""
    if not isinstance(environment, CollectingEnvironment):
        raise BadInput(problem)
    environment.missing.append(problem)


def refuse_retired(environment: Environment, name: str, replaced_by: str, advice: str) -> None:
    """Raise BadInput, or collect the problem, where a setting of an earlier release is there and
    the one that replaces it is not."""
    if read_setting(environment, name, "") and not read_setting(environment, replaced_by, ""):
        report_missing(environment, f"{name} is no longer read: {advice} (see .env.example)")
