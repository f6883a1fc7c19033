"""Login and logout: the name and the password, then the code of the second factor.

A wrong name and a wrong password get the same answer, after the same time. Every attempt is counted
first (`gateway.console.attempts`), and a refused one is in the log and the audit log.
"""

from __future__ import annotations

import hashlib
import logging
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from core.db.users import count_recovery_codes, find_user
from core.errors import Refused
from core.operator import ConsoleUser, parse_login_name
from core.usecases.operators.access import note_refused_log_in
from core.usecases.operators.logins import (
    check_code,
    check_password,
    knows_network,
    log_out,
    record_login,
)
from core.wording.operator_messages import describe_refusal
from gateway.console.attempts import Attempt, network_of
from gateway.console.auth import begin_login, begin_second_step, page, user_at_second_step
from gateway.console.console_context import console, current_operator

log = logging.getLogger(__name__)

blueprint = Blueprint("login", __name__)

_MAX_LENGTH = 200
# With fewer recovery codes left, a login says so.
_FEW_CODES = 3


@blueprint.route("/login", methods=("GET", "POST"))
def login() -> ResponseReturnValue:
    """Check the name and the password, and continue with the code or the page asked for."""
    if request.method == "GET":
        return render_template("login.html")
    typed, password = request.form.get("name", "")[:_MAX_LENGTH], request.form.get("password", "")
    try:
        user = _check_password(_login_name(typed), password[:_MAX_LENGTH])
    except Refused as refused:
        _note_refusal(typed, refused)
        return render_template(
            "login.html", problem=describe_refusal(refused), name=typed
        ), _status(refused)
    if user.totp_sealed is None:
        return _log_in(user)
    begin_second_step(user)
    return redirect(url_for(".code", back=_back()))


def _login_name(typed: str) -> str:
    """Return the name as it is counted and looked up; "", which no user has, for what is none."""
    try:
        return parse_login_name(typed)
    except Refused:
        return ""


def _check_password(name: str, password: str) -> ConsoleUser:
    """Raises Refused: attempts_delayed, login_wrong."""
    network = _network()
    with console().read_only_unit() as unit:
        user = find_user(unit.connection, name)
    attempt = Attempt("password", name, network, knows_network(user, network))
    console().attempts.begin(attempt)
    user = check_password(user, password)
    console().attempts.succeed(attempt)
    return user


@blueprint.route("/login/code", methods=("GET", "POST"))
def code() -> ResponseReturnValue:
    """Check the code of the app, or a recovery code, and continue with the page asked for."""
    user = user_at_second_step()
    if user is None:
        return redirect(url_for(".login", back=_back()))
    if request.method == "GET":
        return render_template("code.html")
    try:
        left = _check_code(user, request.form.get("code", "")[:_MAX_LENGTH])
    except Refused as refused:
        _note_refusal(user.name, refused)
        return render_template("code.html", problem=describe_refusal(refused)), _status(refused)
    answer = _log_in(user)
    if left < _FEW_CODES:
        flash(f"Recovery codes left: {left}. Make new ones: click your name, then Second factor.")
    return answer


def _check_code(user: ConsoleUser, typed: str) -> int:
    """Return how many recovery codes the user has left.

    Raises Refused: attempts_delayed, code_wrong, second_factor_unreadable.
    """
    network = _network()
    attempt = Attempt("code", user.name, network, knows_network(user, network))
    console().attempts.begin(attempt)
    with console().unit() as unit:
        check_code(unit, console().totp_seals, user, typed)
        left = count_recovery_codes(unit.connection, user.id)
    console().attempts.succeed(attempt)
    return left


def _log_in(user: ConsoleUser) -> ResponseReturnValue:
    """Begin the login, and continue with the page asked for."""
    with console().unit() as unit:
        record_login(unit, user, _network())
    console().attempts.forget_present_password(user.id)
    begin_login(user)
    log.info("console: user %d logged in", user.id)
    return redirect(_back() or url_for("dashboard.dashboard"))


def _note_refusal(typed: str, refused: Refused) -> None:
    """Write a refused login into the log, which has a hash of the name and the network, and, where
    the secret was looked at, into the audit log."""
    network = _network()
    key = str(current_app.secret_key).encode()[:32]
    name_hash = hashlib.blake2s(_login_name(typed).encode(), key=key, digest_size=6).hexdigest()
    log.warning(
        "console: a login was refused (%s), name %s, from %s", refused.code, name_hash, network
    )
    if refused.code != "attempts_delayed":
        with console().unit() as unit:
            note_refused_log_in(unit, _login_name(typed), network, refused.code)


def _status(refused: Refused) -> int:
    return 429 if refused.code == "attempts_delayed" else 403


def _network() -> str:
    return network_of(console().guard.source(request.environ))


def _back() -> str | None:
    """Return the page asked for, if it is one of the console: a login leads to no other site."""
    back = request.args.get("back", "")
    parts = urlsplit(back)
    inside = back.startswith("/console/") and not (parts.scheme or parts.netloc or "\\" in back)
    return back if inside else None


@page(blueprint, "/logout", "own_login", methods=("POST",))
def logout() -> ResponseReturnValue:
    """End this login and every other login of the same user."""
    with console().unit() as unit:
        log_out(unit, current_operator())
    session.clear()
    return redirect(url_for(".login"))
