"""Answer a text that came in: do what it asks for and queue one reply, in the sender's language.

Everything happens in the transaction that stores the text, so the same text again does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Refused
from core.money import Money, parse_minor
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.choose_language import choose_language
from core.usecases.list_debts import list_debts
from core.usecases.list_devices import list_devices, list_tokens
from core.usecases.read_caller import Caller, read_caller
from core.usecases.record_inbound_text import InboundText, record_inbound_text
from core.usecases.reminders_wanted import want_reminders
from core.usecases.request_payment import request_payment
from core.usecases.resend_token import resend_token
from core.usecases.texts import queue_text, was_texted_lately
from core.wording.message import Said
from core.wording.messages import answer as say
from core.wording.spoken import product_wording
from gateway.sms.keywords import Command, parse, serial_and_amount


def answer_text(unit: Unit, text: InboundText) -> bool:
    """Store the text, act and queue the answer; False when it was answered before."""
    if not record_inbound_text(unit, text):
        return False
    caller = read_caller(unit, text.msisdn)
    command = parse(text.body)
    if command is None:
        _reply(unit, text, caller, _help_once_an_hour(unit, text))
        return True
    try:
        said = _ACTS[command.intent](unit, text.msisdn, caller, command)
    except Refused as refused:
        said = product_wording().refusal(refused)
    _reply(unit, text, read_caller(unit, text.msisdn), said)
    return True


def _reply(unit: Unit, text: InboundText, caller: Caller, said: Said | None) -> None:
    if said is not None:
        queue_text(
            unit,
            said,
            msisdn=text.msisdn,
            language=caller.language,
            occasion=f"answer:{text.provider}:{text.message_id}",
        )


def _help(unit: Unit) -> Said:
    return say.usage(operator=unit.market.operator, code=unit.market.service_code)


def _help_once_an_hour(unit: Unit, text: InboundText) -> Said | None:
    """Unknown words get the short help, but nobody gets it again and again."""
    said = _help(unit)
    return None if was_texted_lately(unit, text.msisdn, said) else said


def _balance(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said:
    debts = list_debts(unit, _customer(caller))
    currency = unit.market.currency
    due = Money(sum(debt.amount_minor for debt in debts.due), currency)
    credit = Money(debts.credit_minor, currency)
    following = debts.next_due
    if following is None:
        return say.balance(due=due, credit=credit)
    amount = Money(following.amount_minor, currency)
    return say.balance_next(
        due=due, credit=credit, about=following.about, amount=amount, on=following.due_on
    )


def _loan(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said:
    debts = list_debts(unit, _customer(caller))
    loans = [debt for debt in debts.lines if debt.kind != "access_rate"]
    currency = unit.market.currency
    return say.loan(
        left=Money(sum(debt.amount_minor for debt in loans), currency),
        due=Money(sum(debt.amount_minor for debt in loans if debt.is_due), currency),
        parts=len(loans),
    )


def _pay(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said:
    serial, amount = serial_and_amount(command.words)
    serial = normalise_serial(serial) if serial else _only_device(unit, caller)
    try:
        minor = parse_minor((amount or "").replace(",", ""), unit.market.currency)
    except ValueError:
        return say.how_to_pay()
    if serial is None:
        return say.how_to_pay()
    money = Money(minor, unit.market.currency)
    request_payment(unit, msisdn, serial, money)
    return say.check_phone(amount=money, serial=serial)


def _token(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said | None:
    """The last token of the device named, or of any; it goes as a text of its own."""
    customer_id = _customer(caller)
    named = normalise_serial("".join(command.words))
    tokens = [
        token
        for device in list_devices(unit, customer_id)
        if not named or device.serial == named
        for token in list_tokens(unit, customer_id, device.serial)[:1]
    ]
    if not tokens:
        return say.no_token()
    resend_token(unit, msisdn, max(tokens, key=lambda one: one.token_id).token_id)
    return None


def _language(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said:
    wanted = command.words[0].lower()[:2] if command.words else ""
    choose_language(unit, msisdn, wanted)
    return say.language_is()


def _usage(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said:
    return _help(unit)


def _stop(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said:
    want_reminders(unit, msisdn, wanted=False)
    return say.stopped()


def _start(unit: Unit, msisdn: str, caller: Caller, command: Command) -> Said:
    want_reminders(unit, msisdn, wanted=True)
    return say.started()


def _customer(caller: Caller) -> int:
    if caller.role != "customer":
        raise Refused("not_a_customer")
    return caller.id


def _only_device(unit: Unit, caller: Caller) -> str | None:
    """A customer with one device need not name it."""
    devices = list_devices(unit, caller.id) if caller.role == "customer" else []
    return devices[0].serial if len(devices) == 1 else None


_ACTS: dict[str, Callable[[Unit, str, Caller, Command], Said | None]] = {
    "balance": _balance,
    "pay": _pay,
    "token": _token,
    "loan": _loan,
    "language": _language,
    "help": _usage,
    "stop": _stop,
    "start": _start,
}
