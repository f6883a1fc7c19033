"""`dialwatt month 2026-03 FILE`: the books of a month as one ZIP of CSV files, in a new file.

The same files as *Export the month* of the console, noted in the audit as well. It names customers
and agents, so only its owner may read it.
"""

from __future__ import annotations

import os
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from core.db.engine import make_engine, read_only
from core.errors import BadInput
from core.settings import Environment, read
from core.unit import OpenUnit, unit_opener
from core.usecases.operators.export_month import Month, export_month
from gateway.console.month_books import FILES, zipped_month
from operations.operator import operator_name


def run(arguments: Namespace, environment: Environment) -> int:
    """Write it and say so. Raises BadInput, Refused; what broke off leaves no file."""
    engine = make_engine(read(environment, "DATABASE_URL"), pool_size=0)
    with unit_opener(engine)() as unit:
        month = export_month(unit, arguments.month, operator_name())
    size = _write(unit_opener(read_only(engine)), month, Path(arguments.file))
    print(f"{arguments.file}: {len(FILES)} files of {month.name}, {size:,} bytes")
    return 0


def _write(open_unit: OpenUnit, month: Month, target: Path) -> int:
    if target.exists():
        raise BadInput(f"{target} is there already; an export never writes over a file")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, open_unit() as unit:
            file.writelines(zipped_month(unit, month))
        unfinished.rename(target)
    except OSError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return target.stat().st_size
