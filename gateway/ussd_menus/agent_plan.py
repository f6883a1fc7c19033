"""The questions of a plan, for selling and registering: scheme, figure, cadence, down payment.

The instalments are computed and shown before the PIN is asked.
"""

from __future__ import annotations

from typing import Any

from core.usecases.offer import PlanOffer, offer_plan
from core.wording.messages import agent as say
from gateway.ussd_menus.carried import Carried, carried
from gateway.ussd_menus.options import Target, option
from gateway.ussd_menus.readers import Amount, Whole
from gateway.ussd_menus.screens import Ask, Choice, Screen
from gateway.ussd_menus.turn import Turn

appliance = carried("appliance", str)
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


def plan_questions(prefix: str, then: Target) -> Screen:
    """The first question of a plan; after the last one comes `then`."""
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
