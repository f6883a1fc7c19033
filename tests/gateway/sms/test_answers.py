"""What people write and what they get: one answer a text, of two parts at most, about their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import create_engine, text

from core.errors import Refused
from core.usecases.messages.inbound import InboundText
from gateway.limits import Limits, SerialGuesses
from gateway.sms.answers import answer_text
from gateway.sms.keywords import WORDS
from operations.embedded.services import Services
from tests.gateway.sms.sms_scenario import SmsScenario
from tests.support.builders import insert_agent, insert_device, insert_manufacturer
from tests.support.cast import (
    AMINA,
    BARAKA,
    JUMA,
    KIT,
    METER,
    NEEMA,
    STOCK_METER,
    STRANGER,
)
from tests.support.scenario import NOW, make_scenario
from tests.support.services import clone

SECOND = "+254711000091"


@pytest.fixture
def phones(database_url: str, redis: Redis) -> Iterator[SmsScenario]:
    engine = create_engine(database_url)
    yield SmsScenario(make_scenario(engine), SerialGuesses(Limits(redis)))
    engine.dispose()


def give(phones: SmsScenario, serial: str, msisdn: str) -> None:
    """A further meter of a customer's, which takes no codes."""
    with phones.scenario.engine.begin() as connection:
        owner = connection.execute(
            text("SELECT customer_id FROM customer_msisdns WHERE msisdn = :m"), {"m": msisdn}
        ).scalar_one()
        tariff = connection.execute(text("SELECT id FROM tariffs LIMIT 1")).scalar_one()
        insert_device(
            connection,
            serial=serial,
            manufacturer_id=insert_manufacturer(connection),
            owner_id=owner,
            tariff_id=tariff,
            assigned_on=NOW.date(),
        )


def test_the_same_text_again_is_not_answered_and_does_nothing(phones: Any) -> None:
    again = InboundText("at", "same", AMINA, f"PAY {METER} 500")
    with phones.scenario.open_unit() as unit:
        assert answer_text(unit, again, phones.guesses)
    with phones.scenario.open_unit() as unit:
        assert not answer_text(unit, again, phones.guesses)

    assert len(phones.prompts()) == 1
    assert phones.scenario.rows("SELECT count(*) FROM sms") == [(1,)]


# BAL and LOAN


def test_balance_says_what_is_due_the_credit_and_what_comes_next(phones: Any) -> None:
    assert phones.text(AMINA, "bal").startswith("Due now KES 300. Credit KES 0. Next: ")


def test_balance_of_a_device_says_how_it_stands(phones: Any) -> None:
    assert (
        phones.text(BARAKA, f"BAL {KIT}")
        == f"{KIT}: KES 600 left, 0 days. Due now KES 0. Credit KES 0."
    )
    assert phones.text(AMINA, "bal 0100-0000-016").startswith(f"{METER}: pay as you go.")


@pytest.mark.parametrize("serial", [KIT, STOCK_METER, "NOSUCH"])
def test_of_a_device_that_is_not_theirs_nobody_learns_even_whether_it_exists(
    phones: Any, serial: str
) -> None:
    for keyword in ("BAL", "TOKEN"):
        assert phones.text(AMINA, f"{keyword} {serial}") == (
            f"You have no device {serial}. Check the number."
        )


def test_loan_says_what_is_left_or_that_there_is_none(phones: Any) -> None:
    assert phones.text(AMINA, "LOAN") == (
        "Left on your loans KES 600, instalments to go 2, due now KES 300."
    )
    assert phones.text(NEEMA, "MKOPO") == "Huna mkopo."


@pytest.mark.parametrize("word", ["BAL", "LOAN", "TOKEN"])
def test_a_stranger_is_told_that_only_customers_can_ask(phones: Any, word: str) -> None:
    assert phones.text(STRANGER, word).startswith("This number is not a customer's.")


