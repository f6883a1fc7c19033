"""Who comes in, and what they may do: logins, time-outs, the token against forged forms, roles.

Everything that is served says which act it belongs to, and is asked here before it runs.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from core.db.users import user_of_login
from core.errors import Refused
from core.operator import ConsoleUser
from gateway.console.desk import BLANK_MARKET, desk
from gateway.console.roles import MAY, WITHOUT_MARKET, may

View = Callable[..., ResponseReturnValue]

# A login ends after so long without a request, and in any case after a working day.
IDLE_S = 30 * 60
LONGEST_S = 12 * 3600
_SEEN_EVERY_S = 60


@dataclass(frozen=True, slots=True)
class Guarded:
    """A view for those who may do its act."""

    act: str
    view: View

    def __call__(self, **ids: Any) -> ResponseReturnValue:
        user = who_is_logged_in()
        if user is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("login.login", back=back))
        g.user = user
        if not may(user.role, self.act):
            abort(403)
        if g.market is BLANK_MARKET and self.act not in WITHOUT_MARKET:
            return _no_market(user)
        return self.view(**ids)


def _no_market(user: ConsoleUser) -> ResponseReturnValue:
    """Nothing else can be shown before an owner has set the market up."""
    if not may(user.role, "market"):
        raise Refused("no_market")
    return redirect(url_for("market.market"))


def page(
    pages: Blueprint, rule: str, act: str, *, methods: tuple[str, ...] = ("GET",)
) -> Callable[[View], View]:
    """Serve the decorated view at that address, to those who may do the act."""
    if act not in MAY:
        raise LookupError(f"{act} is not in the table of roles")

    def declare(view: View) -> View:
        pages.add_url_rule(rule, view.__name__, Guarded(act, view), methods=methods)
        return view

    return declare


def begin_login(user: ConsoleUser) -> None:
    """From here on this browser is that user. Nothing of what it carried before is kept."""
    now = _now()
    session.clear()
    session.update(user=user.id, epoch=user.login_epoch, began=now, seen=now)


def who_is_logged_in() -> ConsoleUser | None:
    """The user of this request's login, if it still counts."""
    now = _now()
    if not _is_current(now):
        return None
    with desk().reading() as unit:
        user = user_of_login(unit.connection, session["user"], session["epoch"])
    if user is not None and now - session["seen"] >= _SEEN_EVERY_S:
        session["seen"] = now
    return user


def _is_current(now: int) -> bool:
    if not {"user", "epoch", "began", "seen"} <= session.keys():
        return False
    return now - int(session["seen"]) < IDLE_S and now - int(session["began"]) < LONGEST_S


def _now() -> int:
    return int(desk().clock().timestamp())


def form_token() -> str:
    """What every form of this login carries, and no other site can know."""
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe(24)
    token: str = session["form_token"]
    return token


def check_form_token() -> None:
    """Before every request: one that changes something has to come from a form of ours."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    given, known = request.form.get("form_token", ""), session.get("form_token", "")
    if not known or not hmac.compare_digest(given.encode(), known.encode()):
        abort(400, "This form is too old. Go back, load the page again, and repeat.")


def may_open(endpoint: str) -> bool:
    """Whether whoever is logged in may open that page: templates ask before they link to it."""
    view = current_app.view_functions[endpoint]
    return isinstance(view, Guarded) and may(g.user.role, view.act)


def check_guarded(app: Flask, public: frozenset[str]) -> None:
    """Raises LookupError for something served that says not who may have it."""
    for endpoint, view in app.view_functions.items():
        if endpoint not in public and not isinstance(view, Guarded):
            raise LookupError(f"{endpoint} is served to everybody")
