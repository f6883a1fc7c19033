"""The floor of a USSD turn: a bare WSGI application with one Redis read and one write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from redis import Redis

# One connection: the application is served by one thread a process, which is the fastest.
_redis = Redis.from_url(os.environ["REDIS_URL"], single_connection_client=True)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Parse the form, do one GET and one SET, and answer a text as long as a menu screen."""
    if environ["REQUEST_METHOD"] == "GET":
        start_response("404 Not Found", [])
        return [b""]
    size = int(environ.get("CONTENT_LENGTH") or 0)
    form = parse_qs(environ["wsgi.input"].read(size).decode(), keep_blank_values=True)
    key = f"floor:{form['sessionId'][0]}"
    _redis.get(key)
    _redis.set(key, b"x" * 300, ex=300)
    answer = b"CON " + b"x" * 120
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
