"""`dialwatt accrue`: write the access-rate fees that have fallen due, page by page."""

from __future__ import annotations

import sys
from argparse import Namespace

from core.settings import Environment
from operations.database import open_database
from workers.schedule import accrue_all


def run(arguments: Namespace, environment: Environment) -> int:
    """Accrue every meter until today. A second run finds nothing to write."""
    fees = accrue_all(open_database(environment), _show)
    print(f"{fees} fees written")
    return 0


def _show(fees: int) -> None:
    print(f"{fees} fees so far ...", file=sys.stderr, flush=True)
