"""The last links of the hash chains that a device's codes were taken from.

A code of count 900 is 900 hashes from the starting code, and two from the code before it. What is
kept belongs to one key, starting code and form of code, which the packed form marks: after any of
them is corrected the links are not used. A link tells nothing without the key; it is stored
encrypted all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from core.tokens.siphash import siphash24

_LINK_BYTES = 11  # value 3, count 3, code 5
_MARK_BYTES = 8
# A plan's instalments and debts buy few different numbers of days.
_KEPT = 16


@dataclass
class Links:
    """By the value of a chain, its last link: (count, code). The one used last comes first.

    `is_changed`: a link was kept that the device's row does not have.
    """

    by_value: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False)
    is_changed: bool = False

    def before(self, value: int, count: int) -> tuple[int, int] | None:
        """The last link of that chain, if it is not past that count."""
        link = self.by_value.get(value)
        return link if link is not None and link[0] <= count else None

    def keep(self, value: int, count: int, code: int) -> None:
        """Remember the newest link of a chain; one that was used long ago is forgotten."""
        if value in self.by_value and self.by_value[value][0] >= count:
            return
        others = {other: link for other, link in self.by_value.items() if other != value}
        self.by_value = dict([(value, (count, code)), *list(others.items())[: _KEPT - 1]])
        self.is_changed = True

    def pack(self, key: bytes, belongs_to: str) -> bytes:
        """The links as bytes. `belongs_to` names what they depend on besides the key."""
        links = (
            value.to_bytes(3, "big") + count.to_bytes(3, "big") + code.to_bytes(5, "big")
            for value, (count, code) in self.by_value.items()
        )
        return _mark(key, belongs_to) + b"".join(links)

    @classmethod
    def unpack(cls, packed: bytes, key: bytes, belongs_to: str) -> Self:
        """Read what `pack` wrote; no links where they belong to anything else."""
        if packed[:_MARK_BYTES] != _mark(key, belongs_to):
            return cls()
        starts = range(_MARK_BYTES, len(packed), _LINK_BYTES)
        return cls(dict(_link(packed[start : start + _LINK_BYTES]) for start in starts))


def _link(part: bytes) -> tuple[int, tuple[int, int]]:
    value, count, code = part[:3], part[3:6], part[6:]
    return int.from_bytes(value), (int.from_bytes(count), int.from_bytes(code))


def _mark(key: bytes, belongs_to: str) -> bytes:
    return siphash24(key, f"links:{belongs_to}".encode()).to_bytes(_MARK_BYTES, "big")
