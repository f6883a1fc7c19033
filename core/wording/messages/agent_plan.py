"""An agent sells an appliance: which one, and on which plan."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import ChoiceSlot, Count, Day, MessageSlot, Money, Name

Cadence = Annotated[str, ChoiceSlot("cadence", "daily", "weekly", "monthly")]


@message
def appliance_price(price: Money) -> None:
    """What an appliance costs."""


@message
def appliance_per_day(price: Money) -> None:
    """What a day's use of it costs, where it is not sold."""


@message
def appliance(
    name: Name, price: Annotated[BoundMessage, MessageSlot(appliance_price, appliance_per_day)]
) -> None:
    """An appliance in the list."""


@message
def which_plan() -> None:
    """Above the plans the operator allows."""


@message
def no_plan() -> None:
    """The plans were taken away meanwhile."""


@message
def which_scheme() -> None:
    """Choose how the plan is made."""


@message
def by_count() -> None:
    """By the number of instalments."""


@message
def by_amount() -> None:
    """By the amount of each instalment."""


@message
def by_day() -> None:
    """Use by the day: no instalments."""


@message
def service(per_day: Money, least: Money) -> None:
    """Use by the day as it would be agreed; above the PIN."""


@message
def which_count() -> None:
    """Ask how many instalments."""


@message
def which_each() -> None:
    """Ask how much each instalment is."""


@message
def which_cadence() -> None:
    """Choose how often an instalment falls due."""


@message
def daily() -> None:
    """Every day."""


@message
def weekly() -> None:
    """Every week."""


@message
def monthly() -> None:
    """Every month."""


@message
def which_down() -> None:
    """Choose whether there is a down payment."""


@message
def no_down() -> None:
    """No down payment."""


@message
def some_down() -> None:
    """A down payment."""


@message
def how_much_down() -> None:
    """Ask how much the down payment is."""


@message
def plan(
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """The plan before it is sold."""


@message
def sale_pin(owner: Name) -> None:
    """Who buys on the plan just agreed; ask for the agent's PIN."""


@message
def sold() -> None:
    """The appliance is sold; what was agreed goes out by text."""
