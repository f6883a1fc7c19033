"""A kit that refuses its codes gets codes that it takes, and never more than was paid for."""

from __future__ import annotations

from typing import Any

import pytest

from core.db.devices import find_device
from core.device import TokenKind
from core.errors import Refused
from core.usecases.devices.code_windows import find_wide_windows, report_wide_windows
from core.usecases.devices.repair_kit import (
    Repair,
    RepairedKit,
    propose_repair,
    repair_kit,
    repair_kit_by_agent,
)
from core.usecases.tokens.goodwill import give_token
from core.usecases.tokens.make_ordered import make_ordered_tokens
from simulator.devices.virtual_device import display, enter_token, factory_state, front
from tests.support.cast import BARAKA, JUMA, KIT, METER, OPEN_SECRET, STOCK_KIT
from tests.support.scenario import Scenario

WEEK = 150_00
WHO, WHY = "wanjiru", "the kit refuses its code"


class Kit:
    """The virtual kit beside the agent."""

    def __init__(self, scenario: Scenario, serial: str = KIT) -> None:
        with scenario.open_unit() as unit:
            device = find_device(unit.connection, serial, with_secrets=True)
        assert device is not None
        self.secret = OPEN_SECRET(device)
        self.state = factory_state(self.secret, device.initial_counter)

    def type(self, code: str) -> bool:
        self.state, accepted, _ = enter_token(self.state, code, self.secret)
        return accepted

    @property
    def days(self) -> int:
        return int(display(self.state)["days"])

    @property
    def count(self) -> int:
        return int(front(self.state, self.secret)["count"])


def codes(scenario: Scenario) -> list[tuple[str, int, int, str]]:
    return scenario.rows("SELECT kind, units, counter, text FROM tokens ORDER BY id")


def go_on(scenario: Scenario, count: int) -> None:
    """Our count is that far: codes were made that the kit was never given."""
    scenario.run(f"UPDATE devices SET token_counter = {count} WHERE serial = '{KIT}'")


def repair(scenario: Scenario, typed: str) -> Repair:
    with scenario.open_unit() as unit:
        done = repair_kit(unit, KIT, typed, WHO, WHY)
    with scenario.open_unit() as unit:
        make_ordered_tokens(unit, OPEN_SECRET)
    return done


def pay(scenario: Scenario, receipt: str) -> str:
    scenario.pay(receipt, KIT, WEEK)
    scenario.apply()
    return codes(scenario)[-1][3]


def order(scenario: Scenario, kind: TokenKind, units: int = 0) -> None:
    with scenario.open_unit() as unit:
        give_token(unit, KIT, kind, units, WHO, WHY)
    with scenario.open_unit() as unit:
        make_ordered_tokens(unit, OPEN_SECRET)


def refused_as(scenario: Scenario, typed: str, serial: str = KIT, most: int = 100) -> str:
    with scenario.open_unit() as unit, pytest.raises(Refused) as refused:
        propose_repair(unit, serial, typed, most)
    return refused.value.code


@pytest.mark.parametrize(
    ("ours", "kinds"), [(60, ["set_days"]), (80, ["sync", "set_days"]), (97, ["sync", "set_days"])]
)
def test_a_kit_that_is_behind_is_brought_forward_with_the_days_that_are_left(
    scenario: Scenario, ours: int, kinds: list[str]
) -> None:
    kit = Kit(scenario)
    go_on(scenario, ours)
    week = pay(scenario, "R1")
    assert kit.type(week) == (ours < 64)

    done = repair(scenario, str(kit.count))

    made = codes(scenario)[1:]
    assert [kind for kind, *_ in made] == kinds
    assert [kind for kind, _ in done.orders] == kinds
    assert all(kit.type(text) for *_, text in made)
    assert kit.days == 7
    assert kit.type(pay(scenario, "R2"))
    assert kit.days == 14
    texts = scenario.rows("SELECT msisdn, body FROM sms ORDER BY id")
    assert [msisdn for msisdn, _ in texts] == [BARAKA] * (2 + len(kinds))
    scenario.check_invariants()


def test_a_refused_code_tells_it_too_and_the_second_refusal_asks_for_the_count(
    scenario: Scenario,
) -> None:
    kit = Kit(scenario)
    go_on(scenario, 80)
    week = pay(scenario, "R1")
    assert not kit.type(week)

    repair(scenario, week)

    _, sync, days = codes(scenario)
    assert (sync[0], days[:2]) == ("sync", ("set_days", 7))
    assert refused_as(scenario, week) == "code_replaced"
    assert kit.type(sync[3])
    assert kit.type(days[3])
    assert kit.days == 7


