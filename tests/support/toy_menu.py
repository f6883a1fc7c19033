"""A small menu with every kind of screen, and the people who use it.

Amina has one meter, Baraka three devices and debts, Chidi is a customer without devices, Juma is an
agent, every other caller is a stranger. The two effects write to the table `charged`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

from sqlalchemy import text

from core.errors import Refused
from core.market import Market
from core.money import Money
from core.unit import Unit
from core.wording.message import BoundMessage, Message, messages_of
from core.wording.messages import engine
from core.wording.translation import Translation, Wording, make_wording, read_translation
from gateway.ussd_menus.compile import compile_menu
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Amount, Pin, Serial
from gateway.ussd_menus.screen import BACK, HOME
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import CallerContext, Turn
from tests.support import toy_messages, toy_refusals

AMINA, BARAKA, CHIDI = "+254711000001", "+254711000002", "+254711000003"
JUMA, NEEMA = "+254711000111", "+254711000999"
NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
MARKET = Market("KE", "KES", 100, "Africa/Nairobi", ("en", "sw"), "*384*96#", "Jua", 15_000_000)

NAMES = {AMINA: "Amina", BARAKA: "Baraka", CHIDI: "Chidi", JUMA: "Juma"}
DEVICES = {
    AMINA: [("M1001", "meter")],
    BARAKA: [("M2001", "meter"), ("SHS2002", "shs"), ("M2003", "meter")],
}
SERIALS = {serial for owned in DEVICES.values() for serial, _ in owned} | {"01234567890"}


def kes(amount: int) -> Money:
    return Money(amount * 100, "KES")


# What screens read ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    name: str


@dataclass(frozen=True)
class Owned:
    serial: str
    kind: str


@dataclass(frozen=True)
class Debt:
    what: str
    amount: Money


@dataclass(frozen=True)
class Owed:
    owed: Money


@dataclass(frozen=True)
class Quote:
    lines: list[BoundMessage]


serial = session_var("serial", str)
amount = session_var("amount", Money)
pin = secret("pin")


def caller(turn: Turn) -> Caller:
    return Caller(NAMES[turn.msisdn])


def role(turn: Turn) -> Literal["customer", "agent", "stranger"]:
    if turn.msisdn == JUMA:
        return "agent"
    return "customer" if turn.msisdn in NAMES else "stranger"


def own_devices(turn: Turn) -> list[Owned]:
    return [Owned(serial, kind) for serial, kind in DEVICES.get(turn.msisdn, [])]


def debts(turn: Turn) -> list[Debt]:
    return [Debt("loan", kes(1000 + n)) for n in range(12 if turn.msisdn == BARAKA else 0)]


def owed(turn: Turn) -> Owed:
    if turn[serial] not in SERIALS:
        raise Refused("unknown_serial")
    return Owed(kes(300))


def quote(turn: Turn) -> Quote:
    if turn[amount] < kes(50):
        raise Refused("too_small", minimum=kes(50))
    if turn[serial] not in SERIALS:
        raise Refused("unknown_serial")
    return Quote([toy_messages.loan(amount=kes(300)), toy_messages.energy(kwh=50)])


# What effects do --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Receipt:
    receipt: int


def request_payment(unit: Unit, payer: str, serial: str, amount: Money) -> Receipt:
    values = {"payer": payer, "serial": serial, "minor": amount.minor}
    receipt = unit.connection.execute(
        text("INSERT INTO charged VALUES (:payer, :serial, :minor) RETURNING 7"), values
    ).scalar_one()
    return Receipt(receipt)


def collect_cash(unit: Unit, agent: str, serial: str, amount: Money, pin: str) -> Any:
    if pin != "4321":
        unit.connection.execute(text("INSERT INTO charged VALUES ('miss', '', 0)"))
        return Refused("wrong_pin", left=2)
    request_payment(unit, agent, serial, amount)
    return {}


def set_language(unit: Unit, msisdn: str, language: str) -> dict[str, str]:
    return {"language": language}


# The menu ---------------------------------------------------------------------------------------

check_phone = Notice("payment.check_phone", toy_messages.check_phone)

confirm = Choice(
    "payment.confirm",
    toy_messages.confirm,
    data=quote,
    options=[
        option(
            toy_messages.pay_now,
            do=do(request_payment, payer=CALLER, serial=serial, amount=amount),
            to=check_phone,
        ),
        option(toy_messages.change_amount, to=BACK),
    ],
)
enter_amount = Ask(
    "payment.amount", toy_messages.which_amount, data=owed, reader=Amount, stores=amount, to=confirm
)
enter_serial = Ask(
    "payment.serial", toy_messages.which_serial, reader=Serial, stores=serial, to=enter_amount
)
which_device = Pick(
    "payment.device",
    toy_messages.which_device,
    rows=own_devices,
    row_message=toy_messages.device,
    empty_message=toy_messages.no_device,
    stores=serial,
    typed_reader=Serial,
    to=enter_amount,
    extra_options=[option(toy_messages.other_serial, to=enter_serial)],
)
owe: Pick[Any] = Pick(
    "debts.list",
    toy_messages.debts,
    rows=debts,
    row_message=toy_messages.debt,
    empty_message=toy_messages.no_debts,
)

languages = Choice(
    "language.which",
    toy_messages.language,
    options=[
        option(toy_messages.english, do=do(set_language, msisdn=CALLER, language="en"), to=HOME),
        option(toy_messages.swahili, do=do(set_language, msisdn=CALLER, language="sw"), to=HOME),
    ],
)

collected = Notice("cash.done", toy_messages.collected)
enter_pin = Ask(
    "cash.pin",
    toy_messages.which_pin,
    reader=Pin,
    stores=pin,
    do=do(collect_cash, agent=CALLER, serial=serial, amount=amount, pin=pin),
    to=collected,
)
collect_amount = Ask(
    "cash.amount", toy_messages.which_amount, data=owed, reader=Amount, stores=amount, to=enter_pin
)
collect_serial = Ask(
    "cash.serial", toy_messages.which_serial, reader=Serial, stores=serial, to=collect_amount
)

customer_home = Choice(
    "home.customer",
    toy_messages.welcome,
    data=caller,
    options=[
        option(toy_messages.pay, to=which_device),
        option(toy_messages.owe, to=owe, when=lambda turn: turn.msisdn != CHIDI),
        option(toy_messages.language, to=languages),
    ],
)
agent_home = Choice(
    "home.agent",
    toy_messages.welcome,
    data=caller,
    options=[option(toy_messages.collect, to=collect_serial)],
)
stranger_home = Choice(
    "home.stranger",
    toy_messages.welcome_stranger,
    options=[option(toy_messages.pay, to=enter_serial)],
)
home = Route(
    "home", by=role, to={"customer": customer_home, "agent": agent_home, "stranger": stranger_home}
)

# Its words --------------------------------------------------------------------------------------

ENGLISH = {
    "kind": {"loan": "Loan", "access": "Access", "meter": "meter", "shs": "lamp"},
    "refused": {
        "other": "Sorry, that cannot be done.",
        "unknown_serial": "We do not know that serial number.",
        "too_small": "The least is {minimum}.",
        "wrong_pin": "Wrong PIN, {left} left.",
    },
    "toy_messages": {
        "welcome": "Karibu {name}",
        "welcome_stranger": "Jua Energy",
        "pay": "Pay",
        "language": "Language",
        "english": "English",
        "swahili": "Kiswahili",
        "collect": "Collect cash",
        "owe": "What I owe",
        "debts": "You owe",
        "debt": "{what} {amount}",
        "no_debts": "You owe nothing.",
        "which_device": "Pay for?",
        "no_device": "You have no device.",
        "device": "{serial} {kind}",
        "other_serial": "Another serial",
        "which_serial": "Serial number?",
        "which_amount": "{serial} owes {owed}.\nAmount?",
        "loan": "loan {amount}",
        "energy": "{kwh} kWh",
        "confirm": "{amount} for {serial}: {lines}.",
        "pay_now": "Pay",
        "change_amount": "Change",
        "check_phone": "Request {receipt} for {serial}. Check your phone.",
        "which_pin": "Your PIN?",
        "collected": "Taken: {amount}.",
    },
}
SWAHILI = {
    **ENGLISH,
    "toy_messages": {**ENGLISH["toy_messages"], "welcome": "Habari {name}", "pay": "Lipa"},
}


def written(language: str, words: dict[str, dict[str, str]]) -> Translation:
    """A translation with the engine's real words and the toy's own."""
    from core.wording import translation

    real = read_translation(translation.folder / f"{language}.toml")
    about = {"name": real.name, "thousands": real.thousands, "months": real.months}
    engine_words = {
        key.removeprefix("engine."): template
        for key, template in real.templates.items()
        if key.startswith("engine.")
    }
    return Translation(language, {"language": about, "engine": engine_words, **words})


def toy_wording(english: dict[str, dict[str, str]] = ENGLISH) -> Wording:
    messages: list[Message[Any]] = [*messages_of([engine, toy_messages]), *toy_refusals.REFUSALS]
    return make_wording(messages, [written("en", english), written("sw", SWAHILI)])


def toy_menu() -> Menu:
    import tests.support.toy_menu as here

    return compile_menu(home, toy_wording(), defined_in=[here])


def no_database() -> Any:
    """A Unit that knows the market and nothing else."""

    @contextmanager
    def unit() -> Iterator[Any]:
        yield SimpleNamespace(market=MARKET, now=NOW)

    return unit()


def context_of(msisdn: str, open_unit: Callable[[], Any] = no_database) -> CallerContext:
    return CallerContext(msisdn, open_unit)
