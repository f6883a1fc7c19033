"""Africa's Talking's SMS service, by its SDK. Workers only.

The SDK's service object is built directly: `africastalking.initialize` keeps one account in module
globals. The SDK answers 201 also when the recipient was refused, gives text instead of a dict when
the content type has a charset, and raises without a status code: all of that ends here.
"""

from __future__ import annotations

import json
from typing import Any

import requests
from africastalking.Service import AfricasTalkingException
from africastalking.SMS import SMSService

from core.errors import OutcomeUnknown, Permanent, Temporary
from core.settings import SmsSettings
from core.usecases.messages.send import Handed
from gateway.sending import TIMEOUTS_S, failed_before_sending

_PROVIDER = "africastalking"
# Status codes of a recipient (Africa's Talking, SMS sending): processed, sent, queued; and bad
# sender id, bad number, unsupported kind of number, blacklisted. The rest may pass another time.
_TAKEN = (100, 101, 102)
_NEVER = (402, 403, 404, 406)


class _Service(SMSService):  # type: ignore[misc]  # the SDK has no types
    """The SDK's service, with another address where a stand-in takes the provider's place."""

    def __init__(self, settings: SmsSettings) -> None:
        self._given_url = settings.base_url
        super().__init__(settings.username, settings.api_key)

    def _init_service(self) -> None:
        super()._init_service()
        if self._given_url:
            self._baseUrl = f"{self._given_url.rstrip('/')}/version1"


class AfricasTalkingSender:
    """Sends one text at a time; an `SmsSender`."""

    def __init__(self, settings: SmsSettings) -> None:
        self._service = _Service(settings)
        self._sender_id = settings.sender_id

    def send(self, msisdn: str, body: str) -> Handed:
        """Hand the text over. Raises Temporary, Permanent, OutcomeUnknown."""
        try:
            answer = self._service.send(
                body, [msisdn], sender_id=self._sender_id, timeout=TIMEOUTS_S
            )
        except requests.RequestException as error:
            kind = Temporary if failed_before_sending(error) else OutcomeUnknown
            raise kind(_PROVIDER, type(error).__name__) from error
        except ValueError as error:
            raise Permanent(_PROVIDER, "invalid_number") from error
        except AfricasTalkingException as error:
            raise OutcomeUnknown(_PROVIDER, "http_error", str(error)[:100]) from error
        return _read(_document(answer))


def _document(answer: object) -> dict[str, Any]:
    """The `SMSMessageData` of an answer, which the SDK may hand back as text."""
    try:
        parsed = json.loads(answer) if isinstance(answer, str) else answer
        return dict(parsed["SMSMessageData"])  # type: ignore[index]  # any shape may come
    except (ValueError, KeyError, TypeError) as error:
        raise OutcomeUnknown(_PROVIDER, "unreadable") from error


def _read(data: dict[str, Any]) -> Handed:
    try:
        recipient = data["Recipients"][0]
    except (KeyError, IndexError, TypeError):
        # Nobody was sent anything, and the message says why ("InvalidSenderId").
        raise Temporary(_PROVIDER, str(data.get("Message"))[:60]) from None
    try:
        code, status = int(recipient["statusCode"]), str(recipient["status"])
        message_id, cost = str(recipient["messageId"]), recipient.get("cost")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OutcomeUnknown(_PROVIDER, "unreadable") from error
    if code not in _TAKEN:
        raise (Permanent if code in _NEVER else Temporary)(_PROVIDER, str(code), status)
    return Handed(message_id, status, str(cost) if cost is not None else None)
