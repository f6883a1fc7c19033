"""A browser at the console, as an attack drives it."""

from __future__ import annotations

import http.client
import re
import secrets
import urllib.parse
from contextlib import closing
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

from attack.deployment import PATIENCE_S, Deployment

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass
class ConsoleBrowser:
    """A browser at the console, on a machine of its own: any address of 127.0.0.0/8."""

    deployment: Deployment
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    set_cookie: str = ""

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path, {})

    def post(self, path: str, /, **typed: str) -> tuple[int, str]:
        """Fill in the form at that address, and send it."""
        tokens = {"form_token": self.token(path), "once": secrets.token_urlsafe(16)}
        return self._ask("POST", path, tokens | typed)

    def token(self, path: str) -> str:
        """The token of the forms of this session, from that page."""
        return str(_TOKEN.findall(self.get(path)[1])[-1])

    def log_in(self, name: str, password: str) -> int:
        return self.post("/login", name=name, password=password)[0]

    def _ask(self, method: str, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Return the status, and the text or where it redirects to."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        with closing(
            http.client.HTTPConnection(
                "127.0.0.1",
                self.deployment.port,
                timeout=PATIENCE_S,
                source_address=(self.address, 0),
            )
        ) as connection:
            body = urllib.parse.urlencode(form)
            connection.request(method, f"/console{path}", body, kind | self.headers)
            answer = connection.getresponse()
            self.set_cookie = answer.headers.get("Set-Cookie", "")
            given = SimpleCookie(self.set_cookie)
            self.cookies |= {name: morsel.value for name, morsel in given.items()}
            text = answer.read().decode()
            return answer.status, answer.headers.get("Location") or text
