"""The questions about a plan, for sales and registrations; the plan is shown before the PIN.

Where the operator allows plans for an appliance, the agent picks one of them. Otherwise the agent
types the schedule, the cadence and the down payment, or chooses use by the day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.catalogue import PlanOffer
from core.money import Money
from core.plan import (
    MAX_INSTALMENTS,
    ByAmount,
    ByCount,
    ByDay,
    PlanTerms,
    as_cadence,
)
from core.plan_quote import PlanQuote, ServiceQuote
from core.usecases.catalogue.choices import get_appliance, list_appliances
from core.usecases.sales.allowed_plans import list_plans
from core.usecases.sales.quote import quote_allowed, quote_terms
from core.wording.message import BoundMessage, Message
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_plan as messages
from gateway.ussd_menus.agent_customer import Owner
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Amount, NumberReader
from gateway.ussd_menus.screen import Screen, Target
from gateway.ussd_menus.screens import Ask, Choice, Pick, Route
from gateway.ussd_menus.session_vars import SessionVar, session_var
from gateway.ussd_menus.turn import Turn, expect

appliance = session_var("appliance", str)
scheme = session_var("scheme", str)
count = session_var("count", int)
each = session_var("each", Money)
cadence = session_var("cadence", str)
has_down_payment = session_var("has_down_payment", bool)
down_payment = session_var("down_payment", Money)
terms = session_var("terms", PlanTerms)  # what all these questions come to


@dataclass(frozen=True, slots=True)
class Goods:
    """An appliance in a list: its price, or what a day costs where it is not sold."""

    appliance: str
    name: str
    price: BoundMessage


def goods_of(turn: Turn, *kinds: str, serial: str | None = None) -> Sequence[Goods]:
    """The appliances of these kinds, or the one that a device is, that are sold on plans or used by
    the day."""
    return [
        Goods(
            item.appliance,
            item.name,
            messages.appliance_price(price=item.price)
            if item.price
            else messages.appliance_per_day(price=item.per_day),
        )
        for item in list_appliances(turn.unit, kinds, serial)
    ]


def typed_plan(turn: Turn) -> PlanQuote:
    """The plan whose figures were typed, as it would be sold now."""
    schedule = ByCount(turn[count]) if turn[scheme] == "count" else ByAmount(turn[each])
    down = turn[down_payment] if turn[has_down_payment] else Money(0, turn.unit.market.currency)
    typed = PlanTerms(turn[appliance], schedule, as_cadence(turn[cadence]), down)
    return expect(PlanQuote, quote_terms(turn.unit, typed), "plan_not_allowed")


def typed_by_day(turn: Turn) -> ServiceQuote:
    """Use by the day, as it would be agreed now."""
    typed = PlanTerms.by_day(turn[appliance], turn.unit.market.currency)
    return expect(ServiceQuote, quote_terms(turn.unit, typed), "plan_not_allowed")


def is_sold(turn: Turn) -> bool:
    """Whether the appliance has a price that instalments can pay."""
    return bool(get_appliance(turn.unit, turn[appliance]).price_minor)


def is_used_by_day(turn: Turn) -> bool:
    """Whether a day of the appliance has a price."""
    return bool(get_appliance(turn.unit, turn[appliance]).price_per_day_minor)


def picked_scheme(turn: Turn) -> Literal["plan", "service"]:
    """Whether the plan that was picked has instalments."""
    return "service" if isinstance(turn[terms].schedule, ByDay) else "plan"


def picked_plan(turn: Turn) -> PlanQuote:
    """The plan that was picked. Raises Refused("plan_not_allowed") when it was withdrawn."""
    return expect(PlanQuote, quote_allowed(turn.unit, turn[terms]), "plan_not_allowed")


def picked_by_day(turn: Turn) -> ServiceQuote:
    """Use by the day that was picked. Raises Refused("plan_not_allowed") when it was withdrawn."""
    return expect(ServiceQuote, quote_allowed(turn.unit, turn[terms]), "plan_not_allowed")


def plans(turn: Turn) -> Sequence[PlanOffer]:
    """The plans that the operator allows for the appliance."""
    return list_plans(turn.unit, turn[appliance])


def has_plans(turn: Turn) -> bool:
    """Whether one of the operator's plans has to be picked."""
    return bool(plans(turn))


