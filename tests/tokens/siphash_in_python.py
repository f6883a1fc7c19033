"""SipHash-2-4 in plain Python, written from its paper: the oracle of the library that we use."""

from collections.abc import Iterable
from struct import unpack


def siphash24_in_python(key: bytes, message: bytes) -> int:
    """The 64-bit hash of a message of any length, under a key of 16 bytes."""
    padded = message + bytes(-(len(message) + 1) % 8) + bytes([len(message) & 0xFF])
    k0, k1 = unpack("<2Q", key)
    return _hash_words(k0, k1, unpack(f"<{len(padded) // 8}Q", padded))


def _hash_words(k0: int, k1: int, words: Iterable[int]) -> int:
    """The hash of a message already cut in 64-bit words, the last one holding its length."""
    mask = 0xFFFFFFFFFFFFFFFF
    v0 = k0 ^ 0x736F6D6570736575
    v1 = k1 ^ 0x646F72616E646F6D
    v2 = k0 ^ 0x6C7967656E657261
    v3 = k1 ^ 0x7465646279746573
    # Two rounds for each word; the finish is a word of zero with four rounds and a flip of v2.
    for word, rounds, flip in [*((word, _TWO, 0) for word in words), _FINISH]:
        v2 ^= flip
        v3 ^= word
        for _ in rounds:
            v0 = (v0 + v1) & mask
            v2 = (v2 + v3) & mask
            v1 = ((v1 << 13 | v1 >> 51) & mask) ^ v0
            v3 = ((v3 << 16 | v3 >> 48) & mask) ^ v2
            v0 = ((v0 << 32 | v0 >> 32) + v3) & mask
            v2 = (v2 + v1) & mask
            v1 = ((v1 << 17 | v1 >> 47) & mask) ^ v2
            v3 = ((v3 << 21 | v3 >> 43) & mask) ^ v0
            v2 = (v2 << 32 | v2 >> 32) & mask
        v0 ^= word
    return v0 ^ v1 ^ v2 ^ v3


_TWO = range(2)
_FINISH = (0, range(4), 0xFF)
