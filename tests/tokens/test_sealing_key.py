"""The sealing key encrypts a device key; only the key ring decrypts it."""

from __future__ import annotations

import pytest

from core.tokens.errors import TokenError
from core.tokens.keys import KeyRing
from core.tokens.sealing_key import SealingKey

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
RING = KeyRing({"1": OLD})
PLACE, KEY = "devices:LAMP1:sealed_key", b"sixteen byte key"


def posted(ring: KeyRing) -> bytes:
    """A key sealed with the public key given as text."""
    return SealingKey.from_settings(str(ring.sealing_key())).seal(KEY, PLACE)


def test_what_goes_in_comes_out_for_the_ring_only() -> None:
    assert RING.open(posted(RING), PLACE) == KEY
    with pytest.raises(TokenError):
        KeyRing({"1": NEW}).open(posted(RING), PLACE)


def test_what_an_earlier_release_printed_and_sealed_is_still_valid() -> None:
    """Fixed values: a changed derivation would leave every key that was entered unreadable."""
    assert str(RING.sealing_key()) == "1:Gb8VNKR4zXH0vp8icv6QPrHf4sjwflrQVMeUsQbHalQ="
    sealed_with_public_key = bytes.fromhex(
        "020131332baba3bfe30a70d13358e963554976c970ef36193bf1ef83726b41355c4e5b7f"
        "b083d1e7da2b1538917c98732d58e4dcaaf1b8419c73d5e5d980f9b835cb45"
    )
    assert RING.open(sealed_with_public_key, PLACE) == KEY
    sealed_with_ring = bytes.fromhex(
        "01013105beddca803d0d582667e8f5f75ad707d59008572de6b4ce98d3f0fedab036b50e"
        "79549dfc8efc26403a2ed8"
    )
    assert RING.open(sealed_with_ring, PLACE) == KEY


def test_the_box_names_its_master_key_so_that_keys_can_rotate() -> None:
    letter = posted(RING)
    rotating = KeyRing({"2": NEW, "1": OLD})
    assert rotating.open(letter, PLACE) == KEY
    assert not rotating.is_current(letter)
    assert RING.is_current(letter)


def test_a_letter_opens_in_its_own_place_only() -> None:
    with pytest.raises(TokenError):
        RING.open(posted(RING), "devices:LAMP2:sealed_key")


def test_a_letter_that_was_altered_anywhere_does_not_open() -> None:
    letter = posted(RING)
    for place in range(len(letter)):
        altered = letter[:place] + bytes([letter[place] ^ 1]) + letter[place + 1 :]
        with pytest.raises(TokenError):
            RING.open(altered, PLACE)


def test_two_letters_of_one_key_have_nothing_in_common_after_the_header() -> None:
    first, other = posted(RING), posted(RING)
    assert first[:3] == other[:3]
    assert first[3:35] != other[3:35]
    assert first[35:] != other[35:]


def test_the_box_itself_opens_nothing() -> None:
    with pytest.raises(TokenError, match="does not open"):
        RING.sealing_key().holds(posted(RING), PLACE, KEY)


BOX = str(RING.sealing_key())


@pytest.mark.parametrize(
    "text", ["", "1:", "1:AAAA", "1:!!!!", BOX[:-5], BOX.partition(":")[2], f"a b:{BOX[2:]}"]
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(TokenError, match="sealing key"):
        SealingKey.from_settings(text)
