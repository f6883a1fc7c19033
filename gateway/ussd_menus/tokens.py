"""The last three tokens of a device, on the screen and again by SMS."""

from __future__ import annotations

from collections.abc import Sequence

from core.usecases.devices.list_devices import ShownToken, list_tokens, show_token
from core.usecases.tokens.resend import resend_token
from core.wording.messages import tokens as messages
from gateway.ussd_menus.caller import load_caller, own_devices
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.screens import Choice, Notice, Pick
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import Turn

serial = session_var("serial", str)
token_id = session_var("token_id", int)


def last_tokens(turn: Turn) -> Sequence[ShownToken]:
    """The last tokens of the device, newest first."""
    return list_tokens(turn.unit, turn.cached(load_caller).id, turn[serial])


def picked_token(turn: Turn) -> ShownToken:
    """The token that was picked."""
    return show_token(turn.unit, turn.cached(load_caller).id, turn[token_id])


sent = Notice("tokens.sent", messages.sent)
show = Choice(
    "tokens.show",
    messages.show,
    data=picked_token,
    options=[option(messages.send, do=do(resend_token, msisdn=CALLER, token_id=token_id), to=sent)],
)
which_token = Pick(
    "tokens.which",
    messages.which_token,
    rows=last_tokens,
    row_message=messages.row,
    empty_message=messages.no_token,
    stores=token_id,
    to=show,
)
which_device = Pick(
    "tokens.device",
    messages.which_device,
    rows=own_devices,
    row_message=messages.device,
    empty_message=messages.no_device,
    stores=serial,
    to=which_token,
)
