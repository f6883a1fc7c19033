"""The language of journeys: how its steps are parsed, and when each is returned."""

import pytest

from simulator.terminal.journey import (
    PaymentStep,
    Step,
    find_token,
    matches,
    parse,
    parse_paybill,
    parse_prompt,
    read_steps,
)


def test_a_screen_continues_until_the_next_word_or_an_empty_line() -> None:
    text = "# remark\nphone Amina\ndial *384*96#\nCON Hello\n1 Pay\n...\n> 1\n\nEND Bye\n> "
    assert parse(text) == [
        Step(2, "phone", "Amina"),
        Step(3, "dial", "*384*96#"),
        Step(4, "CON", "Hello\n1 Pay\n..."),
        Step(7, ">", "1"),
        Step(9, "END", "Bye"),
        Step(10, ">", ""),
    ]


def test_a_one_line_step_is_returned_before_the_next_line_is_read() -> None:
    lines = iter(["phone Amina", "> 1"])
    steps = read_steps(lines)
    assert next(steps).rest == "Amina"
    assert next(lines) == "> 1"


@pytest.mark.parametrize("text", ["shout", "> 1\n2", "CON a\n\nb", "sms Amina: x\n\ny"])
def test_a_line_with_an_unknown_word_that_continues_no_step_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is nothing a journey knows"):
        parse(text)


def test_three_dots_match_any_text() -> None:
    assert matches("CON ...\n0 Back", "CON a\nb\n0 Back")
    assert not matches("CON a", "CON a b")


def test_payments_are_parsed_with_accounts_of_several_words() -> None:
    assert parse_prompt("a newcomer KES 500 for M 1 LOAN: pin 1234") == PaymentStep(
        "a newcomer", "500", "M 1 LOAN", "pin 1234"
    )
    assert parse_prompt("Amina UGX 1500 for M1: cancel").outcome == "cancel"
    assert parse_paybill("Amina KES 12.50 to M1: C2B00012") == PaymentStep(
        "Amina", "12.50", "M1", "C2B00012"
    )


@pytest.mark.parametrize("rest", ["", "Amina 500 for M1: pin 1234", "Amina KES 500 for M1: yes"])
def test_the_error_of_an_invalid_payment_shows_the_right_form(rest: str) -> None:
    with pytest.raises(ValueError, match="a prompt reads"):
        parse_prompt(rest)
    with pytest.raises(ValueError, match="paybill reads"):
        parse_paybill(rest)


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("Token 1234 5678 9012 for M1. Paid", "1234 5678 9012"),
        ("Jeton *123 456 789# pour M1", "*123 456 789#"),
        ("Tokeni 123456789 ya M1", "123456789"),
        ("No token here. Ref T123", None),
    ],
)
def test_the_token_of_a_message_is_found(text: str, token: str | None) -> None:
    assert find_token(text) == token
