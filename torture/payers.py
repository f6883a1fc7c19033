"""The people who pay: by paybill, from the USSD menu, or to the agent; some mistype the serial.

What a payer does is drawn from the seed and the number of the payment. A payer whose attempt is
broken by a kill tries again, as people do. What was really paid is what the simulated provider has
recorded, not what was attempted.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import requests
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import BrokenInvariant, Refused
from core.money import Money
from core.pin import Pins
from core.unit import unit_opener
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.payments.request import request_payment
from gateway.payments.channel_table import channel_table
from simulator.callback_queue import draw_callback_faults, json_callback, queue_callbacks
from simulator.callback_sender import send_now
from simulator.mobile_money.receipts import mpesa_receipt
from simulator.mobile_money.wallets import Payment, move_money
from simulator.safaricom.c2b_payment import pay_by_paybill
from simulator.safaricom.c2b_urls import c2b_urls
from simulator.safaricom.payloads import c2b_payload
from tests.support.cast import PEPPER
from torture.dataset import AGENT, AGENT_PIN, msisdn_of, serial_of
from torture.deployment import Deployment
from torture.workload import Workload

# What a call raises while the process that serves it is down.
PROCESS_DOWN = (DBAPIError, InterfaceError, PoolTimeout, requests.RequestException, OSError)
_ATTEMPTS = 200
_PAUSE_SECONDS = 0.2


class Payers:
    """Makes `workload.payments` payments in several threads. `events` counts what happened."""

    def __init__(self, deployment: Deployment, workload: Workload) -> None:
        self.events: Counter[str] = Counter()
        self._deployment, self._workload = deployment, workload
        self._open_unit = unit_opener(
            deployment.engine,
            pins=Pins(PEPPER),
            channels=channel_table(("daraja",)),
            after_commit=deployment.work_queues.wake,
        )
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workload.payers, thread_name_prefix="payer")
        self._payments: list[Future[None]] = []

    @property
    def completed(self) -> int:
        """How many payments have been made."""
        return self.events["payment made"]

    def start(self) -> None:
        """Start paying."""
        numbers = range(self._workload.payments)
        self._payments = [self._pool.submit(self._make_payment, number) for number in numbers]

    def raise_failure(self) -> None:
        """Raise the error of a payer who gave up, if there is one."""
        for payment in self._payments:
            if payment.done():
                payment.result()

    def wait(self) -> None:
        """Wait until everybody has paid. Raises the error of a payer who gave up."""
        for payment in self._payments:
            payment.result()
        self._pool.shutdown()

    def stop(self) -> None:
        """Cancel the payments that have not begun."""
        for payment in self._payments:
            payment.cancel()
        self._pool.shutdown()

    def _count_event(self, event: str) -> None:
        with self._lock:
            self.events[event] += 1

    def _make_payment(self, number: int) -> None:
        rng = random.Random(f"{self._workload.seed}/{number}")
        customer = rng.randrange(self._workload.customers)
        amount_minor = 100 * rng.choice((5, 20, 50, 150, 300, 555, rng.randint(1, 2000)))
        method = rng.choices(
            (
                self._pay_unvalidated,
                self._pay_validated,
                self._pay_from_menu,
                self._pay_agent,
                self._pay_mistyped,
            ),
            (55, 10, 25, 5, 5),
        )[0]
        self._repeat_until_done(lambda: method(customer, amount_minor))
        self._count_event("payment made")

    def _repeat_until_done(self, attempt: Callable[[], None]) -> None:
        for _ in range(_ATTEMPTS):
            try:
                return attempt()
            except PROCESS_DOWN:
                self._count_event("attempt broken by a kill")
                time.sleep(_PAUSE_SECONDS)
        raise BrokenInvariant("the product did not come back")

    def _pay_unvalidated(self, customer: int, amount_minor: int) -> None:
        self._pay_without_validation(customer, serial_of(customer), amount_minor)
        self._count_event("paybill without validation")

    def _pay_mistyped(self, customer: int, amount_minor: int) -> None:
        self._pay_without_validation(customer, f"X{serial_of(customer)}", amount_minor)
        self._count_event("paybill with a mistyped serial")

    def _pay_without_validation(self, customer: int, account: str, amount_minor: int) -> None:
        """Money moves before the gateway hears of it, as paybills do by default."""
        runtime, msisdn = self._deployment.runtime, msisdn_of(customer)
        faults = draw_callback_faults(runtime, "safaricom", "paybill", msisdn)
        now, shortcode = runtime.now(), runtime.settings.shortcode
        with runtime.engine.begin() as connection:
            receipt = mpesa_receipt(connection, now)
            payment = Payment(receipt, shortcode, msisdn, account, amount_minor, now)
            balance_minor = move_money(connection, payment)
            payload = c2b_payload(payment, balance_minor, "hashed")
            url = c2b_urls(connection, runtime).confirmation
            callback = json_callback("confirmation", url, payload)
            ids = queue_callbacks(connection, [callback], faults)
        try:
            send_now(runtime, ids)
        except PROCESS_DOWN:
            self._count_event("first callback attempt broken by a kill")

    def _pay_validated(self, customer: int, amount_minor: int) -> None:
        result = pay_by_paybill(
            self._deployment.runtime, msisdn_of(customer), serial_of(customer), amount_minor
        )
        self._count_event("validated, paid" if result.accepted else "validated, refused")

    def _pay_from_menu(self, customer: int, amount_minor: int) -> None:
        amount = Money(max(amount_minor // 100, 1) * 100, "KES")
        try:
            with self._open_unit() as unit:
                asked = request_payment(unit, msisdn_of(customer), serial_of(customer), amount)
        except Refused:
            self._count_event("prompt refused by the menu")
            return
        self._count_event("prompt open already" if asked.is_repeat else "prompt requested")

    def _pay_agent(self, customer: int, amount_minor: int) -> None:
        amount = Money(amount_minor, "KES")
        try:
            with self._open_unit() as unit:
                result = collect_cash(unit, AGENT, AGENT_PIN, serial_of(customer), amount)
        except Refused as refused:
            self._count_event(f"cash refused ({refused.code})")
            return
        if isinstance(result, Refused):
            self._count_event(f"cash refused ({result.code})")
        else:
            self._count_event("cash booked before" if result.is_repeat else "cash")
