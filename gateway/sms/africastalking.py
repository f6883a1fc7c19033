"""Africa's Talking's SMS service, by its SDK. Workers only.

The SDK's service object is built directly: `africastalking.initialize` keeps one account in module
globals. The SDK returns normally even when the recipient was refused, opens a connection for each
call and raises without a status code: all of that ends here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from africastalking.Service import AfricasTalkingException
from africastalking.SMS import SMSService
from requests.adapters import HTTPAdapter

from core.environment import Environment, read_setting
from core.errors import BadInput, OutcomeUnknown, Permanent, Temporary, Unavailable
from core.message import SentSms
from gateway.sending import TIMEOUTS_S, failed_before_sending

_PROVIDER = "africastalking"
_CONNECTIONS = 100
# Status codes of a recipient. Source: Africa's Talking, sending.
_TAKEN = (100, 101, 102)  # processed, sent, queued
_NEVER = (402, 403, 404, 406)  # bad sender id, bad or unsupported number, blacklisted
_FOR_NOBODY = (405, 500, 501)  # balance too low, internal error, gateway error


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """The Africa's Talking account; `base_url` only for a stand-in. `per_second` is how many SMS
    the account may send in a second, None where nothing is agreed. Workers only."""

    username: str
    api_key: str = field(repr=False)
    sender_id: str | None
    base_url: str | None
    per_second: int | None = None

    @classmethod
    def from_environment(cls, environment: Environment) -> SmsSettings:
        return cls(
            username=read_setting(environment, "AT_USERNAME"),
            api_key=read_setting(environment, "AT_API_KEY"),
            sender_id=read_setting(environment, "AT_SENDER_ID", "") or None,
            base_url=read_setting(environment, "AT_BASE_URL", "") or None,
            per_second=_per_second(read_setting(environment, "SMS_PER_SECOND", "")),
        )


def _per_second(setting: str) -> int | None:
    if setting and not (setting.isascii() and setting.isdigit() and int(setting) > 0):
        raise BadInput(
            f"SMS_PER_SECOND is {setting!r}: give a whole number above 0, or leave it out"
        )
    return int(setting) if setting else None


class _Service(SMSService):  # type: ignore[misc]  # the SDK has no types
    """The SDK's service on connections that stay open, where the SDK makes one for each call.

    It speaks to `settings.base_url` where a stand-in takes the provider's place.
    """

    def __init__(self, settings: SmsSettings) -> None:
        self._given_url = settings.base_url
        self._http = requests.Session()
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        super().__init__(settings.username, settings.api_key)

    def _init_service(self) -> None:
        super()._init_service()
        if self._given_url:
            self._baseUrl = f"{self._given_url.rstrip('/')}/version1"

    def _make_request(self, url: str, method: str, **request: Any) -> str:
        """What the SDK's own method does for a call without a callback, in its text form."""
        request.pop("callback")
        answer = self._http.request(method, url, **request)
        if answer.status_code == 429:
            raise Temporary(_PROVIDER, "rate_limited")
        if not 200 <= answer.status_code < 300:
            raise AfricasTalkingException(answer.text)
        return answer.text

    def close(self) -> None:
        self._http.close()


class AfricasTalkingSender:
    """Sends one SMS at a time; an `SmsSender`. May be shared by threads.

    `wait_turn` returns when the account may send one more, or raises Temporary.
    """

    provider = _PROVIDER

    def __init__(
        self, settings: SmsSettings, wait_turn: Callable[[], object] = lambda: None
    ) -> None:
        self._service = _Service(settings)
        self._sender_id = settings.sender_id
        self._wait_turn = wait_turn

    def send(self, msisdn: str, body: str) -> SentSms:
        """Send an SMS. Raises Temporary, Unavailable, Permanent, OutcomeUnknown."""
        self._wait_turn()
        try:
            answer = self._service.send(
                body, [msisdn], sender_id=self._sender_id, timeout=TIMEOUTS_S
            )
        except requests.RequestException as error:
            kind = Unavailable if failed_before_sending(error) else OutcomeUnknown
            raise kind(_PROVIDER, type(error).__name__) from error
        except ValueError as error:
            raise Permanent(_PROVIDER, "invalid_number") from error
        except AfricasTalkingException as error:
            raise OutcomeUnknown(_PROVIDER, "http_error", str(error)[:100]) from error
        return _sent_sms(_document(answer))

    def close(self) -> None:
        """Close the connections."""
        self._service.close()


def _document(answer: str) -> dict[str, Any]:
    """The `SMSMessageData` of an answer."""
    try:
        return dict(json.loads(answer)["SMSMessageData"])
    except (ValueError, KeyError, TypeError) as error:
        raise OutcomeUnknown(_PROVIDER, "unreadable") from error


def _sent_sms(data: dict[str, Any]) -> SentSms:
    try:
        recipient = data["Recipients"][0]
    except (KeyError, IndexError, TypeError):
        # Nothing was sent, and the message says why ("InvalidSenderId").
        raise Unavailable(_PROVIDER, str(data.get("Message"))[:60]) from None
    try:
        code, status = int(recipient["statusCode"]), str(recipient["status"])
        message_id, cost = str(recipient["messageId"]), recipient.get("cost")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OutcomeUnknown(_PROVIDER, "unreadable") from error
    if code not in _TAKEN:
        kind = Permanent if code in _NEVER else Unavailable if code in _FOR_NOBODY else Temporary
        raise kind(_PROVIDER, str(code), status)
    return SentSms(message_id, status, str(cost) if cost is not None else None)
