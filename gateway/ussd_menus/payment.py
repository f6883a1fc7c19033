"""Pay: which device, how much, what the money will do, and then the prompt on the phone.

The owner of the device sees what the money will do. Any other caller sees the owner's masked name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.customer import Customer
from core.money import Money
from core.names import mask_name
from core.usecases.payments.find_account import Account, account_in, read_account
from core.usecases.payments.quote import Quote, quote_account
from core.usecases.payments.request import request_another, request_payment
from core.wording.message import BoundMessage
from core.wording.messages import payment as messages
from core.wording.payment_words import describe_allocation
from gateway.ussd_menus.caller import load_position, money, own_devices
from gateway.ussd_menus.effect import CALLER, NETWORK, UseCaseCall, do
from gateway.ussd_menus.options import Option, option
from gateway.ussd_menus.readers import Amount, Serial
from gateway.ussd_menus.repeats import was_done_before
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import CallerContext, Turn

serial = session_var("serial", str)
amount = session_var("amount", Money)


@dataclass(frozen=True, slots=True)
class DeviceOwner:
    """The owner of the device, as far as this caller may know."""

    whose: BoundMessage


@dataclass(frozen=True, slots=True)
class Preview:
    """What the money will do, as far as this caller may know. `loan_only`: there is a loan that it
    may go to alone."""

    outcome: BoundMessage
    loan_only: bool


@dataclass(frozen=True, slots=True)
class _LoadAccount:
    """What must be known of the device to quote a payment. Use it as
    `turn.cached(_LoadAccount(...))`."""

    serial: str

    def __call__(self, context: CallerContext) -> Account:
        own = context.known(load_position)
        if own is not None and any(device.serial == self.serial for device in own.devices):
            return account_in(context.unit, own, self.serial)
        return read_account(context.unit, self.serial, context.msisdn)


def device_owner(turn: Turn) -> DeviceOwner:
    """What the caller owes for an own device, else the masked name of its owner."""
    account = turn.cached(_LoadAccount(turn[serial]))
    if not account.is_own:
        return DeviceOwner(_masked_owner(account.owner))
    return DeviceOwner(messages.own_due(due=money(turn, account.due_minor)))


@dataclass(frozen=True, slots=True)
class _LoadQuote:
    """What the money would do. Use it as `turn.cached(_LoadQuote(...))`."""

    serial: str
    amount_minor: int
    loan_only: bool

    def __call__(self, context: CallerContext) -> Quote:
        account = context.cached(_LoadAccount(self.serial))
        return quote_account(context.unit, account, self.amount_minor, loan_only=self.loan_only)


def preview(turn: Turn) -> Preview:
    """What the money will do, shown before the payer confirms."""
    return _preview(turn, loan_only=False)


def loan_preview(turn: Turn) -> Preview:
    """What the money will do when it goes to the loan only."""
    return _preview(turn, loan_only=True)


def _preview(turn: Turn, *, loan_only: bool) -> Preview:
    quote = turn.cached(_LoadQuote(turn[serial], turn[amount].minor, loan_only))
    if not turn.cached(_LoadAccount(turn[serial])).is_own:
        return Preview(_masked_owner(quote.owner), loan_only=False)
    allocations = describe_allocation(turn.unit.market, quote.outcome)
    return Preview(messages.effect(allocations=allocations), loan_only=quote.owes_loan)


def _masked_owner(owner: Customer) -> BoundMessage:
    return messages.owner(owner=mask_name(owner.name, owner.surname))


def _request(use_case: Callable[..., object], *, loan_only: bool) -> UseCaseCall:
    """The effect that sends the request to the caller's phone."""
    return do(
        use_case,
        msisdn=CALLER,
        serial=serial,
        amount=amount,
        loan_only=loan_only,
        network_code=NETWORK,
    )


def _pay_now(name: str, *, loan_only: bool) -> Option:
    """The option that sends the request, or asks where the same one was sent before."""
    another = option(
        messages.send_another,
        do=_request(request_another, loan_only=loan_only),
        to=check_phone,
    )
    before = Choice(f"payment.{name}_before", messages.requested_before, options=[another])
    return option(
        messages.pay_now,
        do=_request(request_payment, loan_only=loan_only),
        to=Route(f"payment.{name}", by=was_done_before, to={True: before, False: check_phone}),
    )


check_phone = Notice("payment.check_phone", messages.check_phone)

confirm_loan = Choice(
    "payment.confirm_loan",
    messages.confirm,
    data=loan_preview,
    paged=True,
    options=[_pay_now("loan_requested", loan_only=True)],
)
confirm = Choice(
    "payment.confirm",
    messages.confirm,
    data=preview,
    paged=True,
    options=[
        _pay_now("requested", loan_only=False),
        option(messages.loan_only, to=confirm_loan, when=lambda turn: preview(turn).loan_only),
    ],
)
enter_amount = Ask(
    "payment.amount",
    messages.which_amount,
    data=device_owner,
    reader=Amount,
    stores=amount,
    to=confirm,
)
enter_serial = Ask(
    "payment.serial", messages.which_serial, reader=Serial, stores=serial, to=enter_amount
)
which_device = Pick(
    "payment.device",
    messages.which_device,
    rows=own_devices,
    row_message=messages.device,
    empty_message=messages.no_device,
    stores=serial,
    typed_reader=Serial,
    to=enter_amount,
    extra_options=[option(messages.other_serial, to=enter_serial)],
)
