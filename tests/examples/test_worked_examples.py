"""The worked examples A to R of the domain, driven as an operator and M-Pesa would drive them.

Catalogue and people come in through `dialwatt load` and `import`, money through the HTTP endpoints,
and what it did is read with `dialwatt show`. Tokens are typed into virtual devices.
"""

from __future__ import annotations

import pytest

from tests.examples.operator import (
    KIT,
    METER,
    OWNER,
    TODAY,
    Operator,
    days,
    gives,
    split,
)
from tests.support.phone import Phone


@pytest.fixture
def in_debt(operator: Operator) -> Operator:
    """A meter at 100 a kWh, an overdue instalment of 300, an access debt of 200."""
    operator.meter("fee200", since=31)
    operator.sale("cooker", 300, 300, days(-1))
    return operator


LOAN, FEE = ("instalment", "300.00"), ("access_rate", "200.00")


def test_a_debts_are_cleared_and_the_rest_is_energy(in_debt: Operator) -> None:
    assert in_debt.ask(METER, 1000) == "0"
    payment = in_debt.pay(METER, 1000)

    assert split(payment) == [LOAN, FEE, ("energy", "500.00")]
    assert gives(payment) == [(METER, "energy", 5.0)]
    assert in_debt.type(payment["tokens"][0])["kwh"] == 5.0


def test_b_too_little_goes_to_the_instalment_and_there_is_no_token(in_debt: Operator) -> None:
    payment = in_debt.pay(METER, 250)

    assert split(payment) == [("instalment", "250.00")]
    assert payment["tokens"] == []
    assert in_debt.owes() == [("instalment", "50.00"), ("access_rate", "200.00")]


def test_c_exactly_the_debts_gives_no_token(in_debt: Operator) -> None:
    payment = in_debt.pay(METER, 500)

    assert split(payment) == [LOAN, FEE]
    assert payment["tokens"] == []


def test_d_what_buys_no_tenth_of_a_kwh_is_credit(in_debt: Operator) -> None:
    payment = in_debt.pay(METER, 507)

    assert split(payment) == [LOAN, FEE, ("credit", "7.00")]
    assert payment["tokens"] == []


def test_e_and_f_credit_is_kept_and_used_with_the_next_payment(in_debt: Operator) -> None:
    first = in_debt.pay(METER, 555)
    then = in_debt.pay(METER, 100)

    assert split(first) == [LOAN, FEE, ("energy", "50.00"), ("credit", "5.00")]
    assert gives(first) == [(METER, "energy", 0.5)]
    assert split(then) == [("energy", "100.00"), ("credit", "5.00")]
    assert gives(then) == [(METER, "energy", 1.0)]
    in_debt.type(first["tokens"][0])
    assert in_debt.type(then["tokens"][0])["kwh"] == 1.5


def test_g_an_instalment_ahead_buys_its_week(operator: Operator) -> None:
    operator.kit()
    operator.sale("kit", 600, 150, days(3))

    payment = operator.pay(KIT, 150)

    assert split(payment) == [("instalment", "150.00")]
    assert operator.type(payment["tokens"][0])["days"] == 7


def test_h_an_instalment_in_parts_gives_four_days_and_then_three(operator: Operator) -> None:
    operator.kit()
    operator.sale("kit", 600, 150, days(3))

    first, then = operator.pay(KIT, 100), operator.pay(KIT, 50)

    assert gives(first) == [(KIT, "days", 4)]
    assert gives(then) == [(KIT, "days", 3)]
    operator.type(first["tokens"][0])
    assert operator.type(then["tokens"][0])["days"] == 7


def test_i_three_overdue_instalments_and_one_ahead_are_one_token_of_28_days(
    operator: Operator,
) -> None:
    operator.kit()
    operator.sale("kit", 900, 150, days(-15))

    payment = operator.pay(KIT, 600)

    assert gives(payment) == [(KIT, "days", 28)]


def test_j_the_last_of_the_plan_is_an_unlock_and_the_rest_is_credit(operator: Operator) -> None:
    operator.kit()
    operator.sale("kit", 500, 150, days(3))

    payment = operator.pay(KIT, 700)

    assert gives(payment) == [(KIT, "unlock", None)]
    assert split(payment)[-1] == ("credit", "200.00")
    assert operator.type(payment["tokens"][0])["unlocked"] is True


