"""Answer an incoming SMS: do what it asks for, and queue one reply in the sender's language.

Everything happens in the transaction that stores the SMS, so the same SMS again does nothing. A
reply says nothing about devices of other customers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.customer import Customer
from core.device import DeviceState
from core.errors import Refused
from core.money import Money
from core.plan_quote import PlanQuote, Quote, ServiceQuote
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.catalogue.choices import TariffOffer
from core.usecases.customers.caller import choose_language, customer_behind, read_caller
from core.usecases.devices.list_devices import (
    find_own_device,
    list_devices,
    list_tokens,
    state_words,
)
from core.usecases.messages.answer_limits import is_answered, says_the_same
from core.usecases.messages.inbound import InboundText, record_inbound_text
from core.usecases.messages.queue import Recipient, send_sms_to, times_texted_lately
from core.usecases.messages.reminders import want_reminders
from core.usecases.payments.find_account import match_account
from core.usecases.payments.quote import quote_payment
from core.usecases.payments.request import request_payment
from core.usecases.registration.by_sms import PendingRequest, store_registration_request
from core.usecases.sales.debts import list_debts
from core.usecases.tokens.resend import resend_token
from core.wording.message import BoundMessage
from core.wording.messages import sms_reply as messages
from core.wording.payment_words import describe_allocation
from core.wording.product import product_wording, render
from gateway.limits import MISSES, SerialGuesses
from gateway.sms.keywords import Command, Intent, language_named, parse
from gateway.sms.readings import Reading, payment_readings, registration_request


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of an SMS, with the Unit in which it is answered."""

    unit: Unit
    msisdn: str
    guesses: SerialGuesses

    @property
    def customer_id(self) -> int:
        """Raises Refused("not_a_customer")."""
        return customer_behind(self.unit, self.msisdn)

    @property
    def devices(self) -> list[DeviceState]:
        """The sender's own devices; none for a sender who is not a customer."""
        try:
            return list_devices(self.unit, self.customer_id)
        except Refused:
            return []

    def is_customer(self, customer: Customer) -> bool:
        """Whether the sender is that customer."""
        try:
            return self.customer_id == customer.id
        except Refused:
            return False

    def money(self, minor: int) -> Money:
        return Money(minor, self.unit.market.currency)


def answer_text(unit: Unit, text: InboundText, guesses: SerialGuesses) -> bool:
    """Store the SMS, act on it and queue the reply; False when it was answered before.

    A number that was answered too often, or the same again and again, hears nothing; its STOP and
    START count all the same, and are not answered either: two machines could go on with those for
    ever. `guesses` counts unknown serial numbers, together with those typed into the menu.
    """
    if not record_inbound_text(unit, text):
        return False
    sender = Sender(unit, text.msisdn, guesses)
    command = parse(text.body)
    if not is_answered(unit, text.msisdn, read_caller(unit, text.msisdn).role):
        if command is not None and command.intent in ("stop", "start"):
            _execute(sender, command)
        return True
    reply = _help_once_an_hour(sender) if command is None else _execute(sender, command)
    recipient = Recipient(text.msisdn, read_caller(unit, text.msisdn).language)
    if reply is not None and not says_the_same(
        unit, text.msisdn, render(reply, recipient.language)
    ):
        send_sms_to(unit, recipient, reply, f"answer:{text.provider}:{text.message_id}")
    return True


def _execute(sender: Sender, command: Command) -> BoundMessage | None:
    """The reply to a command, or the refusal, which leaves nothing behind; None when the answer is
    an SMS of its own."""
    try:
        with sender.unit.connection.begin_nested():
            return _HANDLERS[command.intent](sender, command.words)
    except Refused as refused:
        return product_wording().refusal(refused)


def _reply_help(sender: Sender, words: tuple[str, ...] = ()) -> BoundMessage:
    market = sender.unit.market
    is_agent = read_caller(sender.unit, sender.msisdn).role == "agent"
    usage = messages.usage_agent if is_agent else messages.usage
    return usage(operator=market.operator, service_code=market.service_code)


def _help_once_an_hour(sender: Sender) -> BoundMessage | None:
    """The short help for unknown words, at most once an hour for each number."""
    sent_lately = times_texted_lately(
        sender.unit, sender.msisdn, messages.usage, messages.usage_agent
    )
    return None if sent_lately else _reply_help(sender)


