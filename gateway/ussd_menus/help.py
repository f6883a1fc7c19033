"""Help, and a report to the operator about a problem."""

from __future__ import annotations

from core.market import Market
from core.usecases.messages.inbound import report_problem
from core.wording.messages import help as messages
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import TextReader
from gateway.ussd_menus.screens import Ask, Choice, Notice
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import Turn

problem = session_var("problem", str)


def market(turn: Turn) -> Market:
    """The market, whose operator the screen names."""
    return turn.unit.market


thanks = Notice("help.thanks", messages.thanks)
what = Ask(
    "help.what",
    messages.what,
    reader=TextReader(max_length=120, key_presses=40),
    stores=problem,
    do=do(report_problem, msisdn=CALLER, body=problem),
    to=thanks,
)
how = Choice("help.how", messages.how, data=market, options=[option(messages.report, to=what)])
