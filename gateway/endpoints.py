"""Endpoints: the callback addresses of one provider for one purpose, with keys of their own.

The name of an endpoint, such as `payments/daraja`, is how the paths of its addresses begin; the key
follows it. Two keys may be valid at a time, so that a provider can be told the new one before the
old one ends. What is known of one endpoint's key opens no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.environment import Environment, read_setting, refuse_retired
from core.errors import BadInput

# Characters that need no escape in any address.
_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SHORTEST_KEY = 16
# Words that Safaricom refuses in a callback address (Daraja, C2B register URL).
_NOT_TO_DARAJA = re.compile(r"m-?pesa|safaricom|exe|cmd|sql|query", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one provider calls for one purpose."""

    purpose: Literal["ussd", "sms", "payments"]
    provider: str

    @property
    def name(self) -> str:
        """The first two segments of its paths."""
        return f"{self.purpose}/{self.provider}"

    @property
    def key_setting(self) -> str:
        """The setting with its key, or with its new and its old key, separated by a comma."""
        return f"{self._prefix}_ENDPOINT_KEY"

    @property
    def list_setting(self) -> str:
        """The setting with the addresses and networks that may call it."""
        return f"{self._prefix}_ALLOWED_IPS"

    @property
    def _prefix(self) -> str:
        name = self.provider if self.purpose == "payments" else f"{self.purpose}_{self.provider}"
        return name.upper()


def read_keys(environment: Environment, endpoint: Endpoint) -> tuple[str, ...]:
    """The keys of an endpoint: that of now, and the old one where there is one. Raises BadInput."""
    refuse_retired(
        environment,
        "CALLBACK_KEY",
        endpoint.key_setting,
        f"every endpoint has a key of its own. Set {endpoint.key_setting}=new,old; the old one is"
        f" the value of CALLBACK_KEY, until {endpoint.provider} has the new address",
    )
    given = read_setting(environment, endpoint.key_setting)
    keys = tuple(key.strip() for key in given.split(",")) if given else ()
    if len(keys) > 2 or not all(_KEY.fullmatch(key) for key in keys):
        raise BadInput(
            f"{endpoint.key_setting} must be one key, or a new and an old one (new,old),"
            " of letters, digits, - and _"
        )
    return keys


def read_address(environment: Environment, endpoint: Endpoint) -> str:
    """The address at which an endpoint's paths begin, with the key of now. Raises BadInput."""
    public_url = read_setting(environment, "PUBLIC_URL").rstrip("/")
    keys = read_keys(environment, endpoint)
    return f"{public_url}/{endpoint.name}/{keys[0] if keys else ''}"


def weak_keys(environment: Environment, endpoints: Sequence[Endpoint]) -> Iterator[str]:
    """What is wrong with the keys of now: each must be hard to guess and belong to one endpoint.
    Old keys are passed over: they are about to end. Raises BadInput."""
    settings_of: dict[str, list[str]] = {}
    for endpoint in endpoints:
        for key in read_keys(environment, endpoint)[:1]:
            settings_of.setdefault(key, []).append(endpoint.key_setting)
            if len(key) < _SHORTEST_KEY:
                yield f"{endpoint.key_setting} must have {_SHORTEST_KEY} characters or more"
            if endpoint.provider == "daraja" and _NOT_TO_DARAJA.search(key):
                yield f"{endpoint.key_setting} holds a word that Safaricom refuses in an address"
    for names in settings_of.values():
        if len(names) > 1:
            yield f"{' and '.join(names)} are the same: every endpoint needs a key of its own"
