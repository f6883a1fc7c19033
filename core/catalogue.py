"""The catalogue: what an operator sells and who sells it, as a file describes it. Values,
and how their codes and names are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from core.appliance import Appliance
from core.invisible import visible
from core.market import Market
from core.plan import PlanTerms
from core.tariff import TariffVersion
from core.vend import DEFAULT_ACCOUNT
from core.waterfall import Waterfall

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_ACCOUNT = re.compile(r"[a-z0-9]{1,20}")
_NAME_LENGTH = 80


def parse_code(typed: str) -> str:
    """A short name that never changes. Raises ValueError."""
    if not _CODE.fullmatch(typed):
        raise ValueError(f"not a code: {typed!r} (1 to 40 letters, digits, - _ .)")
    return typed


def parse_line(typed: str) -> str:
    """One line of 1 to 80 characters, trimmed, without invisible marks: a name, as texts hold it.

    Raises ValueError.
    """
    trimmed = visible(typed).strip()
    if not trimmed or len(trimmed) > _NAME_LENGTH or not trimmed.isprintable():
        raise ValueError(f"must be one line of 1 to {_NAME_LENGTH} characters")
    return trimmed


def parse_account(typed: str) -> str:
    """The name of an account with a vendor, as it stands in the names of its settings. Raises
    ValueError."""
    if not _ACCOUNT.fullmatch(typed):
        raise ValueError(f"not an account: {typed!r} (1 to 20 small letters and digits)")
    return typed


@dataclass(frozen=True, slots=True)
class Village:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Manufacturer:
    """`token_family` is a driver of core.tokens, a vendor's name, or `none`.

    `sts`: what new meters leave the factory with, where an agent may register them unimported.
    `account`: which of our accounts with the vendor serves its devices, where a vendor does.
    """

    code: str
    name: str
    kinds: tuple[str, ...]
    token_family: str
    sts: dict[str, Any] | None = None
    account: str = DEFAULT_ACCOUNT


@dataclass(frozen=True, slots=True)
class TariffEntry:
    """One version of the tariff with that code."""

    code: str
    name: str
    version: TariffVersion


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan that the operator allows for an appliance."""

    code: str
    name: str
    terms: PlanTerms


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """`pin` only counts for an agent who is new. Commissions are in hundredths of a percent."""

    msisdn: str
    name: str
    surname: str
    language: str
    pin: str = field(repr=False)
    pin_is_initial: bool
    float_limit_minor: int
    commission_collections_bp: int
    commission_sales_bp: int
    villages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One file's worth. `market` is None when the file leaves the market as it is."""

    market: Market | None
    villages: tuple[Village, ...] = ()
    manufacturers: tuple[Manufacturer, ...] = ()
    tariffs: tuple[TariffEntry, ...] = ()
    appliances: tuple[Appliance, ...] = ()
    plans: tuple[PlanOffer, ...] = ()
    agents: tuple[AgentEntry, ...] = ()
    waterfalls: tuple[Waterfall, ...] = ()
