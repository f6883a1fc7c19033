"""Phone numbers: E.164 inside, anything a person types at the edge, masked wherever seen."""

from __future__ import annotations

import phonenumbers


def parse_msisdn(text: str, region: str) -> str:
    """E.164 (`+254711000111`) of a number as typed, read as local to `region` (ISO 3166).

    Raises ValueError when it is not a number that network could have given out.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"not a phone number: {text!r}") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"not a phone number: {text!r}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_msisdn(msisdn: str) -> str:
    """`+254711000111` -> `+25471***111`: what logs and other people see."""
    return f"{msisdn[:6]}***{msisdn[-3:]}"
