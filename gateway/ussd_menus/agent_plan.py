"""The questions of a plan, for selling and registering; the instalments are shown before the PIN.

Where the operator allows plans for an appliance one of them is picked; else scheme, figure, cadence
and down payment are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.usecases.allowed_plans import AllowedPlan, PlanChoice, get_allowed_plan, list_plans
from core.usecases.offer import PlanOffer, offer_plan
from core.wording.messages import agent as say
from gateway.ussd_menus.carried import Carried, carried
from gateway.ussd_menus.options import Target, option
from gateway.ussd_menus.readers import Amount, Whole
from gateway.ussd_menus.screens import Ask, Choice, Pick, Route, Screen
from gateway.ussd_menus.turn import Turn

appliance = carried("appliance", str)
offer = carried("offer", str)
scheme = carried("scheme", str)
figure: Carried[Any] = carried("figure", object)  # how many instalments, or Money of each
cadence = carried("cadence", str)
down: Carried[Any] = carried("down", object)  # 0, or Money


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


def allowed(turn: Turn) -> AllowedPlan:
    """The plan that was picked."""
    return get_allowed_plan(turn.unit, turn[offer])


def plans(turn: Turn) -> Sequence[PlanChoice]:
    """What the operator allows for the appliance."""
    return list_plans(turn.unit, turn[appliance])


def has_plans(turn: Turn) -> bool:
    """Whether one of the operator's plans has to be picked."""
    return bool(plans(turn))


def plan_questions(prefix: str, then: Target) -> Screen:
    """The first question of a plan; after the last one comes `then`."""
    picked = Choice(
        f"{prefix}.picked",
        say.plan,
        facts=allowed,
        keeps=[scheme, figure, cadence, down],
        paged=True,
        options=[option(say.agree, to=then)],
    )
    which_plan = Pick(
        f"{prefix}.which_plan",
        say.which_plan,
        rows=plans,
        shows=say.row,
        empty=say.no_plan,
        into=offer,
        to=picked,
    )
    return Route(
        f"{prefix}.plans", by=has_plans, to={True: which_plan, False: _figures(prefix, then)}
    )


def _figures(prefix: str, then: Target) -> Screen:
    agree = Choice(
        f"{prefix}.plan",
        say.plan,
        facts=offered,
        paged=True,
        options=[option(say.agree, to=then)],
    )
    how_much = Ask(f"{prefix}.down", say.how_much_down, reads=Amount, into=down, to=agree)
    which_down = Choice(
        f"{prefix}.with_down",
        say.which_down,
        options=[
            option(say.no_down, to=agree, carries={down: 0}),
            option(say.some_down, to=how_much),
        ],
    )
    which_cadence = Choice(
        f"{prefix}.cadence",
        say.which_cadence,
        options=[
            option(say.daily, to=which_down, carries={cadence: "daily"}),
            option(say.weekly, to=which_down, carries={cadence: "weekly"}),
            option(say.monthly, to=which_down, carries={cadence: "monthly"}),
        ],
    )
    count = Ask(
        f"{prefix}.count",
        say.which_count,
        reads=Whole(1, 520),
        into=figure,
        to=which_cadence,
    )
    each = Ask(f"{prefix}.each", say.which_each, reads=Amount, into=figure, to=which_cadence)
    return Choice(
        f"{prefix}.scheme",
        say.which_scheme,
        options=[
            option(say.by_count, to=count, carries={scheme: "count"}),
            option(say.by_amount, to=each, carries={scheme: "amount"}),
        ],
    )
