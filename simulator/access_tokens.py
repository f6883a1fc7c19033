"""Bearer tokens of the provider APIs that use OAuth: Safaricom, MTN and Airtel.

A token is its expiry time and an HMAC over it, so nothing has to be stored.
"""

from __future__ import annotations

import hashlib
import hmac

from simulator.settings import SimulatorSettings


class InvalidAccessToken(Exception):
    """The Authorization header holds no token of ours, or one that has expired."""


def issue_access_token(settings: SimulatorSettings, now_epoch: float) -> str:
    """A token that is valid for `token_seconds` from `now_epoch` (seconds since 1970)."""
    expires_at = str(int(now_epoch + settings.token_seconds))
    return f"{expires_at}.{_sign_expiry(settings, expires_at)}"


def check_access_token(settings: SimulatorSettings, header: str, now_epoch: float) -> None:
    """Check an Authorization header. Raises InvalidAccessToken."""
    expires_at, _, signature = header.removeprefix("Bearer ").partition(".")
    genuine = hmac.compare_digest(signature, _sign_expiry(settings, expires_at))
    if not header.startswith("Bearer ") or not genuine or int(expires_at) <= now_epoch:
        raise InvalidAccessToken


def _sign_expiry(settings: SimulatorSettings, expires_at: str) -> str:
    key = settings.consumer_secret.encode()
    return hmac.new(key, expires_at.encode(), hashlib.sha256).hexdigest()[:32]
