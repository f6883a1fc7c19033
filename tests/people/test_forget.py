"""Forgetting: no table knows the person any more, the ledger stays, and what is open stops it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from core.db.engine import make_engine
from core.db.tables import metadata
from core.errors import Refused
from core.usecases.people.export import export_person
from core.usecases.people.forget import forget_next, forget_person, order_erasure
from tests.support.cast import AMINA, JUMA, METER, NEEMA
from tests.support.scenario import Scenario

OTHER = "+254711000099"


def mentions(scenario: Scenario, *needles: str) -> list[tuple[Any, ...]]:
    """Where any of these words or numbers stands, in whatever column of whatever table."""
    pattern = "|".join(re.escape(needle) for needle in needles)
    each = (
        f"SELECT '{name}', t::text FROM {name} t WHERE t::text ~* :p" for name in metadata.tables
    )
    return scenario.rows(" UNION ALL ".join(each), p=pattern)


# What Neema left, by hand where no use case of a test would leave it.
TRACES = (
    "INSERT INTO past_msisdns (msisdn, customer_id, held_until) VALUES (:other, :id, :now)",
    "INSERT INTO sms (dedupe_key, kind, msisdn, body, segments, state, created_at,"
    " provider_message_id) VALUES ('a', 'usage', :n, 'Neema, hello', 1, 'sent', :now, 'm1'),"
    " ('b', 'usage', :other, 'to the old number', 1, 'waiting',"
    " CAST(:now AS timestamptz) - interval '1 day', 'm2'),"
    " ('c', 'registered', :juma, 'Sold to Neema Achieng, ' || :n, 1, 'delivered', :now, 'm3')",
    "INSERT INTO delivery_reports (provider_message_id, status, received_at)"
    " VALUES ('m1', 'Success', :now)",
    "INSERT INTO inbound_sms (provider, provider_message_id, msisdn, body, received_at)"
    " VALUES ('at', 'i1', :n, 'BAL', :now), ('at', 'i2', :juma, 'REG X ' || :short, :now)",
    "INSERT INTO problem_reports (msisdn, body, customer_id, reported_at)"
    " VALUES (:n, 'I am Neema', :id, :now)",
    "INSERT INTO no_reminders (msisdn, since) VALUES (:n, :now)",
    "INSERT INTO stranger_languages (msisdn, language, chosen_at) VALUES (:n, 'sw', :now)",
    "INSERT INTO device_requests (device_id, msisdn, name, surname, village, asked_at)"
    " SELECT min(id), :n, 'Neema', 'Achieng', 'KIB', :now FROM devices",
    "INSERT INTO pending_registrations (agent_id, serial, phone, village, name, surname,"
    " tariff, asked_at)"
    " SELECT min(id), 'X', :n, 'KIB', 'Neema', 'Achieng', 'home', :now FROM agents",
    "INSERT INTO prompts (msisdn, account_reference, customer_id, device_id, amount_minor,"
    " state, created_at) SELECT :n, serial, owner_id, id, 100, 'failed', :now FROM devices"
    f" WHERE serial = '{METER}'",
    "INSERT INTO cases (dedupe_key, kind, detail, opened_at, closed_at)"
    " VALUES ('k:1', 'k', 'ring ' || :n, :now, :now)",
    "INSERT INTO saved_forms (token, digest, message, location, saved_at)"
    " VALUES ('t', 'd', 'SMS go to ' || :n, '/console/?number=' || :n, :now)",
    "INSERT INTO ussd_effects (conversation, number, ussd_session, position, step, created_at)"
    " VALUES ('c', 1, 's', 1, jsonb_build_array('Neema Achieng', CAST(:n AS text)), :now)",
    "INSERT INTO audit_log (acted_at, operator, action, subject, subject_id, reason) VALUES"
    " (:now, 'zawadi', 'edit', 'customer', :id, 'Neema rang from ' || :short),"
    " (:now, 'zawadi', 'decline', 'device', 1, 'asked by 254' || substr(:n, 5))",
)


@pytest.fixture
def neema(scenario: Scenario) -> Scenario:
    """Neema has left traces everywhere: she paid for Amina's meter, wrote and was written to."""
    scenario.pay("NPAID1", METER, 600_00, payer_kind="msisdn", payer=NEEMA)
    scenario.apply()
    ((customer,),) = scenario.rows(
        "SELECT customer_id FROM customer_msisdns WHERE msisdn = :n", n=NEEMA
    )
    given = {"n": NEEMA, "other": OTHER, "id": customer, "juma": JUMA, "short": "0" + NEEMA[4:]}
    for statement in TRACES:
        values = given | {"now": scenario.now()}
        scenario.run(
            statement, **{name: values[name] for name in values if f":{name}" in statement}
        )
    return scenario


def test_no_table_knows_the_person_any_more_and_the_books_stay(neema: Scenario) -> None:
    before = neema.balances()
    assert len({table for table, _ in mentions(neema, NEEMA[4:], OTHER[4:], "Neema")}) >= 15

    with neema.open_unit() as unit:
        done = forget_person(unit, NEEMA, "owner", "asked by Neema on " + NEEMA)

    assert mentions(neema, NEEMA[4:], OTHER[4:], "Neema", "Achieng") == []
    assert done.rows["sms"] == 4
    assert neema.balances() == before
    neema.check_invariants()
    assert neema.rows("SELECT payer, payer_kind, account_raw FROM payments") == [
        (None, "none", METER)
    ]
    # A text that was never sent is not sent to a tombstone.
    assert neema.rows("SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL"
                      " AND msisdn = 'forgotten'") == [(0,)]  # fmt: skip
    log = neema.rows("SELECT action, reason FROM audit_log ORDER BY id")
    assert log[-1] == ("forget", "asked by forgotten on forgotten")
    assert ("edit", "forgotten rang from forgotten") in log
    assert ("decline", "asked by forgotten") in log


