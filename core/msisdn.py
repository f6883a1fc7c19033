"""Phone numbers: E.164 inside, anything a person types at the edge, masked wherever seen."""

from __future__ import annotations

import re

import phonenumbers

# The library would turn letters into digits, and drop a star and what follows an extension's mark:
# `0722000001*2` is two answers that came as one, and a wrong number if they are read together.
_TYPED = re.compile(r"\+?[0-9 ()./-]+", re.ASCII)


def parse_msisdn(text: str, region: str) -> str:
    """E.164 (`+254711000111`) of a number as typed, read as local to `region` (ISO 3166).

    Raises ValueError when it is not a number that network could have given out.
    """
    try:
        if not _TYPED.fullmatch(text.strip()):
            raise ValueError(f"not a phone number: {text!r}")
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"not a phone number: {text!r}") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"not a phone number: {text!r}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_msisdn(msisdn: str) -> str:
    """`+254711000111` -> `+25471***111`: what logs and other people see."""
    return f"{msisdn[:6]}***{msisdn[-3:]}"
