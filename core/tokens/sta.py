"""STA, the cipher STS calls encryption algorithm 07, as an engine without its tables.

The tables in service are handed out by the STS Association to its members, so they are never part
of this program: an operator who may use them loads them from a file of their own. The sample tables
that are printed in the standard must not be used for real meters; only the tests know them.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property

from core.tokens.errors import TokenError

_MASK = (1 << 64) - 1
_ROUNDS = range(16)
_NIBBLES = range(16)


@dataclass(frozen=True)
class StaTables:
    """Two substitutions of a nibble and one permutation of 64 bits; never printed."""

    substitution_1: tuple[int, ...] = field(repr=False)
    substitution_2: tuple[int, ...] = field(repr=False)
    permutation: tuple[int, ...] = field(repr=False)

    def __post_init__(self) -> None:
        for name, size in (("substitution_1", 16), ("substitution_2", 16), ("permutation", 64)):
            if sorted(getattr(self, name)) != list(range(size)):
                raise TokenError(f"STA table {name} must hold each of 0 to {size - 1} once")

    @classmethod
    def from_json(cls, text: str) -> "StaTables":
        """Tables from `{"substitution_1": [16], "substitution_2": [16], "permutation": [64]}`.

        Raises TokenError for anything else.
        """
        try:
            tables = json.loads(text)
            return cls(*(tuple(tables[name]) for name in cls.__dataclass_fields__))
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise TokenError("an STA table file holds three lists of numbers") from error

    @cached_property
    def spread(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """[key bit][nibble][value]: where the substituted bits of one nibble end up.

        Substitution and permutation of a whole round are then 16 look-ups and not 64 moves.
        """
        return tuple(
            tuple(tuple(self.moved(out << 4 * n) for out in table) for n in _NIBBLES)
            for table in (self.substitution_1, self.substitution_2)
        )

    def moved(self, bits: int) -> int:
        """The bits of a 64-bit block, each at its new place."""
        return sum(1 << to for i, to in enumerate(self.permutation) if bits >> i & 1)

    @cached_property
    def inverse(self) -> "StaTables":
        """The inverse tables: they undo what these substitute and permute."""
        return StaTables(
            _inverted(self.substitution_1),
            _inverted(self.substitution_2),
            _inverted(self.permutation),
        )


def encrypt(key: bytes, block: int, tables: StaTables) -> int:
    """The cipher text of one 64-bit block under an 8-byte decoder key."""
    k = _start(key, block)
    spread = tables.spread
    for _ in _ROUNDS:
        mixed = 0
        for n in _NIBBLES:
            mixed |= spread[k >> 4 * n + 3 & 1][n][block >> 4 * n & 15]
        block = mixed
        k = _rotated_left(k, 1)
    return block


def decrypt(key: bytes, block: int, tables: StaTables) -> int:
    """The block that `encrypt` turned into this one. Slower: only devices decrypt."""
    k = _rotated_left(_start(key, block), 16)
    back = tables.inverse
    for _ in _ROUNDS:
        k = _rotated_left(k, 63)
        moved = back.moved(block)
        block = 0
        for n in _NIBBLES:
            table = back.substitution_2 if k >> 4 * n + 3 & 1 else back.substitution_1
            block |= table[moved >> 4 * n & 15] << 4 * n
    return block


def _start(key: bytes, block: int) -> int:
    """The key register before the first round."""
    if len(key) != 8 or not 0 <= block <= _MASK:
        raise TokenError("STA takes an 8-byte key and a 64-bit block")
    return _rotated_left(int.from_bytes(key) ^ _MASK, 64 - 12)


def _rotated_left(k: int, by: int) -> int:
    return (k << by | k >> 64 - by) & _MASK


def _inverted(table: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(table.index(i) for i in range(len(table)))
