"""The last three tokens of a device, on the screen and again by SMS."""

from __future__ import annotations

from collections.abc import Sequence

from core.device import DeviceTokens
from core.usecases.devices.list_devices import (
    ShownToken,
    list_own_tokens,
    show_own_token,
    shown_token,
)
from core.usecases.tokens.resend import resend_token
from core.wording.messages import tokens as messages
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.screens import Choice, Notice, Pick
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import CallerContext, Turn

serial = session_var("serial", str)
token_id = session_var("token_id", int)


def load_tokens(context: CallerContext) -> Sequence[DeviceTokens]:
    """The caller's devices and their last tokens. Use it as `turn.cached(load_tokens)`."""
    return list_own_tokens(context.unit, context.msisdn)


def devices(turn: Turn) -> Sequence[DeviceTokens]:
    """The caller's devices; none for a stranger."""
    return turn.cached(load_tokens)


def last_tokens(turn: Turn) -> Sequence[ShownToken]:
    """The last tokens of the device, newest first."""
    found = (device.tokens for device in devices(turn) if device.serial == turn[serial])
    return [shown_token(turn.unit, token) for token in next(found, ())]


def picked_token(turn: Turn) -> ShownToken:
    """The token that was picked."""
    return show_own_token(turn.unit, turn.msisdn, turn[token_id])


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
    rows=devices,
    row_message=messages.device,
    empty_message=messages.no_device,
    stores=serial,
    to=which_token,
)
