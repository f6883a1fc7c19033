"""What operators do to their own login: the password, the second factor, its recovery codes.

Each asks for the present password, and for a code where there is a second factor: an open login
that is not one's own changes nothing. After a few wrong passwords that login ends.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import segno
from flask import (
    Blueprint,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from core.db.console.users import find_user_row
from core.errors import Refused
from core.password import SHORTEST
from core.second_factor import new_totp_secret, totp_address
from core.unit import Unit
from core.usecases.operators.access import note_refused_log_in
from core.usecases.operators.logins import check_code, check_password, log_out
from core.usecases.operators.own_second_factor import (
    remove_second_factor,
    renew_recovery_codes,
    set_up_second_factor,
)
from core.usecases.operators.users import change_password
from core.wording.operator_messages import describe_refusal
from gateway.console.attempts import network_of
from gateway.console.auth import keep_login, must_have_second_factor, page
from gateway.console.console_context import console, current_operator
from gateway.console.forms import Done, Field, Form, ShownOnce, Values, form_page

log = logging.getLogger(__name__)

blueprint = Blueprint("own_login", __name__)

_PRESENT = Field("present", "Current password", kind="password")
_CODE = Field("code", "Code of your app, or a recovery code", kind="code")
_ABOUT_CODES = (
    "Your recovery codes, shown only once. Each logs you in once without your phone: print them,"
    " and keep them where your phone is not"
)


def _count_present_password() -> None:
    """Raises Refused("login_ended") after too many attempts."""
    if not console().attempts.count_present_password(current_operator().id):
        raise Refused("login_ended")


def _end_login(refused: Refused) -> None:
    """End the login in which too many wrong passwords were typed, and all others of the user."""
    if refused.code == "login_ended":
        user, network = current_operator(), network_of(console().guard.source(request.environ))
        log.warning("console: all logins of user %d ended, too many wrong passwords", user.id)
        with console().unit() as unit:
            note_refused_log_in(unit, user.name, network, refused.code)
            log_out(unit, user)
        session.clear()
        flash(describe_refusal(refused))
        abort(redirect(url_for("login.login")))


def _check_present(unit: Unit, values: Values) -> None:
    """Check the present password, and the code where there is a second factor.

    Raises Refused: login_ended, login_wrong, code_wrong, second_factor_unreadable.
    """
    _count_present_password()
    user = current_operator()
    check_password(user, values["present"])
    if user.totp_sealed is not None:
        check_code(unit, console().totp_seals, user, values["code"])
    console().attempts.forget_present_password(user.id)


def _change_password(unit: Unit, operator: str, values: Values) -> Done:
    _count_present_password()
    if values["new"] != values["again"]:
        raise Refused("password_differs")
    change_password(unit, current_operator(), values["present"], values["new"])
    console().attempts.forget_present_password(current_operator().id)
    keep_login()
    return Done("Your password was changed. Your other logins have ended.", "dashboard.dashboard")


_NEW_PASSWORD_HINT = (
    f"At least {SHORTEST} characters, for example four words of your choice. Not your name, and"
    " none of the passwords that everybody tries first."
)

form_page(
    blueprint,
    "/password",
    "password",
    "own_login",
    Form(
        "Change your password",
        fields=lambda unit: (
            _PRESENT,
            Field("new", "New password", kind="password", hint=_NEW_PASSWORD_HINT),
            Field("again", "Repeat the new password", kind="password"),
        ),
        submit=_change_password,
        button="Change password",
        errors_at={
            "login_wrong": "present",
            "password_short": "new",
            "password_common": "new",
            "password_like_name": "new",
            "password_same": "new",
            "password_differs": "again",
        },
        links=(("Second factor", "own_login.second_factor"),),
        refused=_end_login,
    ),
)


@page(blueprint, "/second-factor", "own_login")
def second_factor() -> ResponseReturnValue:
    """Show whether the operator has a second factor, and what to do about it."""
    with console().read_only_unit() as unit:
        return render_template(
            "second_factor.html",
            unit=unit,
            user=find_user_row(unit.connection, current_operator().id) or abort(404),
            is_needed=must_have_second_factor(current_operator()),
        )


def _set_up_fields(unit: Unit) -> tuple[Field, ...]:
    user = current_operator()
    offered = console().totp_seals.seal(user.id, new_totp_secret())
    present = replace(
        _CODE, name="present_code", label="Code of your present app, or a recovery code"
    )
    return (
        Field("offered", "Secret", kind="hidden", value=offered),
        Field("code", "Code that the app shows now", kind="code", hint="Six digits."),
        _PRESENT,
        *((present,) if user.totp_sealed is not None else ()),
    )


def _figure(typed: Mapping[str, str]) -> Markup:
    """Return the QR code of the secret, as SVG in the page, and its text to type into an app."""
    user = current_operator()
    try:
        secret = console().totp_seals.open(user.id, typed.get("offered", ""))
    except Refused:
        return Markup("")
    address = totp_address(secret, user.name, g.market.operator or "Dialwatt")
    drawn = Markup(segno.make(address, error="m", micro=False).svg_inline(scale=4, light="#fff"))
    return Markup(
        '<figure class="qr">{}<figcaption>Scan it with an authenticator app on your phone, or type'
        ' this key into the app: <code class="mono">{}</code></figcaption></figure>'
    ).format(drawn, " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)))


def _set_up(unit: Unit, operator: str, values: Values) -> Done:
    user = current_operator()
    try:
        _check_present(unit, values | {"code": values.get("present_code", "")})
    except Refused as refused:
        raise Refused("present_code_wrong") if refused.code == "code_wrong" else refused from None
    codes = set_up_second_factor(
        unit, console().totp_seals, user, values["offered"], values["code"]
    )
    return _show_codes("Your second factor is set up.", codes)


def _check_second_factor(unit: Unit, values: Values) -> None:
    """Raises Refused("second_factor_missing"), and those of `_check_present`."""
    if current_operator().totp_sealed is None:
        raise Refused("second_factor_missing")
    _check_present(unit, values)


def _renew_codes(unit: Unit, operator: str, values: Values) -> Done:
    _check_second_factor(unit, values)
    codes = renew_recovery_codes(unit, current_operator())
    return _show_codes("You have new recovery codes; the old ones are void.", codes)


def _show_codes(message: str, codes: tuple[str, ...]) -> Done:
    keep_login()
    shown = ShownOnce(_ABOUT_CODES, codes)
    return Done(message, "own_login.second_factor", shown_once=shown)


def _remove(unit: Unit, operator: str, values: Values) -> Done:
    _check_second_factor(unit, values)
    if must_have_second_factor(current_operator()):
        raise Refused("second_factor_needed")
    remove_second_factor(unit, current_operator())
    keep_login()
    return Done("You have no second factor any more.", "own_login.second_factor")


def _own_fields(unit: Unit) -> tuple[Field, ...]:
    return (_PRESENT, _CODE)


_ERRORS_AT = {"login_wrong": "present", "code_wrong": "code"}

form_page(
    blueprint,
    "/second-factor/set-up",
    "set_up_second_factor",
    "own_login",
    Form(
        "Set up a second factor",
        _set_up_fields,
        _set_up,
        button="Set it up",
        errors_at=_ERRORS_AT | {"present_code_wrong": "present_code"},
        figure=_figure,
        refused=_end_login,
    ),
)
form_page(
    blueprint,
    "/second-factor/recovery-codes",
    "renew_recovery_codes",
    "own_login",
    Form(
        "New recovery codes",
        _own_fields,
        _renew_codes,
        button="Make new codes",
        errors_at=_ERRORS_AT,
        refused=_end_login,
    ),
)
form_page(
    blueprint,
    "/second-factor/remove",
    "remove_second_factor",
    "own_login",
    Form(
        "Remove your second factor",
        _own_fields,
        _remove,
        button="Remove it",
        errors_at=_ERRORS_AT,
        refused=_end_login,
    ),
)
