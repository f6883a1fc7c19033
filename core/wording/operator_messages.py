"""What the command line and the console show when a use case refuses something.

Operators get English of their own. Where there is none for a refusal code, they get the English
text that a caller would see.
"""

from __future__ import annotations

from functools import cache
from string import Formatter

from core.errors import Refused
from core.money import Money
from core.wording.message import messages_of
from core.wording.messages import refused as refused_messages
from core.wording.translation import Wording, load_wording

_TEMPLATES = {
    "no_market": (
        "There is no market yet: load a catalogue (`dialwatt load FILE`), or have an owner set the"
        " market up at the console."
    ),
    "limit_reached": (
        "this is worth {value}, and {left} is left today of your limit of {limit} a day. Who can"
        " raise it under Limits: {owners}; on the machine, `dialwatt limits` does"
    ),
    "acts_waiting": "{count} requests of yours wait already: have them approved or withdraw them",
    "act_unknown": "there is no such request",
    "act_ended": "this request is {state} already",
    "act_expired": "this request has waited too long: ask again",
    "act_own": "who asks for an act never approves it: another owner or finance user has to",
    "act_not_yours": "only an owner or a finance user decides what another person asked for",
    "act_changed": "it cannot be done any more as it was asked for: {problem}",
    "approver_new": (
        "{asker}, who asked for it, made or changed your login less than a day ago: another person"
        " has to approve it"
    ),
    "asker_gone": "{asker}, who asked for it, may not do this any more",
    "access_days_missing": "an access rate needs the number of days between two charges",
    "appliance_unknown": 'there is no appliance "{appliance}" in the catalogue',
    "cash_unit_wrong": "{problem}",
    "help_line_wrong": "{problem}",
    "payment_max_wrong": "{problem}",
    "catalogue_contradicts": "{problem}",
    "code_taken": 'there is a "{taken}" already',
    "token_amount_invalid": "whole days, or kWh to the tenth",
    "token_amount_range": "the amount is more than zero and at most {most}",
    "token_without_amount": "a token of this kind has no amount ({kind})",
    "token_not_supported": "devices like {serial} have no token that does this ({kind})",
    "token_ordered": "such a token is being made for {serial} already",
    "vend_unknown": "there is no such vend",
    "vend_not_open": "nothing is to be decided about it: it is {state}",
    "vend_not_asked": "the vendor was never asked for it: ask again, or give the money back",
    "vend_has_codes": "{vendor} gives codes: enter the code that its page shows",
    "vend_pushed": "{vendor} gives no codes: say that it was credited",
    "vend_code_missing": "enter the code as the vendor's page shows it",
    "vend_code_form": "a code of this vendor has {digits} digits",
    "vend_code_known": "this is the code of an earlier vend for {serial}",
    "vend_of_another": "{serial} has another owner now: give the money back as credit instead",
    "vend_taken_back": "what paid for it is gone: nothing is to be vended for {serial}",
    "vend_not_paid": "an operator ordered it for {serial}: there is no money to give back",
    "vend_plan_ended": (
        "the sale that this money paid for has ended, so it cannot be owed again: ask again, or"
        " return the money on the page of the payment"
    ),
    "vend_undecided": "say on the page of vend {vend_id} what became of it; that closes the case",
    "case_closed": "there is no such open case",
    "decision_missing": "choose what happens to the money that is held",
    "customer_missing": "there is no such customer",
    "person_unknown": "nothing is known of {msisdn}",
    "cannot_forget": "not forgotten, because something is open: {why}",
    "customer_unknown": "no customer has the number {msisdn}",
    "device_of_another": "{serial} has another owner; an import does not move devices",
    "device_known": "{serial} is registered already",
    "device_on_plan": "{serial} is on a payment plan already",
    "done_before": "the same was done at {at}; with --again it is done once more",
    "differs": "{field}: the database says {stored}, the file says {given}",
    "history_missing": (
        "it is not known what was paid on it: give the export of outstanding debts or transactions"
    ),
    "history_of_no_sale": "there is no sale {reference}",
    "key_differs": "secret_key: another key is stored for this device",
    "kind_differs": "{serial} is of kind {kind}, the appliance needs {wanted}",
    "kind_not_made": "this manufacturer makes {kinds}, not {kind}",
    "language_unknown": "language: the market speaks {languages}, not {language}",
    "manufacturer_unknown": 'there is no manufacturer "{manufacturer}" in the catalogue',
    "meter_not_vendable": (
        "sts: nothing is sold to a meter on key type {kt} and base year {base} in the field;"
        " change its key first (key type 2, base 2014 or later)"
    ),
    "no_codes": "no code can be made for {serial}: {why}",
    "meter_number": "{serial} is no STS meter number: 11 or 13 digits, the last one a check digit",
    "outstanding_too_much": (
        "{open} are said to be open, but only {due} fell due by then: is the cadence right?"
    ),
    "access_from_misplaced": "access_from: only a meter with owner and tariff pays access fees",
    "access_from_early": "access_from is before assigned_on: no customer owed fees for it then",
    "day_to_come": "{field}: {day} is still to come",
    "paid_differs": "paid: the database says {stored}, the file says {given}",
    "paid_too_much": "paid: {paid} is more than the price of {total}",
    "product_differs": "{serial} is {product}, not {appliance}",
    "product_of_other_sale": "{serial} is on a plan as {appliance}: end that sale first",
    "not_at_vendor": "the vendor's server has no device {serial}",
    "vendor_asked": "the vendor's server is being asked about {serial}; try again in a minute",
    "vendor_not_set_up": "no code can be had for {serial}: {missing}",
    "manufacturer_unserved": "manufacturer: {manufacturer}: {reason}",
    "product_same": "{serial} is that already",
    "product_unknown": 'product: there is no appliance "{product}" in the catalogue',
    "product_of_other_kind": "product: {product} is of kind {kind}",
    "product_of_other_plan": (
        "{serial} is another product than the one that plan {plan} sells: remove the plan first"
    ),
    "manufacturer_data_misplaced": "{field}: only OpenPAYGO devices have it",
    "test_code_form": "test_code: codes of this device have {length} digits from {keys}",
    "test_code_differs": "test_code: another one is stored for this device",
    "owner_needed": "assigned_on without owner_msisdn: a device in stock has no owner",
    "last_owner": "at least one user must be an owner",
    "sealing_key_missing": (
        "the key cannot be sealed here: set DEVICE_KEY_PUBLIC (`dialwatt keys public` prints"
        " it), or import the device (`dialwatt import devices`)"
    ),
    "login_wrong": "the name or the password is wrong",
    "attempts_delayed": "too many tries: wait {wait}, then try again",
    "login_ended": "too many wrong passwords: all your logins have ended",
    "code_wrong": "the code is wrong, or was used before: take the next one",
    "present_code_wrong": "the code is wrong, or was used before: take the next one",
    "second_factor_missing": "you have no second factor",
    "second_factor_needed": "your role must have a second factor",
    "second_factor_unreadable": (
        "this second factor cannot be checked; load the page again, or have an owner reset it"
    ),
    "own_account": "this is for the account of another user; change your own under your name",
    "month_unknown": "write the month like 2026-03, one that has begun",
    "name_invalid": "a name is 2 to 40 letters, digits, dots, dashes or underscores",
    "name_missing": "a customer has a name",
    "plan_needed": "a kit or an e-bike needs a plan",
    "no_such_token": "there is no such token",
    "number_last": "a customer keeps one number: add the new one first",
    "number_not_theirs": "the customer has no number {msisdn}",
    "number_taken": "another customer has the number {msisdn}",
    "not_in_suspense": "the payment {receipt} is not in suspense, it is {state}",
    "password_differs": "the two passwords differ",
    "password_short": "a password has {least} to {most} characters",
    "password_common": "that password is among the first that are guessed; take some more words",
    "password_like_name": "that password is little more than a name",
    "password_same": "that is the present password",
    "payment_unknown": "there is no such payment",
    "payment_waiting": "the payment {receipt} for {serial} is being applied; try again in some"
    " minutes",
    "serial_reserved": "{serial} could be taken for the reference of a customer or a prompt",
    "payment_held": "the payment {receipt} for {serial} is on hold; decide about its case first:"
    " apply it, or give the money back",
    "prompt_open": "a payment request for {serial} is open on a phone; try again in {minutes}"
    " minutes, when it was answered or has run out",
    "token_being_made": "a code for {serial} is being made; try again in some minutes",
    "plan_below_paid": "that is less than has been paid already",
    "plan_nothing_untouched": "no instalment is left that nothing was paid on",
    "plan_reversed_part": "a part of this plan was taken back; it has to be settled first",
    "plan_same": "that is the plan as it is",
    "plan_count": "a plan has 1 to {most} instalments",
    "plan_count_other": "count: at that instalment the plan has {count} instalments",
    "plan_differs": "another plan is stored under it: {total} in {parts} instalments",
    "plan_down_payment": "the down payment {down_payment} does not fit the total or the cash unit",
    "plan_figures": "give either how many instalments, or the amount of each",
    "plan_first_day": "the first instalment is due today or later, within a year",
    "plan_first_due": "first_due_on: is before the day of the sale",
    "plan_instalment_large": "the instalment is more than the financed amount {financed}",
    "plan_instalment_other": "instalment: with that count an instalment is {instalment}",
    "plan_instalment_small": "an instalment is a multiple of the cash unit {cash_unit}",
    "plan_in_use": "it is set on devices in stock ({devices}): remove it from them first",
    "plan_not_set": "no plan is set on {serial}",
    "plan_misplaced": "plan: only a kit or an e-bike in stock has one set",
    "plan_of_other_kind": "plan: {plan} is for an appliance of kind {kind}",
    "plan_unknown": 'there is no plan "{plan}" in the catalogue',
    "plan_scheme": "scheme amount needs an instalment, scheme count a count",
    "plan_total": "the total {total} is not a positive multiple of the cash unit",
    "receipt_ambiguous": (
        "several accounts have the receipt {receipt}: name one with --account ({accounts})"
    ),
    "reason_missing": "give a reason",
    "movement_explained": "{receipt} is explained already: {booked_as}",
    "movement_unknown": "there is no such movement: {id}",
    "opening_known": "the opening balance of {account} is booked already",
    "opening_negative": "the ledger shows {amount} more than the statement: no opening balance",
    "account_unknown": "choose the provider account that it was sent from: {account} received none",
    "credit_too_small": "the customer has {credit} of credit",
    "credit_theirs": "that is the same customer",
    "credit_waits": "the payment {receipt} of this customer is not settled yet",
    "credit_buys_nothing": "{credit} of credit alone buys and pays nothing there",
    "credit_payment": (
        "{receipt} was paid from credit: match it, or record that it went back to the provider"
        " account, which makes it credit again"
    ),
    "day_ahead": "that day is still to come",
    "device_of_other": "{serial} is not a device of this customer",
    "amount_missing": "give an amount of more than 0",
    "reference_missing": (
        "give the receipt, bank reference or voucher number of it: the same one is booked once"
    ),
    "reference_used": "something else is booked under {reference}",
    "return_too_large": "of {receipt} no more than {left} can go back",
    "refund_of_part": (
        "{account} sends only whole payments back: send the part at the provider's portal, from the"
        " bank or from the office, and record that it went back"
    ),
    "refund_too_late": "{receipt} has been applied: it paid debts or bought a token",
    "refund_under_way": "{receipt} cannot be sent back: it is {state}",
    "role_unknown": "there is no role {role}",
    "commission_too_large": "only {most} of commission is not paid out yet",
    "shortfall_too_large": "the agent owes only {most}",
    "cash_too_little": "the ledger has only {most} in the office",
    "debt_closed": "nothing of that debt is owed any more",
    "debt_unknown": "there is no such debt",
    "discount_too_large": "{left} is left to pay: settle the sale to forgive all of it",
    "rest_too_large": "the rest must be more than 0 and less than {left}, which is left to pay",
    "sale_in_default": "the sale is in default; undo that first",
    "sale_not_in_default": "the sale is not in default",
    "sale_not_late": "nothing of the sale is due",
    "sale_not_open": "the sale has ended",
    "sale_not_paused": "the sale is not paused",
    "sale_paused": "the sale is paused; resume it first",
    "sale_without_device": "the customer has no device of this sale to give back",
    "sale_unknown": "there is no such sale",
    "sale_without_plan": "energy as a service has no plan to change",
    "settlement_too_large": "the agent does not owe that much",
    "receipt_used": "something is booked under {receipt} already",
    "receipt_unknown": "no payment with the receipt {receipt} is booked",
    "replay_busy": "{kind} {id} is being sent at this moment; look again in some minutes",
    "replay_settled": "{kind} {id} is {state}: nothing about it waits",
    "replay_suspense": (
        "it is in suspense: no device is known by what the payer typed. Match it to a device, or"
        " send it back"
    ),
    "replay_too_late": "the SMS is not sent any more: its time is over",
    "row_unknown": "there is no {kind} {id}",
    "sale_of_another": "reference: the sale {reference} is another customer's",
    "sale_of_other_device": "reference: the sale {reference} is of another device",
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
    "tariff_not_begun": 'the tariff "{tariff}" has no price yet today',
    "tariff_same": "the meters are on that tariff already",
    "tariff_needed": "tariff: a meter with an owner needs one",
    "tariff_unknown": 'there is no tariff "{tariff}" in the catalogue',
    "user_exists": "there is a user {name} already",
    "user_unknown": "there is no user {name}",
    "sms_unknown": "there is no such SMS",
    "sms_waiting": "the SMS is still on its way",
    "number_given_up": "the number is no longer that of the customer whom the SMS was for",
    "unknown_serial": "there is no device {serial}",
    "village_unknown": 'there is no village "{village}" in the catalogue',
}


def describe_refusal(refused: Refused, currency: str | None = None) -> str:
    """A refusal as one line of English for operators.

    Amounts (values named `*_minor`) are written as money where `currency` is given, or known to the
    refusal.
    """
    currency = currency or refused.currency
    values: dict[str, object] = {}
    for name, value in refused.values.items():
        if name.endswith("_minor") and isinstance(value, int):
            value = Money(value, currency) if currency else f"{value} minor units"
        values[name.removesuffix("_minor")] = value
    template = _TEMPLATES.get(refused.code)
    if template is not None and _slots(template) <= values.keys():
        return template.format(**values)
    for_customers = _customer_wording().refusal(refused)
    if for_customers.message.key != "refused.other":
        return _customer_wording().render(for_customers, "en")
    details = "".join(f", {name} {value}" for name, value in values.items())
    return f"refused: {refused.code.replace('_', ' ')}{details}"


def _slots(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@cache
def _customer_wording() -> Wording:
    return load_wording(messages_of([refused_messages]), ["en"])
