"""Messages of the toy menu."""

from collections.abc import Sequence
from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import ChoiceSlot, Count, Kwh, MessageListSlot, Money, Name, Serial


@message
def welcome(name: Name) -> None: ...


@message
def welcome_stranger() -> None: ...


@message
def pay() -> None: ...


@message
def language() -> None: ...


@message
def english() -> None: ...


@message
def swahili() -> None: ...


@message
def collect() -> None: ...


@message
def owe() -> None: ...


@message
def debts() -> None: ...


@message
def debt(what: Annotated[str, ChoiceSlot("kind", "loan", "access")], amount: Money) -> None: ...


@message
def no_debts() -> None: ...


@message
def which_device() -> None: ...


@message
def no_device() -> None: ...


@message
def device(serial: Serial, kind: Annotated[str, ChoiceSlot("kind", "meter", "shs")]) -> None: ...


@message
def other_serial() -> None: ...


@message
def which_serial() -> None: ...


@message
def which_amount(serial: Serial, owed: Money) -> None: ...


@message
def loan(amount: Money) -> None: ...


@message
def energy(kwh: Kwh) -> None: ...


@message
def confirm(
    serial: Serial,
    amount: Money,
    lines: Annotated[Sequence[BoundMessage], MessageListSlot(loan, energy)],
) -> None: ...


@message
def pay_now() -> None: ...


@message
def change_amount() -> None: ...


@message
def check_phone(serial: Serial, receipt: Count) -> None: ...


@message
def which_pin() -> None: ...


@message
def collected(amount: Money) -> None: ...
