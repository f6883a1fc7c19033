"""Who can be played on the phone page: people of the book, its agents, and a stranger."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import phonenumbers
from sqlalchemy import Engine

from core.db.catalogue import find_market
from core.db.people import Person, first_customers, is_known, some_agents

_CATALOGUE = Path(__file__).with_name("catalogue.toml")
_AT_MOST = 20


def cast(engine: Engine) -> list[dict[str, Any]]:
    """The people in the shape of `GET /phone/api/cast`.

    An agent's PIN is told only where the demo's own files hold it.
    """
    with engine.connect() as connection:
        market = find_market(connection)
        if market is None:
            return []
        customers = first_customers(connection, _AT_MOST)
        agents = some_agents(connection, _AT_MOST)
        stranger = _example_number(market.country)
        is_stranger = not is_known(connection, stranger)
    people = [_person(one, "customer") for one in customers]
    people += [_person(one, "agent") | _pin(one.msisdn) for one in agents]
    if is_stranger:
        somebody = Person(stranger, "A stranger", market.default_language, ())
        people.append(_person(somebody, "stranger"))
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


def _example_number(country: str) -> str:
    """A mobile number that shows the country's format and was given to nobody."""
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        raise LookupError(f"no example of a mobile number in {country}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
