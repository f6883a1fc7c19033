"""Agents: the list, the account of one; cash, commission and shortfalls; a new PIN, the limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.act import SPLIT_FOR
from core.agent import Agent
from core.db.agents import agent_with_id, last_movements
from core.db.console.agents import AGENTS
from core.db.console.audit import audit_of
from core.money import Money, major
from core.msisdn import parse_msisdn
from core.unit import Unit
from core.usecases.agents.manage_agents import reset_pin, set_float_limit, take_over_cash
from core.usecases.agents.pay_out import pay_commission, write_off_shortfall
from core.usecases.operators.audit import was_done_by
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import INSTANT, LABEL, MONEY, money
from gateway.console.forms import (
    Done,
    Field,
    Form,
    ShownOnce,
    Values,
    action_page,
    no_fields,
)
from gateway.console.listing import Column, Filter, Listing, condition_filter, list_page, row_limit
from gateway.console.pages.own_money import places

blueprint = Blueprint("agents", __name__)

_MOVEMENTS, _MAX_MOVEMENTS = 50, 1000
_OWING = (("owing", "owes money"), ("full", "is at the float limit"))


def _parse_search(unit: Unit, typed: str) -> Mapping[str, Any]:
    """Parse a phone number if there are digits, otherwise the beginning of a name or surname."""
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
            Column("Phone number", "msisdn"),
            Column("Float limit", "float_limit_minor", MONEY),
            Column("Owes", "float_used_minor", MONEY),
            Column("Available", "left_minor", MONEY),
            Column("Commission", "commission_minor", MONEY),
            Column("Villages", "villages"),
            Column("PIN", "pin", LABEL),
            Column("Locked until", "locked_until", INSTANT),
        ),
        filters=(
            Filter("search", "Phone number or name", _parse_search),
            condition_filter("owing", "Float", _OWING),
        ),
    ),
)


@page(blueprint, "/agents/<int:agent_id>", "view")
def agent(agent_id: int) -> ResponseReturnValue:
    """Show an agent: the account and its movements."""
    shown = row_limit("movements", _MOVEMENTS, _MAX_MOVEMENTS)
    with console().read_only_unit() as unit:
        found = _get_agent(unit, agent_id)
        moved = last_movements(unit.connection, found, shown + 1)
        return render_template(
            "agent.html",
            unit=unit,
            agent=found,
            left_minor=max(found.float_limit_minor - found.float_used_minor, 0),
            movements=moved[:shown],
            more=min(shown * 4, _MAX_MOVEMENTS) if len(moved) > shown < _MAX_MOVEMENTS else None,
            audit=audit_of(unit.connection, "agent", agent_id),
        )


def _get_agent(unit: Unit, agent_id: int) -> Agent:
    found: Agent = agent_with_id(unit.connection, agent_id) or abort(404)
    return found


def _agent_summary(unit: Unit, agent_id: int) -> list[tuple[str, str]]:
    found = _get_agent(unit, agent_id)
    return [
        ("Agent", f"{found.name} {found.surname}, {found.msisdn}"),
        ("Owes", money(found.float_used_minor, unit.market)),
        ("Float limit", money(found.float_limit_minor, unit.market)),
        ("Commission not paid out", money(found.commission_minor, unit.market)),
    ]


def _gave_the_pin(unit: Unit, operator: str, agent_id: int) -> bool:
    """Return whether this operator can know the PIN of the agent, whose cash is booked."""
    return was_done_by(unit, operator, ("agent", agent_id), SPLIT_FOR, "reset_pin")


def _nothing(unit: Unit, values: Values, agent_id: int) -> int:
    """Cash that comes in gives nothing away."""
    return 0


def _receive_cash(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    amount = Money(values["amount"], unit.market.currency)
    settled = take_over_cash(unit, agent_id, amount, values["receipt"], operator, values["reason"])
    owed = money(settled.owed.minor, unit.market)
    message = f"The cash is booked. The agent owes {owed} now and gets an SMS."
    return Done(message, "agents.agent", {"agent_id": agent_id})


def _preview_settlement(unit: Unit, done: Done) -> list[str]:
    """Return what the agent owes and is owed after the cash is booked."""
    after = _get_agent(unit, done.ids["agent_id"])
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
        "Receive cash from an agent",
        lambda unit, agent_id: (
            Field("amount", "Cash received", parsing.positive_amount_minor),
            Field(
                "receipt", "Receipt number", parsing.short_receipt, hint="Of the receipt you give."
            ),
        ),
        _receive_cash,
        button="Book it",
        errors_at={"settlement_too_large": "amount", "receipt_used": "receipt"},
        summary=_agent_summary,
        preview=_preview_settlement,
        act=Act("settle_agent", _nothing, _gave_the_pin),
    ),
)


def _pay_commission(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    amount = Money(values["amount"], unit.market.currency)
    paid_from = (values["place"], values["receipt"])
    left = pay_commission(unit, agent_id, amount, paid_from, operator, values["reason"])
    rest = money(left.minor, unit.market)
    message = f"The commission is paid out, {rest} is left of it. The agent gets an SMS."
    return Done(message, "agents.agent", {"agent_id": agent_id})


def _commission_fields(unit: Unit, agent_id: int) -> tuple[Field, ...]:
    whole = major(_get_agent(unit, agent_id).commission_minor, unit.market.currency)
    return (
        Field("amount", "Amount", parsing.positive_amount_minor, value=whole),
        Field("place", "Paid from", kind="select", options=places),
        Field("receipt", "Number of the receipt or transfer", parsing.short_receipt),
    )


action_page(
    blueprint,
    "/agents/<int:agent_id>/commission",
    "pay_commission",
    "settle_agent",
    Form(
        "Pay out commission",
        _commission_fields,
        _pay_commission,
        button="Book it",
        errors_at={"commission_too_large": "amount", "receipt_used": "receipt"},
        summary=_agent_summary,
        preview=_preview_settlement,
        act=Act("pay_commission", needs_two=_gave_the_pin),
    ),
)


def _write_off_shortfall(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    amount = Money(values["amount"], unit.market.currency)
    owed = write_off_shortfall(unit, agent_id, amount, operator, values["reason"])
    rest = money(owed.minor, unit.market)
    message = f"The shortfall is written off. The agent owes {rest} now and gets an SMS."
    return Done(message, "agents.agent", {"agent_id": agent_id})


action_page(
    blueprint,
    "/agents/<int:agent_id>/write-off",
    "write_off",
    "forgive_debt",
    Form(
        "Write off what an agent cannot pay",
        lambda unit, agent_id: (
            Field("amount", "Amount", parsing.positive_amount_minor, hint="It is a bad debt."),
        ),
        _write_off_shortfall,
        button="Write it off",
        errors_at={"shortfall_too_large": "amount"},
        summary=_agent_summary,
        preview=_preview_settlement,
        act=Act("write_off_shortfall", needs_two=_gave_the_pin),
    ),
)


def _reset_pin(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    pin = reset_pin(unit, agent_id, operator, values["reason"])
    caption = "The new PIN, shown only once. Tell it to the agent, who must change it at first use"
    message = "The PIN was reset. It is shown only once: reset it again if it was not seen."
    shown = ShownOnce(caption, (pin,))
    return Done(message, "agents.agent", {"agent_id": agent_id}, shown_once=shown)


action_page(
    blueprint,
    "/agents/<int:agent_id>/pin",
    "reset_pin",
    "reset_pin",
    Form("Reset the PIN", no_fields, _reset_pin, button="Reset the PIN", summary=_agent_summary),
)


def _set_limit(unit: Unit, operator: str, values: Values, agent_id: int) -> Done:
    limit = Money(values["limit"], unit.market.currency)
    set_float_limit(unit, agent_id, limit, operator, values["reason"])
    return Done("The float limit was set.", "agents.agent", {"agent_id": agent_id})


def _raised_by(unit: Unit, values: Values, agent_id: int) -> int:
    """Return by how much the limit is raised, in minor units."""
    raised: int = values["limit"] - _get_agent(unit, agent_id).float_limit_minor
    return max(0, raised)


def _limit_fields(unit: Unit, agent_id: int) -> tuple[Field, ...]:
    present = major(_get_agent(unit, agent_id).float_limit_minor, unit.market.currency)
    return (Field("limit", "Float limit", parsing.amount_minor, value=present),)


action_page(
    blueprint,
    "/agents/<int:agent_id>/limit",
    "set_limit",
    "set_float_limit",
    Form(
        "Set the float limit",
        _limit_fields,
        _set_limit,
        summary=_agent_summary,
        act=Act("set_float_limit", _raised_by),
    ),
)