def test_k_a_complete_kit_without_debts_is_refused_where_the_channel_asks(
    operator: Operator,
) -> None:
    operator.kit()
    operator.sale("kit", 150, 150, days(3))
    operator.pay(KIT, 150)

    assert operator.ask(KIT, 100) == "C2B00016"


def test_l_below_the_minimum_is_refused_or_kept_as_credit(operator: Operator) -> None:
    operator.meter("minimum")

    assert operator.ask(METER, 60) == "C2B00013"
    assert split(operator.pay(METER, 60)) == [("credit", "60.00")]


def test_m_money_for_the_meter_pays_the_kits_overdue_week_first_and_gives_two_tokens(
    operator: Operator,
) -> None:
    operator.meter("plain")
    operator.kit()
    operator.sale("kit", 600, 150, days(-1))

    payment = operator.pay(METER, 250)

    assert split(payment) == [("instalment", "150.00"), ("energy", "100.00")]
    assert sorted(gives(payment)) == [(METER, "energy", 1.0), (KIT, "days", 7)]


def test_n_access_debt_takes_it_all(operator: Operator) -> None:
    operator.meter("fee300", since=31)

    payment = operator.pay(METER, 100)

    assert split(payment) == [("access_rate", "100.00")]
    assert payment["tokens"] == []


def test_o_an_instalment_due_today_counts_as_due(operator: Operator) -> None:
    operator.meter("plain")
    operator.sale("cooker", 300, 300, TODAY)

    assert split(operator.pay(METER, 400)) == [LOAN, ("energy", "100.00")]


def test_p_loan_only_pays_two_instalments_ahead_and_no_energy(operator: Operator) -> None:
    operator.meter("plain")
    operator.sale("cooker", 1000, 200, days(3))

    payment = operator.pay(f"{METER} LOAN", 400)

    assert split(payment) == [("instalment", "200.00"), ("instalment", "200.00")]
    assert payment["tokens"] == []


def test_q_after_a_reversal_the_same_days_are_not_given_again(operator: Operator) -> None:
    operator.kit()
    operator.sale("kit", 600, 150, days(3))

    first = operator.pay(KIT, 150)
    operator.reverse(first)
    again = operator.pay(KIT, 150)

    assert gives(first) == [(KIT, "days", 7)]
    assert split(again) == [("instalment", "150.00")]
    assert again["tokens"] == []
    assert gives(operator.pay(KIT, 150)) == [(KIT, "days", 7)]


def test_r_what_was_used_and_taken_back_is_owed_and_paid_first(operator: Operator) -> None:
    operator.meter("plain")
    used = operator.pay(METER, 500)
    operator.type(used["tokens"][0])

    operator.reverse(used)

    assert operator.owes() == [("clawback", "500.00")]
    phone = Phone(operator.gateway, OWNER)
    assert "\nPayment TKO0000001 taken back: KES 500 since" in phone.dial("2")
    assert f"Pay KES 700 for {METER}: taken back 500, 2.0 kWh." in phone.dial(f"1*{METER}*700")
    payment = operator.pay(METER, 700)
    assert split(payment) == [("clawback", "500.00"), ("energy", "200.00")]
    assert gives(payment) == [(METER, "energy", 2.0)]
    assert operator.owes() == []


def test_a_lifeline_keeps_light_for_who_is_in_debt(in_debt: Operator) -> None:
    """The order of payment is configuration; a payment follows that of its own day."""
    order = in_debt.folder / "order.toml"
    order.write_text(
        f"[[waterfall]]\nvalid_from = {TODAY}\n"
        'order = ["access_rate", "arrears", "device"]\nlifeline_percent = 50\n'
    )
    in_debt.dialwatt("load", str(order))

    payment = in_debt.pay(METER, 600)

    assert split(payment) == [FEE, ("instalment", "100.00"), ("energy", "300.00")]
    assert gives(payment) == [(METER, "energy", 3.0)]


@pytest.mark.parametrize(
    ("account", "amount", "code"),
    [
        ("NOSUCH", 500, "C2B00012"),
        ("37-in-stock", 500, "C2B00012"),
        (METER, 0, "C2B00013"),
        (METER, 250_001, "C2B00013"),
    ],
)
def test_what_cannot_be_served_is_refused_before_the_money_moves(
    operator: Operator, account: str, amount: int, code: str
) -> None:
    operator.meter("plain")

    assert operator.ask(account, amount) == code
