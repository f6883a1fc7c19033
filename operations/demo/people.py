"""The cast of the phone page: customers, agents, and two phone numbers that are not registered.

A stranger who registers is a customer from then on, and another number takes their place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import phonenumbers
from sqlalchemy import Connection, Engine

from core.db.customers import Person, first_customers, is_known, some_agents
from core.db.tariffs import find_market

_CATALOGUE = Path(__file__).with_name("catalogue.toml")
_AT_MOST = 20
_STRANGERS = ("A stranger", "Another stranger")


def cast(engine: Engine) -> list[dict[str, Any]]:
    """Return the people in the JSON shape of `GET /phone/api/cast`.

    An agent has a PIN in it only where the files of the demo hold it.
    """
    with engine.connect() as connection:
        market = find_market(connection)
        if market is None:
            return []
        customers = first_customers(connection, _AT_MOST)
        agents = some_agents(connection, _AT_MOST)
        strangers = islice(_unknown(connection, market.country), len(_STRANGERS))
        names = list(zip(_STRANGERS, strangers, strict=True))
    people = [_person(customer, "customer") for customer in customers]
    people += [_person(agent, "agent") | _pin(agent.msisdn) for agent in agents]
    for name, msisdn in names:
        stranger = Person(msisdn, name, market.default_language, ())
        people.append(_person(stranger, "stranger"))
    return people


def _person(person: Person, role: str) -> dict[str, Any]:
    return {
        "name": person.name,
        "msisdn": person.msisdn,
        "role": role,
        "language": person.language,
        "devices": [{"serial": serial, "kind": kind} for serial, kind in person.devices],
    }


def _pin(msisdn: str) -> dict[str, str]:
    agents = tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))["agent"]
    pins = {agent["msisdn"]: agent["pin"] for agent in agents}
    return {"pin": pins[msisdn]} if msisdn in pins else {}


def _unknown(connection: Connection, country: str) -> Iterator[str]:
    """Yield mobile numbers of the country that are not registered, from its example number on."""
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        raise LookupError(f"no example of a mobile number in {country}")
    while True:
        msisdn = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if not is_known(connection, msisdn):
            yield msisdn
        number.national_number = (number.national_number or 0) + 1
