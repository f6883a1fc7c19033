"""SipHash-2-4 with a 64-bit result (Aumasson and Bernstein, 2012).

The keyed hash under OpenPAYGO Token and Nexus Keycode, by the C library siphash24: OpenPAYGO runs
it once per count, hundreds of times per token.
"""

from siphash24 import siphash24 as _siphash24

from core.tokens.errors import TokenImpossible

KEY_BYTES = 16


def siphash24(key: bytes, message: bytes) -> int:
    """The 64-bit hash of a message of any length. Raises TokenImpossible for a key that does not
    have 16 bytes."""
    if len(key) != KEY_BYTES:
        raise TokenImpossible(f"a SipHash key has {KEY_BYTES} bytes")
    return int.from_bytes(_siphash24(message, key=key).digest(), "little")
