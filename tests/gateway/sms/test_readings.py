"""Readings of a payment and of a registration, as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sms.keywords import parse
from gateway.sms.readings import Reading, payment_readings, registration_request


def read(body: str) -> list[tuple[str | None, float]]:
    command = parse(f"PAY {body}")
    assert command is not None
    return [
        (reading.serial, reading.amount_minor / 100)
        for reading in payment_readings(command.words, "KES")
    ]


@pytest.mark.parametrize(
    ("body", "readings"),
    [
        ("", []),
        ("tomorrow", []),
        ("500", [(None, 500)]),
        ("500.50", [(None, 500.5)]),
        ("0100 500", [("0100", 500)]),
        ("0100-0000 016 500", [("01000000016", 500)]),
        ("0100-0000-016-500", [("01000000016", 500)]),
        ("LAMP 100 500", [("LAMP100", 500), ("LAMP", 100500)]),
        ("LAMP100 1,500", [("LAMP100", 1500)]),
        ("LAMP100 KES 1,500.00", [("LAMP100", 1500)]),
        ("LAMP100 Ksh1500/=", [("LAMP100", 1500)]),
        ("LAMP100 1500/- please", [("LAMP100", 1500)]),
        ("LAMP100 500 bob", [("LAMP100", 500)]),
        ("0100 LOAN 500", [("0100LOAN", 500)]),
        # The amount first, or in two groups: all readings, and the caller finds out which exists.
        ("500 for LAMP100", [("LAMP100", 500)]),
        ("500 kwa 0100", [("0100", 500)]),
        ("KES 500 for 0100", [("0100", 500)]),
        ("500 100", [("500", 100), ("100", 500)]),
        ("0100 1 500", [("01001", 500), ("0100", 1500)]),
        ("0100 0", [("0100", 0)]),
        ("0100 -500", [("0100", 500)]),
        ("0100 5e3", []),
        ("0100 99999999999999999999", []),
    ],
)
def test_every_reading_of_a_payment_is_found_and_no_other(
    body: str, readings: list[tuple[str | None, int | float]]
) -> None:
    assert read(body) == readings


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_words_at_all_are_read_without_failing(words: list[str]) -> None:
    for reading in payment_readings(words, "KES"):
        assert isinstance(reading, Reading)
        assert reading.amount_minor >= 0
    registration_request(words, "KE")


def test_a_registration_is_read_by_the_place_of_the_phone_number() -> None:
    request = registration_request(
        ["0100", "0000", "024", "0711000222", "KIB", "home", "Asha", "wa", "Mwangi"], "KE"
    )

    assert request is not None
    customer = request.customer
    assert (request.serial, customer.msisdn) == ("01000000024", "+254711000222")
    assert (customer.village, request.terms) == ("KIB", "home")
    assert (customer.name, customer.surname) == ("Asha", "wa Mwangi")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "0100",
        "0711000222 KIB home Asha Mwangi",  # no serial
        "01000000024 KIB home Asha Mwangi",  # no phone
        "01000000024 0711000222 KIB",  # no tariff
        "01000000024 071100022 KIB home Asha Mwangi",  # a digit short
        "01000000024 0201234567 KIB home Asha Mwangi",  # a fixed line
        "01000000024 0711000222/0722000333 KIB home Asha Mwangi",  # two phones
    ],
)
def test_what_lacks_a_part_is_no_registration(body: str) -> None:
    assert registration_request(body.split(), "KE") is None


def test_the_phone_of_a_registration_is_read_as_people_write_it() -> None:
    words = ["01000000024", "\u202a00254711000222\u202c", "KIB", "home", "Asha", "Mwangi"]
    request = registration_request(words, "KE")
    assert request is not None
    assert request.customer.msisdn == "+254711000222"


def test_a_registration_may_leave_out_the_village_and_the_name() -> None:
    request = registration_request(["LAMP300", "+254711000222", "-", "kit/12W"], "KE")

    assert request is not None
    customer = request.customer
    assert (customer.village, customer.name, customer.surname) == ("", "", "")