def test_an_agent_who_is_a_customer_too_is_answered_as_one(phones: Any) -> None:
    with phones.scenario.engine.begin() as connection:
        insert_agent(connection, msisdn=AMINA, pin_hash="x")

    assert phones.text(AMINA, "BAL").startswith("Due now KES 300.")
    assert "REG serial" in phones.text(AMINA, "HELP")


# PAY


@pytest.mark.parametrize(
    "body",
    [
        f"PAY {METER} 500",
        "pay 0100-0000 016 500",
        "pay01000000016 500",
        "LIPA 01000000016 KES 500/=",
        "payer 500 pour 0100 0000 016",
        "Pay 500",  # she has one device
        "pay O1OOOOOOO16 500",
        "pay O1000000OI6 500",
    ],
)
def test_pay_asks_for_the_money_on_the_senders_phone(phones: Any, body: str) -> None:
    assert phones.text(AMINA, body) == (
        f"Check your phone: approve KES 500 for {METER} with your mobile money PIN."
        " It goes to: loan 300, 2.0 kWh."
    )
    assert phones.prompts() == [(AMINA, METER, 500_00, "device")]


def test_paying_for_another_customers_device_does_not_show_what_the_money_will_do(
    phones: Any,
) -> None:
    for payer in (BARAKA, STRANGER):
        assert phones.text(payer, f"PAY {METER} 500") == (
            f"Check your phone: approve KES 500 for {METER} with your mobile money PIN."
        )


def test_pay_can_be_for_the_loan_only(phones: Any) -> None:
    assert "It goes to: loan 400." in phones.text(AMINA, f"PAY {METER} LOAN 400")
    assert phones.prompts() == [(AMINA, METER, 400_00, "loan")]


def test_pay_can_name_a_customers_account(phones: Any) -> None:
    account = phones.scenario.account_of(AMINA)
    assert "It goes to: loan 400." in phones.text(AMINA, f"PAY {account} 400")
    assert "It goes to" not in phones.text(STRANGER, f"PAY {account.lower()} 300")
    assert (
        phones.scenario.rows(
            "SELECT account_reference, device_id, purpose FROM prompts ORDER BY id"
        )
        == [(account, None, "loan")] * 2
    )


@pytest.mark.parametrize("payer", [BARAKA, STRANGER])
def test_a_serial_like_another_customers_is_not_guessed(phones: Any, payer: str) -> None:
    assert phones.text(payer, "PAY O1OOOOOOO16 500") == (
        "We know no device O1OOOOOOO16. Check the number."
    )
    assert phones.prompts() == []


def test_a_serial_that_looks_like_two_of_their_own_is_not_guessed(phones: Any) -> None:
    give(phones, "M1O0", AMINA)
    give(phones, "M10O", AMINA)

    assert phones.text(AMINA, "PAY M100 500") == "We know no device M100. Check the number."
    assert "M1O0" in phones.text(AMINA, "PAY M1O0 500")


def test_of_two_readings_that_both_exist_none_is_taken(phones: Any) -> None:
    give(phones, "100", AMINA)
    give(phones, "1001", AMINA)

    assert phones.text(AMINA, "PAY 100 1 500").startswith("Write PAY,")
    assert phones.text(AMINA, "PAY 100 1,500").startswith("Check your phone: approve KES 1500")


@pytest.mark.parametrize("body", ["PAY", "PAY tomorrow", f"PAY {METER}", "PAY 0100 zero", "PAY me"])
def test_what_lacks_an_amount_is_answered_with_the_form(phones: Any, body: str) -> None:
    assert phones.text(AMINA, body).startswith("Write PAY, the serial number and the amount")
    assert phones.prompts() == []


def test_with_two_devices_the_amount_alone_is_not_enough(phones: Any) -> None:
    give(phones, "M2000", AMINA)

    assert phones.text(AMINA, "PAY 500").startswith("Write PAY,")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("PAY NOSUCH 500", "We know no device NOSUCH. Check the number."),
        (f"PAY {STOCK_METER} 500", f"{STOCK_METER} is not registered to anybody yet."),
        (f"PAY {METER} 0.50", "Please pay in steps of KES 1."),
        (f"PAY {METER} 900000", "The most at once is KES 250,000."),
    ],
)
def test_a_payment_that_is_refused_is_refused_in_words(phones: Any, body: str, answer: str) -> None:
    assert phones.text(AMINA, body) == answer
    assert phones.prompts() == []


