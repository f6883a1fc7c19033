"""`dialwatt remind`: queue today's reminders of instalments, page by page."""

from __future__ import annotations

import sys
from argparse import Namespace

from core.settings import Environment
from operations.books import open_books
from workers.schedule import remind_all


def run(arguments: Namespace, environment: Environment) -> int:
    """Remind whoever is due. A second run on a day sends nothing more; at night nothing is sent."""
    texts = remind_all(open_books(environment), _show)
    print(f"{texts} customers are at a step of their reminders today")
    return 0


def _show(texts: int) -> None:
    print(f"{texts} so far ...", file=sys.stderr, flush=True)
