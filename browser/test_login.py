"""Login and logout at the console, and what each role can see and do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from pyotp import TOTP

from browser.chromium import BrowserErrors
from browser.conftest import OTHER_ROLES, PASSWORD
from browser.console_page import ConsolePage

# Each form: the page with the link to it, the link, and the roles besides owner that may open it.
FORMS = {
    "/customers/new": ("/customers/", "Register a customer", {"support"}),
    "/sales/new": ("/sales/", "Sell an appliance", {"support"}),
    "/manual-tokens/new": ("/manual-tokens/", "Order a token", {"support"}),
    "/tariffs/new": ("/tariffs/", "Add a tariff", set()),
}
# Buttons that lead to a page without a form.
TO_PAGES = re.compile("SMS lengths|Limits")


def test_a_login_continues_with_the_requested_page_and_ends_with_a_logout(
    visitor: ConsolePage, browser_errors: BrowserErrors, add_user: Callable[[str, str], None]
) -> None:
    add_user("leaver", "finance")
    browser_errors.expected = {403}
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


def test_guessing_passwords_is_limited(visitor: ConsolePage, browser_errors: BrowserErrors) -> None:
    browser_errors.expected = {403, 429}
    visitor.open("/login")
    for _ in range(21):
        visitor.fill({"Name": "guessed", "Password": "guess"})
        visitor.press("Log in")
        if visitor.main.get_by_text("Too many tries: wait").count():
            return
    raise AssertionError("21 guesses without a delay")


def test_a_first_password_is_changed_and_a_second_factor_set_up(
    log_in: Callable[[str], ConsolePage], visitor: ConsolePage, browser_errors: BrowserErrors
) -> None:
    browser_errors.expected = {403}
    owner = log_in("owner")
    owner.open("/users/new")
    owner.fill({"Name": "newcomer", "Role": "support"})
    owner.press("Save")
    owner.sees("The first password, shown only once.")
    first = owner.main.locator(".once li").inner_text()

    visitor.log_in("newcomer", first)
    visitor.sees("Change your password")
    visitor.fill({"Current password": first, "New password": PASSWORD})
    visitor.fill({"Repeat the new password": PASSWORD})
    visitor.press("Change password")
    visitor.open("/second-factor")
    visitor.follow("Set up")
    expect(visitor.main.locator("svg")).to_be_visible()
    app = TOTP(visitor.main.locator(".qr code").inner_text().replace(" ", ""))
    visitor.fill({"Code that the app shows now": app.now(), "Current password": PASSWORD})
    visitor.press("Set it up")
    codes = visitor.main.locator(".once li").all_inner_texts()
    assert len(set(codes)) == 8

    visitor.press("Log out")
    visitor.log_in("newcomer", PASSWORD)
    visitor.fill({"Code of your app": "000000"})
    visitor.press("Log in")
    visitor.sees("The code is wrong")
    visitor.fill({"Code of your app": codes[0]})
    visitor.press("Log in")
    visitor.sees("Payments")


def test_a_form_from_another_site_changes_nothing(
    log_in: Callable[[str], ConsolePage], browser_errors: BrowserErrors
) -> None:
    browser_errors.expected = {400}
    console = log_in("owner")
    console.open("/villages/new")
    console.fill({"Code": "FOREIGN", "Name": "Forged", "Reason": "a forged form"})
    for token in console.page.locator("[name=form_token]").all():
        token.evaluate("field => { field.value = 'forged'; }")
    console.press("Add")
    console.sees("Something went wrong", "This form has expired.")
    console.open("/villages/")
    assert "FOREIGN" not in [row[0] for row in console.rows()]


@pytest.mark.parametrize("role", OTHER_ROLES)
def test_a_role_sees_only_what_it_may_do(
    role: str, log_in: Callable[[str], ConsolePage], browser_errors: BrowserErrors
) -> None:
    browser_errors.expected = {403}
    console = log_in(role)
    for form, (page, link, roles) in FORMS.items():
        console.open(page)
        is_allowed = role in roles
        expect(console.page.get_by_role("link", name=link)).to_have_count(1 if is_allowed else 0)
        console.open(form)
        if is_allowed:
            expect(console.main.locator("form")).to_have_count(1)
        else:
            console.sees("Your role has no permission for this")
    expect(console.page.get_by_role("navigation").get_by_text("Users")).to_have_count(0)


def test_a_read_only_user_sees_no_form(
    log_in: Callable[[str], ConsolePage],
) -> None:
    console = log_in("read-only")
    console.open("/")
    for name in console.page.get_by_role("navigation").get_by_role("link").all_inner_texts():
        console.follow(name)
        expect(console.main.locator("form[method=post]")).to_have_count(0)
        buttons = console.main.locator("a.button")
        expect(buttons.filter(has_not_text=TO_PAGES)).to_have_count(0)
