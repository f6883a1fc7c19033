"""Names as shown to other people: masked."""

from __future__ import annotations


def mask_name(name: str, surname: str) -> str:
    """`Amina`, `Odhiambo` -> `A***a O.`: enough to recognise, too little to learn (domain 6)."""
    first = f"{name[0]}***{name[-1]}" if len(name) > 1 else f"{name}***"
    return f"{first} {surname[0]}." if surname else first
