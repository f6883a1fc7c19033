"""Every channel, the same promises: money that moved is booked once, and nothing else is.

Unknown is not failed and never brings a second prompt; success wins over failure, in any order;
a forged callback records nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from core.errors import Temporary
from gateway.payments.channel import Balance, BalanceChannel
from gateway.payments.channel_table import channel_table
from operations.embedded.services import Services
from tests.gateway.payments.conformance import KEY, SPECS, Road
from tests.gateway.payments.conformance import road as open_road
from tests.support.services import clone
from workers import jobs


@pytest.fixture(scope="module", params=SPECS, ids=lambda spec: spec.name)
def channel(request: pytest.FixtureRequest, migrated: Services) -> Iterator[Road]:
    with clone(migrated) as url, open_road(request.param, url, migrated.redis_url) as road:
        yield road


@pytest.fixture
def road(channel: Road) -> Road:
    channel.new_payer()
    return channel


def paid_once(road: Road) -> bool:
    """Exactly what the provider took is recorded, and stays so however often we look it up."""
    road.wait(hours=1)
    assert road.moved == [(road.moved[0][0], road.amount_minor)]
    assert road.shown == 1
    assert road.booked == road.moved
    assert road.state in ("paid", "approved")
    return True


def nothing_paid(road: Road) -> bool:
    road.wait(hours=1)
    assert road.moved == []
    assert road.booked == []
    assert road.shown <= 1
    return True


def replay(road: Road, times: int) -> None:
    """The provider sends everything again, all at once."""

    with ThreadPoolExecutor(10) as pool:
        answers = pool.map(lambda callback: road.send(*callback), road.callbacks() * times)
        assert set(answers) == {200}


def in_parallel(*works: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()


def test_an_approved_prompt_is_booked_once(road: Road) -> None:
    road.ask()
    assert road.state == "pending"
    road.answer()
    assert road.state == "paid"
    assert paid_once(road)


@pytest.mark.parametrize("pin", [None, "9999"], ids=["cancelled", "wrong PIN"])
def test_a_prompt_that_is_not_approved_ends_and_the_payer_is_told_once(
    road: Road, pin: str | None
) -> None:
    road.ask()
    road.answer(pin)
    assert road.state == "failed"
    assert nothing_paid(road)
    # With the reason, where the provider's code says one.
    assert road.sms_kinds in (["not_paid"], ["not_paid_because"])


def test_a_payer_without_money_pays_nothing(road: Road) -> None:
    road.ask()
    road.rows(
        "INSERT INTO simulator.wallets (holder, balance_minor) VALUES (:it, 0) RETURNING holder",
        it=road.msisdn,
    )
    road.answer()
    assert road.state == "failed"
    assert nothing_paid(road)


def test_a_prompt_nobody_answers_runs_out_and_no_second_one_is_shown(road: Road) -> None:
    road.lose_callbacks()
    road.ask()
    road.rows(
        "UPDATE simulator.prompts SET result_code = '1037' WHERE msisdn = :it RETURNING id",
        it=road.msisdn,
    )
    assert nothing_paid(road)
    assert road.state == "failed"
    assert road.shown == 1


@pytest.mark.parametrize("fault", ["lose_reply", "fail_after"])
def test_a_prompt_whose_reply_was_lost_is_paid_all_the_same(road: Road, fault: str) -> None:
    road.fail(fault, road.spec.push, times=1)
    road.ask()
    assert road.state == "unknown"
    road.answer()
    assert paid_once(road)


def test_unknown_is_not_failed_and_never_brings_a_second_prompt(road: Road) -> None:
    road.fail("lose_reply", road.spec.push, times=1)
    road.fail("say_pending", road.spec.query)
    road.ask()
    for hours in (0.1, 1, 5, 20):
        road.wait(hours=hours)
    assert road.state == "unknown"
    assert road.shown == 1
    assert road.sms_kinds == []


def test_a_prompt_that_did_not_arrive_is_not_sent_again_by_guess(road: Road) -> None:
    road.fail("fail_before", road.spec.push, times=1)
    road.ask()
    assert road.state == "unknown"
    assert nothing_paid(road)
    # Where the reference is ours, a look-up has found out by now.
    assert road.state == ("failed" if channel_table()[road.spec.name].new_reference else "unknown")
    assert road.shown == 0


def test_a_lost_callback_is_made_up_for_by_asking(road: Road) -> None:
    road.lose_callbacks()
    road.ask()
    road.answer()
    assert paid_once(road)


def test_a_provider_that_does_not_know_yet_is_asked_again(road: Road) -> None:
    road.lose_callbacks()
    road.fail("say_pending", road.spec.query, times=2)
    road.ask()
    road.answer()
    for _ in range(3):
        road.wait(hours=1)
    assert paid_once(road)


def test_a_look_up_that_breaks_is_repeated(road: Road) -> None:
    road.lose_callbacks()
    road.ask()
    road.answer()
    road.fail("lose_reply", road.spec.query, times=1)
    road.wait(hours=1)
    assert paid_once(road)


def test_a_callback_that_comes_before_the_reply_is_not_undone_by_it(road: Road) -> None:
    road.fail("callback_first", road.spec.push, times=1)
    road.ask()
    assert road.state == "paid"
    assert paid_once(road)


def test_a_callback_that_comes_twice_counts_once(road: Road) -> None:
    road.fail("repeat_callback", value="2", msisdn=road.msisdn)
    road.ask()
    road.answer()
    assert paid_once(road)


def test_ten_callbacks_at_once_count_once(road: Road) -> None:
    road.ask()
    road.answer()
    replay(road, times=10)
    assert paid_once(road)


def test_the_last_callback_first_counts_once(road: Road) -> None:
    road.fail("reverse_callbacks", msisdn=road.msisdn)
    road.ask()
    road.answer()
    assert paid_once(road)


def test_the_same_money_announced_everywhere_at_once_counts_once(road: Road) -> None:
    road.fail("say_pending", road.spec.query, times=1)
    road.ask()
    road.answer()
    in_parallel(jobs.prompt_payers, lambda: replay(road, times=3), jobs.prompt_payers)
    assert paid_once(road)


def test_a_failure_after_the_success_changes_nothing(road: Road) -> None:
    road.ask()
    road.answer()
    assert road.send_callback(road.claim(paid=False)) == 200
    jobs.prompt_payers()
    assert road.state == "paid"
    assert road.sms_kinds == []
    assert paid_once(road)


def test_a_success_after_the_failure_wins(road: Road) -> None:
    road.ask()
    road.rows("UPDATE simulator.prompts SET result_code = '1032' RETURNING id")
    road.wait(hours=1)
    assert road.state == "failed"
    road.rows("UPDATE simulator.prompts SET result_code = NULL WHERE receipt IS NULL RETURNING id")
    road.answer()
    assert road.state == "paid"
    assert paid_once(road)


def test_a_provider_that_contradicts_itself_is_believed_when_money_moved(road: Road) -> None:
    road.fail("contradict_callback", msisdn=road.msisdn)
    road.ask()
    road.answer()
    assert road.state == "paid"
    assert paid_once(road)


def test_a_callback_with_another_amount_books_no_such_amount(road: Road) -> None:
    road.ask()
    assert road.send_callback(road.claim(paid=True, amount="99999.00")) in (200, 400)
    jobs.prompt_payers()
    assert road.booked == []
    road.answer()
    assert paid_once(road)


def test_who_does_not_know_the_key_gets_nowhere(road: Road) -> None:
    road.ask()
    assert road.send_callback(road.claim(paid=True), key="guess") == 404
    assert nothing_paid(road)


def test_a_forged_callback_about_a_prompt_nobody_sent_books_nothing(road: Road) -> None:
    before = road.rows("SELECT count(*) FROM payments")
    assert road.send_callback(road.claim(paid=True, reference=road.spec.unknown)) == 200
    jobs.prompt_payers()
    assert road.rows("SELECT count(*) FROM payments") == before


def test_where_a_callback_proves_nothing_its_word_books_nothing(road: Road) -> None:
    if not road.spec.asks_first:
        pytest.skip("its own result is the proof: signed, or with the key and the prompt")
    road.ask()
    assert road.send_callback(road.claim(paid=True)) == 200
    jobs.prompt_payers()
    assert road.state != "paid"
    assert nothing_paid(road)


def test_the_provider_says_what_the_account_holds(road: Road) -> None:
    channel = cast(Any, jobs).runtime().channel(road.spec.name)
    if not isinstance(channel, BalanceChannel):
        pytest.skip("M-Pesa's answer comes later, at an endpoint (mpesa/test_results)")
    before = channel.read_balance(road.currency)
    road.ask()
    road.answer()
    assert paid_once(road)
    after = channel.read_balance(road.currency)
    assert after == Balance(before.provider_account, before.amount_minor + road.amount_minor)
    [(booked_in,)] = road.rows(
        "SELECT provider_account FROM payments WHERE receipt = :receipt", receipt=road.moved[0][0]
    )
    assert after.provider_account == booked_in


def test_a_balance_nobody_says_is_temporary(road: Road) -> None:
    channel = cast(Any, jobs).runtime().channel(road.spec.name)
    if not isinstance(channel, BalanceChannel):
        pytest.skip("M-Pesa's answer comes later, at an endpoint (mpesa/test_results)")
    for fault in ("fail_before", "lose_reply"):
        road.fail(fault, "balance", times=1)
        with pytest.raises(Temporary):
            channel.read_balance(road.currency)


def test_where_callbacks_are_signed_a_forged_one_is_refused_and_wakes_no_worker(
    road: Road,
) -> None:
    if road.spec.name != "airtel":
        pytest.skip("this provider signs nothing")
    road.ask()
    before = road.rows("SELECT next_attempt_at FROM prompts ORDER BY id")
    signed = road.claim(paid=True)
    unsigned = signed.split(',"hash"')[0] + "}"
    right = base64.b64decode(signed.split('"')[-2]).hex()
    forged = [(signed.replace('"TS"', '"TF"'), {}), (unsigned, {}), (unsigned, {"Hash": "0" * 64})]
    assert [road.send_callback(body, **headers) for body, headers in forged] == [400] * len(forged)
    assert road.rows("SELECT next_attempt_at FROM prompts ORDER BY id") == before
    assert (
        road.send_callback(signed) == road.send_callback(unsigned, **{"X-Signature": right}) == 200
    )
    assert nothing_paid(road)


JUNK = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"{}", b'{"a":' * 50, b'{"Body":7}']


def test_junk_is_refused_and_leaves_no_trace(road: Road) -> None:
    road.ask()
    before = road.rows("SELECT state, next_attempt_at, provider_code FROM prompts ORDER BY id")
    assert [road.send_callback(body) for body in JUNK] == [400] * len(JUNK)
    assert road.send_callback(b" " * (64 * 1024 + 1)) == 413
    assert road.send_callback(road.claim(paid=True), method="GET") == 405
    after = road.rows("SELECT state, next_attempt_at, provider_code FROM prompts ORDER BY id")
    assert after == before
    assert nothing_paid(road)


def test_where_callbacks_are_signed_one_that_is_not_leaves_no_trace(road: Road) -> None:
    if not road.spec.signs:
        pytest.skip("its callbacks are not signed, or in the body")
    road.ask()
    before = road.rows("SELECT state, next_attempt_at, provider_code FROM prompts ORDER BY id")
    address = f"{road.url}/payments/{road.spec.endpoint.format(key=KEY)}"
    for secret in ("", "f00d"):  # not signed, signed with another key
        for paid in (True, False):
            assert road.send(address, road.claim(paid=paid, amount="5000"), secret=secret) == 400
    after = road.rows("SELECT state, next_attempt_at, provider_code FROM prompts ORDER BY id")
    assert after == before
    road.answer()
    assert paid_once(road)


def test_money_whose_callback_was_signed_with_a_key_nobody_knows_is_found_by_asking(
    road: Road,
) -> None:
    if not road.spec.signs:
        pytest.skip("its callbacks are not signed, or in the body")
    road.fail("forge_signature", msisdn=road.msisdn)
    road.ask()
    road.answer()
    assert road.booked == []
    assert paid_once(road)
