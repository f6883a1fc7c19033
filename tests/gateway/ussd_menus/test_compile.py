"""The compile step: one planted fault each, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from core.money import Money as MoneyValue
from core.wording.message import Message, messages_of
from core.wording.messages import engine
from core.wording.slots import DEFAULT_LIMITS, CountSlot, MoneySlot, TextSlot, VerbatimSlot
from core.wording.translation import Translation, make_wording
from gateway.ussd_menus.compile import MenuFaults, compile_menu
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.effect import build as built
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.options import Option, option
from gateway.ussd_menus.readers import Amount, NumberReader, Pin, Serial, TextReader
from gateway.ussd_menus.screen import BACK, Screen
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn
from tests.support.toy_menu import written

hello: Message[Any] = Message("t.hello", {})
yes: Message[Any] = Message("t.yes", {})
no: Message[Any] = Message("t.no", {})
bye: Message[Any] = Message("t.bye", {})
row: Message[Any] = Message("t.row", {"serial": VerbatimSlot("serial_width")})
sum_of: Message[Any] = Message("t.sum_of", {"amount": MoneySlot()})
other: Message[Any] = Message("refused.other", {})
MESSAGES = [hello, yes, no, bye, row, sum_of, other]
WORDS = {
    "refused": {"other": "Sorry."},
    "t": {
        "hello": "Hello",
        "yes": "Yes",
        "no": "No",
        "bye": "Bye",
        "row": "{serial}",
        "sum_of": "Pay {amount}?",
    },
}
serial, amount, pin = session_var("serial", str), session_var("amount", MoneyValue), secret("pin")
done = Notice("t.done", bye)


@dataclass(frozen=True)
class Device:
    serial: str


@dataclass(frozen=True)
class Bill:
    amount: MoneyValue


def devices(turn: Turn) -> Sequence[Device]:
    return []


def bill(turn: Turn) -> Bill:
    return Bill(MoneyValue(1, "KES"))


def pay_amount(unit: object, payer: str, amount: MoneyValue) -> dict[str, str]:
    return {}


def pay_bill(unit: object, bill: Bill) -> None: ...


def act_on_pin(unit: object, pin: str) -> None: ...


def home(*options: Option, **more: Any) -> Choice:
    return Choice("t.home", hello, options=options or [option(yes, to=done)], **more)


def build(start: Screen, words: dict[str, dict[str, str]] = WORDS, **more: Any) -> Menu:
    messages = [*messages_of([engine]), *MESSAGES]
    return compile_menu(start, make_wording(messages, [written("en", words)]), **more)


def faults(start: Screen, words: dict[str, dict[str, str]] = WORDS, **more: Any) -> list[str]:
    with pytest.raises(MenuFaults) as caught:
        build(start, words, **more)
    return caught.value.faults


def worded(**changed: str) -> dict[str, dict[str, str]]:
    return {**WORDS, "t": {**WORDS["t"], **changed}}


def test_a_sound_menu_compiles() -> None:
    menu = build(home(), defined_in=[SimpleNamespace(done=done)])

    assert set(menu.screens) == {"t.home", "t.done", "engine.resume"}


def test_a_screen_too_large_in_some_language_is_found() -> None:
    [fault] = faults(home(), worded(hello="x" * 140))

    assert fault.startswith("en: t.home needs 146, 141 fit")


def test_the_widest_slot_counts_and_not_the_usual_one() -> None:
    ask = Ask("t.ask", sum_of, data=bill, reader=Serial, stores=serial, to=done)

    assert build(home(option(yes, to=ask)), worded(sum_of="{amount}" + "x" * 127)).screens
    [fault] = faults(home(option(yes, to=ask)), worded(sum_of="{amount}" + "x" * 128))
    assert fault.startswith("en: t.ask needs 142, 141 fit")


def test_an_extension_character_counts_twice() -> None:
    assert build(home(), worded(hello="x" * 70)).screens
    assert faults(home(), worded(hello="[[" * 35))[0].startswith("en: t.home needs 146")


def test_a_row_that_no_page_can_hold_is_found() -> None:
    pick = Pick(
        "t.pick", hello, rows=devices, row_message=row, empty_message=no, stores=serial, to=done
    )

    found = faults(home(option(yes, to=pick)), worded(row="{serial}" + "x" * 120))

    assert [fault.split(":")[1].split(",")[0].strip() for fault in found] == [
        "t.pick needs 145",
        "t.pick needs 142",
    ]


def test_a_paged_choice_needs_only_its_lines_to_fit() -> None:
    assert build(home(paged=True), worded(hello="x" * 100 + "\n" + "y" * 100)).screens
    assert faults(home(), worded(hello="x" * 100 + "\n" + "y" * 100))


def test_a_refusal_too_long_to_stand_above_a_question_is_found() -> None:
    words = {**WORDS, "refused": {"other": "x" * 150}}

    assert faults(home(), words) == ["en: refused.other needs 150, 133 fit"]


def test_a_missing_wording_is_found() -> None:
    words = {**WORDS, "t": {key: text for key, text in WORDS["t"].items() if key != "bye"}}

    assert faults(home(), words) == ["en: no wording for t.bye"]


def test_a_wording_nobody_declares_is_found() -> None:
    assert faults(home(), worded(stray="x")) == ["en: t.stray is worded but no message declares it"]


def test_a_slot_left_out_and_one_that_is_unknown_are_found() -> None:
    assert faults(home(), worded(row="{sereal}")) == [
        "en: t.row leaves out {serial}",
        "en: t.row has no slot {sereal}",
    ]


def test_a_character_outside_gsm7_is_found() -> None:
    assert faults(home(), worded(hello="Karibu\u2019ni")) == ["en: t.hello has '\u2019', not GSM-7"]


def test_a_language_declared_ucs2_may_use_any_but_has_half_the_room() -> None:
    def language(hello: str) -> Translation:
        base = written("en", worded(hello=hello))
        sections: dict[str, Any] = {
            "language": {
                "name": "Ewe",
                "alphabet": "ucs2",
                "thousands": ",",
                "months": base.months,
            }
        }
        for key, text in base.templates.items():
            section, _, name = key.partition(".")
            sections.setdefault(section, {})[name] = text
        return Translation("ee", sections)

    messages = [*messages_of([engine]), *MESSAGES]
    fits = make_wording(messages, [language("ɖ" * 20)])
    assert not [fault for fault in _faults(fits) if "t.home" in fault]
    large = make_wording(messages, [language("ɖ" * 60)])
    assert [fault for fault in _faults(large) if "t.home needs 66, 63 fit" in fault]


def _faults(wording: Any) -> list[str]:
    try:
        compile_menu(home(), wording)
    except MenuFaults as found:
        return found.faults
    return []


def test_a_target_that_is_nowhere_is_found() -> None:
    [fault] = faults(home(option(yes, to=lambda: nowhere)))  # type: ignore[name-defined]  # noqa: F821

    assert fault.startswith("t.home: t.yes leads to nothing")


def test_a_target_that_is_no_screen_is_found() -> None:
    [fault] = faults(home(option(yes, to=lambda: "t.done")))  # type: ignore[arg-type, return-value]

    assert fault == "t.home: t.yes leads to 't.done', which is no screen"


def test_a_screen_nothing_leads_to_is_found() -> None:
    module = SimpleNamespace(lost=Notice("t.lost", bye))

    assert faults(home(), defined_in=[module]) == ["t.lost: nothing leads here"]


def test_two_screens_with_one_id_are_found() -> None:
    start = home(option(yes, to=done), option(no, to=Notice("t.done", bye)))

    assert faults(start) == ["t.done: two screens have this id"]


def test_a_first_screen_without_a_way_out_is_found() -> None:
    assert faults(home(option(yes, to=done, when=lambda turn: False))) == ["t.home: no way out"]


def test_a_reader_that_accepts_a_key_of_the_menu_is_found() -> None:
    count = session_var("count", int)
    ask = Ask("t.ask", hello, reader=NumberReader(minimum=0), stores=count, to=done)

    assert faults(home(option(yes, to=ask))) == ["t.ask: accepts 0, 00, which the menu itself uses"]


def test_a_list_whose_typed_values_look_like_row_numbers_is_found() -> None:
    pick = Pick(
        "t.pick", hello, rows=devices, row_message=row, empty_message=no,
        stores=session_var("serial", int), typed_reader=NumberReader(), to=done,
    )  # fmt: skip

    assert faults(home(option(yes, to=pick))) == [
        "t.pick: accepts 1, 2, 3, which the menu itself uses"
    ]


def test_two_options_on_one_key_are_found() -> None:
    start = home(option(yes, to=done), option(no, to=done, key=1))

    assert faults(start) == ["t.home: key 1 is t.no and also t.yes"]


def test_an_option_on_a_navigation_key_is_found() -> None:
    start = home(option(yes, to=done, key=98))

    assert faults(start) == ["t.home: key 98 is t.yes and also the engine"]


def test_a_slot_without_a_source_is_found() -> None:
    confirm = Choice("t.confirm", sum_of, options=[option(yes, to=done)])

    assert faults(home(option(yes, to=confirm))) == ["t.confirm: nothing gives t.sum_of its amount"]


def test_a_slot_that_only_some_ways_carry_is_found() -> None:
    show = Notice("t.show", row)
    ask = Ask("t.ask", hello, reader=Serial, stores=serial, to=show)

    assert build(home(option(yes, to=ask))).screens
    assert faults(home(option(yes, to=ask), option(no, to=show))) == [
        "t.show: nothing gives t.row its serial"
    ]


def test_a_slot_of_another_type_than_the_fact_is_found() -> None:
    @dataclass(frozen=True)
    class Wrong:
        amount: int

    def wrong(turn: Turn) -> Wrong:
        return Wrong(1)

    wrong.__annotations__["return"] = Wrong
    ask = Ask("t.ask", sum_of, data=wrong, reader=Serial, stores=serial, to=done)

    assert faults(home(option(yes, to=ask))) == [
        "t.ask: t.sum_of shows amount as another type than it is"
    ]


def test_a_list_whose_rows_lack_what_is_picked_is_found() -> None:
    pick = Pick(
        "t.pick", hello, rows=devices, row_message=row, empty_message=no, stores=amount, to=done
    )

    assert faults(home(option(yes, to=pick))) == ["t.pick: its data has no amount to keep"]


def test_an_effect_that_lacks_a_value_or_has_one_too_many_is_found() -> None:
    start = home(option(yes, do=do(pay_amount, payer=CALLER, sum=5), to=done))

    assert faults(start) == ["t.home: pay_amount needs amount", "t.home: pay_amount takes no sum"]


def test_an_argument_that_is_built_is_checked_like_the_effect_itself() -> None:
    bill_of = built(Bill, amount=amount, sum=5)
    start = home(option(yes, do=do(pay_bill, bill=bill_of), to=done))

    assert faults(start) == [
        "t.home: Bill takes no sum",
        "t.home: Bill takes amount, which is not set here",
    ]
    assert faults(home(option(yes, do=do(pay_bill, bill=built(Bill)), to=done))) == [
        "t.home: Bill needs amount"
    ]


def test_a_slot_may_be_filled_from_any_part_of_what_a_screen_reads() -> None:
    def parts(turn: Turn) -> tuple[Device, Bill]:
        return Device("01000000016"), Bill(MoneyValue(1, "KES"))

    shown = Choice("t.shown", sum_of, [option(yes, to=done)], data=parts, remembers=[serial])

    assert build(home(option(yes, to=shown))).screens


def test_an_effect_whose_variable_is_not_set_is_found() -> None:
    start = home(option(yes, do=do(pay_amount, payer=CALLER, amount=amount), to=done))

    assert faults(start) == ["t.home: pay_amount takes amount, which is not set here"]


def test_a_secret_that_is_not_asked_last_is_found() -> None:
    ask = Ask("t.pin", hello, reader=Pin, stores=pin, to=done)

    assert faults(home(option(yes, to=ask))) == [
        "t.pin: a secret is asked last, so this needs the effect it is for"
    ]


def test_a_secret_that_would_be_stored_is_found() -> None:
    ask = Ask("t.pin", hello, reader=Pin, stores=serial, do=do(act_on_pin, pin=serial), to=done)

    assert faults(home(option(yes, to=ask))) == [
        "t.pin: a secret is read by a secret reader into a secret, and nothing else is"
    ]


def test_a_route_that_leaves_an_answer_out_is_found() -> None:
    def role(turn: Turn) -> Literal["customer", "agent"]:
        return "agent"

    role.__annotations__["return"] = Literal["customer", "agent"]
    route = Route("t.route", by=role, to={"customer": home(), "stranger": done})

    assert faults(route) == ["t.route: no way for agent", "t.route: stranger never comes"]


def test_a_goal_too_far_for_the_networks_time_is_found() -> None:
    target: Screen = Ask("t.last", hello, reader=Serial, stores=serial, to=done)
    for number in range(13):
        target = Ask(f"t.ask{number}", hello, reader=Serial, stores=serial, to=target)

    [fault] = faults(home(option(yes, to=target)))

    assert fault.startswith("t.done: 175 s away, a network gives 160: t.home > t.ask12 >")


def test_a_question_that_takes_longer_than_a_network_waits_is_found() -> None:
    asks = Ask("t.story", hello, reader=TextReader(key_presses=50), stores=serial, to=done)

    assert faults(home(option(yes, to=asks))) == ["t.story: takes 32 s, a network waits 30"]


def test_an_id_that_a_dashboard_could_not_show_is_found() -> None:
    [fault] = faults(home(option(yes, to=Notice("t|done", bye))))

    assert fault.startswith("'t|done': an id is <menu>.<screen>")


def test_all_faults_come_together() -> None:
    ask = Ask(
        "t.ask",
        sum_of,
        reader=NumberReader(minimum=0),
        stores=session_var("n", int),
        to=lambda: gone,  # type: ignore[name-defined]  # noqa: F821
    )
    start = home(option(yes, to=ask), option(no, to=BACK, key=1))
    assert len(faults(start, worded(bye="\u2026", hello="x" * 200))) == 6


def test_an_amount_never_looks_like_navigation() -> None:
    ask = Ask("t.ask", hello, reader=Amount, stores=amount, to=done)
    assert build(home(option(yes, to=ask))).screens


def test_a_widest_name_is_as_wide_as_its_width() -> None:
    named: Message[Any] = Message("t.hello", {"name": TextSlot(16), "count": CountSlot()})
    widest = written("en", worded(hello="{name} {count}")).widest(named, DEFAULT_LIMITS)
    assert widest == "W" * 16 + " 9999"
