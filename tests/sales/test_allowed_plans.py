"""Plans an operator allows: loaded by code, checked against the price, told as sold today."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from core.appliance import Appliance
from core.catalogue import Catalogue, PlanOffer
from core.errors import Refused
from core.money import Money
from core.plan_quote import PlanQuote
from core.unit import OpenUnit
from core.usecases.catalogue.load import catalogue_problems, load_catalogue
from core.usecases.sales.allowed_plans import list_plans
from core.usecases.sales.quote import quote_offer
from tests.support.builders import terms_by_amount, terms_by_count

COOKER = Appliance("cooker", "Cooker", "other", 1000_00, 0, None, 0)
BY_COUNT = PlanOffer(
    "cooker3", "Three months", terms_by_count("cooker", 3, "monthly", down_minor=100_00)
)
BY_AMOUNT = PlanOffer("cooker300", "300 a week", terms_by_amount("cooker", 300_00))
PLANS = Catalogue(None, appliances=(COOKER,), plans=(BY_COUNT, BY_AMOUNT))


@pytest.fixture
def loaded(open_unit: OpenUnit) -> Callable[..., Any]:
    with open_unit() as unit:
        assert catalogue_problems(unit, PLANS) == []
        load_catalogue(unit, PLANS, str)
    return open_unit


def test_loading_again_changes_nothing(loaded: Callable[..., Any]) -> None:
    with loaded() as unit:
        again = load_catalogue(unit, PLANS, str)

    assert (again["plans"].new, again["plans"].changed, again["plans"].same) == (0, 0, 2)


def test_a_plan_is_told_as_it_would_be_sold_today(loaded: Callable[..., Any]) -> None:
    with loaded() as unit:
        assert [offer.code for offer in list_plans(unit, "cooker")] == ["cooker300", "cooker3"]
        by_count = quote_offer(unit, "cooker3")
        by_amount = quote_offer(unit, "cooker300")

    assert isinstance(by_count, PlanQuote)
    assert isinstance(by_amount, PlanQuote)
    assert (by_count.parts, by_count.each, by_count.down_payment) == (
        3,
        Money(300_00, "KES"),
        Money(100_00, "KES"),
    )
    assert (by_amount.parts, by_amount.each, by_amount.last) == (
        4,
        Money(300_00, "KES"),
        Money(100_00, "KES"),
    )


def test_a_plan_that_is_offered_no_more_is_refused(loaded: Callable[..., Any]) -> None:
    with loaded() as unit:
        unit.connection.execute(text("DELETE FROM plan_offers"))
        with pytest.raises(Refused) as refused:
            quote_offer(unit, "cooker3")

    assert refused.value.code == "plan_not_allowed"


def test_a_plan_must_come_out_for_the_price_of_an_appliance_that_exists(
    open_unit: OpenUnit,
) -> None:
    dear = PlanOffer("dear", "Dear", terms_by_amount("cooker", 1001_00))
    lost = PlanOffer("lost", "Lost", terms_by_count("nothing", 3))
    with open_unit() as unit:
        problems = catalogue_problems(unit, Catalogue(None, (), (), (), (COOKER,), (dear, lost)))

    assert problems == [
        'plan "dear": it does not come out for the price of "cooker" (plan_instalment_large)',
        'plan "lost": appliance: there is no appliance "nothing"',
    ]
