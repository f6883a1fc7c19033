"""What plan terms come to when an appliance is sold: shown before the sale and written by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from core.appliance import StoredAppliance
from core.errors import Refused
from core.money import Money
from core.plan import ByDay, Cadence, Instalment, PlanTerms, make_plan


@dataclass(frozen=True, slots=True)
class PlanQuote:
    """The instalments of a payment plan, the down payment first."""

    terms: PlanTerms
    item: StoredAppliance
    instalments: tuple[Instalment, ...]

    @property
    def appliance(self) -> str:
        """The code of the appliance."""
        return self.terms.appliance

    @property
    def product(self) -> str:
        """The name of the appliance."""
        return self.item.name

    @property
    def cadence(self) -> Cadence:
        return self.terms.cadence

    @property
    def down_payment(self) -> Money:
        return self.terms.down_payment

    @property
    def parts(self) -> int:
        """How many instalments there are besides the down payment."""
        return len(self._financed)

    @property
    def each(self) -> Money:
        """The amount of every instalment but the last."""
        return self._money(self._financed[0].amount_minor)

    @property
    def last(self) -> Money:
        """The amount of the last instalment."""
        return self._money(self._financed[-1].amount_minor)

    @property
    def first_on(self) -> date:
        """When the first instalment is due."""
        return self._financed[0].due_on

    @property
    def total_minor(self) -> int:
        """The whole price."""
        return sum(instalment.amount_minor for instalment in self.instalments)

    @property
    def _financed(self) -> list[Instalment]:
        return [instalment for instalment in self.instalments if instalment.number]

    def _money(self, minor: int) -> Money:
        return Money(minor, self.terms.down_payment.currency)


@dataclass(frozen=True, slots=True)
class ServiceQuote:
    """What use by the day costs: a day, and the least amount that is accepted."""

    terms: PlanTerms
    item: StoredAppliance
    per_day: Money
    least: Money
    # What a sale by the day has instead of a price and instalments.
    total_minor: ClassVar[int] = 0
    instalments: ClassVar[tuple[Instalment, ...]] = ()

    @property
    def appliance(self) -> str:
        """The code of the appliance."""
        return self.terms.appliance

    @property
    def product(self) -> str:
        """The name of the appliance."""
        return self.item.name


Quote = PlanQuote | ServiceQuote


def quote_plan(
    terms: PlanTerms, item: StoredAppliance, sold_on: date, cash_unit_minor: int
) -> Quote:
    """Return what the terms come to for that appliance at its price.

    Raises Refused: service_price (it has no price per day), and plan_* as `make_plan`.
    """
    if isinstance(terms.schedule, ByDay):
        return _quote_service(terms, item)
    plan = make_plan(terms, item, sold_on, cash_unit_minor)
    if not any(instalment.number for instalment in plan):
        raise Refused("plan_count", most=0)
    return PlanQuote(terms, item, tuple(plan))


def _quote_service(terms: PlanTerms, item: StoredAppliance) -> ServiceQuote:
    if not item.price_per_day_minor:
        raise Refused("service_price", appliance=item.code)
    least_minor = max(item.minimum_payment_minor, item.price_per_day_minor)
    currency = terms.down_payment.currency
    return ServiceQuote(
        terms, item, Money(item.price_per_day_minor, currency), Money(least_minor, currency)
    )
