"""What the stand-in providers and simulated phones need to know, read from the environment.

The names are those the gateway itself uses, so that both sides of a conversation agree. No
credential has a default: what is missing is a KeyError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """`public_url` is where the gateway hears providers; durations are in seconds.

    A stand-in without its account lets nobody in. `phone_slots`: handset requests that may wait for
    the gateway at once; the web server needs more threads than that, as it serves both (see
    phone_api.Phones).
    """

    public_url: str
    callback_key: str
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

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> SimulatorSettings:
        """Settings as `dialwatt up` writes them. Raises KeyError."""
        return cls(
            public_url=environ["PUBLIC_URL"].rstrip("/"),
            callback_key=environ["CALLBACK_KEY"],
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
            prompt_seconds=float(environ.get("SIMULATOR_PROMPT_SECONDS", "60")),
        )

    def door(self, path: str) -> str:
        """The gateway's address for one of contract.md's callback paths, `{key}` filled in."""
        return self.public_url + path.format(key=self.callback_key)
