"""A payer asks for a prompt: by which channel, under which reference, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from core.db.tariffs import find_market
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.payments.find_account import match_account
from core.usecases.payments.request import request_another, request_payment
from gateway.payments.channel_table import channel_table
from tests.support.builders import (
    OPENED_AT,
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_market,
    insert_sale,
    insert_tariff,
)

SAFARICOM, AIRTEL, TELKOM = "+254711000001", "+254733000001", "+254771000001"
PROMPTS = "SELECT channel, checkout_reference, account_reference, state FROM prompts"


@pytest.fixture
def unit(connection: Connection) -> Unit:
    """Amina's meter, in a market whose own limit is above M-Pesa's."""
    insert_market(connection, payment_max_minor=900_000_00)
    insert_device(
        connection,
        serial="M100",
        manufacturer_id=insert_manufacturer(connection, token_family="none"),
        owner_id=insert_customer(connection, msisdn=SAFARICOM),
        tariff_id=insert_tariff(connection),
    )
    market = find_market(connection)
    assert market is not None
    return Unit(connection, OPENED_AT, market, channels=channel_table(("daraja", "airtel")))


def ask(unit: Unit, msisdn: str, shillings: int = 500, **asked: Any) -> None:
    request_payment(unit, msisdn, "M100", Money(shillings * 100, "KES"), **asked)


def test_a_reference_that_is_ours_to_give_is_there_before_the_call(unit: Unit) -> None:
    ask(unit, SAFARICOM)
    ask(unit, AIRTEL)
    mpesa, airtel = unit.connection.execute(text(PROMPTS + " ORDER BY id")).all()
    assert tuple(mpesa) == ("daraja", None, "M100", "waiting")
    assert (airtel.channel, len(airtel.checkout_reference)) == ("airtel", 32)


def test_an_aggregator_is_told_the_network_of_the_session_not_that_of_the_number(
    unit: Unit,
) -> None:
    only = replace(unit, channels=channel_table(("airtel", "pawapay")))
    ask(only, SAFARICOM)
    ask(only, AIRTEL, network_code="63902")
    ask(only, AIRTEL, 600)
    asked = unit.connection.execute(
        text("SELECT channel, network, length(checkout_reference) FROM prompts ORDER BY id")
    )
    assert [tuple(row) for row in asked] == [
        ("pawapay", "MPESA_KEN", 36),
        ("pawapay", "MPESA_KEN", 36),
        ("airtel", None, 32),
    ]


def test_what_a_channel_does_not_move_at_once_is_refused_beforehand(unit: Unit) -> None:
    ask(unit, SAFARICOM, 250_000)
    with pytest.raises(Refused) as refused:
        ask(unit, SAFARICOM, 250_001)
    assert refused.value.code == "amount_too_large"
    assert refused.value.values == {"most": Money(250_000_00, "KES")}
    ask(unit, AIRTEL, 250_001)


def test_without_a_channel_nothing_waits(unit: Unit) -> None:
    for payer, channels in ((TELKOM, unit.channels), (AIRTEL, channel_table(("daraja",)))):
        with pytest.raises(Refused, match="no_channel"):
            ask(replace(unit, channels=channels), payer)
    assert unit.connection.execute(text(PROMPTS)).all() == []


def test_the_network_of_the_session_wins_over_the_number(unit: Unit) -> None:
    ask(unit, SAFARICOM, network_code="63903")
    assert unit.connection.execute(text(PROMPTS)).one().channel == "airtel"


def test_a_reference_of_ours_leads_back_to_the_prompt(unit: Unit) -> None:
    connection = unit.connection
    ask(unit, SAFARICOM)
    owner_id = match_account(unit, "M100").customer_id
    insert_sale(connection, customer_id=owner_id, amounts_minor=(500_00,), appliance_kind="other")
    ask(unit, SAFARICOM, loan_only=True)
    shown = connection.execute(text(PROMPTS + " ORDER BY id DESC LIMIT 1")).one()
    matched = match_account(unit, shown.account_reference)
    assert matched.device is not None
    assert (matched.device.serial, matched.purpose) == ("M100", "loan")
    assert len(shown.account_reference) == 12  # what Daraja shows at most


def test_a_phone_has_two_prompts_open_and_five_an_hour(unit: Unit) -> None:
    def end_all() -> None:
        unit.connection.execute(text("UPDATE prompts SET state = 'failed', next_attempt_at = NULL"))

    for shillings in (100, 200):
        ask(unit, SAFARICOM, shillings)
    with pytest.raises(Refused, match="prompts_open"):
        ask(unit, SAFARICOM, 300)
    with pytest.raises(Refused, match="prompts_open"):
        request_another(unit, SAFARICOM, "M100", Money(100_00, "KES"))
    ask(unit, AIRTEL)
    for shillings in (300, 400, 500):
        end_all()
        ask(unit, SAFARICOM, shillings)
    end_all()
    with pytest.raises(Refused, match="prompts_many"):
        ask(unit, SAFARICOM, 600)

    ask(replace(unit, now=unit.now + timedelta(minutes=61)), SAFARICOM, 600)