def test_nobody_finds_out_by_trying_which_serials_exist(phones: Any) -> None:
    for _ in range(20):
        phones.guesses.missed(STRANGER)

    assert phones.text(STRANGER, f"PAY {METER} 500") == (
        "Too many wrong numbers. Please try again in an hour."
    )
    assert "Check your phone" in phones.text(AMINA, f"PAY {METER} 500")


def test_wrong_serials_in_the_menu_and_in_texts_count_together(phones: Any) -> None:
    for _ in range(19):
        phones.guesses.missed(STRANGER)
    phones.text(STRANGER, f"PAY {STOCK_METER} 500")

    with pytest.raises(Refused, match="too_many_guesses"):
        phones.guesses.check(STRANGER)


# TOKEN


def test_token_sends_the_last_one_to_the_number_that_asked(phones: Any) -> None:
    phones.scenario.pay("R1", METER, 500_00)
    phones.scenario.apply()
    phones.run(
        "INSERT INTO customer_msisdns SELECT :m, customer_id, 1 FROM customer_msisdns"
        " WHERE msisdn = :amina",
        m=SECOND,
        amina=AMINA,
    )

    for number, body in ((AMINA, "TOKEN"), (SECOND, f"tokn {METER}"), (SECOND, "JETON")):
        phones.scenario.ahead += timedelta(seconds=5)
        assert phones.text(number, body).startswith("Token ")


def test_without_a_token_that_is_said(phones: Any) -> None:
    assert phones.text(AMINA, "TOKEN") == "There is no token for your device yet."


# LANG


@pytest.mark.parametrize("body", ["LANG sw", "lugha Kiswahili", "LANGUE swahili", "language SW"])
def test_the_language_changes_for_a_customer_a_stranger_and_an_agent(
    phones: Any, body: str
) -> None:
    for number in (AMINA, STRANGER, JUMA):
        assert phones.text(number, body) == "Tutakuandikia kwa Kiswahili kuanzia sasa."
        assert phones.text(number, "MSAADA").startswith("Jua Energy: SA")


def test_french_is_spoken_where_the_market_does(phones: Any) -> None:
    assert phones.text(AMINA, "LANG fr") == "That language is not spoken here."

    phones.run("UPDATE market SET languages = '{en,sw,fr}'")
    assert phones.text(AMINA, "LANG francais") == "Nous vous écrirons en francais."
    assert phones.text(AMINA, "SOLDE").startswith("A payer KES 300. Avoir KES 0.")


@pytest.mark.parametrize(
    ("body", "answer"),
    [("LANG", "Write LANG and the language"), ("LANG zz", "That language is not spoken here.")],
)
def test_a_language_that_is_not_named_or_not_known_changes_nothing(
    phones: Any, body: str, answer: str
) -> None:
    assert phones.text(AMINA, body).startswith(answer)
    assert phones.text(AMINA, "HELP").startswith("Jua Energy: BAL")


# STOP and START


def test_stop_and_start_are_about_reminders_only(phones: Any) -> None:
    assert phones.text(AMINA, "STOP").startswith(
        "No more reminders. Receipts and tokens still come."
    )
    assert phones.scenario.rows("SELECT msisdn FROM no_reminders") == [(AMINA,)]

    phones.scenario.pay("R1", METER, 500_00)
    phones.scenario.apply()
    assert phones.scenario.rows("SELECT count(*) FROM sms WHERE kind = 'receipt_token'") == [(1,)]

    assert phones.text(AMINA, "anza").startswith("You will be reminded")
    assert phones.scenario.rows("SELECT msisdn FROM no_reminders") == []


# Everything else


