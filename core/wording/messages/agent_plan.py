"""The questions about a plan: which appliance, and on which terms."""

from typing import Annotated

from core.plan import CADENCES
from core.wording.message import BoundMessage, message
from core.wording.slots import ChoiceSlot, Count, Day, MessageSlot, Money, Name, Serial, TimeOfDay

Cadence = Annotated[str, ChoiceSlot("cadence", *CADENCES)]


@message
def appliance_price(price: Money) -> None:
    """The price of an appliance."""


@message
def appliance_per_day(price: Money) -> None:
    """The price of a day's use, for an appliance that is not sold."""


@message
def appliance(
    name: Name, price: Annotated[BoundMessage, MessageSlot(appliance_price, appliance_per_day)]
) -> None:
    """An appliance in the list."""


@message
def which_plan() -> None:
    """Above the plans that the operator allows."""


@message
def no_plan() -> None:
    """Instead of the plans when the operator has just withdrawn them."""


@message
def which_scheme() -> None:
    """Ask how the plan is calculated."""


@message
def by_count() -> None:
    """Option: by the number of instalments."""


@message
def by_amount() -> None:
    """Option: by the amount of each instalment."""


@message
def by_day() -> None:
    """Option: use by the day, without instalments."""


@message
def service(product: Name, owner: Name, per_day: Money, least: Money) -> None:
    """Use by the day of an appliance without a serial number, as it would be agreed by that
    customer: the price of a day and the least payment; shown before the PIN."""


@message
def device_service(
    product: Name, serial: Serial, owner: Name, per_day: Money, least: Money
) -> None:
    """The same for a device with a serial number."""


@message
def which_count() -> None:
    """Ask how many instalments."""


@message
def which_each() -> None:
    """Ask how much each instalment is."""


@message
def which_cadence() -> None:
    """Ask how often an instalment falls due."""


@message
def daily() -> None:
    """Option: every day."""


@message
def weekly() -> None:
    """Option: every week."""


@message
def monthly() -> None:
    """Option: every month."""


@message
def which_down() -> None:
    """Ask whether there is a down payment."""


@message
def no_down() -> None:
    """Option: no down payment."""


@message
def some_down() -> None:
    """Option: a down payment."""


@message
def how_much_down() -> None:
    """Ask how much the down payment is."""


@message
def plan(
    product: Name,
    owner: Name,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """The plan of an appliance without a serial number, as it would be sold to that customer:
    number and amount of instalments, how often, the last one's amount, the first day due, the down
    payment."""


@message
def device_plan(
    product: Name,
    serial: Serial,
    owner: Name,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """The same for a device with a serial number."""


@message
def sale_pin(owner: Name) -> None:
    """Who buys on the plan just agreed (masked name); ask for the agent's PIN."""


@message
def sold() -> None:
    """The end: the appliance is sold, and both parties get an SMS."""


@message
def sold_before(name: Name, owner: Name, at: TimeOfDay) -> None:
    """The same appliance was sold to the same customer (masked name) a few minutes before: ask
    whether to sell another."""


@message
def one_more() -> None:
    """Option: it is another appliance, which is sold too."""
