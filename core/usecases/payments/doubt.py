"""Whether a payment is believed that a message announced which is not signed.

Money is booked in any case. What is not believed buys nothing before the provider's own word, or a
person, says that it was paid (provider_word.py).
"""

from __future__ import annotations

from datetime import timedelta

from core.db.audit import open_case
from core.db.provider_words import count_forgeries, is_forgery_open
from core.money import Money
from core.payment import DoubtReason, PaymentNotice
from core.unit import Unit

# Sources that are messages to an endpoint and not signed. All others are the provider's own
# answer or signed, or tell of money that we or an operator took.
ANNOUNCED = ("c2b", "stk")
FORGERY = "forged_confirmation"
_CLOCKS_DIFFER = timedelta(days=1)


def find_doubt(unit: Unit, notice: PaymentNotice) -> DoubtReason | None:
    """Return why the payment of a notice is not believed yet; None where it is."""
    if notice.source not in ANNOUNCED:
        return None
    if notice.amount_minor > limit_of(unit, notice.provider_account).minor:
        return "over_limit"
    if abs(notice.paid_at - unit.now) > _CLOCKS_DIFFER:
        return "wrong_clock"
    if notice.evidence == "forged":
        return "forged"
    if notice.evidence == "unverified" and _is_large(unit, notice):
        return "large_sum"
    if is_forgery_open(unit.connection, notice.provider_account, notice.evidence):
        return "after_forgery"
    return None


def limit_of(unit: Unit, provider_account: str) -> Money:
    """Return the most that a payment into that account can be: what the channel moves at once, as
    far as it says so, and what the market accepts."""
    market = unit.market
    channel = unit.channels.by_name.get(provider_account.partition(":")[0])
    channels_most = channel.most_minor.get(market.currency) if channel else None
    most_minor = market.payment_max_minor
    return Money(min(most_minor, channels_most or most_minor), market.currency)


def _is_large(unit: Unit, notice: PaymentNotice) -> bool:
    ask_from = unit.channels.ask_from_minor.get(notice.provider_account.partition(":")[0])
    return ask_from is not None and notice.amount_minor >= ask_from


def report_forgery(unit: Unit, provider_account: str, what: str) -> None:
    """Open the case that another sender than the provider announces payments; `what` was seen.
    While it is open every payment into that account without a proof waits for the provider's word.
    One such case is open at a time."""
    times, is_open = count_forgeries(unit.connection, provider_account)
    if is_open:
        return
    detail = (
        f"{provider_account}: {what}. Another sender than the provider knows the key of the"
        " endpoint: change it (docs/going-live-daraja.md). Until this case is closed, payments"
        " without a proof wait for the provider's own word"
    )
    key = f"{provider_account}:{times + 1}"
    open_case(unit.connection, unit.now, FORGERY, key, detail)
