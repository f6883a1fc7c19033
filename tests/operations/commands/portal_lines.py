"""Lines of a portal file for tests of `dialwatt statement`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from tests.support.cast import METER

HEADER = (
    '"Receipt No.","Completion Time","Initiation Time",Details,"Transaction Status","Paid In",'
    'Withdrawn,Balance,"Balance Confirmed","Reason Type","Other Party Info",'
    '"Linked Transaction ID","A/C No."'
)
ABOUT = "Organization Name,Jua Energy\nShort Code,600123\nTime Period,24-11-2026\n\n"

# Run the command on a file: (exit code, what it printed, read from JSON where it printed that).
Compare = Callable[..., tuple[int, Any]]


def line(
    receipt: str, paid_in: str = "", withdrawn: str = "", balance: str = "", **more: str
) -> str:
    """A row; `more` names the other columns: time, details, status, reason, party, undoes,
    account."""
    time = more.get("time", "2026-11-24 12:00:00")
    cells = [
        receipt, time, time, more.get("details", "Pay Bill, online"),
        more.get("status", "Completed"), paid_in, withdrawn, balance, "true",
        more.get("reason", "Pay Bill"), more.get("party", "2547 ***** 126 - JANE DOE"),
        more.get("undoes", ""), more.get("account", METER),
    ]  # fmt: skip
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().removesuffix("\r\n")


def parse_printed(out: str, err: str) -> Any:
    """What the command printed, read from JSON where it is that."""
    return json.loads(out) if out.startswith("{") else out or err


def receipts(listed: list[dict[str, str]]) -> list[str]:
    return [item["receipt"] for item in listed]