def test_a_kit_that_is_ahead_takes_our_count_with_it_and_never_back(scenario: Scenario) -> None:
    pay(scenario, "R1")
    done = repair(scenario, "60")
    assert done.count == 60
    assert [row[:3] for row in codes(scenario)[1:]] == [("set_days", 7, 61)]
    counters = "SELECT token_counter, kit_counter FROM devices WHERE serial = '{}'"
    assert scenario.rows(counters.format(KIT)) == [(61, 60)]

    repair(scenario, "10")
    assert scenario.rows(counters.format(KIT)) == [(63, 10)]
    [audit] = scenario.rows(
        "SELECT details FROM audit_log WHERE action = 'repair_kit' ORDER BY id LIMIT 1"
    )
    assert (audit[0]["before"], audit[0]["after"], audit[0]["kit_count"]) == (2, 60, 60)


def test_a_kit_that_no_new_code_reaches_is_given_an_older_one_first(scenario: Scenario) -> None:
    kit = Kit(scenario)
    go_on(scenario, 50)
    first = pay(scenario, "R1")
    go_on(scenario, 300)
    pay(scenario, "R2")

    done = repair(scenario, "1")

    assert done.older is not None
    assert (done.orders, done.older.text) == ((), first)
    [(body,)] = scenario.rows("SELECT body FROM sms WHERE dedupe_key LIKE 'repair:%'")
    assert first in body.replace(" ", "")
    assert kit.type(first)
    assert refused_as(scenario, str(kit.count)) == "kit_out_of_reach"


def test_what_cannot_be_is_refused(scenario: Scenario) -> None:
    week = pay(scenario, "R1")
    assert refused_as(scenario, "103") == "kit_count_far"
    assert refused_as(scenario, "123456789") == "code_not_of_kit"
    assert refused_as(scenario, "1", METER) == "kit_not_timed"
    assert refused_as(scenario, "1", STOCK_KIT) == "device_in_stock"
    assert refused_as(scenario, "1", "NONE") == "unknown_serial"
    order(scenario, "sync")
    assert refused_as(scenario, codes(scenario)[-1][3]) == "kit_count_needed"
    order(scenario, "lock")
    assert refused_as(scenario, week) == "code_replaced"
    assert refused_as(scenario, "3") == "kit_in_step"


def by_agent(scenario: Scenario, typed: str, pin: str = "4321") -> Any:
    with scenario.open_unit() as unit:
        return repair_kit_by_agent(unit, JUMA, pin, KIT, typed)


def test_an_agent_beside_the_kit_does_it_with_the_pin_and_within_limits(
    scenario: Scenario,
) -> None:
    pay(scenario, "R1")
    assert isinstance(by_agent(scenario, "60", pin="0000"), Refused)
    assert by_agent(scenario, "60") == RepairedKit(KIT)
    assert scenario.rows("SELECT kind, units FROM token_orders WHERE state = 'waiting'") == [
        ("set_days", 7)
    ]
    with pytest.raises(Refused, match="kit_repaired"):
        by_agent(scenario, "60")
    [(operator, reason)] = scenario.rows(
        "SELECT operator, reason FROM audit_log WHERE action = 'repair_kit'"
    )
    assert (operator.startswith("agent "), reason) == (True, "the kit shows 60")


def test_half_of_the_window_is_a_case_and_told_by_doctor(scenario: Scenario) -> None:
    for _ in range(16):
        order(scenario, "days", 1)
    cases = "SELECT detail FROM cases WHERE kind = 'codes_not_typed' AND closed_at IS NULL"
    with scenario.open_unit() as unit:
        assert report_wide_windows(unit) == 0
    order(scenario, "days", 1)
    for _ in range(2):
        with scenario.open_unit() as unit:
            assert report_wide_windows(unit) == 1
    [(detail,)] = scenario.rows(cases)
    assert detail.startswith(f"{KIT}: 33 of 64 counts in two weeks")
    with scenario.open_unit() as unit:
        [use] = find_wide_windows(unit, scenario.device_id(KIT))
        assert find_wide_windows(unit, scenario.device_id(METER)) == []
    assert use.ahead == 33

    repair(scenario, "34")
    with scenario.open_unit() as unit:
        assert find_wide_windows(unit) == []
