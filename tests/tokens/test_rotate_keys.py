"""Another master key in place of the old one, while workers open device keys with both."""

from __future__ import annotations

import threading

from core.tokens.keys import KeyRing, VendingKeys
from core.tokens.sealing import bound_to
from core.usecases.tokens.device_keys import list_keys, note_rotation, rotate_keys, secret_opener
from tests.support.cast import KIT, SEALED_KEYS, VENDING_KEYS

OLD, NEW = bytes(32), bytes([7]) * 32
BOTH, ONLY_NEW = KeyRing({"2": NEW, "1": OLD}), KeyRing({"2": NEW})


def rotate(book, ring=BOTH, limit=2):
    """All pages, each committed; how many were sealed, and the serials that do not open."""
    sealed, unopened, after = 0, [], 0
    while after is not None:
        with book.open_unit() as unit:
            page = rotate_keys(unit, ring, after, limit)
        sealed, after = sealed + page.sealed, page.after
        unopened += page.unopened
    return sealed, unopened


def keys(book):
    return dict(book.rows("SELECT serial, sealed_key FROM devices WHERE sealed_key IS NOT NULL"))


def test_every_key_ends_under_the_new_master_key_and_is_the_same_key(book):
    with book.open_unit() as unit:
        assert list_keys(unit) == {"1": SEALED_KEYS}
    assert rotate(book) == (SEALED_KEYS, [])
    with book.open_unit() as unit:
        assert list_keys(unit) == {"2": SEALED_KEYS}
    for serial, sealed in keys(book).items():
        assert ONLY_NEW.open(sealed, bound_to(serial)) == bytes(range(16))


def test_a_run_that_was_stopped_goes_on_where_it_was(book):
    with book.open_unit() as unit:
        rotate_keys(unit, BOTH, 0, SEALED_KEYS - 1)
    before = keys(book)
    assert rotate(book) == (1, [])
    assert sum(sealed != before[serial] for serial, sealed in keys(book).items()) == 1
    assert rotate(book) == (0, [])


def test_a_letter_of_the_web_process_is_sealed_anew_too(book):
    letter = KeyRing({"1": OLD}).sealing_key().seal(bytes(16), bound_to(KIT))
    with book.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET sealed_key = %s WHERE serial = %s", (letter, KIT)
        )
    assert rotate(book) == (SEALED_KEYS, [])
    assert ONLY_NEW.open(keys(book)[KIT], bound_to(KIT)) == bytes(16)


def test_a_key_that_does_not_open_stays_and_is_named(book):
    foreign = KeyRing({"lost": bytes([9]) * 32}).seal(bytes(16), bound_to(KIT))
    with book.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET sealed_key = %s WHERE serial = %s", (foreign, KIT)
        )
    assert rotate(book) == (SEALED_KEYS - 1, [KIT])
    assert keys(book)[KIT] == foreign


def test_payments_are_applied_before_during_and_after_a_rotation(book, monkeypatch):
    both = secret_opener(BOTH, VendingKeys(VENDING_KEYS))
    monkeypatch.setattr("tests.support.book.OPEN_SECRET", both)
    for number in range(6):
        book.pay(f"R{number}", KIT, 20_00)
    turning = threading.Thread(target=rotate, args=(book, BOTH, 1))
    turning.start()
    book.apply()
    turning.join()
    assert rotate(book) == (0, [])
    book.pay("R6", KIT, 20_00)
    book.apply()
    assert set(book.states()) == {"applied"}
    book.prove()


def test_the_audit_log_tells_of_a_run_that_sealed_something(book):
    with book.open_unit() as unit:
        note_rotation(unit, "wanjiru", BOTH, 0)
        note_rotation(unit, "wanjiru", BOTH, 4)
    assert book.rows("SELECT operator, action, details ->> 'keys' FROM audit_log") == [
        ("wanjiru", "rotate_keys", "4")
    ]
