"""Phone numbers of others, masked in everything that is sent to an operator who may not see them.

Numbers are stored and written in E.164 everywhere, so that they are found in a page or an export
by their form, whatever column, text or title they stand in. Searching by a full number works for
everybody: what was typed into a search is sent back as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from core.msisdn import masked_at_home

# `+254722000123`, but not in the value of a field that the operator has typed in.
_MSISDN = re.compile(r'(?<!value=")(?<![0-9A-Za-z])\+[1-9][0-9]{6,14}(?![0-9])')


def mask_numbers(text: str) -> str:
    """Return a page, or lines of an export, with every phone number masked: `07xx xxx 123`."""
    return _MSISDN.sub(lambda found: masked_at_home(found[0]), text)


def mask_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return the pieces of an export, each of whole lines, with every phone number masked."""
    for piece in pieces:
        yield mask_numbers(piece.decode()).encode()
