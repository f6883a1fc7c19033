"""A form that arrives twice acts once: a double click, a reload after a lost answer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest

from core.usecases.tokens.make_ordered import make_ordered_tokens
from tests.gateway.console.conftest import _CONFIRM, Browser, Console
from tests.gateway.console.test_at_once import both
from tests.gateway.console.test_auth import pages
from tests.support.cast import AMINA, METER, OPEN_SECRET

SALE = {"number": AMINA, "appliance": "cooker", "scheme": "count", "count": "4"} | {
    "cadence": "weekly",
    "reason": "agreed",
}
CODE = {"serial": METER, "kind": "energy", "amount": "50", "reason": "goodwill"}
SALES = "SELECT count(*) FROM sales JOIN appliances a ON a.id = appliance_id WHERE code = 'cooker'"
_ONCE = re.compile(r'name="once" value="([^"]+)"')


def confirmed(browser: Browser) -> dict[str, str]:
    """The sale as the page of its preview sends it, as often as it is sent."""
    looked = browser.post("/sales/new", **SALE).text
    return SALE | {"confirmed": _CONFIRM.findall(looked)[0], "once": _ONCE.findall(looked)[0]}


def test_a_confirmed_sale_that_arrives_twice_is_one_sale(console: Console) -> None:
    browser = console.login()
    typed = confirmed(browser)

    first, second = (browser.post("/sales/new", **typed) for _ in range(2))

    assert (first.status_code, first.location) == (302, second.location)
    assert "The appliance is sold." in browser.get(second.location.removeprefix("/console")).text
    assert console.rows(SALES) == [(1,)]
    assert [row[:3] for row in console.audit()] == [("owner", "sell", "sale")]


def test_of_a_double_click_the_second_waits_and_gets_the_answer_of_the_first(
    console: Console,
) -> None:
    browser = console.login()
    typed = confirmed(browser)

    answers = both(console, [browser, browser], [("/sales/new", typed)] * 2, "sales")

    assert answers[0].location == answers[1].location
    assert console.rows(SALES) == [(1,)]


def test_selling_the_same_again_by_a_new_form_is_asked_about(
    console: Console, later: Callable[..., None]
) -> None:
    browser = console.login()
    looked, _ = browser.confirm("/sales/new", **SALE)
    later(minutes=1)
    again, _ = browser.confirm("/sales/new", **SALE)

    question = "The same was sold to this customer at 12:00: is this another one?"
    assert (question in looked.text, question in again.text) == (False, True)
    assert console.rows(SALES) == [(2,)]


def test_a_code_ordered_by_a_form_that_comes_again_later_is_made_once(console: Console) -> None:
    browser, once = console.login(), secrets.token_urlsafe(16)
    for _ in range(2):
        assert browser.post("/manual-tokens/new", once=once, **CODE).status_code == 302
        with console.scenario.open_unit() as unit:
            make_ordered_tokens(unit, OPEN_SECRET)

    assert console.rows("SELECT count(*) FROM token_orders WHERE kind = 'energy'") == [(1,)]


def test_the_same_form_with_something_else_in_it_is_asked_about(console: Console) -> None:
    browser = console.login()
    typed = confirmed(browser)
    browser.post("/sales/new", **typed)

    changed = browser.post("/sales/new", **(typed | {"count": "5"}))

    assert changed.status_code == 422
    assert "This form was saved before." in changed.text
    assert _ONCE.findall(changed.text) != [typed["once"]]
    assert console.rows(SALES) == [(1,)]


def test_a_form_that_was_refused_may_be_sent_again(console: Console) -> None:
    browser, once = console.login(), secrets.token_urlsafe(16)

    refused = browser.post("/manual-tokens/new", once=once, **(CODE | {"serial": "0"}))

    assert refused.status_code == 422
    assert browser.post("/manual-tokens/new", once=once, **CODE).status_code == 302


def test_a_file_may_be_sent_again(console: Console) -> None:
    browser, once = console.login(), secrets.token_urlsafe(16)

    for _ in range(2):
        sent = browser.post("/month", once=once, month="2026-10")
        assert sent.content_type == "application/zip"
        assert sent.data


@pytest.mark.parametrize("path", ["/agents/{agent_id}/pin", "/tokens/{token_id}/reveal"])
def test_what_is_shown_only_once_is_not_kept(console: Console, path: str) -> None:
    browser, once = console.login(), secrets.token_urlsafe(16)
    path = path.format(**console.ids)

    first, again = (browser.post(path, once=once, reason="lost") for _ in range(2))

    assert "shown only once" in first.text
    [shown] = re.findall(r'(?:"status">|<li>)([0-9 ]{4,})<', first.text)
    assert "Set-Cookie" not in first.headers
    assert again.status_code == 302
    page = browser.get(again.location.removeprefix("/console")).text
    assert "shown only once" in page
    assert shown not in page
    kept = console.rows("SELECT message FROM saved_forms")
    assert not re.search(r"\d", kept[0][0].replace(METER, ""))


def test_every_form_that_acts_has_a_token_of_its_own(console: Console) -> None:
    browser = console.login()
    forms = {path for path, _ in pages(console, "POST")} - {"/logout"}
    typed = {"form_token": browser.token(), "reason": "because"}

    for path in sorted(forms):
        tokens = {_ONCE.findall(browser.get(path).text)[0] for _ in range(2)}
        assert len(tokens) == 2, path
        for once in ({}, {"once": ""}, {"once": "short"}):
            sent = browser.client.post(f"/console{path}", data=typed | once)
            assert sent.status_code == 400, path
    assert console.audit() == []