def test_the_console_orders_and_a_worker_forgets_each_with_its_own_rights(neema: Scenario) -> None:
    web = make_engine(neema.url(), pool_size=0, name="dialwatt web")
    with replace(neema, engine=web).open_unit() as unit:
        order_erasure(unit, NEEMA, "owner", "asked by Neema")
    worker = make_engine(neema.url(), pool_size=0, name="dialwatt worker")
    with replace(neema, engine=worker).open_unit() as unit:
        forget_next(unit)

    assert mentions(neema, NEEMA[4:], OTHER[4:], "Neema", "Achieng") == []


def test_another_who_had_the_number_before_keeps_what_was_theirs(neema: Scenario) -> None:
    """Amina gave up OTHER; Neema got it later: each has the texts of their own time."""
    neema.run("DELETE FROM past_msisdns")
    neema.run(
        "INSERT INTO past_msisdns (msisdn, customer_id, held_until) SELECT :o, customer_id,"
        " CAST(:now AS timestamptz) - interval '1 hour' FROM customer_msisdns WHERE msisdn = :a",
        o=OTHER, a=AMINA, now=neema.now(),
    )  # fmt: skip
    neema.run(
        "INSERT INTO customer_msisdns (msisdn, customer_id, position) SELECT :o, customer_id, 1"
        " FROM customer_msisdns WHERE msisdn = :n",
        o=OTHER, n=NEEMA,
    )  # fmt: skip

    with neema.open_unit() as unit:
        forget_person(unit, OTHER, "owner", "asked")

    assert neema.rows("SELECT msisdn FROM sms WHERE dedupe_key IN ('a', 'b') ORDER BY dedupe_key") \
        == [("forgotten",), (OTHER,)]  # fmt: skip
    assert mentions(neema, "Neema") == []


def test_what_is_open_stops_it_and_is_told(scenario: Scenario) -> None:
    with pytest.raises(Refused) as refused, scenario.open_unit() as unit:
        forget_person(unit, AMINA, "owner", "asked")

    assert refused.value.code == "cannot_forget"
    assert "the plan for" in str(refused.value.values["why"])
    assert scenario.rows("SELECT count(*) FROM erasures") == [(0,)]
    with pytest.raises(Refused, match="person_unknown"), scenario.open_unit() as unit:
        forget_person(unit, "+254799999999", "owner", "asked")


def test_an_agent_with_cash_is_not_forgotten_and_one_without_is(scenario: Scenario) -> None:
    scenario.run("UPDATE agents SET float_used_minor = 100 WHERE msisdn = :juma", juma=JUMA)
    with pytest.raises(Refused) as refused, scenario.open_unit() as unit:
        forget_person(unit, JUMA, "owner", "asked")
    assert "holds KES 1.00" in str(refused.value.values["why"])
    scenario.run("UPDATE agents SET float_used_minor = 0")

    with scenario.open_unit() as unit:
        forget_person(unit, JUMA, "owner", "asked")

    assert mentions(scenario, JUMA[4:], "Juma") == []
    scenario.check_invariants()


def test_a_meter_goes_back_to_stock_and_a_paid_kit_is_retired(scenario: Scenario) -> None:
    scenario.run("UPDATE instalments SET paid_minor = amount_minor")
    scenario.run("UPDATE sales SET state = 'complete'")
    with scenario.open_unit() as unit:
        done = forget_person(unit, AMINA, "owner", "asked")

    assert done.to_stock == (METER,)
    assert scenario.rows("SELECT owner_id, retired_on FROM devices WHERE serial = :s", s=METER) == [
        (None, None)
    ]


def test_the_consoles_order_is_done_by_a_worker_once(neema: Scenario) -> None:
    for _ in range(2):
        with neema.open_unit() as unit:
            order_erasure(unit, NEEMA, "owner", "asked")
            assert unit.wakes == {"reconciliation"}
    assert mentions(neema, "Neema")

    with neema.open_unit() as unit:
        assert forget_next(unit) == 1
    with neema.open_unit() as unit:
        assert forget_next(unit) == 0

    assert mentions(neema, NEEMA[4:], "Neema") == []
    assert neema.rows("SELECT state, msisdn FROM erasures") == [("done", None)]


def test_an_export_has_everything_in_plain_words_and_no_secret(neema: Scenario) -> None:
    with neema.open_unit() as unit:
        found = export_person(unit, NEEMA, "owner", "asked")

    assert found["person"] == ["Neema Achieng"]
    assert {"customers", "sms", "inbound sms", "payments", "prompts", "problem reports",
            "device requests", "audit log"} <= set(found["kept"])  # fmt: skip
    (payment,) = found["kept"]["payments"]["rows"]
    assert (payment["amount"], payment["device"], payment["receipt"]) == ("600.00", METER, "NPAID1")
    with neema.open_unit() as unit:
        juma = export_person(unit, JUMA, "owner", "asked")
    assert "pin hash" not in juma["kept"]["agents"]["rows"][0]
    assert neema.rows("SELECT action, details FROM audit_log ORDER BY id DESC LIMIT 1") == [
        ("export_person", {})
    ]
