"""What a payment does: the worked examples A to R, and the order of payment.

Amounts are in whole shillings (minor units of a currency with a cash unit of 1), as in the table.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.waterfall import (
    DEFAULT_WATERFALL,
    STEPS,
    Obligation,
    Target,
    Waterfall,
    apply_money,
    waterfall_on,
)
from tests.core.waterfall_builders import (
    LOAN,
    METER,
    PLAN,
    SHS,
    TODAY,
    access,
    claim,
    instalment,
    lines,
    meter,
    order,
    weekly,
)


def overdue_300_and_access_200() -> list[Obligation]:
    return [access(200), instalment(300, -2)]


@pytest.mark.parametrize(
    ("letter", "paid", "expected", "tenths"),
    [
        ("A", 1000, [("instalment", 300), ("access_rate", 200), ("energy", 500)], 50),
        ("B", 250, [("instalment", 250)], 0),
        ("C", 500, [("instalment", 300), ("access_rate", 200)], 0),
        ("D", 507, [("instalment", 300), ("access_rate", 200), ("credit", 7)], 0),
        (
            "E",
            555,
            [("instalment", 300), ("access_rate", 200), ("energy", 50), ("credit", 5)],
            5,
        ),
    ],
)
def test_debts_come_first_and_the_rest_becomes_energy(
    letter: str, paid: int, expected: list[tuple[str, int]], tenths: int
) -> None:
    outcome = apply_money(paid, 0, overdue_300_and_access_200(), meter(), TODAY)

    assert lines(outcome) == expected, letter
    assert outcome.energy_tenths == tenths


def test_f_credit_is_used_with_the_next_payment() -> None:
    outcome = apply_money(100, 5, [], meter(), TODAY)

    assert (outcome.energy_tenths, outcome.credit_used_minor, outcome.credit_minor) == (10, 5, 5)


def test_g_an_instalment_ahead_buys_its_days() -> None:
    outcome = apply_money(
        150, 0, [weekly(1, 3), weekly(2, 10)], Target(SHS, plan_sale_id=PLAN), TODAY
    )

    assert outcome.days == {SHS: 7}


def test_h_an_instalment_paid_in_parts_gives_the_difference_in_days() -> None:
    owed = [weekly(1, 3), weekly(2, 10)]

    first = apply_money(100, 0, owed, Target(SHS, plan_sale_id=PLAN), TODAY)
    then = apply_money(50, 0, owed, Target(SHS, plan_sale_id=PLAN), TODAY)

    assert (first.days, then.days) == ({SHS: 4}, {SHS: 3})


def test_i_overdue_instalments_and_one_ahead_give_their_days_together() -> None:
    owed = [weekly(1, -21), weekly(2, -14), weekly(3, -7), weekly(4, 0 + 1), weekly(5, 8)]

    outcome = apply_money(600, 0, owed, Target(SHS, plan_sale_id=PLAN), TODAY)

    assert outcome.days == {SHS: 28}


def test_j_the_last_of_the_plan_completes_the_sale_and_the_rest_is_credit() -> None:
    owed = [weekly(n, 7 * n, amount=amount) for n, amount in enumerate((150, 150, 150, 50), 1)]

    outcome = apply_money(700, 0, owed, Target(SHS, plan_sale_id=PLAN), TODAY)

    assert (outcome.completed_sales, outcome.credit_minor) == ([PLAN], 200)


def test_k_with_nothing_left_to_buy_and_no_debt_everything_becomes_credit() -> None:
    outcome = apply_money(100, 0, [], Target(SHS), TODAY)

    assert lines(outcome) == [("credit", 100)]


def test_l_below_the_minimum_purchase_nothing_is_sold() -> None:
    outcome = apply_money(60, 0, [], meter(minimum_purchase_minor=100), TODAY)

    assert lines(outcome) == [("credit", 60)]
    assert outcome.energy_tenths == 0


def test_m_money_for_a_meter_that_lands_on_a_kits_instalment_buys_that_kits_days() -> None:
    outcome = apply_money(250, 0, [weekly(1, -1), weekly(2, 6)], meter(), TODAY)

    assert outcome.days == {SHS: 7}
    assert outcome.energy_tenths == 10


def test_n_access_debt_alone_takes_what_there_is() -> None:
    outcome = apply_money(100, 0, [access(300)], meter(), TODAY)

    assert lines(outcome) == [("access_rate", 100)]


def test_o_an_instalment_due_today_counts_as_due() -> None:
    outcome = apply_money(100, 0, [instalment(100, 0)], meter(), TODAY)

    assert lines(outcome) == [("instalment", 100)]


def test_p_loan_only_pays_the_next_instalments_ahead_instead_of_energy() -> None:
    owed = [instalment(200, 7 * n, number=n) for n in range(1, 6)]

    outcome = apply_money(400, 0, owed, meter(), TODAY, loan_only=True)

    assert lines(outcome) == [("instalment", 200), ("instalment", 200)]
    assert outcome.energy_tenths == 0


def test_q_days_that_an_instalment_has_given_are_not_given_again() -> None:
    owed = [weekly(1, 3), weekly(2, 10), weekly(3, 17)]
    kit = Target(SHS, plan_sale_id=PLAN)
    assert apply_money(150, 0, owed, kit, TODAY).days == {SHS: 7}
    owed[0].paid_minor = 0  # the payment was taken back

    again = apply_money(150, 0, owed, kit, TODAY)

    assert (lines(again), again.days) == ([("instalment", 150)], {})
    assert apply_money(150, 0, owed, kit, TODAY).days == {SHS: 7}


def test_r_what_was_used_of_money_that_was_taken_back_is_paid_first() -> None:
    outcome = apply_money(700, 0, [claim(500)], meter(), TODAY)

    assert lines(outcome) == [("clawback", 500), ("energy", 200)]
    assert outcome.energy_tenths == 20


def test_an_unlocked_device_keeps_the_days_that_no_code_gave() -> None:
    owed = [weekly(1, 3)]

    outcome = apply_money(150, 0, owed, Target(SHS, plan_sale_id=PLAN), TODAY)

    assert (outcome.unlocked_devices, outcome.days) == ([SHS], {})
    assert owed[0].days_given == 0


@pytest.mark.parametrize(
    ("waterfall", "expected"),
    [
        (order(), [("instalment", 300), ("access_rate", 200), ("energy", 50), ("credit", 5)]),
        (
            order("access_rate", "arrears", "device"),
            [("access_rate", 200), ("instalment", 300), ("energy", 50), ("credit", 5)],
        ),
        (order("device", "arrears", "access_rate"), [("energy", 550), ("instalment", 5)]),
        (order("arrears", "device", "access_rate"), [("instalment", 300), ("energy", 250),
                                                     ("access_rate", 5)]),
        (order(lifeline=50), [("instalment", 277), ("energy", 270), ("credit", 8)]),
        (order(lifeline=0), [("energy", 550), ("credit", 5)]),
        (order(lifeline=100), [("instalment", 300), ("access_rate", 200), ("energy", 50),
                               ("credit", 5)]),
    ],
)  # fmt: skip
def test_the_order_and_the_lifeline_are_the_markets(
    waterfall: Waterfall, expected: list[tuple[str, int]]
) -> None:
    outcome = apply_money(555, 0, overdue_300_and_access_200(), meter(), TODAY, waterfall=waterfall)

    assert lines(outcome) == expected


def test_a_lifeline_holds_for_claims_too_and_not_where_the_loan_is_meant() -> None:
    half = order(lifeline=50)

    assert lines(apply_money(700, 0, [claim(500)], meter(), TODAY, waterfall=half)) == [
        ("clawback", 350),
        ("energy", 350),
    ]
    assert lines(
        apply_money(
            400, 0, [instalment(300)], meter(), TODAY, loan_only=True, waterfall=half
        )
    ) == [("instalment", 300), ("credit", 100)]  # fmt: skip
    kit = Target(SHS, plan_sale_id=PLAN)
    assert lines(apply_money(300, 0, [instalment(300)], kit, TODAY, waterfall=half)) == [
        ("instalment", 300)
    ]


def test_a_lifeline_keeps_nothing_for_a_meter_that_gets_no_code() -> None:
    target = replace(meter(), without_token={METER})

    outcome = apply_money(400, 0, [instalment(300)], target, TODAY, waterfall=order(lifeline=50))

    assert lines(outcome) == [("instalment", 300), ("credit", 100)]


def test_what_a_lifeline_keeps_waits_for_the_energy() -> None:
    """Under the minimum purchase it is credit, of which debts get nothing the next time."""
    owed, target, half = [instalment(1000)], meter(minimum_purchase_minor=100), order(lifeline=50)

    first = apply_money(150, 0, owed, target, TODAY, waterfall=half)
    then = apply_money(150, first.credit_minor, owed, target, TODAY, waterfall=half)

    assert lines(first) == [("instalment", 75), ("credit", 75)]
    assert lines(then) == [("instalment", 75), ("energy", 150)]


def test_the_order_in_force_is_that_of_the_day() -> None:
    versions = [order(), Waterfall(TODAY + timedelta(days=7), STEPS, 30)]

    assert waterfall_on(versions, TODAY - timedelta(days=1)) == DEFAULT_WATERFALL
    assert waterfall_on(versions, TODAY + timedelta(days=6)) == versions[0]
    assert waterfall_on(versions, TODAY + timedelta(days=7)) == versions[1]


def test_a_plan_payment_does_not_pay_other_sales_ahead() -> None:
    owed = [instalment(200, 3, sale=LOAN), weekly(1, 5)]

    outcome = apply_money(500, 0, owed, Target(SHS, plan_sale_id=PLAN), TODAY)

    assert lines(outcome) == [("instalment", 150), ("credit", 350)]


def test_energy_as_a_service_buys_whole_days_from_its_minimum_on() -> None:
    service = Target(SHS, price_per_day_minor=40, minimum_payment_minor=100)

    assert lines(apply_money(99, 0, [], service, TODAY)) == [("credit", 99)]
    bought = apply_money(130, 0, [], service, TODAY)
    assert (bought.days, lines(bought)) == ({SHS: 3}, [("days", 120), ("credit", 10)])
