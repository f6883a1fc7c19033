"""How the money of a payment falls, in words: on the confirm screen and in the receipt alike."""

from __future__ import annotations

from collections import Counter

from core.market import Market
from core.money import Money
from core.waterfall import Outcome
from core.wording.message import BoundMessage
from core.wording.messages import allocation


def describe_allocation(market: Market, outcome: Outcome) -> list[BoundMessage]:
    """`loan 300, access 200, 5.0 kWh`: each part once, debts first.

    All debts are one sum where a payment that was taken back is among them.
    """
    spent: Counter[str] = Counter()
    for line in outcome.lines:
        spent[line.kind] += line.amount_minor

    def money(*kinds: str) -> Money:
        return Money(sum(spent[kind] for kind in kinds), market.currency)

    loan = money("down_payment", "instalment", "recovery")
    access, taken_back = money("access_rate"), money("clawback")
    parts = []
    if taken_back and (loan or access):
        parts.append(allocation.debts(amount=taken_back + loan + access))
    elif taken_back:
        parts.append(allocation.taken_back(amount=taken_back))
    else:
        parts += [allocation.loan(amount=loan)] if loan else []
        parts += [allocation.access(amount=access)] if access else []
    if outcome.energy_tenths:
        parts.append(allocation.energy(kwh=outcome.energy_tenths))
    if days := sum(outcome.days.values()):
        parts.append(allocation.days(count=days))
    if outcome.unlocked_devices:
        parts.append(allocation.unlock())
    if credit := money("credit"):
        parts.append(allocation.credit(amount=credit))
    return parts


def describe_token(kind: str, units: int) -> BoundMessage:
    """What a token is good for."""
    if kind == "energy":
        return allocation.energy(kwh=units)
    if kind == "days":
        return allocation.days(count=units)
    if kind == "set_days":
        return allocation.set_days(count=units)
    if kind == "sync":
        return allocation.sync()
    return allocation.unlock()
