"""SMS at the console: found, never shown, sent again; their lengths are those of the build."""

from __future__ import annotations

import pytest

from core.usecases.customers.edit_customer import add_number, remove_number
from core.wording.product import LANGUAGES
from core.wording.sms_lengths import sms_lengths
from tests.gateway.console.conftest import Browser, Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import AMINA, STRANGER

NEW_NUMBER = "+254722000999"


def kinds(browser: Browser, **asked: str) -> list[str]:
    return [line[2] for line in exported(browser.get("/sms.csv", **asked))[1:]]


def test_sms_are_found_by_number_state_and_kind(console: Console) -> None:
    browser = console.login("read_only")
    with console.scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE sms SET state = 'failed', provider_status = 'UserInBlacklist',"
            f" next_attempt_at = NULL WHERE msisdn = '{STRANGER}'"
        )

    assert kinds(browser, msisdn=STRANGER) == ["agent_sms.request_received"]
    assert kinds(browser, state="failed") == ["agent_sms.request_received"]
    assert kinds(browser, kind="agent_sms.request_received") == ["agent_sms.request_received"]
    assert "agent_sms.request_received" not in kinds(browser, msisdn=AMINA)
    assert kinds(browser, msisdn=AMINA, until="2026-11-23") == []
    assert "UserInBlacklist" in browser.get("/sms/", state="failed").text


def test_the_list_has_no_text_of_an_sms(console: Console) -> None:
    browser = console.login()
    bodies = [row[0] for row in console.rows("SELECT body FROM sms")]
    [(code,)] = console.rows("SELECT text FROM tokens")

    shown = browser.get("/sms/").text + browser.get("/sms.csv").text

    assert len(bodies) > 1
    assert not [body for body in bodies if body in shown]
    assert code not in shown.replace(" ", "").replace("-", "")


def test_resending_an_sms_without_a_payment_returns_to_the_list(console: Console) -> None:
    with console.scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sms SET state = 'delivered', next_attempt_at = NULL")
    [(text_id,)] = console.rows("SELECT id FROM sms WHERE msisdn = :msisdn", msisdn=STRANGER)

    done = console.login("support").post(f"/sms/{text_id}/resend")

    assert done.location == "/console/sms/"
    assert console.rows("SELECT count(*) FROM sms WHERE msisdn = :msisdn", msisdn=STRANGER) == [
        (2,)
    ]


def test_an_sms_to_a_removed_number_is_not_sent_again(console: Console) -> None:
    with console.scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sms SET state = 'delivered', next_attempt_at = NULL")
    [(text_id,)] = console.rows("SELECT max(id) FROM sms WHERE msisdn = :msisdn", msisdn=AMINA)
    count = "SELECT count(*) FROM sms"
    before = console.rows(count)
    with console.scenario.open_unit() as unit:
        add_number(unit, console.ids["customer_id"], NEW_NUMBER, "test")
        remove_number(unit, console.ids["customer_id"], AMINA, "test", "the phone was stolen")

    answer = console.login("support").post(f"/sms/{text_id}/resend")

    assert answer.status_code == 422
    assert "no longer" in answer.text
    assert console.rows(count) == before


def test_an_sms_to_a_number_that_was_added_again_is_sent_again(console: Console) -> None:
    with console.scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sms SET state = 'delivered', next_attempt_at = NULL")
    [(text_id,)] = console.rows("SELECT max(id) FROM sms WHERE msisdn = :msisdn", msisdn=AMINA)
    with console.scenario.open_unit() as unit:
        add_number(unit, console.ids["customer_id"], NEW_NUMBER, "test")
        remove_number(unit, console.ids["customer_id"], AMINA, "test", "a slip")
        add_number(unit, console.ids["customer_id"], AMINA, "test")

    assert console.login("support").post(f"/sms/{text_id}/resend").status_code == 302


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_is_shown_at_its_longest_with_its_segments(
    console: Console, language: str
) -> None:
    page = console.login("read_only").get("/sms/lengths", language=language).text

    lengths = sms_lengths(language)
    assert lengths
    for length in lengths:
        assert length.segments <= length.max_segments
        assert f"{length.segments} of {length.max_segments}" in page
    assert page.count("<tr>") == len(lengths) + 1


def test_an_unknown_language_has_no_sms_lengths(console: Console) -> None:
    assert console.login().get("/sms/lengths", language="xx").status_code == 404
