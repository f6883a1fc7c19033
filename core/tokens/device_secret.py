"""What a token is made from, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.device import TokenKind
from core.tokens.errors import TokenImpossible
from core.tokens.links import Links
from core.tokens.openpaygo import DAY_KIT, Kit
from core.tokens.sts_keys import StsMeter

Action = TokenKind


@dataclass(frozen=True, repr=False)
class DeviceSecret:
    """What a local generator needs to know of a device. Its repr says nothing.

    key: 16 bytes, OpenPAYGO and Nexus; starting_code: OpenPAYGO, derived from the key when
    None; sts: STS, with the vending key (and the STA tables for EA07) already filled in. What
    follows is of OpenPAYGO devices: `test_code` is the one code that it must never be given,
    `links` the last links of its chains where they are kept, `seal_links` encrypts them.
    """

    serial: str
    family: str
    key: bytes | None = None
    starting_code: int | None = None
    sts: StsMeter | None = None
    kit: Kit = DAY_KIT
    test_code: str | None = None
    links: Links | None = None
    seal_links: Callable[[bytes], bytes] | None = None

    @property
    def links_belong_to(self) -> str:
        """What the links depend on besides the key."""
        return f"{self.kit.form.digits}:{self.starting_code}"

    def sealed_links(self) -> bytes | None:
        """The links, encrypted for the device's row; None where there are no new ones."""
        if self.seal_links is None or self.links is None or not self.links.is_changed:
            return None
        return self.seal_links(self.links.pack(require_key(self), self.links_belong_to))


@dataclass(frozen=True)
class IssuedToken:
    """One token. `amount`: tenths of a kWh for energy, days for days and set_days, 0
    otherwise."""

    text: str = field(repr=False)
    kind: Action
    amount: int
    counter: int


def require_key(secret: DeviceSecret) -> bytes:
    """The device's key. Raises TokenImpossible where it has none."""
    if secret.key is None:
        raise TokenImpossible("the device has no key")
    return secret.key
