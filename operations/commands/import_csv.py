"""`dialwatt import customers|devices|sales FILE`: every line, or none with all reasons."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.market import Market
from core.settings import Environment, read
from core.tokens.keys import KeyRing
from core.unit import Unit
from core.usecases.customers.register_customers import register_customers
from core.usecases.devices.register_devices import register_devices
from core.usecases.operators.bulk import Progress, RefusedEntries, Registered
from core.usecases.sales.register_sales import register_sales
from core.wording.operator_messages import describe_refusal
from operations.database import open_database
from operations.importing.csv_file import Contents, FileKind, read_entries, read_text
from operations.importing.import_files import customers_file, devices_file, sales_file

Register = Callable[[Unit, Sequence[Any], Progress], Registered]

_FILES: dict[str, Callable[[Market], FileKind[Any]]] = {
    "customers": customers_file,
    "devices": devices_file,
    "sales": sales_file,
}


def run(arguments: Namespace, environment: Environment) -> int:
    """Import it and count. Raises BadInput with every bad line."""
    content = read_text(Path(arguments.file))
    with open_database(environment)() as unit:
        registered = import_file(unit, arguments.kind, content, environment, _show)
    print(f"{arguments.kind}: {registered.new} new, {registered.known} already there")
    return 0


def import_file(
    unit: Unit, kind: str, content: str, environment: Environment, progress: Progress
) -> Registered:
    """Import a file's text in this unit. Raises BadInput with every bad line, to be rolled back.

    Lines that can be read are judged against the books even when others cannot, so that one run
    tells everything.
    """
    contents = read_entries(content, _FILES[kind](unit.market))
    register = _register(kind, environment)
    try:
        registered = register(unit, contents.entries, progress)
    except RefusedEntries as refused:
        raise _bad_lines(contents, refused, unit.market) from None
    if contents.problems:
        raise _bad_lines(contents, RefusedEntries([]), unit.market)
    return registered


def _register(kind: str, environment: Environment) -> Register:
    if kind == "customers":
        return register_customers
    if kind == "sales":
        return register_sales
    keys = KeyRing.from_settings(read(environment, "DEVICE_KEY_SECRET"))

    def with_keys(unit: Unit, entries: Sequence[Any], progress: Progress) -> Registered:
        return register_devices(unit, entries, keys, progress)

    return with_keys


def _bad_lines(contents: Contents[Any], refused: RefusedEntries, market: Market) -> BadInput:
    problems = contents.problems + [
        (contents.lines[position], describe_refusal(why, market.currency))
        for position, why in refused.refusals
    ]
    told = [f"line {number}: {reason}" for number, reason in sorted(problems)]
    return BadInput(*told, "Nothing was imported.")


def _show(written: int) -> None:
    print(f"{written} rows written ...", file=sys.stderr, flush=True)
