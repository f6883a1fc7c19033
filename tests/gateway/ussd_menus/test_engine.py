"""The engine on a toy menu: what is typed, what is seen."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.network_limits import PREFIX, SMALLEST_SCREEN
from gateway.ussd_menus.engine import Step, advance, finish, refuse, start
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.session import EffectKey, InterruptedSession, UssdSession
from gateway.ussd_menus.turn import CallerContext
from tests.support.toy_menu import (
    AMINA,
    BARAKA,
    CHIDI,
    DEVICES,
    JUMA,
    NEEMA,
    NOW,
    context_of,
    kes,
    owe,
    toy_menu,
)

BUDGET = SMALLEST_SCREEN - PREFIX
KEY, OTHER = EffectKey("here"), EffectKey("there")
NOT_LISTED = "Please answer with a number of the list."


@pytest.fixture(scope="module")
def menu() -> Menu:
    return toy_menu()


class Talk:
    """A caller at the engine, with the session going through JSON between turns."""

    def __init__(self, menu: Menu, msisdn: str) -> None:
        self.menu, self.context = menu, context_of(msisdn)
        self.step = start(menu, self.context, BUDGET, KEY)

    @property
    def session(self) -> UssdSession:
        return UssdSession.from_json(json.loads(json.dumps(self.step.session.to_json())))

    def __call__(self, *answers: str) -> str:
        for typed in answers:
            self.step = advance(self.menu, self.session, typed, context_of(self.context.msisdn))
        return self.text

    @property
    def text(self) -> str:
        assert self.step.page is not None
        return self.step.page.text


@pytest.fixture
def amina(menu: Menu) -> Talk:
    return Talk(menu, AMINA)


@pytest.fixture
def baraka(menu: Menu) -> Talk:
    return Talk(menu, BARAKA)


def test_a_route_shows_each_role_its_own_home(menu: Menu) -> None:
    assert Talk(menu, AMINA).text == "Karibu Amina\n1 Pay\n2 What I owe\n3 Language"
    assert Talk(menu, JUMA).text == "Karibu Juma\n1 Collect cash"
    assert Talk(menu, NEEMA).text == "Jua Energy\n1 Pay"


def test_a_hidden_option_keeps_its_number(menu: Menu) -> None:
    chidi = Talk(menu, CHIDI)

    assert chidi.text == "Karibu Chidi\n1 Pay\n3 Language"
    assert chidi("2").startswith(NOT_LISTED)


def test_the_only_device_is_passed_over_and_back_lands_on_the_list(amina: Talk) -> None:
    assert amina("1").startswith("M1001 owes KES 300.")
    assert amina("0") == "Pay for?\n1 M1001 meter\n2 Another serial\n0 Back"
    assert amina("2").startswith("Serial number?")
    assert amina("0").startswith("Pay for?")


def test_without_a_device_one_goes_straight_to_another_serial(menu: Menu) -> None:
    chidi = Talk(menu, CHIDI)

    assert chidi("1").startswith("Serial number?")
    assert chidi("0") == "You have no device.\n1 Another serial\n0 Back"


def test_a_row_means_what_the_caller_saw_whatever_has_changed_since(
    baraka: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    baraka("1")

    monkeypatch.setitem(DEVICES, BARAKA, [("M2003", "meter")])

    assert baraka("1").startswith("M2001 owes")


def test_a_serial_may_be_typed_at_the_list(baraka: Talk) -> None:
    assert baraka("1", "m-1001").startswith("M1001 owes")


def test_back_and_home_from_anywhere(baraka: Talk) -> None:
    baraka("1", "2", "500")

    assert baraka("0").startswith("SHS2002 owes")
    assert baraka("0").startswith("Pay for?")
    assert baraka("2", "500", "00").startswith("Karibu Baraka")
    assert baraka.step.session.variables == {}


def test_home_is_offered_from_the_second_screen_on(baraka: Talk) -> None:
    assert "0 Back" not in baraka.text
    assert baraka("1").endswith("\n0 Back")
    assert baraka("1").endswith("\n0 Back 00 Home")


def test_a_list_is_paged_without_cutting_a_row(baraka: Talk) -> None:
    first, second = baraka("2"), baraka("98")

    assert first.startswith("You owe\nLoan KES 1000\n")
    assert first.endswith("\n98 More 0 Back")
    assert second.endswith("\nLoan KES 1011\n0 Back")
    rows = [line for line in (first + "\n" + second).split("\n") if line.startswith("Loan")]
    assert rows == [f"Loan KES {1000 + n}" for n in range(12)]
    assert baraka("0") == first


def test_98_is_an_answer_like_any_other_where_no_page_follows(amina: Talk) -> None:
    assert amina("1", "98").startswith("KES 98 for M1001")


def test_bad_typing_asks_again_with_the_readers_words(amina: Talk) -> None:
    assert amina("1", "abc").startswith("Please type an amount, like 500.\nM1001 owes")
    assert amina("1,250").startswith("KES 1250 for M1001")


def test_a_refusal_is_shown_above_the_question_before(amina: Talk) -> None:
    assert amina("1", "20").startswith("The least is KES 50.\nM1001 owes KES 300.\nAmount?")


def test_a_question_ends_after_its_tries(amina: Talk) -> None:
    text = amina("1", "x", "20", "y")

    assert text == (
        "Please type an amount, like 500.\nLet us stop here. Please check and dial again."
    )
    assert amina.step.page
    assert amina.step.page.ends


def test_tries_are_counted_for_each_question_separately(amina: Talk) -> None:
    assert amina("1", "x", "y", "500", "2", "z").startswith("Please type an amount")
    assert amina.step.page
    assert not amina.step.page.ends


def test_an_empty_answer_asks_again_and_costs_no_try(amina: Talk) -> None:
    amina("1")

    assert amina("", "", "", " ").startswith("M1001 owes")


def test_an_option_may_step_back(amina: Talk) -> None:
    assert amina("1", "500", "2").startswith("M1001 owes")
    assert amina("0").startswith("Pay for?")


def test_an_effect_is_data_and_leaves_the_page_to_its_outcome(amina: Talk, menu: Menu) -> None:
    amina("1", "500")
    step = advance(menu, amina.session, "1", amina.context)

    assert step.page is None
    assert step.effect is not None
    assert step.effect.do.name == "request_payment"
    assert step.effect.values == {"payer": AMINA, "serial": "M1001", "amount": kes(500)}

    done = finish(menu, step.session, step.effect, {"receipt": 12}, amina.context)
    assert done.page is not None
    assert done.page.text == "Request 12 for M1001. Check your phone."
    assert done.page.ends


def test_what_is_done_lies_behind_the_caller(baraka: Talk, menu: Menu) -> None:
    baraka("1", "2", "500")
    step = advance(menu, baraka.session, "1", baraka.context)
    assert step.effect is not None

    done = finish(menu, step.session, replace(step.effect, to=owe), {}, baraka.context)

    assert done.session.trail == ("home.customer", "debts.list")


def test_a_secret_reaches_its_effect_and_nothing_else(menu: Menu) -> None:
    juma = Talk(menu, JUMA)
    juma("1", "M1001", "500")
    step = advance(menu, juma.session, "4321", juma.context)

    assert step.effect is not None
    assert step.effect.values["pin"] == "4321"
    assert "4321" not in json.dumps(step.session.to_json())
    assert "4321" not in repr(step)


def test_a_refused_effect_asks_again_from_what_was_offered(amina: Talk, menu: Menu) -> None:
    from core.errors import Refused

    amina("1", "500")
    step = advance(menu, amina.session, "1", amina.context)

    again = refuse(menu, step.session, Refused("too_small", minimum=kes(50)))

    assert again.page is not None
    assert again.page.text.startswith("The least is KES 50.\nKES 500 for M1001")


def test_a_refusal_without_words_or_with_too_few_values_still_says_something(
    amina: Talk, menu: Menu
) -> None:
    from core.errors import Refused

    for refused in (Refused("never_heard_of"), Refused("too_small")):
        step = refuse(menu, amina.session, refused)
        assert step.page is not None
        assert step.page.text.startswith("Sorry, that cannot be done.\nKaribu")


def test_a_screen_that_a_release_took_away_leads_home_with_a_note(amina: Talk, menu: Menu) -> None:
    lost = replace(amina.session, trail=("home.customer", "payment.gone"))

    step = advance(menu, lost, "1", amina.context)

    assert step.page is not None
    assert step.page.text.startswith("Sorry, we lost our place.\nKaribu Amina")


def test_a_note_that_leaves_no_room_is_a_page_of_its_own(menu: Menu) -> None:
    baraka = Talk(menu, BARAKA)
    baraka("1")
    narrow = replace(baraka.session, budget=75)

    step = advance(menu, narrow, "7", baraka.context)

    assert step.page is not None
    assert step.page.text == f"{NOT_LISTED}\n98 More 0 Back"
    shown = advance(menu, step.session, "98", baraka.context)
    assert shown.page is not None
    assert shown.page.text.startswith("Pay for?\n1 M2001 meter")


def test_nothing_is_ever_larger_than_the_screen(menu: Menu) -> None:
    long = {AMINA: [("X" * 200, "meter")]}
    talk = Talk(menu, BARAKA)
    talk("1")
    session = replace(
        talk.session,
        offered=replace(talk.session.offered, title=f"Pay for? {long[AMINA][0][0]} or another"),
    )

    step: Step = advance(menu, session, "", talk.context)

    assert step.page is not None
    assert len(step.page.text) <= BUDGET


def test_a_dropped_conversation_goes_on_where_it_was(menu: Menu, amina: Talk) -> None:
    amina("1", "500")
    dropped = InterruptedSession(amina.session.trail, amina.session.variables, KEY.after, NOW)

    again = start(menu, amina.context, BUDGET, OTHER, dropped)
    assert again.page is not None
    assert again.page.text == "Your last call was cut off.\n1 Continue\n2 Start over"
    on = advance(menu, again.session, "1", amina.context)
    assert on.page is not None
    assert on.page.text.startswith("KES 500 for M1001")
    assert on.session.effect_key == KEY.after
    over = advance(menu, again.session, "2", amina.context)
    assert over.page is not None
    assert over.session.effect_key == OTHER
    assert over.page.text.startswith("Karibu Amina")


def test_a_screen_that_reads_nothing_opens_no_unit(menu: Menu, amina: Talk) -> None:
    def never() -> object:
        raise AssertionError("opened a unit")

    context = CallerContext(AMINA, never)  # type: ignore[arg-type]
    amina("2")

    assert advance(menu, amina.session, "0", context).page
    assert advance(menu, amina.session, "7", context).page
