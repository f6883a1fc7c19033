"""Money is of the owner of the device when it was paid, or of whom a prompt was made for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from core.errors import Refused
from core.money import Money
from core.refund import NewReturn
from core.usecases.devices.replace_device import replace_device
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.payments.prompts import confirm_by_lookup, find_callback_prompt
from core.usecases.payments.request import request_payment
from core.usecases.refunds.reversal import reverse_by_hand
from core.usecases.refunds.suspense import match_suspense, suggest_matches
from tests.support.cast import AMINA, BARAKA, CHIDI, KIT, METER, NEEMA, STOCK_KIT
from tests.support.scenario import ACCOUNT, NOW, Scenario

PAYMENTS = "SELECT state, problem FROM payments ORDER BY id"
CASES = "SELECT detail FROM cases WHERE kind = 'changed_hands' AND closed_at IS NULL ORDER BY id"
OWNERS = (
    "SELECT reason, f.name, t.name FROM ownership_changes c JOIN devices d ON d.id = c.device_id"
    " LEFT JOIN customers f ON f.id = from_customer_id"
    " LEFT JOIN customers t ON t.id = to_customer_id WHERE d.serial = :serial ORDER BY c.id"
)


def move(scenario: Scenario, phone: str, minutes: float = 0) -> None:
    """The meter gets another owner, so many minutes from the beginning."""
    scenario.ahead = timedelta(minutes=minutes)
    with scenario.open_unit() as unit:
        transfer_meter_by_operator(unit, METER, phone, "ops", "sold on")


def served(scenario: Scenario) -> list[tuple[str, ...]]:
    return scenario.rows(
        "SELECT c.name FROM payments p JOIN customers c ON c.id = p.customer_id"
        " WHERE p.state = 'applied' ORDER BY p.id"
    )


def test_money_paid_before_a_meter_changed_hands_waits_for_a_person(scenario: Scenario) -> None:
    """Amina's callback was lost; the pull finds her payment after the meter went to Baraka."""
    move(scenario, BARAKA, minutes=5)
    scenario.ahead = timedelta(minutes=10)

    scenario.pay("LATE", METER, 500_00, paid_at=NOW, payer_kind="msisdn", payer=AMINA)
    scenario.apply()

    assert scenario.rows(PAYMENTS) == [("suspense", f"{METER} changed hands")]
    [(detail,)] = scenario.rows(CASES)
    assert "KES 500.00" in detail
    assert "Amina Odhiambo" in detail
    assert "Baraka Mwangi" in detail
    assert "12:05" in detail
    [(number, body)] = scenario.rows("SELECT msisdn, body FROM sms WHERE kind = 'suspense'")
    assert number == AMINA
    assert f"cannot use it for {METER}" in body
    assert not scenario.rows("SELECT FROM tokens")
    scenario.check_invariants()


def test_before_its_first_owner_a_device_was_nobody_elses(scenario: Scenario) -> None:
    """A kit is registered in the evening; its owner paid for it that morning."""
    scenario.ahead = timedelta(hours=8)
    with scenario.open_unit() as unit:
        replace_device(unit, scenario.device_id(KIT), STOCK_KIT, "ops", "broken")
    assert scenario.rows(OWNERS, serial=STOCK_KIT) == [("replacement", None, "Baraka")]

    scenario.pay("EARLY", STOCK_KIT, 150_00, paid_at=NOW)
    scenario.apply()

    assert served(scenario) == [("Baraka",)]


@pytest.mark.parametrize(("seconds", "state"), [(-1, "suspense"), (0, "applied"), (30, "applied")])
def test_a_new_owner_may_pay_at_once(scenario: Scenario, seconds: int, state: str) -> None:
    """Providers tell whole seconds; the meter changed hands within one."""
    move(scenario, BARAKA, minutes=5 + 0.5 / 60)
    scenario.ahead = timedelta(minutes=10)

    paid_at = NOW + timedelta(minutes=5, seconds=seconds)
    scenario.pay("EDGE", METER, 500_00, paid_at=paid_at)
    scenario.apply()

    assert scenario.states() == [state]


@pytest.mark.parametrize(("payer", "state"), [(AMINA, "suspense"), (BARAKA, "applied")])
def test_about_the_change_a_former_owners_own_payment_is_in_doubt(
    scenario: Scenario, payer: str, state: str
) -> None:
    """The provider's clock may be ahead of ours."""
    move(scenario, BARAKA, minutes=5)
    scenario.ahead = timedelta(minutes=10)

    paid_at = NOW + timedelta(minutes=5, seconds=40)
    scenario.pay("EDGE", METER, 500_00, paid_at=paid_at, payer_kind="msisdn", payer=payer)
    scenario.apply()

    assert scenario.states() == [state]


