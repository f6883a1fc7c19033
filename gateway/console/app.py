"""The console's own application beside the callback routes: its pages, its headers, its errors in
HTML.

No script runs on its pages and nothing is loaded from elsewhere; the headers say so to the browser.
"""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Flask, Response, g, render_template, request
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from core.errors import Refused
from core.settings import ConsoleSettings
from core.wording.operator_messages import describe_refusal
from gateway.console import showing
from gateway.console.desk import Desk
from gateway.console.gate import check_form_token, check_guarded, form_token, may_open
from gateway.console.pages import MENU, PAGES

log = logging.getLogger(__name__)

PREFIX = "/console"
# Served to people who are not logged in.
PUBLIC = frozenset({"login.login", "static"})
_LARGEST_FORM = 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def console_application(settings: ConsoleSettings, desk: Desk) -> Flask:
    """The console, for everything under /console/."""
    app = Flask(
        "gateway.console",
        root_path=str(Path(__file__).parent),
        static_url_path=f"{PREFIX}/static",
        static_folder="static",
    )
    app.config.update(
        SECRET_KEY=settings.secret,
        SESSION_COOKIE_NAME="dialwatt_console",
        SESSION_COOKIE_PATH=f"{PREFIX}/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        MAX_CONTENT_LENGTH=_LARGEST_FORM,
    )
    app.extensions["desk"] = desk
    app.before_request(check_form_token)
    app.after_request(_secure)
    for blueprint in PAGES:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    check_guarded(app, PUBLIC)
    _templates(app)
    _errors(app)
    return app


def _templates(app: Flask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        form_token=form_token,
        may_open=may_open,
        menu=_menu,
        is_here=_is_here,
        current_operator=lambda: g.get("user"),
        token_units=showing.units,
    )
    app.jinja_env.filters.update(
        money=lambda minor: showing.money(minor, g.market),
        amount=lambda minor: showing.amount(minor, g.market),
        instant=lambda at: showing.instant(at, g.market),
        day=showing.day,
        words=showing.words,
    )


def _menu() -> list[tuple[str, list[tuple[str, str]]]]:
    """(group, its (label, endpoint)s) of those pages that whoever is logged in may open."""
    groups = [(group, [one for one in pages if may_open(one[1])]) for group, pages in MENU]
    return [(group, pages) for group, pages in groups if pages]


def _is_here(endpoint: str) -> bool:
    """Whether that page of the menu is the one that is shown, or the one it belongs to."""
    entries = {one for _, pages in MENU for _, one in pages}
    if request.endpoint in entries:
        return request.endpoint == endpoint
    return request.blueprint == endpoint.partition(".")[0]


def _secure(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _errors(app: Flask) -> None:
    def told(error: HTTPException) -> tuple[str, int] | HTTPException:
        if error.code is None or error.code < 400:
            return error
        return _page(error.code, error.description or error.name)

    def refused(error: Refused) -> tuple[str, int]:
        return _page(409, describe_refusal(error))

    def away(error: Exception) -> tuple[str, int]:
        log.error("console: %s at %s", type(error).__name__, request.endpoint)
        return _page(503, "The database did not answer in time. Nothing was changed; try again.")

    def failed(error: Exception) -> tuple[str, int]:
        log.exception("console: %s failed", request.endpoint)
        return _page(500, "Something went wrong here, and nothing was changed. It is in the log.")

    app.register_error_handler(HTTPException, told)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(OperationalError, away)
    app.register_error_handler(PoolTimeout, away)
    app.register_error_handler(Exception, failed)


_TITLES = {403: "That is not for your role", 404: "There is no such page"}


def _page(code: int, told: str) -> tuple[str, int]:
    title = _TITLES.get(code, "That did not work")
    return render_template("error.html", title=title, told="" if code in _TITLES else told), code
