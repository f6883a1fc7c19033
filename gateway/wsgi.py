"""The web process of production: `granian --interface wsgi gateway.wsgi:app`.

Made when the server asks for `app`, after it has forked, so that importing this module needs no
settings.
"""

from __future__ import annotations

import os

from gateway.app import Gateway, create_app


def __getattr__(name: str) -> Gateway:
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = create_app(os.environ)
    return made
