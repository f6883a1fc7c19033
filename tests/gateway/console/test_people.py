"""An owner exports what is known of a person, and orders a person to be forgotten."""

from __future__ import annotations

import json

from core.usecases.people.forget import forget_next
from tests.gateway.console.conftest import Console
from tests.support.cast import AMINA, NEEMA


def test_an_owner_orders_it_after_a_preview_and_a_worker_forgets(console: Console) -> None:
    browser = console.login()
    assert NEEMA in browser.get("/people/forget", number=NEEMA).text

    shown = browser.post("/people/forget", number=NEEMA, reason="asked in writing")
    assert "Neema Achieng" in shown.text
    assert "cannot be undone" in shown.text
    assert console.rows("SELECT count(*) FROM erasures") == [(0,)]
    browser.confirm("/people/forget", number=NEEMA, reason="asked in writing")
    assert console.rows("SELECT state, operator FROM erasures") == [("waiting", "owner")]

    with console.scenario.open_unit() as unit:
        assert forget_next(unit) == 1
    assert console.rows("SELECT count(*) FROM customers WHERE name = 'Neema'") == [(0,)]
    assert ("owner", "forget", "customer", "asked in writing") in console.audit()


def test_what_is_open_is_told_beside_the_number(console: Console) -> None:
    browser = console.login()

    refused = browser.post("/people/forget", number=AMINA, reason="asked")

    assert refused.status_code == 422
    assert "something is open" in refused.text


def test_the_export_is_a_file_and_only_for_owners(console: Console) -> None:
    sent = console.login().post("/people/export", number=NEEMA, reason="asked")

    assert json.loads(sent.text)["person"] == ["Neema Achieng"]
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert ("owner", "export_person", "customer", "asked") in console.audit()
    for role in ("finance", "support", "read_only"):
        browser = console.login(role)
        for page in ("/people/export", "/people/forget"):
            assert browser.get(page).status_code == 403
