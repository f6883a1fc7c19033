"""Payments at the console: found, shown with their history, tokens hidden until revealed."""

from __future__ import annotations

import hashlib

from core.tokens.family import group
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_listing import exported, shown
from tests.support.cast import AMINA, METER


def code_of(console: Console) -> str:
    found: str = console.rows("SELECT text FROM tokens WHERE id = :id", id=console.ids["token_id"])[
        0
    ][0]
    return found


def test_the_page_of_a_payment_has_its_history(console: Console) -> None:
    page = console.login("support").get(f"/payments/{console.ids['payment_id']}").text

    for part in ("KES 500.00", "RA1", AMINA, METER, "instalment", "energy", "receivable:sales"):
        assert part in page, part
    assert "Something is odd" in page
    assert "waiting" in page


def test_a_payment_to_an_account_is_for_no_device_and_shown_everywhere(console: Console) -> None:
    account = console.scenario.account_of(AMINA)
    paid = console.scenario.pay("ACC1", account, 100_00)
    console.scenario.apply()
    browser = console.login("owner")

    for path in (f"/payments/{paid}", "/payments/", f"/customers/{console.ids['customer_id']}"):
        page = browser.get(path).text
        assert "ACC1" in page or account in page, path
    assert "instalment" in browser.get(f"/payments/{paid}").text
    assert browser.get(f"/payments/{paid}/returned").status_code == 200
    console.scenario.check_invariants()


def test_no_page_shows_the_digits_of_a_token(console: Console) -> None:
    browser, code = console.login("owner"), code_of(console)

    for path in (
        f"/payments/{console.ids['payment_id']}",
        f"/customers/{console.ids['customer_id']}",
    ):
        page = browser.get(path).text
        assert code not in page
        assert group(code, "sts") not in page


def test_revealing_a_token_needs_a_reason_and_is_audited(console: Console) -> None:
    browser, code = console.login("support"), code_of(console)
    path = f"/tokens/{console.ids['token_id']}/reveal"

    assert browser.post(path).status_code == 422
    answer = browser.post(path, reason="reads it out to Amina")

    assert code in answer.text.replace(" ", "")
    assert code not in browser.get("/").text
    assert console.audit() == [("support", "reveal", "token", "reads it out to Amina")]


def test_payments_are_found_by_state_receipt_payer_and_day(console: Console) -> None:
    browser = console.login()

    def found(**asked: str) -> list[str]:
        return [line[1] for line in exported(browser.get("/payments.csv", **asked))[1:]]

    assert found() == ["RS1", "RA1"]
    assert found(state="suspense") == ["RS1"]
    assert found(search="ra1") == ["RA1"]
    assert found(search="0711 000 001") == ["RA1"]
    assert found(since="2026-11-24", until="2026-11-24") == ["RS1", "RA1"]
    assert found(since="2026-11-25") == []
    assert found(search="nothing like it") == []


def test_a_hashed_payer_is_found_by_phone_number(console: Console) -> None:
    digest = hashlib.sha256(AMINA[1:].encode()).hexdigest()
    console.scenario.pay("RH1", METER, 100_00, payer_kind="sha256", payer=digest)

    page = console.login().get("/payments/", search=AMINA)

    assert "RH1" in page.text


def test_the_export_uses_the_filters_of_the_list(console: Console) -> None:
    browser, asked = console.login("finance"), {"state": "applied"}

    header, *lines = exported(browser.get("/payments.csv", **asked))
    cells = shown(browser.get("/payments/", **asked).text)

    assert [line[1] for line in lines] == cells[1 :: len(header)] == ["RA1"]
    assert lines[0][2] == "500.00"
    assert lines[0][0] == "2026-11-24 12:00:00"


def test_an_invalid_filter_shows_its_problem_and_exports_nothing(console: Console) -> None:
    browser = console.login()

    page = browser.get("/payments/", since="yesterday")

    assert "enter the day like 2026-03-05" in page.text
    assert browser.get("/payments.csv", since="yesterday").status_code == 400
    assert browser.get("/payments/", state="'; --").status_code == 200
    assert browser.get("/payments/", search="a\0b").status_code == 200


def test_an_sms_that_is_sent_again_is_a_new_row(console: Console) -> None:
    browser, text_id = console.login("support"), console.ids["sms_id"]
    path = f"/sms/{text_id}/resend"
    assert "still on its way" in browser.post(path).text
    with console.scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sms SET state = 'delivered', next_attempt_at = NULL")

    assert browser.post(path).status_code == 302

    bodies = console.rows("SELECT body, state FROM sms ORDER BY id")
    assert bodies[-1] == (bodies[-2][0], "waiting")
    assert console.audit() == [("support", "resend", "sms", "asked for at the console")]


def test_an_unknown_payment_has_no_page(console: Console) -> None:
    assert console.login().get("/payments/999999").status_code == 404
