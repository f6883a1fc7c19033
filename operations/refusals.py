"""What the command line says for each refusal of a use case, in an operator's words.

People on the phone get theirs from the wordings, in their language.
"""

from __future__ import annotations

from core.errors import Refused
from core.money import major

_WORDS = {
    "no_market": "The book is empty: load a catalogue first (`dialwatt load FILE`).",
    "appliance_unknown": 'there is no appliance "{appliance}" in the catalogue',
    "customer_unknown": "no customer has the number {msisdn}; import customers first",
    "device_of_another": "{serial} has another owner in the books; an import does not move devices",
    "device_on_plan": "{serial} is on a payment plan already",
    "differs": "{field}: the books say {books}, the file says {given}",
    "family_not_served": "no tokens can be made for devices of family {family} yet",
    "key_differs": "secret_key: the books hold another key for this device",
    "kind_differs": "{serial} is of kind {kind}, the appliance needs {wanted}",
    "kind_not_made": "this manufacturer makes {kinds}, not {kind}",
    "language_unknown": "language: the market speaks {languages}, not {language}",
    "manufacturer_unknown": 'there is no manufacturer "{manufacturer}" in the catalogue',
    "meter_not_vendable": (
        "sts: nothing is sold to a meter on key type {kt} and base year {base} in the field;"
        " change its key first (key type 2, base 2014 or later)"
    ),
    "meter_number": "{serial} is no STS meter number: 11 or 13 digits, the last one a check digit",
    "owner_needed": "assigned_on without owner_msisdn: a device in stock is assigned to nobody",
    "plan_count": "a plan has 1 to {most} instalments",
    "plan_count_other": "count: at that instalment the plan has {count} instalments",
    "plan_differs": "the books hold another plan under it: {total} in {parts} parts",
    "plan_down_payment": "the down payment {down_payment} does not fit the total or the cash unit",
    "plan_first_due": "first_due_on: is before the day of the sale",
    "plan_instalment_large": "the instalment is more than the financed amount {financed}",
    "plan_instalment_other": "instalment: with that count an instalment is {instalment}",
    "plan_instalment_small": "an instalment is a multiple of the cash unit {cash_unit}",
    "plan_scheme": "scheme amount needs an instalment, scheme count a count",
    "plan_total": "the total {total} is not a positive multiple of the cash unit",
    "receipt_ambiguous": (
        "several accounts have the receipt {receipt}: name one with --account ({accounts})"
    ),
    "receipt_unknown": "no payment with the receipt {receipt} is booked",
    "replay_busy": "{kind} {id} is being sent at this moment; look again in some minutes",
    "replay_settled": "{kind} {id} is {state}: nothing about it waits",
    "replay_suspense": "it is stuck with nobody: no device is known by what the payer typed."
    " Match it to a device, or send it back",
    "replay_too_late": "the text may not go out any more: its time is over",
    "row_unknown": "there is no {kind} {id}",
    "sale_of_another": "reference: the sale {reference} in the books is another customer's",
    "sale_of_other_device": "reference: the sale {reference} in the books is of another device",
    "secret_key_misplaced": "secret_key and starting_code do not belong to this token family",
    "secret_key_needed": "secret_key: this token family needs the device's key",
    "serial_misplaced": "serial: an appliance of kind other has none",
    "serial_needed": "serial: an appliance of kind {kind} is sold with its device",
    "service_price": (
        'scheme service needs a serial, and a price_per_day on appliance "{appliance}"'
    ),
    "service_total": "scheme service has no total and no down payment",
    "starting_code_misplaced": "starting_code: only OpenPAYGO devices have one",
    "sts_misplaced": "sts: only STS meters have it",
    "sts_needed": "sts: an STS meter needs it",
    "tariff_misplaced": "tariff: only meters have one, not a device of kind {kind}",
    "tariff_needed": "tariff: a meter in somebody's hands needs one",
    "tariff_unknown": 'there is no tariff "{tariff}" in the catalogue',
    "unknown_serial": "there is no device {serial}",
    "village_unknown": 'there is no village "{village}" in the catalogue',
}


def in_words(refused: Refused, currency: str | None = None) -> str:
    """The refusal as a line; money (`*_minor`) in major units where the currency is known."""
    values: dict[str, object] = {}
    for name, value in refused.values.items():
        if name.endswith("_minor") and isinstance(value, int):
            value = major(value, currency) if currency else f"{value} minor units"
        values[name.removesuffix("_minor")] = value
    words = _WORDS.get(refused.code)
    if words is None:
        details = "".join(f", {name} {value}" for name, value in values.items())
        return f"refused: {refused.code.replace('_', ' ')}{details}"
    return words.format(**values)
