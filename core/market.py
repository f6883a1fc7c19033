"""The market: the one set of facts about the country a deployment serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Market:
    """Country (ISO 3166), currency (ISO 4217), the smallest payable amount, zone and languages.

    `default_after_days`: after so many days late a sale is in default; None: only by hand.
    `help_line` (E.164), its hours (`8-18`) and `tax_number` are None where the operator set none.
    Strangers are answered by SMS in `country` and `sms_countries` (ISO 3166) only.
    """

    country: str
    currency: str
    cash_unit_minor: int
    timezone: str
    languages: tuple[str, ...]
    service_code: str
    operator: str
    payment_max_minor: int
    default_after_days: int | None = None
    help_line: str | None = None
    help_hours: str | None = None
    tax_number: str | None = None
    sms_countries: tuple[str, ...] = ()

    @property
    def default_language(self) -> str:
        return self.languages[0]

    def local_date(self, instant: datetime) -> date:
        """The calendar day in this market at that instant."""
        return instant.astimezone(ZoneInfo(self.timezone)).date()

    def local_time(self, instant: datetime) -> str:
        """The time of day in this market at that instant: `14:05`."""
        return f"{instant.astimezone(ZoneInfo(self.timezone)):%H:%M}"

    def local_minute(self, instant: datetime) -> str:
        """An instant as people in this market write it in notes: `2026-11-24 12:05`."""
        return f"{instant.astimezone(ZoneInfo(self.timezone)):%Y-%m-%d %H:%M}"

    def first_instant(self, day: date) -> datetime:
        """The instant at which that day begins in this market."""
        return datetime.combine(day, time.min, ZoneInfo(self.timezone))

    def instants(self, first: date, last: date) -> tuple[datetime, datetime]:
        """The instant at which the first day begins, and the one at which the last day has ended,
        which is the next day's."""
        return self.first_instant(first), self.first_instant(last + timedelta(days=1))


# For work that needs none, before a catalogue was loaded.
NO_MARKET = Market("", "", 1, "UTC", ("en",), "", "", 0)
