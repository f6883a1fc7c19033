"""Settings of the endpoints for a test, which mostly gives all of them one key."""

from __future__ import annotations

from gateway.settings import ENDPOINTS
from gateway.ussd.aggregators import ADAPTERS
from tests.support.cast import PROOF_SECRET


def endpoint_settings(key: str) -> dict[str, str]:
    """Every aggregator and the SMS account set up, and every endpoint with this key."""
    return {
        "USSD_AGGREGATORS": ",".join(ADAPTERS),
        "AT_USERNAME": "jua",
        "PROOF_SECRET": PROOF_SECRET,
        **{endpoint.key_setting: key for endpoint in ENDPOINTS},
    }


def distinct_keys() -> dict[str, str]:
    """A key of its own for every endpoint, as a deployment has them: those of its settings."""
    return {
        endpoint.key_setting: f"key-of-{endpoint.name.replace('/', '-')}" for endpoint in ENDPOINTS
    }


def keys_of_all(key: str) -> dict[str, tuple[str, ...]]:
    """One key at every endpoint, as the gate is given them."""
    return {endpoint.name: (key,) for endpoint in ENDPOINTS}
