"""The codes in a vendor's answer."""

from __future__ import annotations

from core.vend import Done, Unknown, VendorAbilities, clean_code, is_code


def done_with(
    abilities: VendorAbilities,
    *written: object,
    reference: str | None = None,
    units: int | None = None,
) -> Done | Unknown:
    """Return the vend with these codes, as the vendor writes them and in the order in which they
    are typed: with or without blanks and dashes, as text, or as a whole number where all codes
    have one length (a number has lost the zeros that it began with).

    Unknown where one is missing or looks like no code: the vendor may have vended all the same.
    """
    may_be_number = len(abilities.code_digits) == 1
    codes = tuple(clean_code(_as_text(code, may_be_number)) for code in written)
    if not codes or not all(is_code(code, abilities.code_digits) for code in codes):
        return Unknown("an answer without a code")
    return Done(codes, reference, units)


def _as_text(code: object, may_be_number: bool) -> str:
    if isinstance(code, str):
        return code
    is_number = isinstance(code, int) and not isinstance(code, bool)
    return str(code) if is_number and may_be_number else ""
