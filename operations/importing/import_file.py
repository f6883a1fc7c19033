"""Importing a CSV file of customers, devices or sales: every line, or none and every reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.environment import Environment, read_setting
from core.errors import BadInput
from core.market import Market
from core.tokens.keys import KeyRing
from core.unit import Unit
from core.usecases.customers.register_customers import register_customers
from core.usecases.devices.register_devices import register_devices
from core.usecases.operators.bulk import Progress, RefusedEntries, Registered
from core.usecases.sales.register_sales import register_sales
from core.wording.operator_messages import describe_refusal
from operations.importing.csv_file import Contents, FileKind, read_entries
from operations.importing.file_kinds import customers_file, devices_file, sales_file
from operations.importing.provisioning_files import (
    Made,
    as_csv,
    is_provisioning_file,
    provisioning_file,
)
from operations.operator import operator_name
from operations.progress import NamedBar, no_bar

# So many bad lines are told; who has more mends the column, not the lines.
_SHOWN = 200

Register = Callable[[Unit, Sequence[Any], Progress], Registered]

FILE_KINDS: dict[str, Callable[[Market], FileKind[Any]]] = {
    "customers": customers_file,
    "devices": devices_file,
    "sales": sales_file,
}


def import_file(
    unit: Unit,
    kind: str,
    content: str,
    environment: Environment,
    bar: NamedBar = no_bar,
    made: Made | None = None,
) -> Registered:
    """Import the text of a file; `kind` is customers, devices or sales. `made`: what a file of a
    manufacturer does not say of its devices; such a file is told by its header, or is JSON.

    Returns how many lines were new and how many were known. Raises BadInput with every bad line;
    the caller then rolls back. The readable lines are compared with the database even when others
    are not readable, so that one run reports every problem.
    """
    if kind == "devices" and is_provisioning_file(content):
        content, file_kind = as_csv(content), provisioning_file(_named(made))
    else:
        file_kind = FILE_KINDS[kind](unit.market)
    with bar(f"reading {kind}", content.count("\n")) as show_read:
        contents = read_entries(content, file_kind, show_read)
    register = _register(kind, environment)
    try:
        with bar(f"writing {kind}", len(contents.entries)) as show_done:
            registered = register(unit, contents.entries, show_done)
    except RefusedEntries as refused:
        raise _bad_lines(contents, refused, unit.market) from None
    if contents.problems:
        raise _bad_lines(contents, RefusedEntries([]), unit.market)
    return registered


def _named(made: Made | None) -> Made:
    if made is None:
        raise BadInput(
            "this is a manufacturer's file: say whose it is with --manufacturer CODE, and what the"
            " devices are with --device-kind and --product"
        )
    return made


def _register(kind: str, environment: Environment) -> Register:
    if kind == "customers":
        return register_customers
    if kind == "sales":
        return register_sales
    keys = KeyRing.from_settings(read_setting(environment, "DEVICE_KEY_SECRET"))

    def with_keys(unit: Unit, entries: Sequence[Any], progress: Progress) -> Registered:
        return register_devices(unit, entries, keys, progress, operator_name())

    return with_keys


def _bad_lines(contents: Contents[Any], refused: RefusedEntries, market: Market) -> BadInput:
    problems = contents.problems + [
        (contents.lines[position], describe_refusal(why, market.currency))
        for position, why in refused.refusals
    ]
    lines = [f"line {number}: {reason}" for number, reason in sorted(problems)]
    if len(lines) > _SHOWN:
        lines[_SHOWN:] = [f"and {len(lines) - _SHOWN} more"]
    return BadInput(*lines, "Nothing was imported.")
