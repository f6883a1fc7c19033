"""What a person decides about a vend, and what becomes of its money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Refused
from core.refund import NewReturn
from core.usecases.devices.in_flight import ensure_nothing_in_flight
from core.usecases.refunds.credit import give_credit_back
from core.usecases.refunds.reversal import reverse_by_hand
from core.usecases.vends.decide import ask_again, give_vend_back, say_credited, say_vended
from core.vend import Refusal, Unknown
from tests.support.cast import KIT, METER
from tests.support.played_vendor import Office

OfficeOf = Callable[[str], Office]
WHO = ("ops@jua", "seen on the vendor's page")


def held(office: Office, receipt: str = "QP1") -> int:
    """A vend of which it is not known what became; its id."""
    office.vendor.troubles.append(Unknown("time ran out"))
    office.scenario.pay(receipt, METER, 500_00)
    office.scenario.apply()
    office.work()
    [(vend_id,)] = office.scenario.rows("SELECT max(id) FROM vends")
    return int(vend_id)


def refused_for_a_kit(office: Office, amount_minor: int) -> int:
    """A payment for a kit whose vendor refuses the days; its id."""
    office.scenario.run(
        "UPDATE manufacturers SET token_family = 'stron' WHERE id ="
        " (SELECT manufacturer_id FROM devices WHERE serial = :kit)",
        kit=KIT,
    )
    office.vendor.troubles.append(Refusal("not_possible", "locked"))
    payment_id = office.scenario.pay("QP1", KIT, amount_minor)
    office.scenario.apply()
    office.work()
    return payment_id


def credit(office: Office) -> int:
    [(minor,)] = office.scenario.rows("SELECT sum(credit_minor) FROM customers")
    return int(minor)


def refusal_of(office: Office, act: Callable[..., object], *given: object) -> str:
    with pytest.raises(Refused) as refused, office.scenario.open_unit() as unit:
        act(unit, *given)
    return refused.value.code


def test_the_code_of_the_vendors_page_is_sent(office_of: OfficeOf) -> None:
    office = office_of("person")
    vend_id = held(office)
    for typed, why in (
        (["1234"], "vend_code_form"),
        ([" "], "vend_code_missing"),
        (["1" * 20, "1" * 20], "vend_code_known"),
    ):
        assert refusal_of(office, say_vended, vend_id, typed, *WHO) == why
    assert refusal_of(office, say_vended, vend_id, ["1" * 20], "ops@jua", " ") == "reason_missing"
    assert refusal_of(office, say_credited, vend_id, *WHO) == "vend_has_codes"

    with office.scenario.open_unit() as unit:
        say_vended(unit, vend_id, ["1234 5678-9012 3456 7890"], *WHO)
    office.work()

    assert office.states() == ["done"]
    assert office.cases() == []
    assert office.texts()[-1] == f"Token 1234 5678 9012 3456 7890 for {METER}: 5.0 kWh."
    assert office.vendor.asked == 1
    assert office.scenario.rows("SELECT action, subject FROM audit_log") == [("vend_done", "vend")]


def test_one_code_is_not_said_of_two_vends(office_of: OfficeOf) -> None:
    """Also while the first still waits for a worker to make a token of it."""
    office = office_of("person")
    first, second = held(office), held(office, "QP2")
    with office.scenario.open_unit() as unit:
        say_vended(unit, first, ["1" * 20], *WHO)

    assert refusal_of(office, say_vended, second, ["1" * 20], *WHO) == "vend_code_known"


def test_it_was_credited(office_of: OfficeOf) -> None:
    office = office_of("pushed")
    office.vendor.troubles.append(Refusal("other", "odd words"))
    office.scenario.pay("QP1", METER, 500_00)
    office.scenario.apply()
    office.work()
    [(vend_id,)] = office.scenario.rows("SELECT id FROM vends")
    assert refusal_of(office, say_vended, vend_id, ["1" * 20], *WHO) == "vend_pushed"

    with office.scenario.open_unit() as unit:
        say_credited(unit, vend_id, *WHO)

    assert office.states() == ["done"]
    assert "has been credited" in office.texts()[-1]


def test_it_is_asked_for_again_under_the_same_handle(office_of: OfficeOf) -> None:
    office = office_of("person")
    vend_id = held(office)
    with office.scenario.open_unit() as unit:
        ask_again(unit, vend_id, *WHO)
    office.work()

    assert office.states() == ["done"]
    assert office.cases() == []
    assert len(office.vendor.vended) == 1
    assert refusal_of(office, ask_again, vend_id, *WHO) == "vend_not_open"


def test_the_money_becomes_credit_once(office_of: OfficeOf) -> None:
    office = office_of("person")
    vend_id = held(office)
    assert credit(office) == 0
    words = office.scenario.rows("SELECT words FROM vends")
    with office.scenario.open_unit() as unit:
        assert give_vend_back(unit, vend_id, *WHO) == 500_00

    assert credit(office) == 500_00
    assert office.cases() == []
    assert "now your credit" in office.texts()[-1]
    assert office.scenario.rows("SELECT words FROM vends") == words != [(WHO[1],)]
    assert refusal_of(office, give_vend_back, vend_id, *WHO) == "vend_not_open"
    assert refusal_of(office, ask_again, vend_id, *WHO) == "vend_not_open"
    office.scenario.check_invariants()


def test_what_was_given_back_can_go_back_to_the_payer(office_of: OfficeOf) -> None:
    office = office_of("person")
    vend_id = held(office)
    with office.scenario.open_unit() as unit:
        give_vend_back(unit, vend_id, *WHO)
    [(payment_id,)] = office.scenario.rows("SELECT id FROM payments")
    with office.scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(), *WHO)

    assert credit(office) == 0
    assert office.scenario.rows("SELECT * FROM clawbacks") == []
    office.scenario.check_invariants()


def test_what_was_given_back_and_partly_spent_is_owed_when_it_goes_back(
    office_of: OfficeOf,
) -> None:
    """Its money had paid two instalments: the credit that is left is taken once, not for each."""
    office = office_of("person")
    payment_id = refused_for_a_kit(office, 300_00)
    [(vend_id, customer_id)] = office.scenario.rows("SELECT id, customer_id FROM vends")
    with office.scenario.open_unit() as unit:
        give_vend_back(unit, vend_id, *WHO)
        spent = NewReturn(200_00, "office", "SLIP1")
        give_credit_back(unit, customer_id, spent, None, *WHO)

    with office.scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(), *WHO)

    assert credit(office) == 0
    assert office.scenario.rows("SELECT amount_minor FROM clawbacks") == [(200_00,)]
    office.scenario.check_invariants()


def test_money_taken_back_before_it_was_asked_for_is_not_vended(office_of: OfficeOf) -> None:
    office = office_of("person")
    payment_id = office.scenario.pay("QP1", METER, 500_00)
    office.scenario.apply()
    with office.scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(200_00, "provider", "REV1"), *WHO)
    office.work()

    assert office.vendor.asked == 0
    assert office.states() == ["withdrawn"]
    assert credit(office) == 300_00
    assert office.scenario.rows("SELECT * FROM clawbacks") == []
    office.scenario.check_invariants()


def test_money_taken_back_after_it_was_asked_for_is_owed(office_of: OfficeOf) -> None:
    office = office_of("person")
    payment_id = office.scenario.pay("QP1", METER, 500_00)
    office.scenario.apply()
    office.work()
    with office.scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(), *WHO)

    assert office.states() == ["done"]
    assert office.scenario.rows("SELECT amount_minor FROM clawbacks") == [(500_00,)]
    assert office.cases() == ["reversed_after_use"]
    office.scenario.check_invariants()


def test_a_device_changes_no_hands_while_its_vendor_is_asked(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.scenario.pay("QP1", METER, 500_00)
    office.scenario.apply()
    device = office.scenario.device_id(METER)
    assert refusal_of(office, ensure_nothing_in_flight, device, METER) == "token_being_made"
    office.work()
    with office.scenario.open_unit() as unit:
        ensure_nothing_in_flight(unit, device, METER)


def test_a_device_in_other_hands_is_not_vended_to(office_of: OfficeOf) -> None:
    from tests.support.builders import give_device
    from tests.support.cast import BARAKA

    office = office_of("person")
    office.scenario.pay("QP1", METER, 500_00)
    office.scenario.apply()
    with office.scenario.engine.begin() as connection:
        give_device(connection, METER, BARAKA, at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    office.work()

    assert office.vendor.asked == 0
    assert office.states() == ["withdrawn"]
    assert office.cases() == ["vend_withdrawn"]
    [(vend_id,)] = office.scenario.rows("SELECT id FROM vends")
    assert refusal_of(office, ask_again, vend_id, *WHO) == "vend_of_another"
    assert refusal_of(office, say_vended, vend_id, ["1" * 20], *WHO) == "vend_not_asked"
    with office.scenario.open_unit() as unit:
        give_vend_back(unit, vend_id, *WHO)
    assert credit(office) == 500_00


def test_days_that_were_not_vended_are_given_for_the_next_money(office_of: OfficeOf) -> None:
    office = office_of("person")
    refused_for_a_kit(office, 150_00)
    assert office.scenario.rows("SELECT days_given FROM instalments WHERE days_given > 0") == [(7,)]
    [(vend_id,)] = office.scenario.rows("SELECT id FROM vends")

    with office.scenario.open_unit() as unit:
        give_vend_back(unit, vend_id, *WHO)
    assert office.scenario.rows("SELECT * FROM instalments WHERE days_given > 0") == []
    assert credit(office) == 150_00
    office.scenario.check_invariants()

    office.scenario.ahead += timedelta(seconds=2)
    office.scenario.pay("QP2", KIT, 150_00)
    office.scenario.apply()
    office.work()
    assert [order.units for order in office.vendor.vended] == [14]
    office.scenario.check_invariants()
