"""Plans at the console: added, edited and withdrawn without changing existing sales."""

from __future__ import annotations

import pytest

from core.errors import Refused
from core.usecases.sales.allowed_plans import remove_plan_from
from core.usecases.sales.quote import quote_allowed, quote_offer
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_listing import exported
from tests.support.builders import terms_by_count
from tests.support.cast import NEEMA, READY_KIT

WHY = {"reason": "a new season"}
KIT_BY_WEEKS = {
    "code": "kit5", "name": "Five weeks", "appliance": "kit", "scheme": "count", "count": "5",
    "cadence": "weekly", "down_payment": "100",
}  # fmt: skip


def plan(console: Console, code: str) -> list[tuple[object, ...]]:
    return console.rows(
        "SELECT scheme, cadence, count, instalment_minor, down_payment_minor FROM plan_offers"
        " WHERE code = :code",
        code=code,
    )


def test_a_plan_is_previewed_and_then_the_only_one_for_agents(console: Console) -> None:
    owner = console.login()
    free = terms_by_count("kit", 3, "monthly")
    with console.scenario.open_unit() as unit:
        quote_allowed(unit, free)

    looked, done = owner.confirm("/plans/new", **KIT_BY_WEEKS, **WHY)

    assert "Down payment KES 100.00" in looked.text
    assert "5 instalments of KES 100.00" in looked.text
    assert "Due every week, the first one on 1 Dec 2026" in looked.text
    assert done.status_code == 302
    assert plan(console, "kit5") == [("count", "weekly", 5, None, 100_00)]
    assert console.audit() == [("owner", "add", "plan_offer", WHY["reason"])]
    with console.scenario.open_unit() as unit:
        quote_allowed(unit, quote_offer(unit, "kit5").terms)
        with pytest.raises(Refused, match="plan_not_allowed"):
            quote_allowed(unit, free)


def test_plans_are_listed_with_their_terms(console: Console) -> None:
    lines = exported(console.login("read_only").get("/plans.csv"))[1:]

    assert ["tv6", "Six weeks", "Solar TV", "count", "6", "", "weekly", "0.00", "1"] in lines
    assert [line[3:7] for line in lines if line[0] == "sunday"] == [["service", "", "", ""]]


def test_editing_a_plan_does_not_change_sales(console: Console) -> None:
    browser = console.login()
    browser.confirm("/sales/new", number=NEEMA, serial=READY_KIT, **WHY)
    before = console.rows("SELECT amount_minor FROM instalments ORDER BY id DESC LIMIT 1")
    path = f"/plans/{console.ids['plan_id']}"

    typed = {"name": "By 200", "appliance": "tv", "scheme": "amount", "instalment": "200"}
    looked, _ = browser.confirm(path, **typed, cadence="monthly", **WHY)

    assert "5 instalments of KES 200.00, the last one KES 100.00" in looked.text
    assert plan(console, "tv6") == [("amount", "monthly", None, 200_00, 0)]
    assert console.rows("SELECT amount_minor FROM instalments ORDER BY id DESC LIMIT 1") == before
    page = browser.get(path).text
    assert 'value="By 200"' in page
    assert 'value="200.00"' in page


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"code": "tv6"}, "already"),
        ({"appliance": ""}, "no appliance"),
        ({"count": "0"}, "plan_count"),
        ({"count": "600"}, "plan_count"),
        ({"scheme": "amount", "instalment": "5000"}, "plan_instalment_large"),
        ({"scheme": "service"}, "no price_per_day"),
        ({"down_payment": "9999"}, "plan_down_payment"),
    ],
)
def test_an_invalid_plan_is_refused(console: Console, typed: dict[str, str], expected: str) -> None:
    answer = console.login().post("/plans/new", **(KIT_BY_WEEKS | typed), **WHY)

    assert answer.status_code == 422
    assert expected in answer.text
    assert console.audit() == []


def test_a_plan_is_withdrawn_unless_it_is_preset_on_a_device(console: Console) -> None:
    owner, path = console.login(), f"/plans/{console.ids['plan_id']}/withdraw"

    refused = owner.post(path, **WHY)
    with console.app.extensions["console"].open_unit() as unit:
        remove_plan_from(unit, READY_KIT, "test", "for the test")
    done = owner.post(path, **WHY)

    assert (refused.status_code, done.status_code) == (422, 302)
    assert "remove it from them first" in refused.text
    assert plan(console, "tv6") == []
    assert console.audit()[-1] == ("owner", "withdraw", "plan_offer", WHY["reason"])


@pytest.mark.parametrize("action", ["", "/withdraw"])
def test_an_unknown_plan_has_no_page(console: Console, action: str) -> None:
    assert console.login().get(f"/plans/99999{action}").status_code == 404
