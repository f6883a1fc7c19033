"""The Flask application of the console: its pages, security headers and error pages.

No script runs on the pages and nothing is loaded from other sites; the headers enforce both.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, render_template, request
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from core.errors import Refused
from core.wording.operator_messages import describe_refusal
from gateway.console import formatting
from gateway.console.auth import check_form_token, check_guarded, form_token, may_open
from gateway.console.console_context import ConsoleContext
from gateway.console.masking import mask_lines, mask_numbers
from gateway.console.menu import BLUEPRINTS, MENU
from gateway.console.roles import is_allowed
from gateway.console.settings import ConsoleSettings

log = logging.getLogger(__name__)

PREFIX = "/console"
# The endpoints that need no login.
PUBLIC = frozenset({"login.login", "login.code", "static"})
MAX_FORM_BYTES = 1024 * 1024
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
# For two years browsers reach this host by https only.
_HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}


def console_application(settings: ConsoleSettings, context: ConsoleContext) -> Flask:
    """Return the application that serves everything under /console/."""
    app = Flask(
        "gateway.console",
        root_path=str(Path(__file__).parent),
        static_url_path=f"{PREFIX}/static",
        static_folder="static",
    )
    app.config.update(
        SECRET_KEY=settings.secrets[0],
        SECRET_KEY_FALLBACKS=list(settings.secrets[1:]),
        **cookie_settings(is_https=settings.is_https),
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
    )
    app.extensions["console"] = context
    app.before_request(check_form_token)
    app.after_request(
        partial(_add_headers, _HEADERS | (_HTTPS_HEADERS if settings.is_https else {}))
    )
    app.after_request(_mask_numbers)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    check_guarded(app, PUBLIC)
    _configure_templates(app)
    _add_error_pages(app)
    return app


def cookie_settings(*, is_https: bool) -> dict[str, Any]:
    """Return Flask's settings of the cookie. Browsers take one whose name begins with `__Host-`
    only from this host itself, by https: no other host of the domain can set it."""
    name, path = (
        ("__Host-dialwatt_console", "/") if is_https else ("dialwatt_console", f"{PREFIX}/")
    )
    return {
        "SESSION_COOKIE_NAME": name,
        "SESSION_COOKIE_PATH": path,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": is_https,
    }


def _configure_templates(app: Flask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        form_token=form_token,
        may_open=may_open,
        menu=_visible_menu,
        is_current=_is_current,
        current_operator=lambda: g.get("user"),
        shown_once=lambda: g.get("shown_once"),
        token_units=formatting.token_units,
    )
    app.jinja_env.filters.update(
        money=lambda minor: formatting.money(minor, g.market),
        amount=lambda minor: formatting.amount(minor, g.market),
        unit_price=lambda thousandths: formatting.unit_price(thousandths, g.market),
        instant=lambda at: formatting.instant(at, g.market),
        day=formatting.day,
        label=formatting.label,
    )


def _visible_menu() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (group, its (label, endpoint) pairs) of the pages that the operator may open."""
    groups = [
        (group, [entry for entry in entries if may_open(entry[1])]) for group, entries in MENU
    ]
    return [(group, entries) for group, entries in groups if entries]


def _is_current(endpoint: str) -> bool:
    """Return whether that menu entry is the page that is shown, or the list it belongs to."""
    endpoints = {endpoint for _, entries in MENU for _, endpoint in entries}
    if request.endpoint in endpoints:
        return request.endpoint == endpoint
    return request.blueprint == endpoint.partition(".")[0]


def _add_headers(headers: Mapping[str, str], response: Response) -> Response:
    response.headers.update(headers)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _mask_numbers(response: Response) -> Response:
    """Mask phone numbers for operators who may not see them, in pages and in exports."""
    user = g.get("user")
    if user is None or is_allowed(user.role, "see_numbers"):
        return response
    if response.mimetype == "text/csv":
        response.response = mask_lines(response.iter_encoded())
    elif response.mimetype == "text/html":
        response.set_data(mask_numbers(response.get_data(as_text=True)))
    return response


def _add_error_pages(app: Flask) -> None:
    def http_error(error: HTTPException) -> tuple[str, int] | HTTPException:
        if error.code is None or error.code < 400:
            return error
        return _error_page(error.code, error.description or error.name)

    def refused(error: Refused) -> tuple[str, int]:
        return _error_page(409, describe_refusal(error))

    def unavailable(error: Exception) -> tuple[str, int]:
        log.error("console: %s at %s", type(error).__name__, request.endpoint)
        return _error_page(503, "The database did not respond in time. Nothing changed; try again.")

    def failed(error: Exception) -> tuple[str, int]:
        log.exception("console: %s failed", request.endpoint)
        return _error_page(500, "An error occurred. Nothing changed. The error is in the log.")

    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(OperationalError, unavailable)
    app.register_error_handler(PoolTimeout, unavailable)
    app.register_error_handler(Exception, failed)


_TITLES = {403: "Your role has no permission for this", 404: "Page not found"}


def _error_page(code: int, message: str) -> tuple[str, int]:
    title = _TITLES.get(code, "Something went wrong")
    shown = "" if code in _TITLES else message
    return render_template("error.html", title=title, message=shown), code
