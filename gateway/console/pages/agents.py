"""Agents: what they may owe and owe, cash handed over, a new first PIN, the limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.agents import Agent, agent_with_id, last_movements
from core.db.console.agents import AGENTS
from core.db.console.audit import audit_of
from core.money import Money, major
from core.msisdn import parse_msisdn
from core.unit import Unit
from core.usecases.agents.manage_agents import reset_pin, set_float_limit, take_over_cash
from gateway.console import parsing
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import INSTANT, LABEL, MONEY, money
from gateway.console.forms import Done, Field, Form, Values, action_page, no_fields
from gateway.console.listing import Column, Filter, Listing, condition_filter, list_page, row_limit

blueprint = Blueprint("agents", __name__)

_MOVEMENTS, _MOST_MOVEMENTS = 50, 1000
_OWING = (("owing", "owe something"), ("full", "are at their limit"))
# No longer than the text that tells the agent can hold (core/wording/slots.py).
_RECEIPT = re.compile(r"[A-Z0-9][A-Z0-9/.-]{0,11}")


def _search(unit: Unit, typed: str) -> Mapping[str, Any]:
    """A number where there are digits, otherwise how a name or a surname begins."""
    if any(letter.isdigit() for letter in typed):
        return {"msisdn": parse_msisdn(typed, unit.market.country)}
    return {"named": parsing.prefix_pattern(typed)}


list_page(
    blueprint,
    "/agents/",
    "agents",
    Listing(
        "Agents",
        AGENTS,
        columns=(
            Column("Name", "full_name", link="agents.agent", link_id="agent_id"),
            Column("Number", "msisdn"),
            Column("May owe", "float_limit_minor", MONEY),
            Column("Owes", "float_used_minor", MONEY),
            Column("May still take", "left_minor", MONEY),
            Column("Commission", "commission_minor", MONEY),
            Column("Villages", "villages"),
            Column("PIN", "pin", LABEL),
            Column("Locked until", "locked_until", INSTANT),
        ),
        filters=(
            Filter("search", "Number or name", _search),
            condition_filter("owing", "Who", _OWING),
        ),
    ),
)


@page(blueprint, "/agents/<int:agent_id>", "view")
def agent(agent_id: int) -> ResponseReturnValue:
    """One agent: the account and what moved it."""
    shown = row_limit("movements", _MOVEMENTS, _MOST_MOVEMENTS)
    with console().read_only_unit() as unit:
        one = _find(unit, agent_id)
        moved = last_movements(unit.connection, one, shown + 1)
        return render_template(
            "agent.html",
            unit=unit,
            one=one,
            left_minor=max(one.float_limit_minor - one.float_used_minor, 0),
            movements=moved[:shown],
            more=min(shown * 4, _MOST_MOVEMENTS) if len(moved) > shown < _MOST_MOVEMENTS else None,
            audit=audit_of(unit.connection, "agent", agent_id),
        )


def _find(unit: Unit, agent_id: int) -> Agent:
    found: Agent = agent_with_id(unit.connection, agent_id) or abort(404)
    return found


def _summary(unit: Unit, agent_id: int) -> list[tuple[str, str]]:
    one = _find(unit, agent_id)
    return [
        ("Agent", f"{one.name} {one.surname}, {one.msisdn}"),
        ("Owes", money(one.float_used_minor, unit.market)),
        ("May owe", money(one.float_limit_minor, unit.market)),
        ("Commission not paid out", money(one.commission_minor, unit.market)),
    ]


def _some_money(unit: Unit, typed: str) -> int:
    minor = parsing.amount_minor(unit, typed)
    if not minor:
        raise ValueError("more than nothing")
    return minor


def _receipt(unit: Unit, typed: str) -> str:
    """The number of a paper receipt, in capitals."""
    number = typed.upper().replace(" ", "")
    if not _RECEIPT.fullmatch(number):
        raise ValueError("letters, digits and dashes, at most 12")
    return number


def _settle(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    amount = Money(values["amount"], unit.market.currency)
    settled = take_over_cash(unit, agent_id, amount, values["receipt"], operator, values["reason"])
    message = (
        f"Booked. The agent owes {money(settled.owed.minor, unit.market)} now, and is told so."
    )
    return Done(message, "agents.agent", {"agent_id": agent_id}, ("texts",))


def _settled(unit: Unit, done: Done) -> list[str]:
    """What is left after the hand-over."""
    after = _find(unit, done.ids["agent_id"])
    return [
        f"Owes afterwards: {money(after.float_used_minor, unit.market)}",
        f"Commission not paid out afterwards: {money(after.commission_minor, unit.market)}",
    ]


action_page(
    blueprint,
    "/agents/<int:agent_id>/settle",
    "settle",
    "settle_agent",
    Form(
        "Cash from an agent",
        lambda unit, agent_id: (
            Field("amount", "Cash handed over", _some_money),
            Field("receipt", "Number of the receipt", _receipt, hint="The one you write for it."),
        ),
        _settle,
        button="Book it",
        errors_at={"settlement_too_large": "amount", "receipt_used": "receipt"},
        summary=_summary,
        preview=_settled,
    ),
)


def _reset_pin(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    pin = reset_pin(unit, agent_id, operator, values["reason"])
    message = f"The new PIN is {pin}. Tell it to the agent, who has to change it at first use."
    return Done(message, "agents.agent", {"agent_id": agent_id}, ("texts",))


action_page(
    blueprint,
    "/agents/<int:agent_id>/pin",
    "pin",
    "reset_pin",
    Form("A new first PIN", no_fields, _reset_pin, button="Make one", summary=_summary),
)


def _set_limit(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    limit = Money(values["limit"], unit.market.currency)
    set_float_limit(unit, agent_id, limit, operator, values["reason"])
    return Done("The limit was set.", "agents.agent", {"agent_id": agent_id})


def _limit_fields(unit: Unit, agent_id: int) -> tuple[Field, ...]:
    present = major(_find(unit, agent_id).float_limit_minor, unit.market.currency)
    return (Field("limit", "How much the agent may owe", parsing.amount_minor, value=present),)


action_page(
    blueprint,
    "/agents/<int:agent_id>/limit",
    "limit",
    "set_float_limit",
    Form("How much an agent may owe", _limit_fields, _set_limit, summary=_summary),
)
