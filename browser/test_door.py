"""Who comes in at the console's door, and what each role is shown behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.chromium import Complaints
from browser.conftest import OTHERS, PASSWORD
from browser.desk import Desk

# The form, and what asks for it, by the roles that have it besides owners.
ACTS = {
    "/customers/new": ("/customers/", "Register a customer", {"support"}),
    "/sales/new": ("/sales/", "Sell an appliance", {"support"}),
    "/codes/new": ("/codes/", "Order a code", {"support"}),
    "/tariffs/new": ("/tariffs/", "Add a tariff", set()),
}


def test_a_login_leads_where_one_wanted_to_go_and_ends_when_one_logs_out(
    visitor: Desk, complaints: Complaints, hire: Callable[[str, str], None]
) -> None:
    hire("leaver", "finance")
    complaints.expected = {403}
    visitor.open("/payments/")
    visitor.fill({"Name": "leaver", "Password": "wrong"})
    visitor.press("Log in")
    visitor.sees("The name or the password is wrong.")
    expect(visitor.page.get_by_label("Name")).to_have_value("leaver")
    expect(visitor.page.get_by_label("Password")).to_have_value("")

    visitor.fill({"Password": PASSWORD})
    visitor.press("Log in")
    expect(visitor.page).to_have_url("/console/payments/")
    visitor.press("Log out")
    visitor.open("/payments/")
    expect(visitor.page).to_have_title("Log in · Dialwatt")


def test_whoever_guesses_is_told_to_wait(visitor: Desk, complaints: Complaints) -> None:
    complaints.expected = {403, 429}
    visitor.open("/login")
    for _ in range(21):
        visitor.fill({"Name": "nobody", "Password": "guess"})
        visitor.press("Log in")
    visitor.sees("Too many tries; wait a quarter of an hour.")


def test_a_form_that_is_not_ours_changes_nothing(
    log_in: Callable[[str], Desk], complaints: Complaints
) -> None:
    complaints.expected = {400}
    desk = log_in("owner")
    desk.open("/villages/new")
    desk.fill({"Code": "FOREIGN", "Name": "Forged", "Reason": "no form of ours"})
    for token in desk.page.locator("[name=form_token]").all():
        token.evaluate("field => { field.value = 'forged'; }")
    desk.press("Add")
    desk.sees("That did not work", "This form is too old.")
    desk.open("/villages/")
    assert "FOREIGN" not in [row[0] for row in desk.rows()]


@pytest.mark.parametrize("role", OTHERS)
def test_a_role_is_shown_what_it_may_do_and_refused_the_rest(
    role: str, log_in: Callable[[str], Desk], complaints: Complaints
) -> None:
    complaints.expected = {403}
    desk = log_in(role)
    for form, (place, words, roles) in ACTS.items():
        desk.open(place)
        has = role in roles
        expect(desk.page.get_by_role("link", name=words)).to_have_count(1 if has else 0)
        desk.open(form)
        if has:
            expect(desk.main.locator("form")).to_have_count(1)
        else:
            desk.sees("That is not for your role")
    expect(desk.page.get_by_role("navigation").get_by_text("Users")).to_have_count(0)


def test_whoever_may_only_read_finds_nothing_to_fill_in(log_in: Callable[[str], Desk]) -> None:
    desk = log_in("read-only")
    desk.open("/")
    for name in desk.page.get_by_role("navigation").get_by_role("link").all_inner_texts():
        desk.follow(name)
        expect(desk.main.locator("form[method=post]")).to_have_count(0)
        buttons = desk.main.locator("a.button")
        expect(buttons.filter(has_not_text="How long texts can get")).to_have_count(0)