def test_an_instant_that_has_not_come_yet_proves_nothing(scenario: Scenario) -> None:
    move(scenario, BARAKA, minutes=5)
    scenario.ahead = timedelta(minutes=10)

    scenario.pay("AHEAD", METER, 500_00, paid_at=NOW + timedelta(hours=3))

    assert scenario.states() == ["suspense"]


def test_who_owns_it_since_is_served(scenario: Scenario) -> None:
    move(scenario, BARAKA, minutes=5)
    scenario.ahead = timedelta(minutes=10)

    scenario.pay("NEW", METER, 500_00)
    scenario.apply()

    assert served(scenario) == [("Baraka",)]


def test_moved_away_and_back_again_it_is_theirs(scenario: Scenario) -> None:
    move(scenario, BARAKA, minutes=5)
    move(scenario, AMINA, minutes=20)
    scenario.ahead = timedelta(minutes=30)

    scenario.pay("MINE", METER, 500_00, paid_at=NOW)
    scenario.pay("BARAKAS", METER, 100_00, paid_at=NOW + timedelta(minutes=10))
    scenario.apply()

    assert scenario.states() == ["applied", "suspense"]
    assert served(scenario) == [("Amina",)]


def test_of_a_swapped_meter_nobody_is_served_by_the_old_serial(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        replace_device(unit, scenario.device_id(KIT), STOCK_KIT, "ops", "broken")
    scenario.ahead = timedelta(minutes=10)

    scenario.pay("OLD", KIT, 150_00, paid_at=NOW - timedelta(minutes=10))

    assert scenario.states() == ["suspense"]
    [(detail,)] = scenario.rows(CASES)
    assert "Baraka Mwangi" in detail
    assert STOCK_KIT in detail
    assert scenario.rows(OWNERS, serial=KIT)[-1] == ("retirement", "Baraka", None)
    assert scenario.rows(OWNERS, serial=STOCK_KIT) == [("replacement", None, "Baraka")]


def ask(scenario: Scenario, msisdn: str = AMINA) -> int:
    with scenario.open_unit() as unit:
        asked = request_payment(unit, msisdn, METER, Money(500_00, "KES"))
    scenario.run("UPDATE prompts SET state = 'pending', sent_at = created_at")
    return asked.prompt_id


def test_a_prompts_end_known_late_serves_nobody_else(scenario: Scenario) -> None:
    prompt_id = ask(scenario)
    move(scenario, BARAKA, minutes=11)
    scenario.ahead = timedelta(hours=3)

    with scenario.open_unit() as unit:
        prompt = find_callback_prompt(unit, prompt_id, "ws_1")
        assert prompt is not None
        confirm_by_lookup(unit, prompt, ACCOUNT, "LATE", 500_00)
    scenario.apply()

    assert scenario.states() == ["suspense"]
    [(detail,)] = scenario.rows(CASES)
    assert "Amina Odhiambo" in detail


def test_a_prompt_is_for_whom_it_was_made_however_often_the_meter_moved(scenario: Scenario) -> None:
    prompt_id = ask(scenario)
    move(scenario, BARAKA, minutes=11)
    move(scenario, AMINA, minutes=60)

    with scenario.open_unit() as unit:
        prompt = find_callback_prompt(unit, prompt_id, "ws_1")
        assert prompt is not None
        confirm_by_lookup(unit, prompt, ACCOUNT, "LATE", 500_00)
    scenario.apply()

    assert served(scenario) == [("Amina",)]


def test_the_confirmation_of_anothers_prompt_waits_for_a_person(scenario: Scenario) -> None:
    """It names the serial number only, and is paid after the change of hands."""
    ask(scenario)
    move(scenario, BARAKA, minutes=11)
    scenario.ahead = timedelta(minutes=14)

    scenario.pay("C2B", METER, 500_00, paid_at=NOW + timedelta(minutes=13))

    assert scenario.states() == ["suspense"]


def test_more_than_a_serial_is_no_serial_that_changed_hands(scenario: Scenario) -> None:
    serial = "K" * 20
    scenario.run("UPDATE devices SET serial = :serial WHERE serial = :kit", serial=serial, kit=KIT)
    scenario.pay("P1", f"{serial}5", 150_00)
    assert scenario.rows(PAYMENTS) == [("suspense", None)]
    assert not scenario.rows(CASES)


def test_a_prompt_that_failed_leaves_the_new_owners_money_alone(scenario: Scenario) -> None:
    ask(scenario)
    scenario.run("UPDATE prompts SET state = 'failed', next_attempt_at = NULL")
    move(scenario, BARAKA, minutes=5)
    scenario.ahead = timedelta(minutes=10)

    scenario.pay("NEW", METER, 500_00, payer_kind="msisdn", payer=BARAKA)

    assert scenario.states() == ["received"]


def test_money_that_went_back_is_nobodys_question_any_more(scenario: Scenario) -> None:
    move(scenario, BARAKA, minutes=5)
    scenario.ahead = timedelta(minutes=10)
    payment_id = scenario.pay("LATE", METER, 500_00, paid_at=NOW)
    assert len(scenario.rows(CASES)) == 1
    for amount, cases in ((100_00, 1), (None, 0)):
        with scenario.open_unit() as unit:
            back = NewReturn(amount, reference=f"B{amount}")
            reverse_by_hand(unit, payment_id, back, "ops", "it is Amina's")
        assert len(scenario.rows(CASES)) == cases


def test_booked_before_the_move_it_is_not_applied_for_the_new_owner(scenario: Scenario) -> None:
    scenario.pay("EARLY", METER, 500_00)
    scenario.run("UPDATE payments SET state = 'refunding'")  # it does not stand in the way
    move(scenario, BARAKA, minutes=5)
    scenario.run("UPDATE payments SET state = 'received'")
    scenario.apply()

    assert scenario.rows(PAYMENTS) == [("suspense", f"{METER} changed hands")]
    [(detail,)] = scenario.rows(CASES)
    assert "Amina Odhiambo" in detail
    assert "Baraka Mwangi" in detail


def test_who_matches_it_closes_the_case_and_may_give_it_to_whom_it_belongs(
    scenario: Scenario,
) -> None:
    move(scenario, BARAKA, minutes=5)
    scenario.ahead = timedelta(minutes=10)
    payment_id = scenario.pay("LATE", METER, 200_00, paid_at=NOW)

    with scenario.open_unit() as unit:
        [suggestion, *_] = suggest_matches(unit, payment_id)
        assert suggestion.why == "owner_then"
        match_suspense(unit, payment_id, suggestion.serial, "ops", "it was hers")
    scenario.apply()

    assert served(scenario) == [("Amina",)]
    assert scenario.rows(CASES) == []
    assert scenario.rows("SELECT kind, amount_minor FROM payment_lines") == [("instalment", 200_00)]
    scenario.check_invariants()


def test_every_change_of_hands_is_kept(scenario: Scenario) -> None:
    move(scenario, BARAKA, minutes=5)
    move(scenario, CHIDI, minutes=6)

    assert scenario.rows(OWNERS, serial=METER) == [
        ("registration", None, "Amina"),
        ("transfer", "Amina", "Baraka"),
        ("transfer", "Baraka", "Chidi"),
    ]
    assert scenario.rows(
        "SELECT changed_at FROM ownership_changes WHERE reason = 'transfer' ORDER BY id"
    ) == [(NOW + timedelta(minutes=5),), (NOW + timedelta(minutes=6),)]


def test_doctor_knows_that_a_change_may_have_waited_for_the_payment(scenario: Scenario) -> None:
    """Also where the device had come to its payer less than a minute before."""
    scenario.pay("R1", METER, 500_00)
    scenario.apply()
    scenario.run(
        "SET session_replication_role = replica; UPDATE ownership_changes SET changed_at ="
        " (SELECT applied_at FROM payments) - interval '50 seconds', from_customer_id ="
        f" (SELECT customer_id FROM customer_msisdns WHERE msisdn = '{BARAKA}')"
        f" WHERE device_id = (SELECT id FROM devices WHERE serial = '{METER}')"
    )

    move(scenario, CHIDI, minutes=0)

    scenario.check_invariants()


def test_an_owner_without_a_row_is_refused_at_the_commit(scenario: Scenario) -> None:
    with pytest.raises(DBAPIError, match="without a row in ownership_changes"):
        scenario.run("UPDATE devices SET owner_id = NULL WHERE serial = :serial", serial=METER)
    scenario.run("SET session_replication_role = replica; UPDATE devices SET owner_id = NULL")
    with pytest.raises(AssertionError, match="last change of hands"):
        scenario.check_invariants()


def test_a_channel_that_asks_first_refuses_anothers_prompt(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        asked = request_payment(unit, NEEMA, f"{METER}LOAN", Money(100_00, "KES"))
    [(reference,)] = scenario.rows(
        "SELECT account_reference FROM prompts WHERE id = :id", id=asked.prompt_id
    )
    scenario.run("UPDATE prompts SET state = 'failed', next_attempt_at = NULL")
    move(scenario, BARAKA, minutes=11)

    with scenario.open_unit() as unit, pytest.raises(Refused, match="device_moved"):
        request_payment(unit, NEEMA, reference, Money(100_00, "KES"))
    scenario.pay("REF", reference, 100_00)
    assert scenario.states() == ["suspense"]
