"""Why a use case refused something: one message for each code of `core.errors.Refused`."""

from core.wording.message import message
from core.wording.slots import Count, FreeText, Money, Msisdn, Name, Reference, Serial


@message
def other() -> None:
    """For a refusal that has no message of its own."""


@message
def no_market() -> None:
    """The operator has not opened the service yet."""


@message
def not_a_customer() -> None:
    """Only customers can ask this."""


@message
def not_your_device(typed: FreeText) -> None:
    """None of the caller's devices has this serial number. It is not
    revealed whether another customer has it."""


@message
def village_unknown(typed: FreeText) -> None:
    """No village has this code."""


@message
def tariff_unknown(typed: FreeText) -> None:
    """No tariff has this code."""


@message
def name_missing() -> None:
    """A new customer needs a name."""


@message
def plan_unreadable() -> None:
    """How to write an appliance with its plan in an SMS."""


@message
def no_such_request() -> None:
    """The registration was confirmed already, or its time is over."""


@message
def unknown_serial(serial: Serial) -> None:
    """No device has this serial number."""


@message
def device_in_stock(serial: Serial) -> None:
    """The device has no owner yet."""


@message
def reference_expired(reference: Serial) -> None:
    """The reference of an earlier payment request was typed, more than a day after it."""


@message
def device_moved(serial: Serial) -> None:
    """The reference of a payment request was typed; its device has another owner since."""


@message
def amount_invalid(cash_unit: Money) -> None:
    """Not a multiple of the smallest cash amount."""


@message
def amount_too_large(most: Money) -> None:
    """More than the payment channel takes at once; `most` is what it takes."""


@message
def nothing_to_pay() -> None:
    """The device is paid off and nothing is owed."""


@message
def no_code(serial: Serial) -> None:
    """No code can be made for the device. Debts can be paid: the serial number followed by LOAN
    means them only."""


@message
def below_minimum(minimum: Money) -> None:
    """What would be left for energy is less than the tariff sells."""


@message
def language_unknown() -> None:
    """The market does not support this language."""


@message
def no_such_token() -> None:
    """The caller has no such token."""


@message
def not_an_agent() -> None:
    """Only agents can do this."""


@message
def pin_wrong(left: Count) -> None:
    """The PIN was wrong; `left` tries are left."""


@message
def pin_locked(minutes: Count) -> None:
    """The PIN was wrong three times; `minutes` is how long to wait."""


@message
def pin_trivial() -> None:
    """A PIN that is easy to guess, or the old one."""


@message
def float_exceeded(left: Money) -> None:
    """The agent would owe more than the limit; `left` is what is left of it."""


@message
def customer_unknown(msisdn: Msisdn) -> None:
    """No customer has this number."""


@message
def appliance_unknown() -> None:
    """The appliance is not sold any more."""


@message
def not_in_stock(serial: Serial) -> None:
    """No device with this serial is in stock."""


@message
def office_enters(serial: Serial) -> None:
    """The device is not known, and only the office can register a device of this manufacturer."""


@message
def meter_number(serial: Serial) -> None:
    """Not a meter number: its check digit is wrong."""


@message
def service_price() -> None:
    """This appliance is not sold by the day."""


@message
def tariff_needed() -> None:
    """A meter without a tariff cannot get an owner."""


@message
def serial_needed() -> None:
    """A kit or an e-bike is sold with its serial number."""


@message
def differs() -> None:
    """The number was registered a moment ago with another name."""


@message
def device_taken(serial: Serial) -> None:
    """The device has an owner already."""


@message
def device_retired(serial: Serial) -> None:
    """The device was replaced and cannot get an owner any more."""


@message
def device_other(serial: Serial) -> None:
    """The device in stock is of another kind or manufacturer."""


@message
def device_on_plan(serial: Serial) -> None:
    """The device is on a plan already."""


@message
def device_yours(serial: Serial) -> None:
    """The caller has the device already."""


@message
def device_waits(serial: Serial) -> None:
    """The operator has not set the tariff or plan of the device yet."""


@message
def prompts_open() -> None:
    """Payment requests wait on the phone."""


@message
def prompts_many() -> None:
    """More payment requests in an hour than a phone gets."""


@message
def claim_unpaid(serial: Serial) -> None:
    """The caller took a device before and has paid nothing for it."""


@message
def claims_many() -> None:
    """The caller took several devices today."""


@message
def requests_many() -> None:
    """The caller asked for too many devices."""


@message
def plan_not_allowed() -> None:
    """The operator allows other plans for this appliance."""


@message
def device_theirs(serial: Serial) -> None:
    """This customer has the meter already."""


@message
def not_a_meter(serial: Serial) -> None:
    """Only meters can be transferred."""


@message
def plan_count(most: Count) -> None:
    """Too many instalments, or none."""


@message
def plan_down_payment() -> None:
    """The down payment is more than the price, or not a cash amount."""


@message
def plan_instalment_small() -> None:
    """Instalments would be less than the smallest cash amount."""


@message
def plan_instalment_large() -> None:
    """One instalment would be more than what is financed."""


@message
def plan_total() -> None:
    """The price cannot be put on a plan."""


@message
def kind_differs(serial: Serial) -> None:
    """The device is of another kind than the appliance."""


@message
def not_at_vendor(serial: Serial) -> None:
    """The manufacturer of the device says that it has no such device."""


@message
def vendor_asked(serial: Serial) -> None:
    """The manufacturer has not said yet whether it has the device."""


@message
def vendor_not_set_up(serial: Serial) -> None:
    """No code can be had for a device of this manufacturer yet: its server is not set up."""


@message
def product_differs(serial: Serial, product: Name) -> None:
    """The device is another appliance of the same kind, this one."""


@message
def device_of_another(serial: Serial) -> None:
    """The device has another owner."""


@message
def payment_waiting(serial: Serial) -> None:
    """A payment for the device is being applied: it cannot change owner now."""


@message
def payment_held(serial: Serial, receipt: Reference) -> None:
    """A payment for the device waits for a person's decision: it cannot change owner now."""


@message
def prompt_open(serial: Serial, minutes: Count) -> None:
    """A payer may be approving a payment for the device on the phone: it cannot change owner."""


@message
def token_being_made(serial: Serial) -> None:
    """A token that an operator ordered for the device is being made: it cannot change owner now."""


@message
def no_channel() -> None:
    """The payer's network has no mobile money that we accept."""


@message
def too_many_guesses() -> None:
    """The caller asked for too many serial numbers that do not exist."""


@message
def kit_not_timed(serial: Serial) -> None:
    """The codes of this device carry no count."""


@message
def kit_count_far(count: Count, ours: Count) -> None:
    """The count that was typed is too far above ours."""


@message
def kit_out_of_reach(serial: Serial) -> None:
    """No code of ours reaches the count of the kit."""


@message
def code_not_of_kit(serial: Serial) -> None:
    """The code that was typed was not made for this kit."""


@message
def code_replaced(serial: Serial) -> None:
    """A newer code was made, and the kit refuses all before it."""


@message
def kit_count_needed(serial: Serial) -> None:
    """The code that was to bring kit and server together was refused."""


@message
def kit_in_step(serial: Serial) -> None:
    """Kit and server agree, and there are no days to give."""


@message
def kit_repaired(serial: Serial) -> None:
    """An agent repaired the kit minutes ago, or three times today."""