def _reply_balance(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    debts = list_debts(sender.unit, sender.customer_id)
    due = sender.money(sum(debt.amount_minor for debt in debts.due))
    credit = sender.money(debts.credit_minor)
    if words:
        device = _own_device(sender, words)
        return messages.balance_device(
            serial=device.serial, state=state_words(sender.unit, device), due=due, credit=credit
        )
    following = debts.next_due
    if following is None:
        return messages.balance(due=due, credit=credit)
    return messages.balance_next(
        due=due,
        credit=credit,
        description=following.description,
        amount=sender.money(following.amount_minor),
        on=following.due_on,
    )


def _reply_loan(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    debts = list_debts(sender.unit, sender.customer_id)
    loans = [debt for debt in debts.lines if debt.kind in ("down_payment", "instalment")]
    if not loans:
        return messages.no_loan()
    return messages.loan(
        left=sender.money(sum(debt.amount_minor for debt in loans)),
        due=sender.money(sum(debt.amount_minor for debt in loans if debt.is_due)),
        parts=len(loans),
    )


def _reply_pay(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    """Send a prompt to the sender's phone, when exactly one reading names a device that exists."""
    sender.guesses.check(sender.msisdn)
    try:
        return _pay_by_reading(sender, words)
    except Refused as refused:
        if refused.code in MISSES:
            sender.guesses.missed(sender.msisdn)
        raise


def _pay_by_reading(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    readings = payment_readings(words, sender.unit.market.currency)
    found = (_payable(sender, reading) for reading in readings)
    payables = {payable for payable in found if payable is not None}
    if len(payables) == 1:
        (payable,) = payables
        return _send_prompt(sender, payable)
    if not payables and readings and readings[0].serial is not None:
        raise Refused("unknown_serial", serial=normalise_serial(readings[0].serial)[:20])
    return messages.how_to_pay()


@dataclass(frozen=True, slots=True)
class Payable:
    """A device that exists, or a customer's account reference, and what is to be paid."""

    serial: str
    loan_only: bool
    amount_minor: int


def _payable(sender: Sender, reading: Reading) -> Payable | None:
    """The device as typed, or one of the sender's own that looks like it; without a serial number
    the sender's only one. None when there is none. Raises Refused("device_in_stock")."""
    own = sender.devices
    if reading.serial is None:
        found = own[0] if len(own) == 1 else None
    else:
        try:
            match = match_account(sender.unit, reading.serial)
            account = match.device.serial if match.device else normalise_serial(reading.serial)
            return Payable(account, match.purpose == "loan", reading.amount_minor)
        except Refused as refused:
            if refused.code != "unknown_serial":
                raise
        found = find_own_device(own, reading.serial)
    if found is None:
        return None
    return Payable(found.serial, loan_only=False, amount_minor=reading.amount_minor)


def _send_prompt(sender: Sender, paid: Payable) -> BoundMessage:
    """Request the payment; the reply tells the owner of the device what it will do."""
    unit, amount = sender.unit, sender.money(paid.amount_minor)
    asked = request_payment(unit, sender.msisdn, paid.serial, amount, loan_only=paid.loan_only)
    if asked.is_repeat:
        return messages.requested_before(
            amount=amount, serial=paid.serial, at=asked.at, service_code=unit.market.service_code
        )
    quote = quote_payment(unit, paid.serial, amount.minor, loan_only=paid.loan_only)
    if not sender.is_customer(quote.owner):
        return messages.check_phone(amount=amount, serial=paid.serial)
    allocations = describe_allocation(unit.market, quote.outcome)
    return messages.check_phone_own(amount=amount, serial=paid.serial, allocations=allocations)


def _reply_token(sender: Sender, words: tuple[str, ...]) -> BoundMessage | None:
    """Resend the last token of the named device, or of any: as an SMS of its own."""
    customer_id = sender.customer_id
    devices = [_own_device(sender, words)] if words else sender.devices
    tokens = [
        token
        for device in devices
        for token in list_tokens(sender.unit, customer_id, device.serial)[:1]
    ]
    if not tokens:
        return messages.no_token()
    newest = max(tokens, key=lambda token: token.token_id)
    resend_token(sender.unit, sender.msisdn, newest.token_id)
    return None


def _own_device(sender: Sender, words: tuple[str, ...]) -> DeviceState:
    """The sender's device of that serial number. Raises Refused("not_your_device")."""
    typed = "".join(words)
    device = find_own_device(sender.devices, typed)
    if device is None:
        raise Refused("not_your_device", typed=typed)
    return device


def _reply_language(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    if not words:
        return messages.how_to_choose_language()
    choose_language(sender.unit, sender.msisdn, language_named(words[0]) or "")
    return messages.language_changed()


def _reply_stop(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    want_reminders(sender.unit, sender.msisdn, wanted=False)
    return messages.stopped()


def _reply_start(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    want_reminders(sender.unit, sender.msisdn, wanted=True)
    return messages.started()


def _reply_register(sender: Sender, words: tuple[str, ...]) -> BoundMessage:
    if read_caller(sender.unit, sender.msisdn).role != "agent":
        raise Refused("not_an_agent")
    request = registration_request(words, sender.unit.market.country)
    if request is None:
        return messages.how_to_register()
    pending, offer = store_registration_request(sender.unit, sender.msisdn, request)
    return _confirmation(sender, pending, offer)


def _confirmation(
    sender: Sender, pending: PendingRequest, offer: TariffOffer | Quote
) -> BoundMessage:
    shared = {
        "serial": pending.serial,
        "phone": pending.phone,
        "owner": pending.owner,
        "service_code": sender.unit.market.service_code,
    }
    match offer:
        case TariffOffer():
            return messages.confirm_meter(tariff=offer.tariff, **shared)
        case ServiceQuote():
            return messages.confirm_service(
                product=offer.product, per_day=offer.per_day, least=offer.least, **shared
            )
        case PlanQuote():
            return messages.confirm_plan(
                product=offer.product,
                parts=offer.parts,
                each=offer.each,
                cadence=offer.cadence,
                down_payment=offer.down_payment,
                **shared,
            )


_HANDLERS: dict[Intent, Callable[[Sender, tuple[str, ...]], BoundMessage | None]] = {
    "balance": _reply_balance,
    "pay": _reply_pay,
    "token": _reply_token,
    "loan": _reply_loan,
    "language": _reply_language,
    "help": _reply_help,
    "stop": _reply_stop,
    "start": _reply_start,
    "register": _reply_register,
}
