"""Agents: what they may owe and owe, cash handed over, a new first PIN, the limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.agent import Agent
from core.db.agents import agent_with_id, last_movements
from core.db.console.agents import AGENTS
from core.db.console.audit import audit_of
from core.money import Money, major
from core.msisdn import parse_msisdn
from core.unit import Unit
from core.usecases.agents.manage_agents import reset_pin, set_float_limit, take_over_cash
from gateway.console import reading
from gateway.console.desk import desk
from gateway.console.forms import Done, Field, Form, Values, act_page, nothing_else
from gateway.console.gate import page
from gateway.console.listing import Column, Filter, Listing, how_many, list_page, one_condition
from gateway.console.showing import INSTANT, MONEY, WORDS, money

pages = Blueprint("agents", __name__)

_MOVEMENTS, _MOST_MOVEMENTS = 50, 1000
_OWING = (("owing", "owe something"), ("full", "are at their limit"))
# No longer than the text that tells the agent can hold (core/wording/slots.py).
_RECEIPT = re.compile(r"[A-Z0-9][A-Z0-9/.-]{0,11}")


def _search(unit: Unit, typed: str) -> Mapping[str, Any]:
    """A number where there are digits, otherwise how a name or a surname begins."""
    if any(letter.isdigit() for letter in typed):
        return {"msisdn": parse_msisdn(typed, unit.market.country)}
    return {"named": reading.beginning(typed)}


list_page(
    pages,
    "/agents/",
    "agents",
    Listing(
        "Agents",
        AGENTS,
        columns=(
            Column("Name", "full_name", link="agents.agent", link_by="agent_id"),
            Column("Number", "msisdn"),
            Column("May owe", "float_limit_minor", MONEY),
            Column("Owes", "float_used_minor", MONEY),
            Column("May still take", "left_minor", MONEY),
            Column("Commission", "commission_minor", MONEY),
            Column("Villages", "villages"),
            Column("PIN", "pin", WORDS),
            Column("Locked until", "locked_until", INSTANT),
        ),
        filters=(
            Filter("search", "Number or name", _search),
            one_condition("owing", "Who", _OWING),
        ),
    ),
)


@page(pages, "/agents/<int:agent_id>", "see")
def agent(agent_id: int) -> ResponseReturnValue:
    """One agent: the account and what moved it."""
    shown = how_many("movements", _MOVEMENTS, _MOST_MOVEMENTS)
    with desk().reading() as unit:
        one = _find(unit, agent_id)
        moved = last_movements(unit.connection, one, shown + 1)
        return render_template(
            "agent.html",
            unit=unit,
            one=one,
            left_minor=max(one.float_limit_minor - one.float_used_minor, 0),
            movements=moved[:shown],
            more=min(shown * 4, _MOST_MOVEMENTS) if len(moved) > shown < _MOST_MOVEMENTS else None,
            acts=audit_of(unit.connection, "agent", agent_id),
        )


def _find(unit: Unit, agent_id: int) -> Agent:
    found: Agent = agent_with_id(unit.connection, agent_id) or abort(404)
    return found


def _about(unit: Unit, agent_id: int) -> list[tuple[str, str]]:
    one = _find(unit, agent_id)
    return [
        ("Agent", f"{one.name} {one.surname}, {one.msisdn}"),
        ("Owes", money(one.float_used_minor, unit.market)),
        ("May owe", money(one.float_limit_minor, unit.market)),
        ("Commission not paid out", money(one.commission_minor, unit.market)),
    ]


def _some_money(unit: Unit, typed: str) -> int:
    minor = reading.minor(unit, typed)
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
    told = f"Booked. The agent owes {money(settled.owed.minor, unit.market)} now, and is told so."
    return Done(told, "agents.agent", {"agent_id": agent_id}, ("sms",))


def _settled(unit: Unit, done: Done) -> list[str]:
    """What is left after the hand-over."""
    after = _find(unit, done.ids["agent_id"])
    return [
        f"Owes afterwards: {money(after.float_used_minor, unit.market)}",
        f"Commission not paid out afterwards: {money(after.commission_minor, unit.market)}",
    ]


act_page(
    pages,
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
        beside={"settlement_too_large": "amount", "receipt_used": "receipt"},
        about=_about,
        preview=_settled,
    ),
)


def _reset_pin(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    pin = reset_pin(unit, agent_id, operator, values["reason"])
    told = f"The new PIN is {pin}. Tell it to the agent, who has to change it at first use."
    return Done(told, "agents.agent", {"agent_id": agent_id}, ("sms",))


act_page(
    pages,
    "/agents/<int:agent_id>/pin",
    "pin",
    "reset_pin",
    Form("A new first PIN", nothing_else, _reset_pin, button="Make one", about=_about),
)


def _set_limit(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    limit = Money(values["limit"], unit.market.currency)
    set_float_limit(unit, agent_id, limit, operator, values["reason"])
    return Done("The limit was set.", "agents.agent", {"agent_id": agent_id})


def _limit_fields(unit: Unit, agent_id: int) -> tuple[Field, ...]:
    present = major(_find(unit, agent_id).float_limit_minor, unit.market.currency)
    return (Field("limit", "How much the agent may owe", reading.minor, value=present),)


act_page(
    pages,
    "/agents/<int:agent_id>/limit",
    "limit",
    "float_limit",
    Form("How much an agent may owe", _limit_fields, _set_limit, about=_about),
)
