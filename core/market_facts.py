"""The facts about a market, read wherever an operator writes them. ValueError says what is bad."""

from __future__ import annotations

import difflib
import re
from zoneinfo import available_timezones

import phonenumbers

from core.channel import Channels
from core.wording.slots import DEFAULT_LIMITS

_CURRENCY = re.compile(r"[A-Z]{3}")
_HOUR = r"(?:[01]?[0-9]|2[0-4])(?::[0-5][0-9])?"
_HOURS = re.compile(rf"{_HOUR}-{_HOUR}", re.ASCII)
_SERVICE_CODE = re.compile(r"\*[0-9]+(\*[0-9]+)*#")


def country(value: object) -> str:
    """A country (ISO 3166) whose phone numbers are known."""
    if not isinstance(value, str) or value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"not a country: {value!r} (two capital letters, like KE)")
    return value


def currency(value: object) -> str:
    """A currency's code (ISO 4217)."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise ValueError(f"not a currency: {value!r} (three capital letters, like KES)")
    return value


def timezone(value: object) -> str:
    """A time zone's name; a near one is offered for one that is not."""
    if not isinstance(value, str) or value not in available_timezones():
        near = difflib.get_close_matches(str(value), available_timezones(), n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else ""
        raise ValueError(f"not a time zone: {value!r}{meant}")
    return value


def service_code(value: object) -> str:
    """What people dial."""
    if not isinstance(value, str) or not _SERVICE_CODE.fullmatch(value):
        raise ValueError(f'not a service code: {value!r} (like "*384*96#")')
    return value


def help_line(value: object, region: str) -> str:
    """The number that customers call, in E.164: a mobile's, a fixed line's or a free one, read as
    local to the region (ISO 3166)."""
    try:
        number = phonenumbers.parse(value if isinstance(value, str) else "", region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueError(f'not a telephone number: {value!r} (like "+254700000000")')
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def help_hours(value: object) -> str:
    """The hours of the help line: `8-18`, `8:30-17`, `0-24`."""
    if not isinstance(value, str) or not _HOURS.fullmatch(value):
        raise ValueError(f'not hours: {value!r} (like "8-18" or "8:30-17")')
    return value


def usual_ceiling_minor(currency: str, channels: Channels) -> int:
    """The largest payment where none is set: what a channel publishes for that currency, else
    what every text was proved with. A ceiling in shillings says nothing of francs."""
    return channels.most_minor(currency) or DEFAULT_LIMITS.largest_minor
