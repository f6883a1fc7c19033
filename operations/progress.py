"""Progress of long work on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import click

LINE_EVERY_S = 5.0

# Takes how many steps are done so far.
ShowDone = Callable[[int], None]
# Takes what is done, and the number of all steps.
NamedBar = Callable[[str, int], AbstractContextManager[ShowDone]]


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[ShowDone]:
    """Give a function to call with how many of `total` steps are done.

    Where standard error is no terminal, a line is written at most every LINE_EVERY_S seconds.
    """
    if not sys.stderr.isatty():
        yield _lines(lambda done: f"{label}: {done} of {total}")
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)
        bar.update(total - bar.pos)  # what was known already is not counted as a step


@contextmanager
def no_bar(label: str, total: int) -> Iterator[ShowDone]:
    """Show nothing."""
    yield lambda done: None


def count_lines(noun: str) -> ShowDone:
    """Return a function to call with how many are done, for work whose total is not known."""
    return _lines(lambda done: f"{done} {noun} so far ...")


def _lines(text_of: Callable[[int], str]) -> ShowDone:
    written_at = time.monotonic()

    def show(done: int) -> None:
        nonlocal written_at
        if time.monotonic() - written_at >= LINE_EVERY_S:
            written_at = time.monotonic()
            print(text_of(done), file=sys.stderr, flush=True)

    return show
