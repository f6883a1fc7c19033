from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from core.device import HeldKey
from core.tokens.errors import TokenError
from core.tokens.keys import KeyRing, VendingKeys

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
OLD_TEXT, NEW_TEXT = b64encode(OLD).decode(), b64encode(NEW).decode()
PLACE = "device:SL0001:secret_key"


@given(plain=st.binary(max_size=64), place=st.text(max_size=40))
def test_a_sealed_key_opens_where_it_was_sealed(plain: bytes, place: str) -> None:
    ring = KeyRing({"a": OLD})
    assert ring.open(ring.seal(plain, place), place) == plain


@pytest.mark.parametrize(
    "elsewhere",
    ["device:SL0002:secret_key", "device:SL0001:starting_code", "customer:SL0001:secret_key", ""],
)
def test_a_sealed_key_moved_to_another_row_or_field_does_not_open(elsewhere: str) -> None:
    ring = KeyRing({"a": OLD})
    with pytest.raises(TokenError, match="does not open"):
        ring.open(ring.seal(b"key", PLACE), elsewhere)


@given(data=st.data())
def test_a_sealed_key_with_any_bit_changed_does_not_open(data: DataObject) -> None:
    ring = KeyRing({"a": OLD})
    sealed = bytearray(ring.seal(b"0123456789abcdef", PLACE))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(TokenError):
        ring.open(bytes(sealed), PLACE)


@given(sealed=st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(TokenError):
        KeyRing({"a": OLD}).open(sealed, PLACE)


def test_sealing_twice_never_gives_the_same_text() -> None:
    ring = KeyRing({"a": OLD})
    assert ring.seal(b"key", PLACE) != ring.seal(b"key", PLACE)


def test_while_rotating_the_first_key_seals_and_both_open() -> None:
    before = KeyRing.from_settings(f"old:{OLD_TEXT}").seal(b"key", PLACE)
    ring = KeyRing.from_settings(f"new:{NEW_TEXT}, old:{OLD_TEXT}")
    after = ring.seal(ring.open(before, PLACE), PLACE)
    assert [ring.is_current(before), ring.is_current(after)] == [False, True]
    assert KeyRing.from_settings(f"new:{NEW_TEXT}").open(after, PLACE) == b"key"


def test_a_key_sealed_by_a_master_key_that_is_gone_is_refused() -> None:
    sealed = KeyRing({"old": OLD}).seal(b"key", PLACE)
    with pytest.raises(TokenError, match="not set"):
        KeyRing({"new": NEW}).open(sealed, PLACE)


def test_the_wrong_master_key_under_the_right_id_is_refused() -> None:
    sealed = KeyRing({"1": OLD}).seal(b"key", PLACE)
    with pytest.raises(TokenError, match="does not open"):
        KeyRing({"1": NEW}).open(sealed, PLACE)


def test_a_bare_key_is_key_1() -> None:
    sealed = KeyRing.from_settings(OLD_TEXT).seal(b"key", PLACE)
    assert KeyRing.from_settings(f"1:{OLD_TEXT}").open(sealed, PLACE) == b"key"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "not base64!",
        b64encode(bytes(31)).decode(),
        f"a:{OLD_TEXT},a:{NEW_TEXT}",
        f"{OLD_TEXT},{NEW_TEXT}",
        f"a:{OLD_TEXT},",
        f"a b:{OLD_TEXT}",
        f"é:{OLD_TEXT}",
    ],
)
def test_settings_that_do_not_hold_usable_keys_are_refused(text: str) -> None:
    with pytest.raises(TokenError) as refusal:
        KeyRing.from_settings(text)
    assert OLD_TEXT not in str(refusal.value)


def test_a_ring_says_nothing_about_its_keys() -> None:
    ring = KeyRing.from_settings(f"secret-id:{OLD_TEXT}")
    assert "secret-id" not in repr(ring)
    assert OLD_TEXT not in repr(ring)


def test_a_vending_key_is_found_by_supply_group_and_revision() -> None:
    keys = VendingKeys(
        {"STS_VENDING_KEY_600000_1": "ab" * 20, "STS_VENDING_KEY_600000_2": "cd" * 20}
    )
    assert keys.of("600000", 1, 4) == b"\xab" * 20
    assert keys.of("600000", 2, 4) == b"\xcd" * 20
    with pytest.raises(TokenError, match="STS_VENDING_KEY_600000_3 is not set"):
        keys.of("600000", 3, 4)


def test_the_name_without_a_revision_serves_the_only_one() -> None:
    keys = VendingKeys({"STS_VENDING_KEY_600000": "ab" * 20})
    assert keys.of("600000", 1, 4) == keys.of("600000", 2, 4) == b"\xab" * 20
    keys.pin("600000", 2)
    assert keys.held() == [HeldKey("600000", 2, 4)]
    with pytest.raises(TokenError, match="STS_VENDING_KEY_600000 is for revision 2"):
        keys.of("600000", 1, 4)


def test_the_name_without_a_revision_does_not_count_beside_one_with_it() -> None:
    keys = VendingKeys({"STS_VENDING_KEY_600000": "ab" * 20, "STS_VENDING_KEY_600000_2": "cd" * 20})
    assert keys.held() == [HeldKey("600000", 2, 4)]
    with pytest.raises(TokenError, match="STS_VENDING_KEY_600000_1 is not set"):
        keys.of("600000", 1, 4)


def test_one_group_has_keys_of_both_derivations() -> None:
    keys = VendingKeys({"STS_VENDING_KEY_600000_1": "cd" * 8 + "," + "ab" * 20})
    assert (keys.of("600000", 1, 2), keys.of("600000", 1, 4)) == (b"\xcd" * 8, b"\xab" * 20)
    assert keys.held() == [HeldKey("600000", 1, 2), HeldKey("600000", 1, 4)]
    assert not keys.problems()
    with pytest.raises(TokenError, match=r"no key of 20 bytes \(DKGA04\)"):
        VendingKeys({"STS_VENDING_KEY_600000_1": "cd" * 8}).of("600000", 1, 4)


def test_a_vending_key_may_come_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("ab" * 20 + "\n")
    given = {"STS_VENDING_KEY_600000_1_FILE": str(file), "STS_VENDING_KEY_111111_FILE": "/nowhere"}
    keys = VendingKeys(given)
    assert keys.of("600000", 1, 4) == b"\xab" * 20
    with pytest.raises(TokenError, match="cannot read /nowhere"):
        keys.of("111111", 1, 4)
    assert keys.held() == [HeldKey("600000", 1, 4)]


@pytest.mark.parametrize("value", [None, "", "xy" * 20, "ab" * 19, "ab" * 8 + "," + "cd" * 8])
def test_a_missing_or_broken_vending_key_is_named_and_not_shown(value: str | None) -> None:
    keys = VendingKeys({} if value is None else {"STS_VENDING_KEY_600000": value})
    with pytest.raises(TokenError, match="STS_VENDING_KEY_600000") as refusal:
        keys.of("600000", 1, 4)
    assert not value or value not in str(refusal.value)
    assert bool(keys.problems()) is bool(value)
    assert not keys.held()


def test_a_misnamed_vending_key_is_a_problem() -> None:
    [problem] = VendingKeys({"STS_VENDING_KEY_6000_1": "ab" * 20}).problems()
    assert problem.startswith("STS_VENDING_KEY_6000_1 is not")


def test_vending_keys_are_never_printed() -> None:
    assert "abab" not in repr(VendingKeys({"STS_VENDING_KEY_600000": "ab" * 20}))
