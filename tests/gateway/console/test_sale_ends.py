"""The ends of a sale at the console: each form previews what it does, and does it once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gateway.console.conftest import SALE_OF, Console
from tests.support.cast import KIT

WHY = {"reason": "agreed with the customer"}


@pytest.fixture
def path(console: Console) -> str:
    """Baraka's kit: 4 x 150.00, one of them paid."""
    console.scenario.pay("A1", KIT, 150_00)
    console.scenario.apply()
    return f"/sales/{console.rows(SALE_OF, serial=KIT)[0][0]}"


@pytest.mark.parametrize(
    ("action", "typed", "preview", "state"),
    [
        ("repossess", {}, f"A token that locks {KIT} is ordered", "repossessed"),
        ("settle", {}, f"A token that unlocks {KIT} is ordered", "settled"),
        ("settle", {"rest": "200"}, "KES 200.00 is left to pay, due 24 Nov 2026", "open"),
        ("write-off", {}, "money that comes for it later is a recovery", "written_off"),
        ("discount", {"amount": "150"}, "KES 450.00", "open"),
        ("pause", {}, "Nothing of the sale falls due", "paused"),
    ],
)
def test_an_act_is_previewed_and_done(
    console: Console, path: str, action: str, typed: dict[str, str], preview: str, state: str
) -> None:
    looked, _ = console.login("finance").confirm(f"{path}/{action}", **typed, **WHY)

    assert preview in looked.text
    assert console.rows(f"SELECT state FROM sales WHERE id = {path.split('/')[2]}") == [(state,)]
    assert console.audit()[-1][3] == WHY["reason"]
    console.scenario.check_invariants()


def test_a_pause_and_a_default_are_undone(
    console: Console, path: str, later: Callable[..., None]
) -> None:
    browser = console.login("finance")
    browser.confirm(f"{path}/pause", **WHY)
    assert "Resume" in browser.get(path).text
    later(days=10)
    browser = console.login("finance")
    looked, _ = browser.confirm(f"{path}/resume", **WHY)
    assert "Next due 18 Dec 2026" in looked.text
    later(days=30)
    browser = console.login("finance")
    looked, _ = browser.confirm(f"{path}/default", **WHY)
    assert "in default" in looked.text
    assert "Undo the default" in browser.get(path).text
    looked, _ = browser.confirm(f"{path}/undo-default", **WHY)
    assert "in good standing" in looked.text


def test_a_discount_of_everything_is_refused(console: Console, path: str) -> None:
    answer = console.login().post(f"{path}/discount", amount="450", **WHY)

    assert answer.status_code == 422
    assert "KES 450.00 is left to pay: settle the sale" in answer.text


def test_support_may_not_end_a_sale(console: Console, path: str) -> None:
    assert console.login("support").post(f"{path}/write-off", **WHY).status_code == 403
