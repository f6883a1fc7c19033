"""Check values of the hash and the two ciphers, from their own publications."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tokens import misty1, sta
from core.tokens.errors import TokenError
from core.tokens.siphash import siphash24
from core.tokens.sta import StaTables
from tests.tokens.siphash_in_python import siphash24_in_python

TABLES = StaTables.from_json((Path(__file__).parent / "sta_sample.json").read_text())
BLOCKS = st.integers(0, 2**64 - 1)
RFC_KEY = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.mark.parametrize(
    ("length", "expected"),
    [(0, 0x726FDB47DD0E0E31), (8, 0x93F5F5799A932462), (15, 0xA129CA6149BE45E5)],
)
def test_siphash_gives_the_published_values(length: int, expected: int) -> None:
    assert siphash24(bytes(range(16)), bytes(range(length))) == expected


@given(key=st.binary(min_size=16, max_size=16), message=st.binary(max_size=64))
def test_siphash_is_that_of_the_paper(key: bytes, message: bytes) -> None:
    assert siphash24(key, message) == siphash24_in_python(key, message)


@pytest.mark.parametrize(
    ("block", "expected"),
    [(0x0123456789ABCDEF, 0x8B1DA5F56AB3D07C), (0xFEDCBA9876543210, 0x04B68240B13BE95D)],
)
def test_misty1_gives_the_values_of_the_rfc(block: int, expected: int) -> None:
    assert misty1.encrypt(RFC_KEY, block) == expected


def test_sta_gives_the_worked_example_of_the_standard() -> None:
    key = bytes.fromhex("0abc12def3456789")
    assert sta.encrypt(key, 0x0B19EB230100C207, TABLES) == 0xC45ED1619406DF95


@given(key=st.binary(min_size=16, max_size=16), block=BLOCKS)
def test_misty1_decrypts_what_it_encrypted(key: bytes, block: int) -> None:
    assert misty1.decrypt(key, misty1.encrypt(key, block)) == block


@given(key=st.binary(min_size=8, max_size=8), block=BLOCKS)
def test_sta_decrypts_what_it_encrypted(key: bytes, block: int) -> None:
    assert sta.decrypt(key, sta.encrypt(key, block, TABLES), TABLES) == block


@pytest.mark.parametrize("key", [b"", bytes(15), bytes(17)])
def test_a_key_of_another_size_is_refused(key: bytes) -> None:
    with pytest.raises(TokenError, match="16 bytes"):
        siphash24(key, b"")
    with pytest.raises(TokenError, match="16 bytes"):
        misty1.encrypt(key, 0)
    with pytest.raises(TokenError, match="8-byte key"):
        sta.encrypt(key, 0, TABLES)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"substitution_1": 1, "substitution_2": 2, "permutation": 3}',
        '{"substitution_1": [0], "substitution_2": [0], "permutation": [0]}',
        '{"substitution_1": ["a"], "substitution_2": [0], "permutation": [0, "b"]}',
    ],
)
def test_a_bad_table_file_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        StaTables.from_json(text)


def test_a_table_that_repeats_a_number_is_named() -> None:
    with pytest.raises(TokenError, match="permutation"):
        StaTables(TABLES.substitution_1, TABLES.substitution_2, (0,) * 64)


def test_tables_are_never_printed() -> None:
    assert repr(TABLES) == "StaTables()"
