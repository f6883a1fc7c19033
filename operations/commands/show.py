"""`dialwatt show`: a payment, a customer, or the order of payment, as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from core.db.console.vends import VendRow
from core.db.returns import Return
from core.money import major
from core.unit import Unit
from operations.commands.arguments import account_option, json_option, read_msisdn
from operations.database import open_for_command

Shown = dict[str, Any]


@click.group()
def show() -> None:
    """Show a payment, a customer, or what payments pay first."""


@show.command()
@click.argument("receipt")
@account_option
@json_option
def payment(receipt: str, account: str | None, as_json: bool) -> None:
    """Show what a payment did: its lines, and the tokens it bought.

    RECEIPT is the provider's receipt of the payment.
    """
    with open_for_command()() as unit:
        shown = describe_payment(unit, receipt.strip(), account)
        _print(shown, as_json, partial(_payment_lines, shown, unit.market.currency))


@show.command()
@click.argument("msisdn")
@json_option
def customer(msisdn: str, as_json: bool) -> None:
    """Show what a customer owes and has.

    MSISDN is the customer's phone number, with or without the country code.
    """
    from core.usecases.operators.access import note_look
    from core.usecases.registration.show_customer import show_customer
    from operations.operator import operator_name

    with open_for_command()() as unit:
        shown = describe_customer(unit, msisdn)
        looked_at = show_customer(unit, read_msisdn(unit, msisdn)).customer
        note_look(unit, operator_name(), "customer", looked_at.id)
        _print(shown, as_json, partial(_customer_lines, shown, unit.market.currency))


@show.command()
@json_option
def waterfall(as_json: bool) -> None:
    """Show in which order payments pay, from each day on.

    The last day that is not in the future is in force. Until the first one debts come before the
    device: arrears, then access rates.
    """
    from core.db.waterfalls import all_waterfalls

    with open_for_command()() as unit:
        shown: Shown = {
            "waterfalls": [
                {
                    "valid_from": version.valid_from.isoformat(),
                    "order": list(version.steps),
                    "lifeline_percent": version.lifeline_percent,
                }
                for version in all_waterfalls(unit.connection)
            ]
        }
        _print(shown, as_json, partial(_waterfall_lines, shown))


def _print(shown: Shown, as_json: bool, lines: Callable[[], list[str]]) -> None:
    print(json.dumps(shown, ensure_ascii=False) if as_json else "\n".join(lines()))


def describe_payment(unit: Unit, receipt: str, account: str | None = None) -> Shown:
    """Return a payment in the JSON shape that scripts rely on; amounts are text in major units.

    Raises Refused where no account, or more than one, has that receipt.
    """
    from core.db.console.tokens import token_digits
    from core.usecases.payments.show import show_payment

    history = show_payment(unit, receipt, account)
    paid, currency = history.payment, history.payment.currency
    digits = token_digits(unit.connection, paid.id)
    shown: Shown = {
        "receipt": paid.receipt,
        "amount": major(paid.amount_minor, currency),
        "credit_used": major(paid.credit_used_minor, currency),
        "state": "held" if history.is_held else paid.state,
        "account": paid.account_raw,
        "paid_at": paid.paid_at.isoformat(),
        "lines": [
            {"kind": allocation.kind, "amount": major(allocation.amount_minor, currency)}
            | ({"serial": allocation.serial} if allocation.serial else {})
            | _returned(allocation.returned_minor, currency)
            for allocation in history.allocations
        ],
        "tokens": [
            {"serial": token.serial, "kind": token.kind}
            | _units(token.kind, token.units)
            | {"text": digits[token.id], "sent": token.is_sent}
            for token in history.tokens
        ],
    }
    if history.vends:
        shown["vends"] = [_vend(vend) for vend in history.vends]
    if history.returns:
        shown |= _went_back(history.returns, paid.returned_minor, currency)
    return shown | ({"problem": paid.problem} if paid.problem else {})


def _vend(vend: VendRow) -> Shown:
    """What a vendor is asked for. `credited`: done without a code; those stand under `tokens`."""
    return (
        {"serial": vend.serial, "kind": vend.kind}
        | _units(vend.kind, vend.units)
        | {"vendor": vend.vendor, "state": vend.state, "credited": vend.pushed}
        | ({"given_back": True} if vend.given_back else {})
        | ({"words": vend.words} if vend.words else {})
    )


def _went_back(returns: Sequence[Return], returned_minor: int, currency: str) -> Shown:
    return {
        "returned": major(returned_minor, currency),
        "returns": [
            {
                "amount": major(each.moved_minor, currency),
                "from": each.source,
                "receipt": each.reference,
                "at": each.happened_at.isoformat(),
            }
            for each in returns
        ],
    }


def _returned(minor: int, currency: str) -> Shown:
    return {"returned": major(minor, currency)} if minor else {}


def _units(kind: str, units: int) -> Shown:
    if kind == "energy":
        return {"kwh": units / 10}
    return {"days": units} if kind == "days" else {}


def describe_customer(unit: Unit, typed: str) -> Shown:
    """Return a customer in the JSON shape that scripts rely on, the oldest debt first.

    Raises BadInput for what is not a phone number, Refused where no customer has it.
    """
    from core.usecases.registration.show_customer import show_customer

    msisdn = read_msisdn(unit, typed)
    overview, currency = show_customer(unit, msisdn), unit.market.currency
    return {
        "msisdn": msisdn,
        "name": f"{overview.customer.name} {overview.customer.surname}".strip(),
        "language": overview.customer.language,
        "account": overview.customer.account,
        "credit": major(overview.debts.credit_minor, currency),
        "owes": [
            {
                "kind": debt.kind,
                "amount": major(debt.amount_minor, currency),
                "due_on": None if debt.is_paused else debt.due_on.isoformat(),
                "due": debt.is_due,
                "about": debt.description,
            }
            for debt in overview.debts.lines
        ],
        "devices": [
            {"serial": device.serial, "kind": device.kind}
            | (
                {}
                if device.plan_left_minor is None
                else {"plan_left": major(device.plan_left_minor, currency)}
            )
            | ({} if device.kind == "meter" else {"unlocked": device.is_paid_off})
            for device in overview.device_states
        ],
    }


def _payment_lines(shown: Shown, currency: str) -> list[str]:
    lines = [
        f"{shown['receipt']}: {currency} {shown['amount']} for {shown['account']}, {shown['state']}"
    ]
    lines += [
        f"  {line['kind']:<13}{line['amount']:>12}  {line.get('serial', '')}{_taken(line)}".rstrip()
        for line in shown["lines"]
    ]
    lines += [
        f"  went back    {each['amount']:>12}  {each['from']} {each['receipt'] or ''}".rstrip()
        for each in shown.get("returns", ())
    ]
    for token in shown["tokens"]:
        gives = f"{token['kwh']} kWh" if "kwh" in token else token["kind"]
        gives = f"{token['days']} days" if "days" in token else gives
        state = "sent" if token["sent"] else "not sent yet"
        lines.append(f"  token {token['text']}  {token['serial']}  {gives}, {state}")
    for vend in shown.get("vends", ()):
        state = "credited" if vend["credited"] else vend["state"]
        words = f": {vend['words']}" if "words" in vend else ""
        lines.append(f"  vend by {vend['vendor']}  {vend['serial']}  {state}{words}")
    return lines + ([f"  problem: {shown['problem']}"] if "problem" in shown else [])


def _waterfall_lines(shown: Shown) -> list[str]:
    lines = [
        f"from {version['valid_from']}: {', '.join(version['order'])}"
        + (
            ""
            if version["lifeline_percent"] is None
            else f"; debts get at most {version['lifeline_percent']} % of money for a meter"
        )
        for version in shown["waterfalls"]
    ]
    return ["from the beginning: arrears, access_rate, device", *lines]


def _taken(line: Shown) -> str:
    return f"  ({line['returned']} taken back)" if "returned" in line else ""


def _when(debt: Shown) -> str:
    if debt["due_on"] is None:
        return "paused, not due"
    return f"{'due' if debt['due'] else 'not due until'} {debt['due_on']}"


def _customer_lines(shown: Shown, currency: str) -> list[str]:
    lines = [
        f"{shown['name']} ({shown['msisdn']}), account {shown['account']},"
        f" credit {currency} {shown['credit']}"
    ]
    lines += [
        f"  {debt['kind']:<13}{debt['amount']:>12}  {_when(debt)}  {debt['about']}"
        for debt in shown["owes"]
    ] or ["  owes nothing"]
    for device in shown["devices"]:
        state = f", {currency} {device['plan_left']} left" if "plan_left" in device else ""
        state = ", unlocked" if device.get("unlocked") else state
        lines.append(f"  {device['kind']} {device['serial']}{state}")
    return lines
