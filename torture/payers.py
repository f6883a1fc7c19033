"""The people who pay: by paybill, from the menu, to the agent; some of them mistype the serial.

What a payer does is drawn from the seed and the number of the payment. A payer whose attempt breaks
because something was just killed tries again, as people do: what moved is what the stand-in's
ledger says, not what was tried.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import BrokenInvariant, Refused
from core.money import Money
from core.pin import Pins
from core.unit import unit_opener
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.payments.request import request_payment
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.suspense import match_suspense
from gateway.work_queues import WorkQueues
from simulator.callback_queue import draw_callback_faults, json_callback, queue_callbacks
from simulator.callback_sender import send_now
from simulator.mobile_money.prompts import PHONE_PIN, answer_prompt
from simulator.mobile_money.receipts import mpesa_receipt
from simulator.mobile_money.wallets import Payment, move_money
from simulator.safaricom.c2b_payment import pay_by_paybill
from simulator.safaricom.c2b_urls import c2b_urls
from simulator.safaricom.payloads import c2b_payload
from tests.support.cast import PEPPER
from torture.dataset import AGENT, AGENT_PIN, msisdn_of, serial_of
from torture.deployment import Deployment
from torture.workload import Workload

_AWAY = (DBAPIError, InterfaceError, PoolTimeout, requests.RequestException, OSError)
_TRIES = 200
_SEEN_EVERY_S = 0.2
_THUMBS = 4


class Payers:
    """Pays `workload.payments` times with some threads; `made` counts what has been done so far."""

    def __init__(self, deployment: Deployment, workload: Workload) -> None:
        self.deployment, self.workload = deployment, workload
        self.tally: Counter[str] = Counter()
        self._open_unit = unit_opener(deployment.engine, pins=Pins(PEPPER))
        self._work_queues = WorkQueues(deployment.services.redis_url)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workload.payers, thread_name_prefix="payer")
        self._helpers = [
            threading.Thread(target=self._repeat, args=(step,))
            for step in (self._answer_prompts, self._clear_suspense)
        ]

    @property
    def made(self) -> int:
        return self.tally["made"]

    def start(self) -> None:
        for thread in self._helpers:
            thread.start()
        self._paid = [self._pool.submit(self._pay, n) for n in range(self.workload.payments)]

    def check(self) -> None:
        """Raises what a payer could not cope with, if one has given up."""
        for one in self._paid:
            if one.done():
                one.result()

    def wait(self) -> None:
        """Until all have paid; raises what a payer could not cope with."""
        for one in self._paid:
            one.result()
        self._pool.shutdown()

    def stop(self) -> None:
        """No more prompts are answered."""
        self._over.set()
        for future in self._paid:
            future.cancel()
        self._pool.shutdown()
        for thread in self._helpers:
            thread.join()

    def _count(self, what: str) -> None:
        with self._lock:
            self.tally[what] += 1

    def _pay(self, number: int) -> None:
        dice = random.Random(f"{self.workload.seed}/{number}")
        who = dice.randrange(self.workload.customers)
        amount_minor = 100 * dice.choice((5, 20, 50, 150, 300, 555, dice.randint(1, 2000)))
        way = dice.choices(
            (self._paybill, self._validated, self._prompt, self._cash, self._mistyped),
            (55, 10, 25, 5, 5),
        )[0]
        self._insist(lambda: way(who, amount_minor))
        self._count("made")

    def _insist(self, act: Callable[[], None]) -> None:
        for _ in range(_TRIES):
            try:
                return act()
            except _AWAY:
                self._count("tries broken by a kill")
                time.sleep(_SEEN_EVERY_S)
        raise BrokenInvariant("the product did not come back")

    def _paybill(self, who: int, amount_minor: int) -> None:
        self._move(who, serial_of(who), amount_minor)
        self._count("paybill")

    def _mistyped(self, who: int, amount_minor: int) -> None:
        self._move(who, f"X{serial_of(who)}", amount_minor)
        self._count("mistyped")

    def _move(self, who: int, account: str, amount_minor: int) -> None:
        """Money that moves without our being asked first, as paybills do by default."""
        runtime, msisdn = self.deployment.runtime, msisdn_of(who)
        faults = draw_callback_faults(runtime, "safaricom", "paybill", msisdn)
        now = runtime.now()
        with runtime.engine.begin() as connection:
            receipt = mpesa_receipt(connection, now)
            payment = Payment(
                receipt, runtime.settings.shortcode, msisdn, account, amount_minor, now
            )
            balance_minor = move_money(connection, payment)
            notice = c2b_payload(payment, balance_minor, "hashed")
            url = c2b_urls(connection, runtime).confirmation
            ids = queue_callbacks(connection, [json_callback("confirmation", url, notice)], faults)
        try:
            send_now(runtime, ids)
        except _AWAY:
            self._count("first tries broken by a kill")

    def _validated(self, who: int, amount_minor: int) -> None:
        answer = pay_by_paybill(
            self.deployment.runtime, msisdn_of(who), serial_of(who), amount_minor
        )
        self._count("asked first, paid" if answer.accepted else "asked first, refused")

    def _prompt(self, who: int, amount_minor: int) -> None:
        amount = Money(max(amount_minor // 100, 1) * 100, "KES")
        try:
            with self._open_unit() as unit:
                request_payment(unit, msisdn_of(who), serial_of(who), amount)
        except Refused:
            self._count("menu refused")
            return
        self._work_queues.wake("prompts")
        self._count("prompts")

    def _cash(self, who: int, amount_minor: int) -> None:
        try:
            with self._open_unit() as unit:
                amount = Money(amount_minor, "KES")
                taken = collect_cash(unit, AGENT, AGENT_PIN, serial_of(who), amount)
        except Refused as refused:
            self._count(f"cash refused ({refused.code})")
            return
        self._count(f"cash refused ({taken.code})" if isinstance(taken, Refused) else "cash")
        self._work_queues.wake("payments")

    def _repeat(self, step: Callable[[], None]) -> None:
        while not self._over.wait(_SEEN_EVERY_S):
            try:
                step()
            except _AWAY:
                self._count("tries broken by a kill")

    def _answer_prompts(self) -> None:
        """Most type their PIN, some cancel, some mistype it, some look away."""
        with self.deployment.runtime.engine.connect() as connection:
            waiting = connection.execute(_WAITING).all()
        with ThreadPoolExecutor(_THUMBS) as thumbs:
            list(thumbs.map(lambda prompt: self._answer(prompt.msisdn, prompt.id), waiting))

    def _answer(self, msisdn: str, prompt_id: int) -> None:
        roll = random.Random(f"{self.workload.seed}/prompt/{prompt_id}").random()
        if roll > 0.95:
            return
        pin = PHONE_PIN if roll < 0.85 else (None if roll < 0.92 else "0000")
        try:
            answer_prompt(self.deployment.runtime, msisdn, prompt_id, pin)
        except LookupError:
            return
        self._count("prompts answered")

    def _clear_suspense(self) -> None:
        """An operator: half is matched, a quarter sent back, the rest is left where it is."""
        with self._open_unit() as unit:
            held = unit.connection.execute(_HELD).all()
            for row in held:
                if row.id % 4 < 2:
                    match_suspense(unit, row.id, row.account_raw[1:], "operator", "a letter more")
                    self._count("suspense matched")
                elif row.id % 4 == 2:
                    request_refund(unit, row.id, "operator", "not ours")
                    self._count("refunds requested")
        self._work_queues.wake_all()


_WAITING = text(
    "SELECT id, msisdn FROM simulator.prompts WHERE result_code IS NULL ORDER BY id LIMIT 200"
)
_HELD = text(
    "SELECT id, account_raw FROM payments WHERE state = 'suspense' AND id % 4 < 3"
    " AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = payments.id)"
    " ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED"
)
