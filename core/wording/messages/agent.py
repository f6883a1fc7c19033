"""The agent's menu: register, sell, collect cash, look up, move, account, PIN."""

from typing import Annotated

from core.wording.message import Said, message
from core.wording.messages.part import Gives, Split
from core.wording.slots import (
    Count,
    Day,
    Either,
    Money,
    Msisdn,
    Name,
    Reference,
    Serial,
    Word,
)

Kind = Annotated[str, Word("kind", "meter", "shs", "e_bike")]
Cadence = Annotated[str, Word("cadence", "daily", "weekly", "monthly")]


@message
def home(name: Name) -> None:
    """Above the agent's menu."""


@message
def register() -> None:
    """Register a customer with a device."""


@message
def sell() -> None:
    """Sell an appliance on a plan."""


@message
def collect() -> None:
    """Collect cash."""


@message
def customer() -> None:
    """Look a customer up."""


@message
def move() -> None:
    """Move a meter to another customer."""


@message
def account() -> None:
    """Own float, commission and last receipts."""


@message
def pin() -> None:
    """Change the PIN."""


@message
def who_is_next() -> None:
    """Above the choice between somebody new and those who wait."""


@message
def somebody_new() -> None:
    """Register somebody who did not ask by phone."""


@message
def waiting() -> None:
    """Serve those who asked by phone."""


@message
def my_texts() -> None:
    """Confirm what the agent asked for by text."""


@message
def which_text() -> None:
    """Above what the agent asked for by text."""


@message
def no_text() -> None:
    """Nothing asked for by text waits any more."""


@message
def drop() -> None:
    """Do not do what was asked for by text."""


@message
def dropped(serial: Serial) -> None:
    """It is not asked for any more."""


@message
def stale(serial: Serial, owner: Name) -> None:
    """What was asked for by text has become impossible: it can only be dropped."""


@message
def refuse() -> None:
    """Do not grant somebody the device."""


@message
def not_granted(serial: Serial) -> None:
    """Whoever asked is told that they do not get it."""


@message
def which_request() -> None:
    """Above those who wait."""


@message
def no_request() -> None:
    """Nobody waits any more."""


@message
def request(owner: Name, serial: Serial) -> None:
    """Somebody who waits, in the list."""


@message
def requested(owner: Name, phone: Msisdn, serial: Serial, kind: Kind) -> None:
    """Who wants what, before the terms are asked for."""


@message
def which_phone() -> None:
    """Ask for the customer's phone number."""


@message
def is_it(owner: Name) -> None:
    """The number is known: confirm the masked name."""


@message
def is_moving(serial: Serial, owner: Name) -> None:
    """Confirm who gets the meter."""


@message
def which_new_owner(serial: Serial, owner: Name) -> None:
    """Whose meter it is; ask for the phone number of who gets it."""


@message
def yes() -> None:
    """Yes, that is the person."""


@message
def which_name() -> None:
    """Ask for the first name."""


@message
def which_surname() -> None:
    """Ask for the surname."""


@message
def which_village() -> None:
    """Above the villages."""


@message
def no_village() -> None:
    """Instead of the villages when there are none."""


@message
def village(name: Name, village: Reference) -> None:
    """A village in the list, with its code."""


@message
def no_village_option() -> None:
    """Register without a village."""


@message
def which_kind() -> None:
    """Above the kinds of device."""


@message
def meter() -> None:
    """A meter."""


@message
def shs() -> None:
    """A solar home system."""


@message
def e_bike() -> None:
    """An e-bike."""


@message
def which_maker() -> None:
    """Above the manufacturers."""


@message
def no_maker() -> None:
    """Nobody makes this kind."""


@message
def row(name: Name) -> None:
    """A manufacturer or a plan in a list."""


@message
def which_serial() -> None:
    """Ask for the serial number on the device."""


@message
def which_tariff() -> None:
    """Above the tariffs."""


