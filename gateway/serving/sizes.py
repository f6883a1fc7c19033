"""How many threads and waiting places each kind of request has in a web process, and its deadline.

A thread of a lane uses at most one database connection, so these numbers are also those of the
connections.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Size:
    """`threads` at work, `queue` requests waiting for one, and the seconds for both together.

    What a thread could begin only later than `begin_within_s` after it came is not begun.
    """

    threads: int
    queue: int
    deadline_s: float
    begin_within_s: float = inf


# Africa's Talking waits 10 s for a turn, and the caller's network may wait less.
TURNS = Size(8, 200, 2.5)
# Connections on which the event loop reads for turns that need no thread.
QUICK_READS = 4
# MTN gives up after 2 s and asks again; Safaricom documents neither a time nor a repeat.
PAYMENTS = Size(6, 400, 8.0)
# Safaricom waits some 8 s and then does what the paybill was registered with; we promise 3.
VALIDATIONS = Size(4, 100, 2.9)
TEXTS = Size(4, 400, 8.0)
# A person waits at a page. The export of a month has ten minutes (core/db/console/month.py).
CONSOLE = Size(4, 40, 660.0)
# Readiness and metrics, unknown addresses; and the sign of life, which waits behind nothing.
WATCH = Size(1, 40, 5.0)
LIFE = Size(1, 400, 5.0)
# Where a request waits that has met a locked row.
# A turn's wait for the row (1.2 s) ends before its deadline: then nothing was done for sure.
TURNS_SIDE_ROOM = Size(4, 0, TURNS.deadline_s, begin_within_s=0.9)
# Many copies of one callback wait here for the first one.
PAYMENTS_SIDE_ROOM = Size(4, PAYMENTS.queue, PAYMENTS.deadline_s)
TEXTS_SIDE_ROOM = Size(2, 40, TEXTS.deadline_s)
