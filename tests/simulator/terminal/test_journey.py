"""The language of journeys: what it reads, and when it tells."""

import pytest

from simulator.terminal.journey import (
    Line,
    Money,
    parse,
    read_lines,
    read_paybill,
    read_prompt,
    seen,
    token_in,
)


def test_a_screen_runs_on_until_the_next_word_or_an_empty_line():
    text = "# remark\nphone Amina\ndial *384*96#\nCON Hello\n1 Pay\n...\n> 1\n\nEND Bye\n> "
    assert parse(text) == [
        Line(2, "phone", "Amina"),
        Line(3, "dial", "*384*96#"),
        Line(4, "CON", "Hello\n1 Pay\n..."),
        Line(7, ">", "1"),
        Line(9, "END", "Bye"),
        Line(10, ">", ""),
    ]


def test_what_is_typed_is_told_before_the_next_line_is_there():
    written = iter(["phone Amina", "> 1"])
    lines = read_lines(written)
    assert next(lines).rest == "Amina"
    assert next(written) == "> 1"


@pytest.mark.parametrize("text", ["shout", "> 1\n2", "CON a\n\nb", "sms Amina: x\n\ny"])
def test_a_line_with_no_known_word_that_continues_nothing_is_refused(text):
    with pytest.raises(ValueError, match="is nothing a journey knows"):
        parse(text)


def test_what_is_wanted_may_hold_gaps():
    assert seen("CON ...\n0 Back", "CON a\nb\n0 Back")
    assert not seen("CON a", "CON a b")


def test_payments_are_read_with_accounts_of_several_words():
    assert read_prompt("a newcomer KES 500 for M 1 LOAN: pin 1234") == Money(
        "a newcomer", "500", "M 1 LOAN", "pin 1234"
    )
    assert read_prompt("Amina UGX 1500 for M1: cancel").outcome == "cancel"
    assert read_paybill("Amina KES 12.50 to M1: C2B00012") == Money(
        "Amina", "12.50", "M1", "C2B00012"
    )


@pytest.mark.parametrize("rest", ["", "Amina 500 for M1: pin 1234", "Amina KES 500 for M1: yes"])
def test_a_payment_that_is_not_written_right_says_how_it_is(rest):
    with pytest.raises(ValueError, match="a prompt reads"):
        read_prompt(rest)
    with pytest.raises(ValueError, match="paybill reads"):
        read_paybill(rest)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Token 1234 5678 9012 for M1. Paid", "1234 5678 9012"),
        ("Jeton *123 456 789# pour M1", "*123 456 789#"),
        ("Tokeni 123456789 ya M1", "123456789"),
        ("No token here. Ref T123", None),
    ],
)
def test_the_code_of_a_text_is_found(text, code):
    assert token_in(text) == code
