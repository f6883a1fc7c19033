"""The audit log and the problem reports: filtered, exported, linked to customers."""

from __future__ import annotations

import pytest

from core.errors import BrokenInvariant
from core.usecases.customers.edit_customer import (
    CustomerEdit,
    add_number,
    edit_customer,
    remove_number,
)
from core.usecases.messages.inbound import report_problem
from core.usecases.operators.audit import write_audit
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import AMINA, JUMA, METER, NEEMA, STRANGER


def test_the_audit_log_has_operator_action_subject_and_reason(console: Console) -> None:
    console.login().post(
        "/manual-tokens/new", serial=METER, kind="energy", amount="5", reason="goodwill"
    )
    browser = console.login("read_only")

    lines = exported(browser.get("/audit.csv", operator="owner", subject="device"))[1:]

    assert [(line[1], line[2], line[5]) for line in lines] == [("owner", "order_token", "goodwill")]
    assert exported(browser.get("/audit.csv", operator="owner", subject="user"))[1:] == []
    assert exported(browser.get("/audit.csv", until="2026-11-23"))[1:] == []
    assert '<option value="user">' in browser.get("/audit/").text
    assert browser.get("/audit/", subject="nothing").status_code == 200


def test_amounts_in_the_details_are_money(console: Console) -> None:
    with console.scenario.open_unit() as unit:
        write_audit(
            unit, "owner", "reverse", "payment", 1, "a slip",
            amount_minor=50_00, taken_from="office", was={"price_per_kwh_minor": -25_00}, of=None,
        )  # fmt: skip

    lines = exported(console.login("read_only").get("/audit.csv", subject="payment"))[1:]

    changes = set(lines[0][6].split(", "))
    assert changes == {
        "amount: KES 50.00",
        "taken from: office",
        "of: ",
        "was: (price per kwh: -KES 25.00)",
    }


def test_a_row_holds_ids_and_the_page_joins_what_they_are_called(console: Console) -> None:
    customer = console.ids["customer_id"]
    with console.scenario.open_unit() as unit:
        add_number(unit, customer, "+254711999999", "support")
        remove_number(unit, customer, "+254711999999", "support", "a slip")
        edit = CustomerEdit("Amina", "Otieno", "KIB", "en")
        edit_customer(unit, customer, edit, "support")
        write_audit(unit, "agent 1", "enter_meter", "device", 1, "was not imported", serial=METER)
    browser = console.login("read_only")

    kept = str(console.rows("SELECT operator, reason, details FROM audit_log"))
    assert [known for known in ("711999999", "Otieno", "Amina") if known in kept] == []
    edited, removed, _ = exported(browser.get("/audit.csv", subject="customer"))[1:]
    assert (edited[6], edited[7]) == ("changed: surname, village_id", "Amina Otieno")
    assert removed[7] == "Amina Otieno (the number ending in 999)"
    (by_agent,) = exported(browser.get("/audit.csv", operator=JUMA))[1:]
    assert (by_agent[1], by_agent[7]) == ("agent 1 (Juma Otieno)", METER)


def test_no_detail_is_a_phone_number(console: Console) -> None:
    with pytest.raises(BrokenInvariant), console.scenario.open_unit() as unit:
        write_audit(unit, "owner", "edit", "customer", 1, "a slip", number=AMINA)


def test_problem_reports_link_to_the_customer(console: Console) -> None:
    with console.scenario.open_unit() as unit:
        report_problem(unit, AMINA, "No light since Monday")
        report_problem(unit, STRANGER, "=1+1")
    browser = console.login("support")

    lines = exported(browser.get("/problem-reports.csv"))[1:]

    assert [(line[1], line[2], line[3]) for line in lines] == [
        (STRANGER, "", "'=1+1"),
        (AMINA, "Amina Odhiambo", "No light since Monday"),
    ]
    assert (
        f'/console/customers/{console.ids["customer_id"]}"' in browser.get("/problem-reports/").text
    )
    assert exported(browser.get("/problem-reports.csv", msisdn=NEEMA))[1:] == []
