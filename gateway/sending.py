"""Whether an HTTP request that failed can have reached the other side."""

from __future__ import annotations

from requests import ConnectionError as RequestsConnectionError
from requests import ConnectTimeout, RequestException
from urllib3.exceptions import MaxRetryError, NewConnectionError

# Seconds to connect and to wait for the answer, for every call to a provider.
TIMEOUTS_S = (3.05, 10.0)


def failed_before_sending(error: RequestException) -> bool:
    """True when no connection came about (refused, no such host, no answer to the knock).

    A connection that broke later may have carried the request: that is an unknown outcome.
    """
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return (
        isinstance(error, RequestsConnectionError)
        and isinstance(cause, MaxRetryError)
        and isinstance(cause.reason, NewConnectionError)
    )
