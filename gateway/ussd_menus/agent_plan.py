"""The questions about a plan, for sales and registrations; the plan is shown before the PIN.

Where the operator allows plans for an appliance, the agent picks one of them. Otherwise the agent
is asked for scheme, figure, cadence and down payment, or chooses use by the day where a day has a
price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import Refused
from core.usecases.catalogue.choices import find_appliance, list_appliances
from core.usecases.sales.allowed_plans import (
    AllowedPlan,
    AllowedService,
    PlanChoice,
    get_allowed_plan,
    list_plans,
)
from core.usecases.sales.offer import PlanOffer, ServiceOffer, offer_plan, offer_service
from core.wording.message import BoundMessage
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_plan as messages
from gateway.ussd_menus.options import Option, option
from gateway.ussd_menus.readers import Amount, NumberReader
from gateway.ussd_menus.screen import Screen, Target
from gateway.ussd_menus.screens import Ask, Choice, Pick, Route
from gateway.ussd_menus.session_vars import SessionVar, session_var
from gateway.ussd_menus.turn import Turn

appliance = session_var("appliance", str)
offer = session_var("offer", str)
scheme = session_var("scheme", str)
figure: SessionVar[Any] = session_var("figure", object)  # how many instalments, or Money of each
cadence = session_var("cadence", str)
down: SessionVar[Any] = session_var("down", object)  # 0, or Money


@dataclass(frozen=True, slots=True)
class Goods:
    """An appliance in a list: its price, or the price of a day where it is not sold."""

    appliance: str
    name: str
    price: BoundMessage


def goods_of(turn: Turn, *kinds: str) -> Sequence[Goods]:
    """The appliances of these kinds that are sold on plans or used by the day."""
    return [
        Goods(
            offer.appliance,
            offer.name,
            messages.appliance_price(price=offer.price)
            if offer.price
            else messages.appliance_per_day(price=offer.per_day),
        )
        for offer in list_appliances(turn.unit, kinds)
    ]


def offered(turn: Turn) -> PlanOffer:
    """The plan as it would be sold."""
    return offer_plan(
        turn.unit,
        turn[appliance],
        turn[scheme],
        turn[figure],
        turn[cadence],
        turn[down],
    )


def offered_by_day(turn: Turn) -> ServiceOffer:
    """Use by the day, on the terms that would be agreed."""
    return offer_service(turn.unit, turn[appliance])


def is_sold(turn: Turn) -> bool:
    """Whether the appliance has a price that instalments can pay."""
    return bool(find_appliance(turn.unit, turn[appliance])["price_minor"])


def is_used_by_day(turn: Turn) -> bool:
    """Whether a day of the appliance has a price."""
    return bool(find_appliance(turn.unit, turn[appliance])["price_per_day_minor"])


def picked_scheme(turn: Turn) -> Literal["plan", "service"]:
    """Whether the plan that was picked has instalments."""
    allowed = get_allowed_plan(turn.unit, turn[offer])
    return "service" if isinstance(allowed, AllowedService) else "plan"


def allowed(turn: Turn) -> AllowedPlan:
    """The picked plan. Raises Refused("plan_not_allowed") where it is use by the day now."""
    found = get_allowed_plan(turn.unit, turn[offer])
    if not isinstance(found, AllowedPlan):
        raise Refused("plan_not_allowed")
    return found


def allowed_by_day(turn: Turn) -> AllowedService:
    """The picked use by the day. Raises Refused("plan_not_allowed") where it is a plan now."""
    found = get_allowed_plan(turn.unit, turn[offer])
    if not isinstance(found, AllowedService):
        raise Refused("plan_not_allowed")
    return found


def plans(turn: Turn) -> Sequence[PlanChoice]:
    """The plans that the operator allows for the appliance."""
    return list_plans(turn.unit, turn[appliance])


def has_plans(turn: Turn) -> bool:
    """Whether the agent must pick one of the operator's plans."""
    return bool(plans(turn))


def plan_questions(prefix: str, then: Target) -> Screen:
    """The first question of a plan; after the last one comes `then`."""
    agree = [option(agent_messages.agree, to=then)]
    terms = [scheme, figure, cadence, down]
    picked = Choice(
        f"{prefix}.picked", messages.plan, data=allowed, remembers=terms, paged=True, options=agree
    )
    picked_by_day = Choice(
        f"{prefix}.picked_by_day",
        messages.service,
        data=allowed_by_day,
        remembers=terms,
        options=agree,
    )
    picked_plan = Route(
        f"{prefix}.picked_scheme",
        by=picked_scheme,
        to={"plan": picked, "service": picked_by_day},
    )
    which_plan = Pick(
        f"{prefix}.which_plan",
        messages.which_plan,
        rows=plans,
        row_message=agent_messages.row,
        empty_message=messages.no_plan,
        stores=offer,
        to=picked_plan,
    )
    return Route(
        f"{prefix}.plans", by=has_plans, to={True: which_plan, False: _plan_terms(prefix, then)}
    )


def _by_day(prefix: str, then: Target) -> Option:
    shown = Choice(
        f"{prefix}.by_day",
        messages.service,
        data=offered_by_day,
        options=[option(agent_messages.agree, to=then)],
    )
    return option(
        messages.by_day,
        to=shown,
        when=is_used_by_day,
        sets={scheme: "service", figure: 0, cadence: "daily", down: 0},
    )


def _plan_terms(prefix: str, then: Target) -> Screen:
    agree = Choice(
        f"{prefix}.plan",
        messages.plan,
        data=offered,
        paged=True,
        options=[option(agent_messages.agree, to=then)],
    )
    how_much = Ask(f"{prefix}.down", messages.how_much_down, reader=Amount, stores=down, to=agree)
    which_down = Choice(
        f"{prefix}.with_down",
        messages.which_down,
        options=[
            option(messages.no_down, to=agree, sets={down: 0}),
            option(messages.some_down, to=how_much),
        ],
    )
    which_cadence = Choice(
        f"{prefix}.cadence",
        messages.which_cadence,
        options=[
            option(messages.daily, to=which_down, sets={cadence: "daily"}),
            option(messages.weekly, to=which_down, sets={cadence: "weekly"}),
            option(messages.monthly, to=which_down, sets={cadence: "monthly"}),
        ],
    )
    count = Ask(
        f"{prefix}.count",
        messages.which_count,
        reader=NumberReader(1, 520),
        stores=figure,
        to=which_cadence,
    )
    each = Ask(
        f"{prefix}.each", messages.which_each, reader=Amount, stores=figure, to=which_cadence
    )
    return Choice(
        f"{prefix}.scheme",
        messages.which_scheme,
        options=[
            option(messages.by_count, to=count, when=is_sold, sets={scheme: "count"}),
            option(messages.by_amount, to=each, when=is_sold, sets={scheme: "amount"}),
            _by_day(prefix, then),
        ],
    )
