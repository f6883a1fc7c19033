"""Readers: lenient about form, strict about meaning."""

from typing import Any

import pytest

from core.money import Money
from gateway.ussd_menus.readers import (
    Amount,
    NumberReader,
    Phone,
    Pin,
    Reader,
    Serial,
    TextReader,
    accepts,
)
from tests.support.toy_menu import MARKET


@pytest.mark.parametrize(
    ("reader", "typed", "value"),
    [
        (Amount, "500", Money(50000, "KES")),
        (Amount, "1,250", Money(125000, "KES")),
        (Amount, "1 250.50", Money(125050, "KES")),
        (Amount, "1\u00a0250\u200e", Money(125000, "KES")),
        (Amount, "KES 500", Money(50000, "KES")),
        (Amount, "ksh500", Money(50000, "KES")),
        (Amount, "Ksh. 500", Money(50000, "KES")),
        (Serial, "0100 234-5", "01002345"),
        (Serial, "shs-0007", "SHS0007"),
        (Phone, "0711000111", "+254711000111"),
        (Phone, "+254 711 000 111", "+254711000111"),
        (Phone, "00254711000111", "+254711000111"),
        (Pin, "4321", "4321"),
        (TextReader(), "  Amina   wa Juma ", "Amina wa Juma"),
        (TextReader(max_length=4), "Amina", "Amin"),
        (TextReader(), "O\u200bdhiambo\u00a0Kɔfi", "Odhiambo Kɔfi"),
        (NumberReader(maximum=520), "520", 520),
    ],
)
def test_what_was_meant_is_read(reader: Reader[Any], typed: str, value: object) -> None:
    assert reader.read(typed, MARKET) == value


@pytest.mark.parametrize(
    ("reader", "typed"),
    [
        *[(Amount, typed) for typed in ("0", "00", "0.00", "-5", "5e3", "abc", "5*0", "500.123")],
        *[(Amount, typed) for typed in ("150,50", "1500,00", "1,2", "12,50,000", "5 00")],
        (Amount, "USD 500"),
        *[(Serial, typed) for typed in ("0", "00", "98", "12", "M#1", "x" * 33)],
        *[(Phone, typed) for typed in ("0", "00", "12", "phone", "07110001112223334")],
        *[(Pin, typed) for typed in ("123", "1234567", "12a4", "0", "00")],
        *[(TextReader(), typed) for typed in ("0", "00", "98", "!!", "a\x00")],
        *[(NumberReader(maximum=520), typed) for typed in ("0", "521", "1.5", "x", "9" * 30)],
    ],
)
def test_what_could_mean_something_else_is_not(reader: Reader[Any], typed: str) -> None:
    assert not accepts(reader, typed, MARKET)
