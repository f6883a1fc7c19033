"""Readings of the words after a keyword: serial number and amount, or the fields of a registration.

A reading is a possibility: the caller finds out whether such a device exists. No digit is ever
corrected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.money import parse_minor
from core.msisdn import parse_msisdn
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.registration.by_sms import RegistrationRequest
from gateway.sms.keywords import fold

# Words people put around an amount or a serial number.
_MONEY = ("KES", "KSH", "KSHS", "SH", "SHS", "SHILLINGS", "BOB", "UGX", "USH", "FCFA", "CFA", "F")
_POLITE = ("PLEASE", "PLS", "TAFADHALI", "SVP", "MERCI", "THANKS", "ASANTE")
_FOR = ("FOR", "TO", "KWA", "YA", "POUR", "SUR")
_SHORTEST_PHONE_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a payment. `serial` is as typed, without separators; None when only an amount
    was given."""

    serial: str | None
    amount_minor: int


def payment_readings(words: Sequence[str], currency: str) -> list[Reading]:
    """All readings of `0100-0000 016 500`, `0100 1 500`, `KES 500 for 0100`, the likeliest first.

    A serial number may be typed in groups, and an amount of four digits or more in two.
    """
    pieces = [piece for word in words for piece in word.split("-") if piece]
    _drop(pieces, -1, (*_POLITE, *_MONEY))
    _drop(pieces, 0, _FOR)
    found: list[Reading] = []
    for serial, amount in (*_amount_last(pieces), *_amount_first(pieces)):
        minor = _minor(amount, currency)
        reading = Reading("".join(serial) or None, minor or 0)
        if minor is not None and reading not in found:
            found.append(reading)
    return found


def _amount_last(pieces: list[str]) -> list[tuple[list[str], str]]:
    if not pieces:
        return []
    before = pieces[:-1]
    _drop(before, -1, _MONEY)
    grouped = (
        [(pieces[:-2], "".join(pieces[-2:]))]
        if len(pieces) > 2
        and re.fullmatch("[1-9][0-9]{0,2}", pieces[-2])
        and re.fullmatch("[0-9]{3}", pieces[-1])
        else []
    )
    return [(before, pieces[-1]), *grouped]


def _amount_first(pieces: list[str]) -> list[tuple[list[str], str]]:
    after = list(pieces)
    _drop(after, 0, _MONEY)
    if len(after) < 2:
        return []
    amount = after.pop(0)
    _drop(after, 0, (*_MONEY, *_FOR))
    return [(after, amount)] if after else []


def _drop(pieces: list[str], end: int, noise: tuple[str, ...]) -> None:
    """Remove polite words, currencies and the like from one end of the pieces."""
    while pieces and fold(pieces[end]).strip(".") in noise:
        pieces.pop(end)


def _minor(typed: str, currency: str) -> int | None:
    """`500`, `1,250`, `Ksh500/=`, `500.` in minor units; None when it is no amount."""
    plain = re.sub(r"/?[=-]*$", "", typed).replace(",", "").strip(".")
    around = "|".join((*_MONEY, currency))
    plain = re.sub(rf"(?i)^({around})\.?|({around})$", "", plain)
    if re.match("0[0-9]", plain):
        return None  # the last group of a serial
    try:
        return parse_minor(plain, currency)
    except ValueError:
        return None


def registration_request(words: Sequence[str], country: str) -> RegistrationRequest | None:
    """Read `serial phone village tariff-or-plan name surname`; None when it has another form.

    The serial number, which may be in groups, ends where the phone number begins.
    """
    for place in range(1, len(words) - 2):
        phone = _phone(words[place], country)
        if phone is not None:
            village, terms, *names = words[place + 1 :]
            customer = NewCustomer(
                phone,
                name=names[0] if names else "",
                surname=" ".join(names[1:]),
                village=village.strip("-"),
            )
            return RegistrationRequest("".join(words[:place]), customer, terms)
    return None


def _phone(word: str, country: str) -> str | None:
    if len(re.findall("[0-9]", word)) < _SHORTEST_PHONE_DIGITS:
        return None
    try:
        return parse_msisdn(word, country)
    except ValueError:
        return None
