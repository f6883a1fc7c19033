"""The 64-bit data block of an STS token and its 20 digits.

A token is a class of 2 bits and 48 bits of content, protected by a CRC. The class stays
readable: the 64 bits behind it are what the meter's cipher encrypts. Nothing here knows a key.
"""

from core.tokens.errors import TokenError

DIGITS = 20


def data_block(token_class: int, content: int, suffix: bytes = b"") -> int:
    """The clear block: 48 bits of content, then the CRC over class and content.

    `suffix` is what a currency token adds to the bytes under the CRC.
    """
    covered = (token_class << 48 | content).to_bytes(7, "big") + suffix
    return content << 16 | crc(covered)


def content_of(token_class: int, block: int, suffix: bytes = b"") -> int | None:
    """The 48 bits of content, or None when the CRC says it is no token for this key."""
    content = block >> 16
    return content if data_block(token_class, content, suffix) == block else None


def crc(data: bytes) -> int:
    """CRC-16 (reflected A001, start FFFF) with its two bytes swapped, as STS writes it."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return (register & 0xFF) << 8 | register >> 8


def to_digits(token_class: int, block: int) -> str:
    """The 20 digits: bits 27 and 28 move to the top, the class takes their place."""
    low, high = block >> 27 & 1, block >> 28 & 1
    opened = block & ~(3 << 27) | token_class << 27
    return f"{high << 65 | low << 64 | opened:0{DIGITS}d}"


def from_digits(text: str) -> tuple[int, int]:
    """The class and the block behind 20 digits. Raises TokenError for anything else."""
    if len(text) != DIGITS or not text.isascii() or not text.isdecimal() or int(text) >> 66:
        raise TokenError("an STS token has 20 digits")
    number = int(text)
    token_class = number >> 27 & 3
    block = number & (1 << 64) - 1 & ~(3 << 27) | number >> 64 << 27
    return token_class, block
