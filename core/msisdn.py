"""Phone numbers: E.164 inside, anything a person types at the edge, masked wherever seen."""

from __future__ import annotations

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult

from core.invisible import plain_marks

# The library would turn letters into digits, and drop a star and what follows an extension's mark:
# `0722000001*2` is two answers that came as one, and a wrong number if they are read together. A
# slash stands before a second number.
_TYPED = re.compile(r"\+?[0-9 ().-]+", re.ASCII)
# A spreadsheet that takes a phone number for a number writes it with a decimal part.
_DECIMAL_PART = re.compile(r"[0-9]{7,}\.[0-9]{1,2}", re.ASCII)
# 00 in front of a country's code, as people dial abroad from most countries; no country's code and
# no mobile number begins with 00.
_DIALLED_ABROAD = re.compile(r"\A00(?=[ .-]?[1-9])", re.ASCII)
_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def parse_msisdn(text: str, region: str) -> str:
    """E.164 (`+254711000111`) of a number as typed, read as local to `region` (ISO 3166).

    Blanks of every kind and invisible marks do not count. Raises ValueError when it could not be a
    mobile number of its country.
    """
    typed = plain_marks(text).strip()
    if _DECIMAL_PART.fullmatch(typed):
        raise ValueError(
            f"not a phone number: {text!r} (a spreadsheet took it for an amount:"
            " make its column text, and write the number again)"
        )
    try:
        if not _TYPED.fullmatch(typed):
            raise ValueError(f"not a phone number: {text!r}")
        number = phonenumbers.parse(_DIALLED_ABROAD.sub("+", typed, count=1), region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"not a phone number: {text!r}") from error
    if not _could_be_mobile(number):
        raise ValueError(f"not a phone number: {text!r} (of a mobile)")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_msisdn(msisdn: str) -> str:
    """`+254711000111` -> `+25471***111`: what logs and other people see."""
    return f"{msisdn[:6]}***{msisdn[-3:]}"


def masked_at_home(msisdn: str) -> str:
    """`+254722000123` -> `07xx xxx 123`, as the number is dialled in its country: what an operator
    sees who may not see numbers. What is no number of any country keeps its last three digits."""
    try:
        number = phonenumbers.parse(msisdn)
        dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    except phonenumbers.NumberParseException:
        dialled = msisdn
    digits = re.sub("[^0-9]", "", dialled)
    hidden = digits[:2] + "x" * (len(digits) - 5) + digits[-3:]
    return f"{hidden[:-6]} {hidden[-6:-3]} {hidden[-3:]}"


def region_of(msisdn: str) -> str | None:
    """The region (ISO 3166) of an E.164 number; `001` for satellite and premium numbers of the
    world, None for a number of no region."""
    try:
        number = phonenumbers.parse(msisdn)
    except phonenumbers.NumberParseException:
        return None
    region: str | None = phonenumbers.region_code_for_number(number)
    return region


def national_digits(msisdn: str) -> str:
    """The national number of an E.164 number with every zero that is part of it:
    `+242061234567` -> `061234567`, `+254711000111` -> `711000111`."""
    return phonenumbers.national_significant_number(phonenumbers.parse(msisdn))


def country_code(region: str) -> str:
    """The country code of a region (ISO 3166) as E.164 numbers begin: `KE` -> `+254`."""
    return f"+{phonenumbers.country_code_for_region(region)}"


def mobile_pattern(region: str) -> str:
    """A regular expression for the E.164 numbers that a mobile of the region could have, by their
    length and first digit: for PostgreSQL, which knows no lists of numbers."""
    code = country_code(region)
    mobile, known = _first_digits(int(code))
    begins = "".join(sorted(mobile | (frozenset("123456789") - known)))
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    lengths = metadata.mobile.possible_length if metadata and metadata.mobile else ()
    more = "|".join(rf"[0-9]{{{length - 1}}}" for length in lengths or () if length > 0)
    return rf"^\{code}[{begins}]({more})$"


def _could_be_mobile(number: PhoneNumber) -> bool:
    """Whether it has the length of its country's mobile numbers, and begins like one of them.

    The list of prefixes is always older than the newest prefix: only the first digit counts, and
    one that no number of the country is known to have passes. A zero passes only where mobile
    numbers begin with it: elsewhere it is what people dial in front of a number at home.
    """
    possible = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    if possible != ValidationResult.IS_POSSIBLE:
        return False
    if phonenumbers.is_valid_number(number):
        # Where a country's list tells mobiles from the others by more than the first digit.
        return phonenumbers.number_type(number) in _MOBILE_TYPES
    first = phonenumbers.national_significant_number(number)[0]
    mobile, known = _first_digits(number.country_code or 0)
    return first in mobile or (first != "0" and first not in known)


@cache
def _first_digits(country_code: int) -> tuple[frozenset[str], frozenset[str]]:
    """The first digits of a country's mobile numbers, and of all of its numbers."""
    region = phonenumbers.region_code_for_country_code(country_code)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    if metadata is None:
        return frozenset(), frozenset()
    return _begins(metadata.mobile), _begins(metadata.general_desc)


def _begins(numbers: phonenumbers.PhoneNumberDesc | None) -> frozenset[str]:
    """Try each digit with every three that may follow: patterns tell no more than four apart."""
    if numbers is None or not numbers.national_number_pattern:
        return frozenset()
    matches = re.compile(numbers.national_number_pattern).fullmatch
    lengths = [length for length in numbers.possible_length or () if length > 0]
    return frozenset(
        digit
        for digit in "0123456789"
        if any(
            matches(f"{digit}{following:03d}".ljust(length, "2"))
            for length in lengths
            for following in range(1000)
        )
    )
