"""The people who respond during a run: phones answer prompts, an operator clears suspense."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from core.errors import Refused
from core.unit import unit_opener
from core.usecases.reconciliation.cases import APPLY, KEEP, close_case, decisions_of
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.suspense import match_suspense
from core.usecases.vends.decide import ask_again, give_vend_back, say_vended
from simulator.mobile_money.prompts import PHONE_PIN, answer_prompt
from torture.deployment import Deployment
from torture.payers import PROCESS_DOWN
from torture.workload import Workload

_PAUSE_SECONDS = 0.2
_PARALLEL_PHONES = 4


class Responders:
    """Threads that respond until they are stopped. `events` counts what happened."""

    def __init__(self, deployment: Deployment, workload: Workload) -> None:
        self.events: Counter[str] = Counter()
        self._deployment, self._seed = deployment, workload.seed
        self._open_unit = unit_opener(deployment.engine, after_commit=deployment.work_queues.wake)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat_step, args=(step,))
            for step in (
                self._answer_prompts,
                self._clear_suspense,
                self._decide_cases,
                self._decide_vends,
            )
        ]

    def start(self) -> None:
        """Start responding."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the step under way and stop."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _count_event(self, event: str) -> None:
        with self._lock:
            self.events[event] += 1

    def _repeat_step(self, step: Callable[[], None]) -> None:
        while not self._stopped.wait(_PAUSE_SECONDS):
            try:
                step()
            except PROCESS_DOWN:
                self._count_event("response broken by a kill")

    def _answer_prompts(self) -> None:
        with self._deployment.runtime.engine.connect() as connection:
            open_prompts = connection.execute(_OPEN_PROMPTS).all()
        with ThreadPoolExecutor(_PARALLEL_PHONES) as phones:
            list(
                phones.map(
                    lambda prompt: self._answer_prompt(prompt.msisdn, prompt.id), open_prompts
                )
            )

    def _answer_prompt(self, msisdn: str, prompt_id: int) -> None:
        """85 % enter their PIN, 7 % cancel, 3 % mistype it, and 5 % let the prompt expire."""
        draw = random.Random(f"{self._seed}/prompt/{prompt_id}").random()
        if draw > 0.95:
            return
        pin = PHONE_PIN if draw < 0.85 else (None if draw < 0.92 else "0000")
        try:
            answer_prompt(self._deployment.runtime, msisdn, prompt_id, pin)
        except LookupError:
            return
        self._count_event("prompt answered")

    def _clear_suspense(self) -> None:
        """Half of the payments are matched, a quarter is refunded, and a quarter stays."""
        with self._open_unit() as unit:
            waiting = unit.connection.execute(_SUSPENSE).all()
        for payment in waiting:
            try:
                self._count_event(self._clear(payment.id, payment.account_raw))
            except Refused as refused:
                self._count_event(f"suspense not cleared ({refused.code})")

    def _clear(self, payment_id: int, account: str) -> str:
        with self._open_unit() as unit:
            if payment_id % 4 == 2:
                request_refund(unit, payment_id, "operator", "not ours")
                return "refund requested"
            serial = account.removeprefix("X")
            match_suspense(unit, payment_id, serial, "operator", "as the payer says")
            return "suspense matched"

    def _decide_cases(self) -> None:
        """Money that waits because its debts were changed is applied to what is owed now."""
        with self._open_unit() as unit:
            found = unit.connection.execute(_CASES).scalars().all()
        for case_id in found:
            with self._open_unit() as unit:
                if decisions_of(unit, case_id) == (APPLY, KEEP):
                    close_case(unit, case_id, "operator", "the payer agrees", APPLY)
                    self._count_event("held payment released")

    def _decide_vends(self) -> None:
        """Look into the vendor's own list, and say what became of what no one else knows."""
        with self._open_unit() as unit:
            held = unit.connection.execute(_HELD_VENDS).all()
        for vend_id, serial, known in held:
            with self._deployment.runtime.engine.connect() as connection:
                codes = connection.execute(_VENDORS_LIST, {"serial": serial}).scalars().all()
            fresh = [code for code in codes if code not in known]
            try:
                self._decide_vend(vend_id, fresh)
                self._count_event("vend decided")
            except Refused as refused:
                self._count_event(f"vend not decided ({refused.code})")

    def _decide_vend(self, vend_id: int, fresh: list[str]) -> None:
        page = ("operator", "as on the vendor's page")
        try:
            with self._open_unit() as unit:
                if fresh:
                    say_vended(unit, vend_id, fresh[:1], *page)
                else:
                    ask_again(unit, vend_id, *page)
        except Refused as refused:
            if refused.code != "vend_of_another":
                raise
            with self._open_unit() as unit:
                give_vend_back(unit, vend_id, *page)


# Those that wait for a person, while no worker has another one of the device in hand.
_HELD_VENDS = text(
    "SELECT v.id, d.serial, ARRAY(SELECT t.text FROM tokens t WHERE t.device_id = d.id)"
    " FROM vends v JOIN devices d ON d.id = v.device_id WHERE v.state = 'unknown'"
    " AND v.next_attempt_at IS NULL AND NOT EXISTS (SELECT FROM vends a"
    " WHERE a.device_id = d.id AND (a.state = 'asked' OR a.typed_codes IS NOT NULL))"
    " ORDER BY v.id LIMIT 20"
)
_VENDORS_LIST = text(
    "SELECT code FROM simulator.vends WHERE serial = :serial AND code <> '' ORDER BY id"
)
_CASES = text(
    "SELECT id FROM cases WHERE closed_at IS NULL AND kind = 'changed_since_payment' ORDER BY id"
)
_OPEN_PROMPTS = text(
    "SELECT id, msisdn FROM simulator.prompts WHERE result_code IS NULL ORDER BY id LIMIT 200"
)
_SUSPENSE = text(
    "SELECT id, account_raw FROM payments WHERE state = 'suspense' AND id % 4 < 3"
    " AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = payments.id)"
    " ORDER BY id LIMIT 20"
)
