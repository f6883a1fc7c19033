"""An agent's own account: what is owed, what may still be taken, commission, last receipts."""

from __future__ import annotations

from collections.abc import Sequence

from core.usecases.agent_account import AgentAccount, Movement, agent_account
from core.wording.messages import agent as say
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import Facts, Turn


def the_account(facts: Facts) -> AgentAccount:
    """Read once a turn."""
    return agent_account(facts.unit, facts.msisdn)


def figures(turn: Turn) -> AgentAccount:
    """The sums above the list."""
    return turn.know(the_account)


def receipts(turn: Turn) -> Sequence[Movement]:
    """The last cash taken."""
    return turn.know(the_account).movements


shown: Pick[None] = Pick(
    "agent.account",
    say.figures,
    rows=receipts,
    shows=say.receipt,
    empty=say.no_receipts,
    facts=figures,
)
