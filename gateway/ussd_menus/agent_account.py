"""The account of the agent who calls: debt, remaining limit, commission, last receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.usecases.agents.account import AgentAccount, Movement, agent_account
from core.wording.message import BoundMessage
from core.wording.messages import agent_account as messages
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import CallerContext, Turn


@dataclass(frozen=True, slots=True)
class MovementRow:
    """A row of the list of receipts and deposits."""

    movement: BoundMessage


def load_account(context: CallerContext) -> AgentAccount:
    """The account of the calling agent. Use it as `turn.cached(load_account)`."""
    return agent_account(context.unit, context.msisdn)


def totals(turn: Turn) -> AgentAccount:
    """The sums shown above the list."""
    return turn.cached(load_account)


def movements(turn: Turn) -> Sequence[MovementRow]:
    """Cash collected and deposited, newest first."""
    return [MovementRow(_entry(movement)) for movement in turn.cached(load_account).movements]


def _entry(movement: Movement) -> BoundMessage:
    if movement.kind == "commission_back":
        return messages.commission_back(day=movement.day, amount=movement.amount)
    if movement.kind == "shortfall_written_off":
        return messages.written_off(day=movement.day, amount=movement.amount)
    entry = messages.collection if movement.kind == "received" else messages.deposit
    return entry(day=movement.day, receipt=movement.receipt, amount=movement.amount)


account: Pick[None] = Pick(
    "agent.account",
    messages.summary,
    rows=movements,
    row_message=messages.entry,
    empty_message=messages.no_receipts,
    data=totals,
)
