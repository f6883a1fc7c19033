"""The order of payment at the console: previewed, from a day on, never for payments made."""

from __future__ import annotations

from tests.gateway.console.conftest import Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import METER

WHY = {"reason": "the board wants light first"}
LIGHT_FIRST = {"order": "access_rate arrears device", "lifeline": "50"}


def test_an_order_is_previewed_listed_and_audited(console: Console) -> None:
    owner = console.login()

    looked, done = owner.confirm("/waterfall/new", valid_from="2026-12-01", **LIGHT_FIRST, **WHY)

    assert "Until then: arrears, access rate, device" in looked.text
    assert (
        "From 1 Dec 2026: access rate, arrears, device; debts get at most 50 % of money for a meter"
        in looked.text
    )
    assert (
        "On 24 Nov 2026: of KES 600.00 for a meter, instalment KES 300.00, access rate KES 200.00,"
        " energy KES 100.00" in looked.text
    )
    assert (
        "On 1 Dec 2026: of KES 600.00 for a meter, access rate KES 200.00, instalment KES 100.00,"
        " energy KES 300.00" in looked.text
    )
    assert done.status_code == 302
    (line,) = exported(console.login("read_only").get("/waterfall.csv"))[1:]
    assert line == ["2026-12-01", "access rate, arrears, device", "50 %"]
    assert console.audit() == [("owner", "change", "waterfall", WHY["reason"])]


def test_payments_that_were_made_keep_their_order(console: Console) -> None:
    console.scenario.pay("R1", METER, 100_00)
    owner = console.login()

    refused = owner.post("/waterfall/new", valid_from="2026-11-24", **LIGHT_FIRST, **WHY)

    assert refused.status_code == 422
    assert "payments were made since then in another order" in refused.text
    assert console.rows("SELECT count(*) FROM waterfalls") == [(0,)]


def test_a_lifeline_is_a_percentage(console: Console) -> None:
    wrong = console.login().post(
        "/waterfall/new", valid_from="2026-12-01", order="device arrears access_rate",
        lifeline="101", **WHY,
    )  # fmt: skip

    assert "At most 100" in wrong.text
