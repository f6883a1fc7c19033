"""Times as portals, APIs and spreadsheets write them, read as instants."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

# Year first, or day first: no provider of ours writes the month first.
_TIME = re.compile(
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})[-/.](?P<m2>\d{1,2})[-/.](?P<y2>\d{4}))"
    r"[T ]*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r" ?(?P<half>[ap]m)? ?(?P<zone>z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def read_time(text: str, zone: tzinfo) -> datetime:
    """Return the instant of a written time, in UTC; it is in `zone` unless it says otherwise.

    Seconds may be missing or have decimals, dates may have dashes, slashes or full stops, and
    blanks of any kind, also line breaks, may stand between date and time. Raises ValueError.
    """
    found = _TIME.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(f"{text!r} is no time")
    parts = found.groupdict()
    try:
        written = datetime(
            int(parts["y"] or parts["y2"]),
            int(parts["m"] or parts["m2"]),
            int(parts["d"] or parts["d2"]),
            _hour(int(parts["hour"]), parts["half"]),
            int(parts["minute"]),
            int(parts["second"] or 0),
            tzinfo=_zone(parts["zone"]) or zone,
        )
    except ValueError:
        raise ValueError(f"{text!r} is no time") from None
    return written.astimezone(UTC)


def _hour(hour: int, half: str | None) -> int:
    """Return the hour of the day. Raises ValueError for an hour that the half does not have."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def _zone(written: str | None) -> tzinfo | None:
    if written is None:
        return None
    if written in "zZ":
        return UTC
    hours, minutes = int(written[1:3]), int(written[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if written[0] == "-" else offset)
