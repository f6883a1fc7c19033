"""Acts of operators: limits of a day, a second person, and that an act is done once."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from core.act import ActName
from core.money import Money
from core.usecases.acts.approvals import expire_requests
from core.usecases.agents.collect_cash import collect_cash
from gateway.console.forms import ACT_FORMS
from tests.gateway.console.conftest import Browser, Console
from tests.support.cast import JUMA, KIT, METER, NEEMA

_REQUEST = re.compile(r"/console/approvals/([0-9]+)")


@pytest.fixture
def strict(console: Console) -> Console:
    """A second person is needed above KES 1,000; support may give KES 2,000 a day."""
    console.scenario.run(
        "UPDATE act_rules SET second_person = 'required', large_minor = 100000,"
        " support_daily_minor = 200000"
    )
    return console


def ordered(console: Console) -> list[tuple[str, str, int]]:
    return console.rows(
        "SELECT operator, kind, units FROM token_orders WHERE operator <> 'test' ORDER BY id"
    )


def ask(browser: Browser, path: str, **typed: str) -> str:
    """Ask for an act; return the id of the request."""
    answer = browser.post(path, **typed)
    assert answer.status_code == 302, answer.text
    return str(_REQUEST.findall(answer.location)[0])


def unlock(browser: Browser, serial: str = KIT) -> str:
    return ask(browser, "/manual-tokens/new", serial=serial, kind="unlock", reason="she paid")


def energy(browser: Browser, kwh: str, **typed: str) -> int:
    typed = {"serial": METER, "kind": "energy", "amount": kwh, "reason": "goodwill"} | typed
    return browser.post("/manual-tokens/new", **typed).status_code


def made(console: Console) -> None:
    """Let the tokens that wait be made: of a kind one is ordered at a time."""
    console.scenario.run("UPDATE token_orders SET state = 'made'")


def test_an_unlock_waits_for_another_person_and_is_done_once(strict: Console) -> None:
    support, finance = strict.login("support"), strict.login("finance")

    act_id = unlock(support)

    assert ordered(strict) == []
    page = support.get(f"/approvals/{act_id}").text
    assert "KES 600.00" in page
    assert "Who can approve it: finance, owner." in page
    assert "acts to approve" in finance.get("/").text
    assert support.post(f"/approvals/{act_id}/approve", reason="it is me").status_code == 403
    looked, done = finance.confirm(f"/approvals/{act_id}/approve", reason="I asked her")
    assert "is being made" in looked.text
    assert done.status_code == 302
    assert ordered(strict) == [("support", "unlock", 0)]
    again = finance.post(f"/approvals/{act_id}/approve", reason="I asked her")
    assert "approved already" in again.text
    assert ordered(strict) == [("support", "unlock", 0)]
    assert [row[:3] for row in strict.audit()] == [
        ("support", "ask", "act"),
        ("finance", "approve", "act"),
        ("support", "order_token", "device"),
    ]


def test_nobody_approves_what_they_asked_for(strict: Console) -> None:
    owner = strict.login("owner")
    act_id = unlock(owner)

    answer = owner.post(f"/approvals/{act_id}/approve", reason="it is me")

    assert "asks for an act never approves it" in answer.text
    assert ordered(strict) == []


def test_a_login_that_the_asker_made_does_not_approve(strict: Console) -> None:
    owner = strict.login("owner")
    owner.post("/users/new", name="puppet", role="owner", password="a long horse 7")
    strict.scenario.run("UPDATE console_users SET password_is_initial = false")
    act_id = unlock(owner)
    puppet = strict.browser()
    assert puppet.log_in("puppet", "a long horse 7").status_code == 302

    answer = puppet.post(f"/approvals/{act_id}/approve", reason="looks fine")

    assert "made or changed your login" in answer.text
    assert ordered(strict) == []


def test_requests_are_refused_withdrawn_and_expire(strict: Console) -> None:
    support, finance = strict.login("support"), strict.login("finance")
    first, second = unlock(support), unlock(support)

    finance.post(f"/approvals/{first}/refuse", reason="she did not pay")
    support.post(f"/approvals/{second}/refuse", reason="the wrong device")
    third = unlock(support)
    strict.scenario.run("UPDATE operator_acts SET expires_at = asked_at WHERE id = :id", id=third)

    late = finance.post(f"/approvals/{third}/approve", reason="fine")
    assert "waited too long" in late.text
    with strict.scenario.open_unit() as unit:
        assert expire_requests(unit) == 1
    states = "SELECT state, typed FROM operator_acts WHERE id = ANY(:ids) ORDER BY id"
    ended = strict.rows(states, ids=[int(first), int(second), int(third)])
    assert ended == [("refused", {}), ("withdrawn", {}), ("expired", {})]
    assert ordered(strict) == []


def test_a_large_token_waits_and_a_small_one_does_not(strict: Console) -> None:
    browser = strict.login("support")

    assert energy(browser, "5") == 302
    made(strict)
    assert energy(browser, "9999") == 302

    assert ordered(strict) == [("support", "energy", 50)]
    waiting = "SELECT value_minor FROM operator_acts WHERE state = 'waiting' AND value_minor > 0"
    assert strict.rows(waiting) == [(99990000,)]


def test_what_is_worth_more_than_when_it_was_asked_for_is_not_done(strict: Console) -> None:
    support, finance = strict.login("support"), strict.login("finance")
    act_id = ask(
        support, "/manual-tokens/new", serial=METER, kind="energy", amount="50", reason="goodwill"
    )
    strict.scenario.run(
        "UPDATE tariff_versions SET price_per_kwh_thousandths = 2 * price_per_kwh_thousandths"
    )

    answer = finance.post(f"/approvals/{act_id}/approve", reason="fine")

    assert "cannot be done any more as it was asked for" in answer.text
    assert ordered(strict) == []
    assert "waiting" in finance.get(f"/approvals/{act_id}").text


def test_a_day_has_a_limit_and_the_refusal_says_what_is_left(strict: Console) -> None:
    browser = strict.login("support")
    for _ in range(2):
        assert energy(browser, "9") == 302
        made(strict)

    refused = browser.post(
        "/manual-tokens/new", serial=METER, kind="energy", amount="9", reason="goodwill"
    )

    assert refused.status_code == 422
    assert "KES 200.00 is left today of your limit of KES 2000.00 a day" in refused.text
    assert "Who can raise it under Limits: owner" in refused.text
    assert "KES 200.00" in browser.get("/limits").text
    assert len(ordered(strict)) == 2
    assert [row[3]["code"] for row in strict.noted("refused")] == ["limit_reached"]


def test_the_limits_hold_where_no_second_person_is_asked_for(strict: Console) -> None:
    strict.scenario.run("UPDATE act_rules SET second_person = 'off'")
    browser = strict.login("support")

    assert energy(browser, "9999") == 422
    assert ordered(strict) == []
    assert "off: one person can" in browser.get("/limits").text


def test_a_refund_above_the_sum_waits(strict: Console) -> None:
    paid = strict.scenario.pay("RS9", "NOBODY", 5_000_00)
    finance, owner = strict.login("finance"), strict.login("owner")

    act_id = ask(finance, f"/payments/{paid}/refund", amount="", reason="a slip")

    assert strict.rows("SELECT state FROM payments WHERE id = :id", id=paid) == [("suspense",)]
    assert "KES 5,000.00" in owner.get(f"/approvals/{act_id}").text
    owner.confirm(f"/approvals/{act_id}/approve", reason="I saw it")
    assert strict.rows("SELECT state FROM payments WHERE id = :id", id=paid) == [("refunding",)]


def test_cash_that_was_large_is_seen_by_two_and_counts_for_no_day(strict: Console) -> None:
    finance = strict.login("finance")
    typed = {"account": METER, "place": "office", "paid_on": "", "reason": "a walk-in"}

    ask(finance, "/own-money/payment", amount="1500", receipt="W1", **typed)
    small = finance.post("/own-money/payment", amount="500", receipt="W2", **typed)

    assert "/payments/" in small.location
    assert strict.rows("SELECT receipt FROM payments WHERE receipt LIKE 'W%'") == [("W2",)]
    assert strict.rows("SELECT 1 FROM operator_acts WHERE state = 'done'") == []


def test_who_gave_an_agent_a_pin_does_not_book_the_cash_alone(strict: Console) -> None:
    agent_id = strict.ids["agent_id"]
    with strict.scenario.open_unit() as unit:
        collect_cash(unit, JUMA, "4321", METER, Money(500_00, "KES"))
    owner = strict.login("owner")
    owner.post(f"/agents/{agent_id}/pin", reason="forgotten")

    looked = owner.post(
        f"/agents/{agent_id}/settle", amount="100", receipt="B1", reason="Monday's cash"
    )

    assert "needs a second person" in looked.text
    finance = strict.login("finance")
    alone, done = finance.confirm(
        f"/agents/{agent_id}/settle", amount="100", receipt="B1", reason="Monday's cash"
    )
    assert "needs a second person" not in alone.text
    assert done.location.endswith(f"/agents/{agent_id}")


def test_what_was_typed_is_not_shown_to_read_only(
    strict: Console,
) -> None:
    customer_id = strict.ids["customer_id"]
    strict.scenario.run("UPDATE customers SET credit_minor = 300000 WHERE id = :id", id=customer_id)
    finance = strict.login("finance")
    typed = {"number": NEEMA, "amount": "2000", "reference": "X1", "reason": "asked for"}

    act_id = ask(finance, f"/customers/{customer_id}/credit/move", **typed)

    assert NEEMA in strict.login("support").get(f"/approvals/{act_id}").text
    assert NEEMA not in strict.login("read_only").get(f"/approvals/{act_id}").text


def test_the_limits_change_with_a_second_person(strict: Console) -> None:
    owner, finance = strict.login("owner"), strict.login("finance")
    typed = {"second_person": "off", "large": "9999", "owner": "", "finance": "", "support": ""}

    act_id = ask(owner, "/limits/change", reason="on my own", **typed)

    rules = "SELECT second_person, large_minor, support_daily_minor FROM act_rules"
    assert strict.rows(rules) == [("required", 100000, 200000)]
    finance.confirm(f"/approvals/{act_id}/approve", reason="agreed")
    assert strict.rows(rules) == [("off", 999900, None)]


def test_credit_that_is_moved_counts(strict: Console) -> None:
    strict.scenario.run("UPDATE act_rules SET finance_daily_minor = 1000")
    customer_id = strict.ids["customer_id"]
    strict.scenario.run("UPDATE customers SET credit_minor = 5000 WHERE id = :id", id=customer_id)
    browser = strict.login("finance")

    answer = browser.post(
        f"/customers/{customer_id}/credit/move",
        number=NEEMA, amount="20", reference="X1", reason="asked for",
    )  # fmt: skip

    assert answer.status_code == 422
    assert "KES 10.00 is left today" in answer.text


def test_every_act_has_its_form(console: Console) -> None:
    assert set(ACT_FORMS) == set(get_args(ActName))
    assert {permission for permission, _ in ACT_FORMS.values()} >= {"refund", "order_token"}
