"""A PIN is only ever a hash, and the hash needs the pepper."""

import pytest
from argon2 import PasswordHasher

from core.pin import hash_pin, parse_pin, verify_pin


@pytest.fixture(autouse=True)
def costly_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here they cost what they cost in production."""
    monkeypatch.setattr("core.pin._HASHER", PasswordHasher())


def test_a_pin_is_recognised_and_another_is_not() -> None:
    stored = hash_pin("4321", "pepper")
    assert verify_pin(stored, "4321", "pepper")
    assert not verify_pin(stored, "4322", "pepper")


def test_a_hash_without_its_pepper_recognises_nobody() -> None:
    assert not verify_pin(hash_pin("4321", "pepper"), "4321", "salt")


def test_two_agents_with_one_pin_have_different_hashes() -> None:
    first, second = hash_pin("4321", "pepper"), hash_pin("4321", "pepper")
    assert first != second
    assert first.startswith("$argon2id$")


def test_what_is_no_hash_recognises_nobody() -> None:
    assert not verify_pin("not a hash", "4321", "pepper")


@pytest.mark.parametrize("typed", ["123", "1234567", "12a4", "", "١٢٣٤", "1234\n"])
def test_a_pin_is_4_to_6_digits_and_a_bad_one_is_not_repeated(typed: str) -> None:
    with pytest.raises(ValueError, match="4 to 6 digits") as refused:
        parse_pin(typed)
    assert not typed or typed not in str(refused.value)
