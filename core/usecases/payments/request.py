"""Request a payment: store a prompt, which a worker sends to the payer's phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.channel import Channel, choose_channel
from core.clock import SAME_AGAIN_WITHIN
from core.db.messages import lock_number
from core.db.prompts import count_prompts, insert_prompt, set_own_reference
from core.db.same_again import find_open_prompt
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.payments.quote import Quote, quote_payment

# Prompts of one phone number.
MOST_OPEN, MOST_AN_HOUR = 2, 5
_OPEN_FOR = timedelta(minutes=10)  # no phone shows one for longer


@dataclass(frozen=True, slots=True)
class Requested:
    """The stored prompt, and the time of day at which it was stored.

    `is_repeat`: no prompt was stored, because that one, to the same number for the same amount and
    device, has not ended. The payer is asked whether to send another.
    """

    prompt_id: int
    at: str
    is_repeat: bool = False


def request_payment(
    unit: Unit,
    msisdn: str,
    serial: str,
    amount: Money,
    *,
    loan_only: bool = False,
    network_code: str = "",
) -> Requested:
    """Queue a prompt to `msisdn` for that account, on the mobile-money channel of its network.

    The payer sees the account; or a reference that leads back to this prompt, where the account
    does not fit or does not say that the loan is meant. `network_code` is the network the USSD
    session names, if any. Raises Refused as `quote_payment`; no_channel; amount_too_large, by the
    channel's own limit; prompts_open and prompts_many, by those of the number.
    """
    quote = quote_payment(unit, serial, amount.minor, loan_only=loan_only)
    lock_number(unit.connection, msisdn)
    account = quote.owner.id, quote.device_id, quote.purpose
    since = unit.now - SAME_AGAIN_WITHIN
    earlier = find_open_prompt(unit.connection, msisdn, account, amount.minor, since)
    if earlier is not None:
        prompt_id, stored_at = earlier
        return Requested(prompt_id, unit.market.local_time(stored_at), is_repeat=True)
    return _store_prompt(unit, msisdn, quote, amount, network_code)


def request_another(
    unit: Unit,
    msisdn: str,
    serial: str,
    amount: Money,
    *,
    loan_only: bool = False,
    network_code: str = "",
) -> Requested:
    """Queue a prompt as `request_payment` does, also where the same one is open already."""
    quote = quote_payment(unit, serial, amount.minor, loan_only=loan_only)
    lock_number(unit.connection, msisdn)
    return _store_prompt(unit, msisdn, quote, amount, network_code)


def _store_prompt(
    unit: Unit, msisdn: str, quote: Quote, amount: Money, network_code: str
) -> Requested:
    _check_number(unit, msisdn)
    chosen = choose_channel(unit.market, unit.channels, msisdn, network_code)
    channel = chosen.channel
    _check_limit(channel, amount)
    prompt_id = insert_prompt(
        unit.connection,
        {
            "channel": channel.name,
            "network": chosen.network,
            "checkout_reference": channel.new_reference and channel.new_reference(),
            "msisdn": msisdn,
            "account_reference": quote.account,
            "customer_id": quote.owner.id,
            "device_id": quote.device_id,
            "amount_minor": amount.minor,
            "purpose": quote.purpose,
            "now": unit.now,
        },
    )
    unit.wakes.add("prompts")
    is_loan_on_device = quote.device is not None and quote.purpose == "loan"
    if is_loan_on_device or len(quote.account) > channel.reference_max:
        set_own_reference(unit.connection, prompt_id)
    return Requested(prompt_id, unit.market.local_time(unit.now))


def _check_number(unit: Unit, msisdn: str) -> None:
    """Refuse another prompt to a phone that has too many, also where another person only named its
    number. That is locked: two requests at once are counted one after the other."""
    open_now, lately = count_prompts(
        unit.connection, msisdn, unit.now - _OPEN_FOR, unit.now - timedelta(hours=1)
    )
    if open_now >= MOST_OPEN:
        raise Refused("prompts_open")
    if lately >= MOST_AN_HOUR:
        raise Refused("prompts_many")


def _check_limit(channel: Channel, amount: Money) -> None:
    most_minor = channel.most_minor.get(amount.currency, amount.minor)
    if amount.minor > most_minor:
        raise Refused("amount_too_large", most=Money(most_minor, amount.currency))
