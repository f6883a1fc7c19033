"""Our accounts with vendors, as the settings of a worker describe them.

`VENDOR_<TOKEN>_<ACCOUNT>_<SETTING>`, each also as `..._FILE`: `VENDOR_STRON_MAIN_PASSWORD` is the
password of the account `main` with Stron. Every driver says which settings its accounts need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from core.environment import Environment, read_setting, report_missing
from core.errors import BadInput
from core.vend import VendorName

_PREFIX = "VENDOR_"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Which settings an account with a vendor has, besides BASE_URL and PLAIN_HTTP.

    * `needed`: those without which it is not set up; `optional`: those that may be left out, with
      what then counts.
    * `addresses`: those of them that are addresses: what holds for BASE_URL holds for them too.
    * `base_url`: where the vendor serves everybody; "" where each account has its own address.
    """

    needed: tuple[str, ...]
    optional: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    base_url: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return ("BASE_URL", "PLAIN_HTTP", *self.needed, *self.optional)


@dataclass(frozen=True, slots=True)
class Account:
    """An account with the vendor `token`. `account[NAME]` is the value of one of its settings.

    `base_url` has no slash at its end.
    """

    token: VendorName
    name: str
    base_url: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.values[name]


def accounts_in(
    environment: Environment, drivers: Mapping[VendorName, AccountSettings]
) -> list[Account]:
    """Return every account of which a setting is there.

    Raises BadInput for a setting that no driver knows, for an address that is not encrypted and not
    of this machine unless `PLAIN_HTTP` is 1, and for what is missing of an account (or reports that
    to a CollectingEnvironment).
    """
    given = {name.removesuffix("_FILE") for name in environment if name.startswith(_PREFIX)}
    known = {name: owner for name in given for owner in _owner_of(name, drivers)}
    if unknown := sorted(given - known.keys()):
        raise BadInput(f"no vendor has these settings: {', '.join(unknown)} (see .env.example)")
    return [
        _account_of(environment, drivers[token], token, name)
        for token, name in sorted({*known.values()})
    ]


def _owner_of(
    setting: str, drivers: Mapping[VendorName, AccountSettings]
) -> Iterator[tuple[VendorName, str]]:
    """The token and the account that a setting is of. An account has no underscore in its name, so
    there is one at the most, save where a token is another one's beginning: the longer one wins."""
    for token, settings in sorted(drivers.items(), key=lambda item: len(item[0])):
        names = "|".join(settings.names)
        if found := re.fullmatch(rf"{_PREFIX}{token.upper()}_([A-Z0-9]+)_({names})", setting):
            yield token, found[1].lower()


def _account_of(
    environment: Environment, settings: AccountSettings, token: VendorName, name: str
) -> Account:
    prefix = f"{_PREFIX}{token.upper()}_{name.upper()}_"
    values = {item: read_setting(environment, prefix + item) for item in settings.needed}
    values |= {
        item: read_setting(environment, prefix + item, default)
        for item, default in settings.optional.items()
    }
    base_url = read_setting(environment, f"{prefix}BASE_URL", settings.base_url)
    if not base_url:
        report_missing(environment, f"{prefix}BASE_URL is not set (see .env.example)")
    plain_http = f"{prefix}PLAIN_HTTP"
    if read_setting(environment, plain_http, "0") != "1":
        for item in ("BASE_URL", *settings.addresses):
            _check_encrypted(prefix, item, values.get(item, base_url))
    return Account(token, name, base_url.rstrip("/"), values)


def _check_encrypted(prefix: str, item: str, url: str) -> None:
    """Raises BadInput. The message shows no address: some have a password in them."""
    parts = urlsplit(url)
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if url and parts.scheme != "https" and not is_here:
        raise BadInput(
            f"{prefix}{item} is not https: anyone on the way could read the password and take"
            f" codes. Where the vendor has nothing better, {prefix}PLAIN_HTTP=1 allows it"
        )
