"""A device came into somebody's hands: they are welcomed, and others who had asked for it are told.

Called in the transaction in which the device got its owner.
"""

from __future__ import annotations

from core.db.customers import Customer
from core.db.device_requests import take_requests_for
from core.unit import Unit
from core.usecases.read_caller import read_caller
from core.usecases.texts import queue_text, text_to
from core.wording.messages import agent_sms


def hand_over(unit: Unit, customer: Customer, serial: str) -> None:
    """Welcome the owner, and end every request for that device."""
    tell_welcome(unit, customer, serial)
    for msisdn in take_requests_for(unit.connection, serial):
        if msisdn != customer.msisdn:
            tell_not_granted(unit, msisdn, serial)


def tell_welcome(unit: Unit, customer: Customer, serial: str) -> None:
    """Text the customer that the device is theirs, and how to go on."""
    message = agent_sms.welcome(
        name=customer.name,
        serial=serial,
        operator=unit.market.operator,
        service_code=unit.market.service_code,
    )
    text_to(unit, customer, message, f"welcome:{customer.id}:{serial}:{unit.now.isoformat()}")


def tell_not_granted(unit: Unit, msisdn: str, serial: str) -> None:
    """Tell somebody that they will not get the device they asked for."""
    queue_text(
        unit,
        agent_sms.request_refused(serial=serial, operator=unit.market.operator),
        msisdn=msisdn,
        language=read_caller(unit, msisdn).language,
        occasion=f"not_granted:{msisdn}:{serial}:{unit.now.isoformat()}",
    )
