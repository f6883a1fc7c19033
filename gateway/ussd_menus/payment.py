"""Pay: which device, how much, what the money will do, and then the prompt on the phone.

Who owns the device sees what the money will do; anybody else sees its owner's masked name.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.money import Money
from core.names import mask_name
from core.usecases.payments.find_account import Customer, read_account
from core.usecases.payments.quote import Quote, quote_payment
from core.usecases.payments.request import request_payment
from core.wording.message import BoundMessage
from core.wording.messages import payment as messages
from core.wording.payment_words import describe_allocation
from gateway.ussd_menus.caller import money, own_devices, the_caller
from gateway.ussd_menus.effect import CALLER, NETWORK, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Amount, Serial
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import CallerContext, Turn

serial = session_var("serial", str)
amount = session_var("amount", Money)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose device it is, as this caller may know."""

    whose: BoundMessage


@dataclass(frozen=True, slots=True)
class Preview:
    """What the money will do, as this caller may know; `loan_only` offers the loan instead."""

    outcome: BoundMessage
    loan_only: bool


def whose(turn: Turn) -> Whose:
    """The caller's own debts, or the masked name of somebody else."""
    asked = read_account(turn.unit, turn[serial])
    if asked.owner.id != turn.cached(the_caller).id:
        return Whose(_masked(asked.owner))
    return Whose(messages.own_due(due=money(turn, asked.due_minor)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the money would do, looked up once a turn: `turn.know(_Asked(...))`."""

    serial: str
    minor: int
    loan_only: bool

    def __call__(self, facts: CallerContext) -> Quote:
        return quote_payment(facts.unit, self.serial, self.minor, loan_only=self.loan_only)


def preview(turn: Turn) -> Preview:
    """Before confirming, the payer sees what the money will do."""
    return _preview(turn, loan_only=False)


def loan_preview(turn: Turn) -> Preview:
    """The same when it is for the loan only."""
    return _preview(turn, loan_only=True)


def _preview(turn: Turn, *, loan_only: bool) -> Preview:
    quote = turn.cached(_Asked(turn[serial], turn[amount].minor, loan_only))
    if quote.owner.id != turn.cached(the_caller).id:
        return Preview(_masked(quote.owner), loan_only=False)
    allocations = describe_allocation(turn.unit.market, quote.outcome)
    return Preview(messages.effect(allocations=allocations), loan_only=quote.owes_loan)


def _masked(owner: Customer) -> BoundMessage:
    return messages.owner(owner=mask_name(owner.name, owner.surname))


check_phone = Notice("payment.check_phone", messages.check_phone)

confirm_loan = Choice(
    "payment.confirm_loan",
    messages.confirm,
    data=loan_preview,
    paged=True,
    options=[
        option(
            messages.pay_now,
            do=do(
                request_payment,
                msisdn=CALLER,
                serial=serial,
                amount=amount,
                loan_only=True,
                network_code=NETWORK,
            ),
            to=check_phone,
        ),
    ],
)
confirm = Choice(
    "payment.confirm",
    messages.confirm,
    data=preview,
    paged=True,
    options=[
        option(
            messages.pay_now,
            do=do(
                request_payment,
                msisdn=CALLER,
                serial=serial,
                amount=amount,
                network_code=NETWORK,
            ),
            to=check_phone,
        ),
        option(messages.loan_only, to=confirm_loan, when=lambda turn: preview(turn).loan_only),
    ],
)
enter_amount = Ask(
    "payment.amount", messages.which_amount, data=whose, reader=Amount, stores=amount, to=confirm
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
