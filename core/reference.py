"""References that are typed in place of a serial number: a customer's account, and a prompt's.

Letters, and digits of which the last is a check digit: of one length, so that no slip of one
character leads to another's. The database makes them (migrations/versions/0103/0_references.sql).
"""

from __future__ import annotations

import re
from datetime import timedelta

# A payment that names a prompt must be made this soon after it: later, it may be typed by mistake.
PROMPT_REFERENCE_LASTS = timedelta(days=1)
_ACCOUNT = re.compile(r"AC[0-9]{8}")
_PROMPT = re.compile(r"DW[0-9]{10}")
_RESERVED = re.compile(r"(AC|CA)[0-9]{7,9}|(DW|WD)[0-9]{9,11}")


def is_account_reference(typed: str) -> bool:
    """Whether it has the form of a customer's account reference; `typed` is normalised."""
    return _ACCOUNT.fullmatch(typed) is not None


def is_prompt_reference(typed: str) -> bool:
    """Whether it has the form of a prompt's reference; `typed` is normalised."""
    return _PROMPT.fullmatch(typed) is not None


def is_reserved(serial: str) -> bool:
    """Whether no device may have this serial number: it could be taken for a reference, or be one
    with a digit or letter out of place."""
    return _RESERVED.fullmatch(serial) is not None
