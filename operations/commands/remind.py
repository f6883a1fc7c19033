"""`dialwatt remind`: queue the reminders of instalments that are due now, page by page."""

from __future__ import annotations

import sys
from argparse import Namespace

from core.settings import Environment
from operations.database import open_database
from workers.schedule import remind_all


def run(arguments: Namespace, environment: Environment) -> int:
    """Remind whoever is due. A second run on a day finds nobody new; at night nobody is."""
    texts = remind_all(open_database(environment), _show)
    print(f"{texts} customers are reminded")
    return 0


def _show(texts: int) -> None:
    print(f"{texts} so far ...", file=sys.stderr, flush=True)