@dataclass(frozen=True, slots=True)
class _Previews:
    """The screens that show terms before the PIN: what is sold, to whom, on which plan.

    `prefix` begins their names, `then` comes after them, `owner` is who buys.
    """

    prefix: str
    then: Target
    owner: Callable[[Turn], Owner]
    with_serial: bool

    def plan(
        self, name: str, quoted: Callable[[Turn], PlanQuote], *kept: SessionVar[Any]
    ) -> Choice:
        """Instalments, as `quoted`; the session keeps what is named in `kept`."""

        def data(turn: Turn) -> tuple[PlanQuote, Owner]:
            return quoted(turn), self.owner(turn)

        shown = messages.device_plan if self.with_serial else messages.plan
        return self._shown_plan(name, shown, data, kept)

    def by_day(
        self, name: str, quoted: Callable[[Turn], ServiceQuote], *kept: SessionVar[Any]
    ) -> Choice:
        """Use by the day."""

        def data(turn: Turn) -> tuple[ServiceQuote, Owner]:
            return quoted(turn), self.owner(turn)

        shown = messages.device_service if self.with_serial else messages.service
        return self._shown_plan(name, shown, data, kept)

    def _shown_plan(
        self,
        name: str,
        message: Message[Any],
        data: Callable[[Turn], Any],
        kept: Sequence[SessionVar[Any]],
    ) -> Choice:
        return Choice(
            f"{self.prefix}.{name}",
            message,
            data=data,
            remembers=kept,
            paged=True,
            options=[option(agent_messages.agree, to=self.then)],
        )


def plan_questions(
    prefix: str, then: Target, owner: Callable[[Turn], Owner], *, with_serial: bool = False
) -> Screen:
    """The first question of a plan. After the last one `terms` is set, and `then` comes.

    `owner` is who buys. `with_serial`: the session has the serial number of a device.
    """
    previews = _Previews(prefix, then, owner, with_serial)
    which_plan = Pick(
        f"{prefix}.which_plan",
        messages.which_plan,
        rows=plans,
        row_message=agent_messages.row,
        empty_message=messages.no_plan,
        stores=terms,
        to=Route(
            f"{prefix}.picked_scheme",
            by=picked_scheme,
            to={
                "plan": previews.plan("picked", picked_plan),
                "service": previews.by_day("picked_by_day", picked_by_day),
            },
        ),
    )
    return Route(
        f"{prefix}.plans", by=has_plans, to={True: which_plan, False: _typed_terms(previews)}
    )


def _typed_terms(previews: _Previews) -> Screen:
    """The choice of a scheme, with the questions that follow it."""
    prefix = previews.prefix
    which_cadence = _which_cadence(prefix, _which_down_payment(previews))
    which_count = Ask(
        f"{prefix}.count",
        messages.which_count,
        reader=NumberReader(1, MAX_INSTALMENTS),
        stores=count,
        to=which_cadence,
    )
    which_each = Ask(
        f"{prefix}.each", messages.which_each, reader=Amount, stores=each, to=which_cadence
    )
    by_day = previews.by_day("by_day", typed_by_day, terms)
    return Choice(
        f"{prefix}.scheme",
        messages.which_scheme,
        options=[
            option(messages.by_count, to=which_count, when=is_sold, sets={scheme: "count"}),
            option(messages.by_amount, to=which_each, when=is_sold, sets={scheme: "amount"}),
            option(messages.by_day, to=by_day, when=is_used_by_day),
        ],
    )


def _which_cadence(prefix: str, then: Target) -> Screen:
    return Choice(
        f"{prefix}.cadence",
        messages.which_cadence,
        options=[
            option(messages.daily, to=then, sets={cadence: "daily"}),
            option(messages.weekly, to=then, sets={cadence: "weekly"}),
            option(messages.monthly, to=then, sets={cadence: "monthly"}),
        ],
    )


def _which_down_payment(previews: _Previews) -> Screen:
    """The choice of a down payment, and the plan that is agreed on."""
    agree = previews.plan("plan", typed_plan, terms)
    how_much = Ask(
        f"{previews.prefix}.down",
        messages.how_much_down,
        reader=Amount,
        stores=down_payment,
        to=agree,
    )
    return Choice(
        f"{previews.prefix}.with_down",
        messages.which_down,
        options=[
            option(messages.no_down, to=agree, sets={has_down_payment: False}),
            option(messages.some_down, to=how_much, sets={has_down_payment: True}),
        ],
    )
