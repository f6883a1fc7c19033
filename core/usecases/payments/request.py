"""Request a payment: store a prompt, which a worker sends to the payer's phone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from core.channel import Channel, choose_channel
from core.db.devices import find_device
from core.db.prompts import insert_prompt, set_account_reference
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.payments.quote import quote_payment


@dataclass(frozen=True, slots=True)
class Requested:
    """The stored prompt."""

    prompt_id: int


def request_payment(
    unit: Unit,
    msisdn: str,
    serial: str,
    amount: Money,
    *,
    loan_only: bool = False,
    network_code: str = "",
) -> Requested:
    """Queue a prompt to `msisdn` for that device, on the mobile-money channel of its network.

    `network_code` is the network the USSD session names, if any. Raises Refused like
    `quote_payment`, Refused("no_channel"), and "amount_too_large" by the channel's own limit.
    """
    quote = quote_payment(unit, serial, amount.minor, loan_only=loan_only)
    chosen = choose_channel(unit.market, unit.channels, msisdn, network_code)
    channel = chosen.channel
    _check_limit(channel, amount)
    device = quote.device
    prompt_id = insert_prompt(
        unit.connection,
        {
            "channel": channel.name,
            "network": chosen.network,
            "checkout_reference": channel.new_reference and channel.new_reference(),
            "msisdn": msisdn,
            "account_reference": device.serial,
            "customer_id": quote.owner.id,
            "device_id": device.id,
            "amount_minor": amount.minor,
            "purpose": quote.purpose,
            "now": unit.now,
        },
    )
    unit.wakes.add("prompts")
    if quote.purpose == "loan" or len(device.serial) > channel.reference_max:
        set_account_reference(unit.connection, prompt_id, _own_reference(unit, prompt_id))
    return Requested(prompt_id)


def _own_reference(unit: Unit, prompt_id: int) -> str:
    """Return an account reference that leads back to this prompt's device and purpose, whichever
    callback announces the payment. It is no device's serial number, because those match first.
    """
    candidates = (f"DW{'X' * extra}{prompt_id}" for extra in count())
    return next(
        candidate for candidate in candidates if find_device(unit.connection, candidate) is None
    )


def _check_limit(channel: Channel, amount: Money) -> None:
    most_minor = channel.most_minor.get(amount.currency, amount.minor)
    if amount.minor > most_minor:
        raise Refused("amount_too_large", most=Money(most_minor, amount.currency))
