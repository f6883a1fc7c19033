"""What is too old goes: by its rule, in batches, and no younger row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db.personal import RULES
from core.errors import BadInput
from core.usecases.people.purge import RetentionSettings, count_too_old, rules_behind
from tests.support.cast import AMINA, METER
from tests.support.scenario import Scenario
from workers.purge import purge_rules

SETTINGS = RetentionSettings.from_environment({})


def test_every_rule_reads_and_purges_what_the_schema_has(scenario: Scenario) -> None:
    """Every rule runs on an empty and on an aged book, and the invariants hold."""
    scenario.pay("OLD1", METER, 600_00, payer_kind="msisdn", payer=AMINA)
    scenario.apply()
    assert sum(purge_rules(scenario.open_unit, SETTINGS.days).values()) == 0

    scenario.ahead = timedelta(days=10_000)
    done = purge_rules(scenario.open_unit, SETTINGS.days)

    assert set(done) == set(RULES)
    assert done["payers"] == 1
    assert scenario.rows("SELECT payer, payer_kind, account_raw FROM payments") == [
        (None, "none", METER)
    ]
    assert sum(purge_rules(scenario.open_unit, SETTINGS.days).values()) == 0
    scenario.check_invariants()


@pytest.mark.parametrize(
    ("days", "state", "body"), [(29, "sent", "code"), (31, "sent", ""), (31, "waiting", "code")]
)
def test_a_text_is_blanked_a_month_after_it_was_sent_and_never_while_it_waits(
    scenario: Scenario, days: int, state: str, body: str
) -> None:
    scenario.run(
        "INSERT INTO sms (dedupe_key, kind, msisdn, body, segments, state, created_at)"
        " VALUES ('a', 'receipt', :n, 'code', 1, :state, :now)",
        n=AMINA, state=state, now=scenario.now(),
    )  # fmt: skip
    scenario.ahead = timedelta(days=days)

    purge_rules(scenario.open_unit, SETTINGS.days)

    assert scenario.rows("SELECT body FROM sms") == [(body,)]


def test_batches_are_bounded_and_what_is_locked_is_left(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.purge._ROWS_A_BATCH", 2)
    scenario.run(
        "INSERT INTO inbound_sms (provider, provider_message_id, msisdn, body, received_at)"
        " SELECT 'at', n::text, '+254711000001', 'BAL', :now FROM generate_series(1, 7) n",
        now=scenario.now(),
    )
    scenario.ahead = timedelta(days=100)
    seen: list[int] = []
    with scenario.engine.begin() as other:
        other.exec_driver_sql("SELECT FROM inbound_sms LIMIT 1 FOR UPDATE")

        purge_rules(scenario.open_unit, {"inbound_sms": 90}, seen.append)

    assert seen == [2, 4, 6, 6]
    with scenario.open_unit() as unit:
        assert count_too_old(unit, "inbound_sms", 90) == 1
        assert rules_behind(unit, SETTINGS) == {"inbound_sms": 1}


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "a week", "99999"])
def test_a_setting_that_is_no_number_of_days_is_told(days: str) -> None:
    with pytest.raises(BadInput, match="RETENTION_SMS_DAYS"):
        RetentionSettings.from_environment({"RETENTION_SMS_DAYS": days})
