"""Logins and permissions: time-outs, the token against forged forms, the role of each page.

Every view names the permission it needs, which is checked before the view runs.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from core.db.console.persons import OF_PERSONS, person_of
from core.db.users import user_of_login
from core.errors import Refused
from core.operator import ConsoleUser
from core.usecases.operators.access import NO_ROW, note_look, note_refused_act
from gateway.console.console_context import BLANK_MARKET, console, current_operator
from gateway.console.roles import PERMISSIONS, WITHOUT_MARKET, is_allowed

View = Callable[..., ResponseReturnValue]

# A login ends after half an hour without a request, and after twelve hours in any case.
IDLE_S = 30 * 60
MAX_LOGIN_S = 12 * 3600
# How long the code of the second factor may take after the password.
CODE_WITHIN_S = 10 * 60
_SEEN_EVERY_S = 60


@dataclass(frozen=True, slots=True)
class Guarded:
    """A view for operators whose role has its permission."""

    permission: str
    view: View

    def __call__(self, **ids: Any) -> ResponseReturnValue:
        user = logged_in_user()
        if user is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("login.login", back=back))
        g.user = user
        if not is_allowed(user.role, self.permission):
            note_refusal("role_not_allowed")
            abort(403)
        if self.permission != "own_login" and (first := first_duty(user)):
            return redirect(url_for(first))
        if g.market is BLANK_MARKET and self.permission not in WITHOUT_MARKET:
            return _redirect_to_market(user)
        answer = self.view(**ids)
        _note_looks(user, ids)
        return answer


def note_refusal(code: str) -> None:
    """Write to the audit log that what this request wants was refused, with the refusal's code."""
    with console().unit() as unit:
        act = str(request.endpoint)
        note_refused_act(unit, current_operator().name, act, code, ("page", NO_ROW))


def _note_looks(user: ConsoleUser, ids: dict[str, Any]) -> None:
    """Write to the audit log at whom the operator looks, before the page is sent."""
    looked_at = ids.keys() & OF_PERSONS
    if not looked_at:
        return
    with console().unit() as unit:
        for name in looked_at:
            person = person_of(unit.connection, name, ids[name])
            if person is not None:
                note_look(unit, user.name, *person)


def first_duty(user: ConsoleUser) -> str | None:
    """Return the page that the user has to use before all others: a new password, a second factor
    where the role must have one."""
    if user.password_is_initial:
        return "own_login.password"
    if user.totp_sealed is None and must_have_second_factor(user):
        return "own_login.set_up_second_factor"
    return None


def must_have_second_factor(user: ConsoleUser) -> bool:
    """Return whether the setting demands a second factor of the user's role."""
    return user.role in console().second_factor_roles


def _redirect_to_market(user: ConsoleUser) -> ResponseReturnValue:
    """Send an owner to the market page. Raises Refused("no_market") for every other role."""
    if not is_allowed(user.role, "market"):
        raise Refused("no_market")
    return redirect(url_for("market.market"))


def page(
    blueprint: Blueprint, rule: str, permission: str, *, methods: tuple[str, ...] = ("GET",)
) -> Callable[[View], View]:
    """Serve the decorated view at that address to roles with the permission.

    Raises LookupError for a permission that is not in the table of roles.
    """
    if permission not in PERMISSIONS:
        raise LookupError(f"{permission} is not in the table of roles")

    def register(view: View) -> View:
        blueprint.add_url_rule(rule, view.__name__, Guarded(permission, view), methods=methods)
        return view

    return register


def begin_login(user: ConsoleUser) -> None:
    """Log this browser in as the user. Its session before the login is discarded."""
    now = _now()
    session.clear()
    session.update(user=user.id, epoch=user.login_epoch, began=now, seen=now)


def keep_login() -> None:
    """Keep this login, where the user did what ends all their logins. Only in the unit of it."""
    session["epoch"] += 1


def begin_second_step(user: ConsoleUser) -> None:
    """Note that the password of the user was right, for the page that asks for the code."""
    session.clear()
    session.update(second_step=user.id, epoch=user.login_epoch, began=_now())


def user_at_second_step() -> ConsoleUser | None:
    """Return the user whose password was right and whose code is asked for now."""
    if not {"second_step", "epoch", "began"} <= session.keys():
        return None
    if _now() - int(session["began"]) >= CODE_WITHIN_S:
        return None
    with console().read_only_unit() as unit:
        return user_of_login(unit.connection, session["second_step"], session["epoch"])


def logged_in_user() -> ConsoleUser | None:
    """Return the user of this request's login, or None without a valid login."""
    now = _now()
    if not _is_current(now):
        return None
    with console().read_only_unit() as unit:
        user = user_of_login(unit.connection, session["user"], session["epoch"])
    if user is not None and now - session["seen"] >= _SEEN_EVERY_S:
        session["seen"] = now
    return user


def _is_current(now: int) -> bool:
    if not {"user", "epoch", "began", "seen"} <= session.keys():
        return False
    return now - int(session["seen"]) < IDLE_S and now - int(session["began"]) < MAX_LOGIN_S


def _now() -> int:
    return int(console().clock().timestamp())


def form_token() -> str:
    """Return the secret of this session that every form carries and no other site can know."""
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe(24)
    token: str = session["form_token"]
    return token


def check_form_token() -> None:
    """Abort a request that changes data and does not come from a form of this session (400)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    given, known = request.form.get("form_token", ""), session.get("form_token", "")
    if not known or not hmac.compare_digest(given.encode(), known.encode()):
        abort(400, "This form has expired. Go back, reload the page and try again.")


def may_open(endpoint: str) -> bool:
    """Return whether the current operator may open that page. Templates link to no other."""
    view = current_app.view_functions[endpoint]
    return isinstance(view, Guarded) and is_allowed(g.user.role, view.permission)


def check_guarded(app: Flask, public: frozenset[str]) -> None:
    """Check that every endpoint but the public ones has a permission. Raises LookupError."""
    for endpoint, view in app.view_functions.items():
        if endpoint not in public and not isinstance(view, Guarded):
            raise LookupError(f"{endpoint} is served without a permission")
