"""What else goes on during a run: meters change hands, prices change, payers take money back, and
another program keeps rows locked.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable

from sqlalchemy import text

from core.errors import Refused
from core.unit import unit_opener
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.sales.change_sale import reprice_sale
from simulator.mobile_money.receipts import mpesa_receipt
from simulator.mobile_money.wallets import give_back
from torture.dataset import msisdn_of, serial_of
from torture.deployment import Deployment
from torture.payers import PROCESS_DOWN
from torture.workload import Workload

# What a customer took back was paid at least so long ago, so that it has bought something mostly.
_SECONDS_UNTIL_REVERSED = 3
_LONGEST_LOCK_S = 4.0


class Office:
    """Threads that disturb until they are stopped. `events` counts what happened."""

    def __init__(self, deployment: Deployment, workload: Workload) -> None:
        self.events: Counter[str] = Counter()
        self._deployment, self._workload = deployment, workload
        self._open_unit = unit_opener(deployment.engine, after_commit=deployment.work_queues.wake)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        steps = (self._move_meter, self._reprice, self._take_money_back, self._hold_rows)
        self._threads = [
            threading.Thread(
                target=self._repeat, args=(step, random.Random(f"{workload.seed}/{n}"))
            )
            for n, step in enumerate(steps)
        ]

    def start(self) -> None:
        """Start disturbing."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the steps under way and stop."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, step: Callable[[random.Random], str], rng: random.Random) -> None:
        while not self._stopped.wait(rng.uniform(0.1, 1.0)):
            try:
                event = step(rng)
            except Refused as refused:
                event = f"{step.__name__.strip('_')} refused ({refused.code})"
            except PROCESS_DOWN:
                event = "act broken by a kill"
            with self._lock:
                self.events[event] += 1

    def _move_meter(self, rng: random.Random) -> str:
        """A meter goes to another customer; most have money on its way and are refused."""
        meter = 2 * rng.randrange((self._workload.customers + 1) // 2)
        phone = msisdn_of(rng.randrange(self._workload.customers))
        with self._open_unit() as unit:
            transfer_meter_by_operator(unit, serial_of(meter), phone, "operator", "moved house")
        return "meter moved"

    def _reprice(self, rng: random.Random) -> str:
        with self._open_unit() as unit:
            sale = unit.connection.execute(_SALE, {"place": rng.random()}).one()
            new_total_minor = sale.total_minor + rng.choice((-150_00, 150_00, 300_00))
            reprice_sale(unit, sale.id, new_total_minor, "operator", "agreed with the customer")
        return "sale repriced"

    def _take_money_back(self, rng: random.Random) -> str:
        """A payer has the provider reverse a payment, one in twenty; only the statement tells."""
        runtime = self._deployment.runtime
        with runtime.engine.begin() as connection:
            payment = connection.execute(
                _REVERSIBLE, {"seconds": _SECONDS_UNTIL_REVERSED, "place": rng.random()}
            ).one_or_none()
            if payment is None:
                return "nothing to take back"
            if not give_back(connection, payment.shortcode, payment.msisdn, payment.amount_minor):
                return "balance too low to take back"
            receipt = mpesa_receipt(connection, runtime.now())
            connection.execute(
                _REVERSE, {"undoes": payment.receipt, "receipt": receipt, "now": runtime.now()}
            )
        return "payment taken back by its payer"

    def _hold_rows(self, rng: random.Random) -> str:
        """A transaction that has locked a row and does nothing, as a hung console would."""
        table = rng.choice(("customers", "devices", "agents", "payments"))
        with self._deployment.engine.connect() as connection:
            connection.execute(
                text(
                    f"SELECT FROM {table} WHERE id ="
                    f" (SELECT max(id) - CAST(:back AS bigint) FROM {table}) FOR UPDATE"
                ),
                {"back": rng.randrange(20)},
            )
            self._stopped.wait(rng.uniform(0.2, _LONGEST_LOCK_S))
        return f"row of {table} held"


_SALE = text("""
    SELECT id, total_minor FROM sales WHERE state = 'open' AND device_id IS NOT NULL
    ORDER BY id OFFSET floor(:place * (SELECT count(*) FROM sales
                                        WHERE state = 'open' AND device_id IS NOT NULL)) LIMIT 1
""")
_REVERSIBLE = text("""
    WITH old AS (
        SELECT t.* FROM simulator.transactions t
         WHERE t.completed_at < now() - make_interval(secs => :seconds)
           AND NOT EXISTS (SELECT FROM simulator.reversals r WHERE r.undoes = t.receipt)
           AND (SELECT count(*) FROM simulator.reversals) * 20
               < (SELECT count(*) FROM simulator.transactions)
    )
    SELECT * FROM simulator.transactions WHERE receipt = (
        SELECT receipt FROM old ORDER BY receipt
        OFFSET floor(:place * (SELECT count(*) FROM old)) LIMIT 1
    ) FOR UPDATE
""")
_REVERSE = text("""
    INSERT INTO simulator.reversals (undoes, receipt, completed_at)
    VALUES (:undoes, :receipt, :now)
""")
