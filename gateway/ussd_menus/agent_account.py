"""An agent's own account: what is owed, what may still be taken, commission, last receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.usecases.agents.account import AgentAccount, Movement, agent_account
from core.wording.message import BoundMessage
from core.wording.messages import agent_account as messages
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import CallerContext, Turn


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list."""

    movement: BoundMessage


def the_account(facts: CallerContext) -> AgentAccount:
    """Read once a turn."""
    return agent_account(facts.unit, facts.msisdn)


def figures(turn: Turn) -> AgentAccount:
    """The sums above the list."""
    return turn.cached(the_account)


def movements(turn: Turn) -> Sequence[Line]:
    """Cash taken and handed over, the newest first."""
    return [Line(_said(one)) for one in turn.cached(the_account).movements]


def _said(one: Movement) -> BoundMessage:
    what = messages.collection if one.kind == "received" else messages.settlement
    return what(day=one.day, receipt=one.receipt, amount=one.amount)


shown: Pick[None] = Pick(
    "agent.account",
    messages.summary,
    rows=movements,
    row_message=messages.entry,
    empty_message=messages.no_receipts,
    data=figures,
)
