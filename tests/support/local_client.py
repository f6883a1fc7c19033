"""A caller on this host: werkzeug's client names no peer, and a server always does."""

from __future__ import annotations

from typing import Any

from werkzeug.test import Client, TestResponse


class LocalClient(Client):
    """Calls from 127.0.0.1, unless a call says otherwise by `environ_overrides`."""

    def open(self, *args: Any, **sent: Any) -> TestResponse:
        overrides = {"REMOTE_ADDR": "127.0.0.1"} | sent.pop("environ_overrides", {})
        return super().open(*args, environ_overrides=overrides, **sent)
