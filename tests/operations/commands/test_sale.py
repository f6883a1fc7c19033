"""`dialwatt sale`, `cash` and `forgive`: the acts of the console, from the shell."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.operations.conftest import Ran
from tests.support.cast import AMINA, BARAKA, JUMA, KIT, METER
from tests.support.scenario import Scenario, make_scenario

Run = Callable[..., Ran]
WHY = ("--reason", "agreed with the customer")


@pytest.fixture
def scenario(engine: Engine, environment: dict[str, str]) -> Scenario:
    return make_scenario(engine)


def sale_of(scenario: Scenario, dialwatt: Run) -> str:
    """The number of Baraka's sale, as the list prints it; one of four parts is paid."""
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    listed = dialwatt("sale", "list", BARAKA).out
    assert "150.00 of 600.00 paid" in listed
    return listed.split()[0]


@pytest.mark.parametrize(
    ("words", "says", "state"),
    [
        (("pause",), "is paused", "paused"),
        (("repossess",), "is repossessed", "repossessed"),
        (("write-off",), "is written off", "written_off"),
        (("cancel",), "is cancelled", "cancelled"),
        (("settle",), "is settled", "settled"),
        (("settle", "--rest", "200"), "a last payment of KES 200.00", "open"),
        (("discount", "100"), "KES 100.00 of sale", "open"),
    ],
)
def test_a_sale_ends_from_the_shell(
    scenario: Scenario, dialwatt: Run, words: tuple[str, ...], says: str, state: str
) -> None:
    number = sale_of(scenario, dialwatt)
    ran = dialwatt("sale", words[0], number, *words[1:], *WHY)
    assert (ran.code, ran.err) == (0, "")
    assert says in ran.out
    assert scenario.rows("SELECT state FROM sales WHERE id = :id", id=int(number)) == [(state,)]
    ((operator, reason),) = scenario.rows("SELECT DISTINCT operator, reason FROM audit_log")
    assert operator.endswith("(command line)")
    assert reason == WHY[1]
    scenario.check_invariants()


@pytest.mark.parametrize("command", ["discount", "shortfall"])
def test_what_nothing_tells_apart_from_its_repetition_is_done_again_only_when_said(
    scenario: Scenario, dialwatt: Run, command: str
) -> None:
    scenario.run("UPDATE agents SET float_used_minor = 50000")
    words = {
        "discount": ("sale", "discount", sale_of(scenario, dialwatt), "100"),
        "shortfall": ("forgive", "shortfall", JUMA, "100"),
    }[command]
    audited = "SELECT count(*) FROM audit_log"

    assert dialwatt(*words, *WHY).code == 0
    again = dialwatt(*words, *WHY)

    assert again.code == 1
    assert "the same was done at" in again.err
    assert scenario.rows(audited) == [(1,)]
    assert dialwatt(*words, "--again", *WHY).code == 0
    assert dialwatt(*words[:-1], "50", *WHY).code == 0
    assert scenario.rows(audited) == [(3,)]


def test_what_is_paused_is_owed_and_due_on_no_day(scenario: Scenario, dialwatt: Run) -> None:
    number = sale_of(scenario, dialwatt)
    assert dialwatt("sale", "pause", number, *WHY).code == 0
    owes = json.loads(dialwatt("show", "customer", BARAKA, "--json").out)["owes"]
    assert {(debt["due_on"], debt["due"]) for debt in owes} == {(None, False)}
    assert "paused" in dialwatt("show", "customer", BARAKA).out
    assert dialwatt("sale", "resume", number, *WHY).code == 0
    ran = dialwatt("sale", "undo-default", number, *WHY)
    assert (ran.code, ran.err) == (1, "dialwatt sale: the sale is not in default\n")


def test_cash_is_taken_banked_and_paid_out(scenario: Scenario, dialwatt: Run) -> None:
    assert "is booked under R1" in dialwatt("cash", "take", METER, "500", "r1", *WHY).out
    assert dialwatt("cash", "take", METER, "500", "R1", *WHY).code == 1
    assert "The office holds KES 200.00" in dialwatt("cash", "bank", "300", "S1", *WHY).out
    scenario.run("UPDATE agents SET commission_minor = 3000, float_used_minor = 5000")
    ran = dialwatt("cash", "pay-commission", JUMA, "20", "VOUCHER-2026-7", *WHY)
    assert (ran.code, "at most 12 letters" in ran.err) == (1, True)
    ran = dialwatt("cash", "pay-commission", JUMA, "20", "V1", "--from", "bank", *WHY)
    assert "KES 20.00 is paid out, KES 10.00 of commission is left" in ran.out
    ran = dialwatt("forgive", "shortfall", JUMA, "20", *WHY)
    assert "The agent owes KES 30.00" in ran.out


def test_a_fee_is_waived_by_its_number(scenario: Scenario, dialwatt: Run) -> None:
    scenario.run(
        "INSERT INTO access_charges (device_id, customer_id, due_on, amount_minor)"
        " SELECT id, owner_id, '2026-11-01', 10000 FROM devices WHERE serial = :serial",
        serial=METER,
    )
    listed = dialwatt("forgive", "list", AMINA).out
    assert f"KES 100.00  {METER}  since 2026-11-01" in listed
    ran = dialwatt("forgive", "fee", listed.split()[1], *WHY)
    assert ran.out == "KES 100.00 is not owed any more.\n"
    assert dialwatt("forgive", "clawback", "4242", *WHY).err == (
        "dialwatt forgive: there is no such debt\n"
    )