def test_unknown_words_get_help_once_an_hour(phones: Any) -> None:
    assert phones.text(STRANGER, "hello there").startswith("Jua Energy: BAL what you owe.")
    assert phones.text(STRANGER, "anybody?") is None
    assert phones.text(AMINA, "hello").startswith("Jua Energy:")

    phones.scenario.ahead = timedelta(minutes=59)
    assert phones.text(STRANGER, "hello") is None
    phones.scenario.ahead = timedelta(hours=1, seconds=1)
    assert phones.text(STRANGER, "hello").startswith("Jua Energy:")


def test_the_same_answer_comes_twice_and_then_not_for_a_while(phones: Any) -> None:
    """A phone that answers our texts by itself falls silent."""
    answers = [phones.text(STRANGER, "Help is on the way") for _ in range(4)]
    assert [answer is not None for answer in answers] == [True, True, False, False]

    phones.scenario.ahead = timedelta(minutes=16)
    assert phones.text(STRANGER, "HELP").startswith("Jua Energy:")


@pytest.mark.parametrize(("every", "most"), [(timedelta(), 10), (timedelta(minutes=20), 30)])
def test_a_number_gets_ten_answers_an_hour_and_thirty_a_day(
    phones: Any, every: timedelta, most: int
) -> None:
    answered = 0
    for number in range(40):
        phones.scenario.ahead += every
        answered += phones.text(AMINA, f"BAL X{number}") is not None

    assert answered == most
    assert phones.text(AMINA, f"PAY {METER} 100") is None
    assert phones.scenario.rows("SELECT count(*) FROM prompts") == [(0,)]
    assert phones.text(AMINA, "STOP") is None
    assert phones.scenario.rows("SELECT count(*) FROM no_reminders") == [(1,)]


def test_an_agent_registers_a_village_by_sms_in_an_hour(phones: Any) -> None:
    answers = [phones.text(JUMA, f"REG X{number} 0722000001 KIB home A B") for number in range(70)]

    assert [answer is not None for answer in answers] == [True] * 60 + [False] * 10


@pytest.mark.parametrize(
    "number", ["+881612345678", "+97912345678", "+12425551234", "+37120345678", "+256772000001"]
)
def test_strangers_of_other_countries_hear_nothing(phones: Any, number: str) -> None:
    assert phones.text(number, "HELP") is None
    phones.scenario.run("UPDATE market SET sms_countries = '{UG}'")
    assert (phones.text(number, "HELP") is not None) == number.startswith("+256")


OTHERS = ("Baraka", "Chidi", "Wekesa", "Neema", "Achieng")


@pytest.fixture(scope="module")
def module_phones(migrated: Services) -> Iterator[SmsScenario]:
    with clone(migrated) as url, Redis.from_url(migrated.redis_url) as redis:
        engine = create_engine(url)
        yield SmsScenario(make_scenario(engine), SerialGuesses(Limits(redis)))
        engine.dispose()


_KEYWORDS = st.sampled_from(
    [word for words in WORDS.values() for w in words.values() for word in w]
)
_ARGUMENT = st.one_of(
    st.sampled_from([METER, KIT, STOCK_METER, "500", "1,500", "LOAN", "sw", "fr", JUMA, "KIB"]),
    st.text(max_size=20),
)
_TEXTS = st.one_of(
    st.text(max_size=160),
    st.tuples(_KEYWORDS, st.lists(_ARGUMENT, max_size=7)).map(lambda t: " ".join([t[0], *t[1]])),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sender=st.sampled_from([AMINA, STRANGER, JUMA]), body=_TEXTS)
def test_whatever_is_written_is_answered_shortly_and_about_nobody_else(
    module_phones: SmsScenario, sender: str, body: str
) -> None:
    module_phones.scenario.ahead += timedelta(hours=2)
    if "\x00" in body:
        body = body.replace("\x00", "")

    answer = module_phones.text(sender, body)

    for name in OTHERS:
        assert name not in (answer or "") or name.lower() in body.lower()
