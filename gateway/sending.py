"""Whether a failed HTTP request can have reached the provider."""

from __future__ import annotations

from requests import ConnectionError as RequestsConnectionError
from requests import ConnectTimeout, RequestException
from urllib3.exceptions import MaxRetryError, NewConnectionError

# Seconds to connect and to wait for the answer, for every call to a provider.
TIMEOUTS_S = (3.05, 10.0)


def failed_before_sending(error: RequestException) -> bool:
    """Whether no connection was made: refused, unknown host, or no answer in time.

    A connection that broke later may have carried the request: that outcome is unknown.
    """
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return (
        isinstance(error, RequestsConnectionError)
        and isinstance(cause, MaxRetryError)
        and isinstance(cause.reason, NewConnectionError)
    )
