"""Settings of the simulated providers and phones, read from environment variables.

The variables are the gateway's own, so that both sides use the same credentials. No credential has
a default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.settings import ENDPOINTS


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """Settings of the simulator. Durations are in seconds.

    `public_url` is the gateway's address for providers, `endpoint_keys` the key of each of its
    endpoints by name. A provider whose credentials are empty
    rejects every call. `phone_slots` limits how many phone requests may wait for the gateway at
    once. The web server needs more threads than that, because it serves both the phones and the
    gateway (see phone_api.PhoneServices). `vendors`: the settings of our accounts with vendors.
    """

    public_url: str
    endpoint_keys: Mapping[str, str]
    shortcode: str
    consumer_key: str
    consumer_secret: str
    passkey: str
    at_username: str
    at_api_key: str
    mtn_target_environment: str = ""
    mtn_subscription_key: str = ""
    mtn_api_user: str = ""
    mtn_api_key: str = ""
    airtel_country: str = ""
    airtel_client_id: str = ""
    airtel_client_secret: str = ""
    airtel_callback_key: str = ""
    pawapay_api_token: str = ""
    pawapay_signing_secret: str = ""
    service_code: str = "*384*96#"
    operator: str = "Dialwatt"
    sms_shortcode: str = "20960"
    sms_sender: str = "AFRICASTKNG"
    prompt_seconds: float = 60
    token_seconds: float = 3599
    validation_seconds: float = 8
    callback_seconds: float = 10
    phone_slots: int = 64
    initiator: str = ""
    security_credential: str = ""
    vendors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> SimulatorSettings:
        """The settings in the environment. Raises KeyError for one that is missing."""
        return cls(
            public_url=environ["PUBLIC_URL"].rstrip("/"),
            endpoint_keys=_endpoint_keys(environ),
            shortcode=environ["DARAJA_SHORTCODE"],
            consumer_key=environ["DARAJA_CONSUMER_KEY"],
            consumer_secret=environ["DARAJA_CONSUMER_SECRET"],
            passkey=environ["DARAJA_PASSKEY"],
            at_username=environ["AT_USERNAME"],
            at_api_key=environ["AT_API_KEY"],
            mtn_target_environment=environ.get("MTN_TARGET_ENVIRONMENT", ""),
            mtn_subscription_key=environ.get("MTN_SUBSCRIPTION_KEY", ""),
            mtn_api_user=environ.get("MTN_API_USER", ""),
            mtn_api_key=environ.get("MTN_API_KEY", ""),
            airtel_country=environ.get("AIRTEL_COUNTRY", ""),
            airtel_client_id=environ.get("AIRTEL_CLIENT_ID", ""),
            airtel_client_secret=environ.get("AIRTEL_CLIENT_SECRET", ""),
            airtel_callback_key=environ.get("AIRTEL_CALLBACK_KEY", ""),
            pawapay_api_token=environ.get("PAWAPAY_API_TOKEN", ""),
            pawapay_signing_secret=environ.get("SIMULATOR_PAWAPAY_SECRET", ""),
            initiator=environ.get("DARAJA_INITIATOR", ""),
            security_credential=environ.get("DARAJA_SECURITY_CREDENTIAL", ""),
            vendors={name: value for name, value in environ.items() if name.startswith("VENDOR_")},
            prompt_seconds=float(environ.get("SIMULATOR_PROMPT_SECONDS", "60")),
        )

    def vendor_accounts(self, vendor: str) -> list[dict[str, str]]:
        """The settings of each account with a vendor, by their names without the prefix."""
        accounts: dict[str, dict[str, str]] = {}
        for name, value in self.vendors.items():
            if found := re.fullmatch(rf"VENDOR_{vendor.upper()}_([A-Z0-9]+)_(\w+)", name):
                accounts.setdefault(found[1], {})[found[2]] = value
        return list(accounts.values())

    def callback_url(self, endpoint: str, rest: str = "") -> str:
        """The gateway's URL at an endpoint such as `payments/daraja`; `rest` follows the key."""
        return f"{self.public_url}/{endpoint}/{self.endpoint_keys[endpoint]}{rest}"


def _endpoint_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The key of now of every endpoint that has one."""
    return {
        endpoint.name: environ[endpoint.key_setting].partition(",")[0]
        for endpoint in ENDPOINTS
        if environ.get(endpoint.key_setting)
    }
