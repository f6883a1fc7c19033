"""What vendors' words for a refusal mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.vend import Refusal, RefusalReason

_THING = r"(meter|device|unit|customer|serial|product)"
_IS_NOT = r"(not|un|in|n't)[ -]*(be |a |an )?(exist|found|known|valid|regist|recogni|map|belong)"

# The first that fits counts. A word that fits none is `other`: a person reads it.
_MEANINGS: Mapping[RefusalReason, re.Pattern[str]] = {
    "credentials": re.compile(
        r"password|log ?in|logged|auth|credential|permission|forbidden|api.?key"
        r"|user.*(wrong|invalid|not)|(wrong|invalid|unknown) (user|company)",
        re.IGNORECASE,
    ),
    "account_empty": re.compile(
        r"balance|insufficient|no (money|funds)|quota|top.?up|out of (money|credit)", re.IGNORECASE
    ),
    "unknown_device": re.compile(
        rf"{_IS_NOT}.*{_THING}|{_THING}.*{_IS_NOT}|no such", re.IGNORECASE
    ),
    "amount": re.compile(
        r"amount|minimum|maximum|too (small|large|little|much|low|high)|payload|quantity",
        re.IGNORECASE,
    ),
    "not_possible": re.compile(
        r"lock|disabled|inactive|suspend|already|free|not (allowed|possible)", re.IGNORECASE
    ),
}


def refusal(words: str) -> Refusal:
    """Return the refusal that a vendor words so; the words are kept as they are."""
    for reason, meaning in _MEANINGS.items():
        if meaning.search(words):
            return Refusal(reason, words)
    return Refusal("other", words)


def said_in(answer: object) -> object:
    """Return the words in a refusal in JSON, where vendors usually have them; else all of it."""
    if isinstance(answer, list) and answer:
        return said_in(answer[0])
    if not isinstance(answer, dict):
        return answer
    names = ("errors", "error", "context", "message", "reason", "detail", "details", "title")
    parts = [said_in(answer[name]) for name in names if answer.get(name)]
    return " ".join(str(part) for part in parts) or answer