@message
def tariff(name: Name, price: Money) -> None:
    """A tariff in the list, with its price of a kWh."""


@message
def no_tariff() -> None:
    """There is no tariff."""


@message
def which_appliance() -> None:
    """Above the appliances."""


@message
def no_appliance() -> None:
    """There is nothing to sell."""


@message
def appliance_price(price: Money) -> None:
    """What an appliance costs."""


@message
def appliance_per_day(price: Money) -> None:
    """What a day's use of it costs, where it is not sold."""


@message
def appliance(
    name: Name, price: Annotated[Said, Either(appliance_price, appliance_per_day)]
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
def agree() -> None:
    """Go on with this plan."""


@message
def summary_meter(serial: Serial, tariff: Reference, owner: Name, phone: Msisdn) -> None:
    """What will be registered; above the PIN."""


@message
def summary_new_meter(serial: Serial, tariff: Reference, owner: Name, phone: Msisdn) -> None:
    """The same for a meter that is not in the books yet."""


@message
def summary_plan(
    serial: Serial,
    owner: Name,
    phone: Msisdn,
    appliance: Reference,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """What was asked for by text for a kit, before the PIN."""


@message
def summary_service(
    serial: Serial, owner: Name, phone: Msisdn, appliance: Reference, per_day: Money, least: Money
) -> None:
    """The same where it is used by the day."""


@message
def which_pin() -> None:
    """Ask for the agent's PIN, which confirms."""


@message
def sign_kit(serial: Serial, owner: Name) -> None:
    """Who gets which kit on the plan just agreed; ask for the agent's PIN."""


@message
def sign_sale(owner: Name) -> None:
    """Who buys on the plan just agreed; ask for the agent's PIN."""


@message
def registered(serial: Serial) -> None:
    """Customer and device are registered."""


@message
def sold() -> None:
    """The appliance is sold; what was agreed goes out by text."""


@message
def which_amount(serial: Serial, owner: Name) -> None:
    """Ask how much cash was given."""


@message
def confirm_cash(amount: Money, serial: Serial, split: Split) -> None:
    """What the cash will do; confirmed with the PIN."""


@message
def collected(receipt: Reference, owed: Money) -> None:
    """The cash is booked."""


@message
def card(owner: Name, due: Money, credit: Money, devices: Count) -> None:
    """What an agent may know of a customer."""


@message
def resend() -> None:
    """Send the customer's last token again."""


@message
def owed() -> None:
    """See what the customer owes, line by line."""


@message
def which_device() -> None:
    """Above the customer's devices."""


@message
def no_device() -> None:
    """The customer has no device."""


@message
def device(serial: Serial) -> None:
    """One of the customer's devices."""


@message
def last_token(serial: Serial, day: Day, what: Gives) -> None:
    """The last token of a device, which is not shown: from when it is and what it gives."""


@message
def send() -> None:
    """Send it to the customer."""


@message
def resent(serial: Serial) -> None:
    """It goes to the customer."""


@message
def moved(serial: Serial) -> None:
    """The meter has a new owner."""


@message
def figures(owed: Money, left: Money, commission: Money) -> None:
    """Above the agent's last receipts."""


@message
def no_receipts(owed: Money, left: Money, commission: Money) -> None:
    """The same when no cash was taken yet."""


@message
def receipt(receipt: Reference, amount: Money, day: Day) -> None:
    """Cash taken, in the list."""


@message
def handed_over(receipt: Reference, amount: Money, day: Day) -> None:
    """Cash handed over or taken back, in the list."""


@message
def movement(movement: Annotated[Said, Either(receipt, handed_over)]) -> None:
    """A line of the list."""


@message
def new_pin() -> None:
    """Ask for the present PIN and the new one."""


@message
def first_pin(name: Name) -> None:
    """To an agent who still has the operator's PIN: choose one's own first."""


@message
def change_now() -> None:
    """Go on to choosing it."""


@message
def pin_changed() -> None:
    """The new PIN holds."""
