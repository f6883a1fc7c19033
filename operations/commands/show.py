"""`dialwatt show payment RECEIPT` and `show customer MSISDN`: for people, or as JSON."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from core.errors import BadInput
from core.money import major
from core.settings import Environment
from core.unit import Unit
from operations.database import open_database

Shown = dict[str, Any]


def run(arguments: Namespace, environment: Environment) -> int:
    """Print it. Raises Refused for a receipt or a number that nobody has."""
    with open_database(environment)() as unit:
        if arguments.what == "payment":
            shown = payment(unit, arguments.key.strip(), arguments.account)
        else:
            shown = customer(unit, arguments.key)
        currency = unit.market.currency
    if arguments.json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        write = _write_payment if arguments.what == "payment" else _write_customer
        print("\n".join(write(shown, currency)))
    return 0


def payment(unit: Unit, receipt: str, account: str | None = None) -> Shown:
    """A payment in the shape that scripts rely on: amounts in major units, as text."""
    from core.usecases.payments.show import show_payment

    story = show_payment(unit, receipt, account)
    paid, currency = story.payment, story.payment.currency
    shown: Shown = {
        "receipt": paid.receipt,
        "amount": major(paid.amount_minor, currency),
        "credit_used": major(paid.credit_used_minor, currency),
        "state": paid.state,
        "account": paid.account_raw,
        "paid_at": paid.paid_at.isoformat(),
        "lines": [
            {"kind": line.kind, "amount": major(line.amount_minor, currency)}
            | ({"serial": line.serial} if line.serial else {})
            for line in story.lines
        ],
        "tokens": [
            {"serial": token.serial, "kind": token.kind}
            | _units(token.kind, token.units)
            | {"text": token.text, "sent": token.sent}
            for token in story.tokens
        ],
    }
    return shown | ({"problem": paid.problem} if paid.problem else {})


def _units(kind: str, units: int) -> Shown:
    if kind == "energy":
        return {"kwh": units / 10}
    return {"days": units} if kind == "days" else {}


def customer(unit: Unit, typed: str) -> Shown:
    """A customer in the shape that scripts rely on; all that is open, the oldest first."""
    from core.msisdn import parse_msisdn
    from core.usecases.registration.customer_card import show_customer

    try:
        msisdn = parse_msisdn(typed, unit.market.country)
    except ValueError as error:
        raise BadInput(str(error)) from error
    story, currency = show_customer(unit, msisdn), unit.market.currency
    return {
        "msisdn": msisdn,
        "name": f"{story.customer.name} {story.customer.surname}".strip(),
        "language": story.customer.language,
        "credit": major(story.debts.credit_minor, currency),
        "owes": [
            {
                "kind": debt.kind,
                "amount": major(debt.amount_minor, currency),
                "due_on": debt.due_on.isoformat(),
                "due": debt.is_due,
                "about": debt.description,
            }
            for debt in story.debts.lines
        ],
        "devices": [
            {"serial": one.serial, "kind": one.kind}
            | (
                {}
                if one.plan_left_minor is None
                else {"plan_left": major(one.plan_left_minor, currency)}
            )
            | ({} if one.kind == "meter" else {"unlocked": one.is_paid_off})
            for one in story.devices
        ],
    }


def _write_payment(shown: Shown, currency: str) -> list[str]:
    lines = [
        f"{shown['receipt']}: {currency} {shown['amount']} for {shown['account']}, {shown['state']}"
    ]
    lines += [
        f"  {line['kind']:<13}{line['amount']:>12}  {line.get('serial', '')}".rstrip()
        for line in shown["lines"]
    ]
    for token in shown["tokens"]:
        gives = f"{token['kwh']} kWh" if "kwh" in token else token["kind"]
        gives = f"{token['days']} days" if "days" in token else gives
        fate = "sent" if token["sent"] else "not sent yet"
        lines.append(f"  token {token['text']}  {token['serial']}  {gives}, {fate}")
    return lines + ([f"  problem: {shown['problem']}"] if "problem" in shown else [])


def _write_customer(shown: Shown, currency: str) -> list[str]:
    lines = [f"{shown['name']} ({shown['msisdn']}), credit {currency} {shown['credit']}"]
    lines += [
        f"  {debt['kind']:<13}{debt['amount']:>12}  {'due' if debt['due'] else 'not due until'}"
        f" {debt['due_on']}  {debt['about']}"
        for debt in shown["owes"]
    ] or ["  owes nothing"]
    for device in shown["devices"]:
        state = f", {currency} {device['plan_left']} left" if "plan_left" in device else ""
        state = ", unlocked" if device.get("unlocked") else state
        lines.append(f"  {device['kind']} {device['serial']}{state}")
    return lines
