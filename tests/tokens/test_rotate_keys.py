"""Another master key in place of the old one, while workers open device keys with both."""

from __future__ import annotations

import threading

import pytest

from core.tokens.keys import KeyRing, VendingKeys
from core.tokens.sealing import bound_to
from core.usecases.tokens.device_keys import list_keys, note_rotation, rotate_keys, secret_opener
from tests.support.cast import KIT, SEALED_KEYS, VENDING_KEYS
from tests.support.scenario import Scenario

OLD, NEW = bytes(32), bytes([7]) * 32
BOTH, ONLY_NEW = KeyRing({"2": NEW, "1": OLD}), KeyRing({"2": NEW})


def rotate(scenario: Scenario, ring: KeyRing = BOTH, limit: int = 2) -> tuple[int, list[str]]:
    """All pages, each committed; how many were sealed, and the serials that do not open."""
    sealed = 0
    unopened: list[str] = []
    after: int | None = 0
    while after is not None:
        with scenario.open_unit() as unit:
            page = rotate_keys(unit, ring, after, limit)
        sealed, after = sealed + page.sealed, page.after
        unopened += page.unopened
    return sealed, unopened


def keys(scenario: Scenario) -> dict[str, bytes]:
    return dict(
        scenario.rows("SELECT serial, sealed_key FROM devices WHERE sealed_key IS NOT NULL")
    )


def test_every_key_ends_under_the_new_master_key_and_is_the_same_key(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        assert list_keys(unit) == {"1": SEALED_KEYS}
    assert rotate(scenario) == (SEALED_KEYS, [])
    with scenario.open_unit() as unit:
        assert list_keys(unit) == {"2": SEALED_KEYS}
    for serial, sealed in keys(scenario).items():
        assert ONLY_NEW.open(sealed, bound_to(serial)) == bytes(range(16))


def test_a_run_that_was_stopped_goes_on_where_it_was(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        rotate_keys(unit, BOTH, 0, SEALED_KEYS - 1)
    before = keys(scenario)
    assert rotate(scenario) == (1, [])
    assert sum(sealed != before[serial] for serial, sealed in keys(scenario).items()) == 1
    assert rotate(scenario) == (0, [])


def test_a_key_sealed_by_the_web_process_is_re_encrypted_too(scenario: Scenario) -> None:
    letter = KeyRing({"1": OLD}).sealing_key().seal(bytes(16), bound_to(KIT))
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET sealed_key = %s WHERE serial = %s", (letter, KIT)
        )
    assert rotate(scenario) == (SEALED_KEYS, [])
    assert ONLY_NEW.open(keys(scenario)[KIT], bound_to(KIT)) == bytes(16)


def test_a_key_that_does_not_open_stays_and_is_named(scenario: Scenario) -> None:
    foreign = KeyRing({"lost": bytes([9]) * 32}).seal(bytes(16), bound_to(KIT))
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET sealed_key = %s WHERE serial = %s", (foreign, KIT)
        )
    assert rotate(scenario) == (SEALED_KEYS - 1, [KIT])
    assert keys(scenario)[KIT] == foreign


def test_payments_are_applied_before_during_and_after_a_rotation(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = secret_opener(BOTH, VendingKeys(VENDING_KEYS))
    monkeypatch.setattr("tests.support.scenario.OPEN_SECRET", both)
    for number in range(6):
        scenario.pay(f"R{number}", KIT, 20_00)
    turning = threading.Thread(target=rotate, args=(scenario, BOTH, 1))
    turning.start()
    scenario.apply()
    turning.join()
    assert rotate(scenario) == (0, [])
    scenario.pay("R6", KIT, 20_00)
    scenario.apply()
    assert set(scenario.states()) == {"applied"}
    scenario.check_invariants()


def test_the_audit_log_tells_of_a_run_that_sealed_something(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        note_rotation(unit, "wanjiru", BOTH, 0)
        note_rotation(unit, "wanjiru", BOTH, 4)
    assert scenario.rows("SELECT operator, action, details ->> 'keys' FROM audit_log") == [
        ("wanjiru", "rotate_keys", "4")
    ]
