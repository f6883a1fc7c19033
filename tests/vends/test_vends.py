"""What a payment for a device of a vendor becomes: one vend, and its code texted once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import pytest

from core.vend import Done, NotSent, Refusal, Unknown, VendOrder
from tests.support.cast import METER
from tests.support.played_vendor import Office, lost
from tests.support.scenario import Scenario
from workers.drain import Shift, keep_calling
from workers.vends import Asked, _delivery_lane, _lane

OfficeOf = Callable[[str], Office]


def paid(office: Office, receipt: str = "QV1", shillings: int = 500) -> None:
    office.scenario.pay(receipt, METER, shillings * 100)
    office.scenario.apply()


def test_a_payment_is_vended_once_and_its_code_is_texted_once(office_of: OfficeOf) -> None:
    office = office_of("person")
    paid(office)
    assert office.states() == ["waiting"]
    [(receipt,)] = office.scenario.rows("SELECT body FROM sms")
    assert "5.0 kWh" in receipt
    assert "comes next" in receipt

    office.work()
    office.later(hours=2)

    [order] = office.vendor.vended
    assert (order.serial, order.units, order.money.minor) == (METER, 50, 500_00)
    assert office.states() == ["done"]
    assert office.texts() == [f"Token 0000 0000 0000 0000 0101 for {METER}: 5.0 kWh."]
    assert office.scenario.rows("SELECT units, counter, part FROM tokens") == [(50, None, 0)]
    assert office.cases() == []
    office.scenario.check_invariants()


def test_several_codes_are_numbered(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.vendor.codes_each = 3
    paid(office)
    office.work()

    rows = office.scenario.rows(
        "SELECT v.part, t.units FROM vended_tokens v JOIN tokens t ON t.id = v.token_id"
        " ORDER BY v.part"
    )
    assert rows == [(1, 0), (2, 0), (3, 50)]
    assert office.texts()[0].startswith("Code 1 of 3: 0000 0000 0000 0000 0101 for")
    assert len(office.texts()) == 3


def test_pushed_credit_has_no_code(office_of: OfficeOf) -> None:
    office = office_of("pushed")
    paid(office)
    office.work()

    assert office.states() == ["done"]
    assert office.scenario.rows("SELECT * FROM tokens") == []
    assert office.texts() == [f"{METER} has been credited: 5.0 kWh. You need not type anything."]


@pytest.mark.parametrize("kind", ["person", "repeat"])
def test_what_was_not_sent_is_asked_for_again(office_of: OfficeOf, kind: str) -> None:
    office = office_of(kind)
    office.vendor.troubles.extend([NotSent("no connection")] * 3)
    paid(office)
    office.work()
    assert office.states() == ["waiting"]

    office.later(minutes=2)
    office.later(minutes=2)
    office.later(minutes=2)

    assert office.states() == ["done"]
    assert list(office.vendor.times().values()) == [1]


def test_a_refusal_is_a_case_and_an_empty_account_is_waited_for(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.vendor.troubles.append(Refusal("account_empty", "balance 0"))
    paid(office)
    office.work()
    assert office.states() == ["waiting"]

    office.vendor.troubles.append(Refusal("unknown_device", "no such meter 123456789012"))
    office.later(minutes=5)

    assert office.states() == ["refused"]
    assert office.cases() == ["vend_refused"]
    [(reason, words)] = office.scenario.rows("SELECT reason, words FROM vends")
    assert (reason, words) == ("unknown_device", "no such meter ***012")
    assert len(office.texts()) == 1
    office.later(days=1)
    assert office.vendor.asked == 2


def test_five_failures_open_the_circuit_of_the_account(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.vendor.troubles.extend([NotSent("no connection")] * 9)
    for number in range(6):
        paid(office, f"QV{number}")
    office.work()

    assert office.vendor.asked < 6
    assert office.scenario.rows("SELECT provider FROM circuits WHERE open_since IS NOT NULL") in (
        [],
        [("stron:main",)],
    )
    for _ in range(12):
        office.later(minutes=10)
    assert sorted(office.vendor.times().values()) == [1] * 6
    assert office.scenario.rows("SELECT * FROM circuits") == []


def test_another_amount_than_asked_for_is_a_case(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.vendor.troubles.append(lambda answer: Done(("1" * 20,), units=48))
    paid(office)
    office.work()

    assert office.states() == ["done"]
    assert office.cases() == ["vend_other_amount"]


def test_one_vend_of_a_device_at_a_time(office_of: OfficeOf) -> None:
    office = office_of("person")
    paid(office, "QV1")
    paid(office, "QV2")

    assert len(office.claim()) == 1
    assert office.claim() == []


def test_no_more_calls_than_the_account_allows(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.scenario.run("UPDATE vendor_accounts SET at_once = 0 + 1")
    office.scenario.run(
        "INSERT INTO vends (device_id, customer_id, order_id, payment_id, kind, units,"
        " amount_minor, state, vendor, account, created_at, asked_at, asks, next_attempt_at)"
        " SELECT d.id, NULL, NULL, p.id, 'energy', 5, 0, 'asked', 'stron', 'main', :now, :now, 1,"
        " :now + interval '3 minutes' FROM devices d, payments p WHERE d.serial = '01000000024'",
        now=office.scenario.now(),
    )
    paid(office)
    assert len(office.claim()) == 1
    assert office.claim() == []


def test_a_date_is_fixed_before_it_is_asked_for(office_of: OfficeOf, scenario: Scenario) -> None:
    office = office_of("date")
    scenario.run(
        "UPDATE manufacturers SET token_family = 'angaza' WHERE id ="
        " (SELECT manufacturer_id FROM devices WHERE serial = 'LAMP100')"
    )
    office.vendor.token = "angaza"
    office.set_up()
    office.vendor.troubles.append(lost)
    scenario.pay("QD1", "LAMP100", 150_00)
    scenario.pay("QD2", "LAMP100", 150_00)
    scenario.apply()
    office.work()
    assert office.states() == ["unknown", "waiting"]

    office.later(minutes=5)
    office.later(minutes=5)

    first, second = (order.until for order in office.vendor.vended)
    assert first is not None
    assert second is not None
    assert (second - first).days == 7
    assert office.states() == ["done", "done"]


def test_an_operators_order_is_made_by_the_vendor(office_of: OfficeOf) -> None:
    from core.usecases.tokens.make_ordered import make_ordered_tokens
    from core.usecases.tokens.token_orders import order_token
    from tests.support.cast import OPEN_SECRET

    office = office_of("person")
    with office.scenario.open_unit() as unit:
        order_token(unit, METER, "energy", 25, "ops@jua", "goodwill")
    with office.scenario.open_unit() as unit:
        make_ordered_tokens(unit, OPEN_SECRET)
    assert office.scenario.rows("SELECT state FROM token_orders") == [("waiting",)]
    office.work()

    assert office.scenario.rows("SELECT state FROM token_orders") == [("made",)]
    assert office.scenario.rows("SELECT count(*) FROM ordered_tokens") == [(1,)]
    assert office.texts() == [f"Token 0000 0000 0000 0000 0101 for {METER}: 2.5 kWh."]


def test_without_an_account_nothing_is_bought(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.scenario.run("DELETE FROM vendor_accounts")
    paid(office)

    assert office.states() == []
    assert office.cases() == ["no_code"]
    assert office.scenario.rows("SELECT credit_minor FROM customers WHERE credit_minor > 0") == [
        (500_00,)
    ]


def test_unknown_words_of_a_vendor_are_no_answer(office_of: OfficeOf) -> None:
    office = office_of("person")
    office.vendor.troubles.append(Unknown("<html>Service\n unavailable 0700123456</html>"))
    paid(office)
    office.work()

    assert office.states() == ["unknown"]
    assert office.scenario.rows("SELECT words, next_attempt_at FROM vends") == [
        ("<html>Service unavailable ***456</html>", None)
    ]
    assert office.cases() == ["vend_unknown"]


def test_what_a_look_up_finds_is_one_vend_only(
    office_of: OfficeOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vendor without a number of ours is looked up by what was paid and when."""
    office = office_of("look-up")
    paid(office)
    office.work()
    assert office.states() == ["done"]
    first = Done(("1" * 20,), reference="R1")
    monkeypatch.setattr(office.vendor, "look_up", lambda order: first)
    office.vendor.troubles.append(lost)
    paid(office, "QV2")
    office.work()
    office.later(minutes=2)
    assert office.states() == ["done", "unknown"]
    words = office.scenario.rows("SELECT words FROM vends WHERE state = 'unknown'")
    assert words == [("R1 is another vend of ours",)]


@pytest.mark.parametrize("can_deliver", [True, False])
def test_stored_codes_go_to_their_device_over_the_air(
    office_of: OfficeOf, monkeypatch: pytest.MonkeyPatch, can_deliver: bool
) -> None:
    office = office_of("person")
    vendor, delivered = office.vendor, list[tuple[str, Done]]()
    vendor.abilities = replace(vendor.abilities, can_deliver=can_deliver)

    def deliver(order: VendOrder, done: Done) -> None:
        assert office.states() == ["done"]
        delivered.append((order.serial, done))

    monkeypatch.setattr(vendor, "deliver", deliver)
    paid(office)
    asked = deque[Asked]()
    lanes = [_lane(vendor, asked), _delivery_lane(asked)]
    keep_calling(office.scenario.open_unit, lanes, Shift())
    code = Done(("00000000000000000101",))
    assert delivered == ([(METER, code)] if can_deliver else [])
    assert len(office.texts()) == 1
