"""A light load generator: walks of USSD sessions over keep-alive connections, in one process.

Requests are made before the clock starts to run; of an answer only its end is searched for what it
must hold. It uses a few microseconds a request, which `Load.cpu_share` tells.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import socket
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Plan:
    """`walk`: what was typed so far, turn by turn, and what its answer must hold, where {n} is
    the caller. `rate`: turns a
    second of all callers together, 0 for as fast as they are answered. `doubled`: every callback
    comes a second time while the first is being answered, and must get the same bytes."""

    port: int
    path: str
    walk: tuple[tuple[str, bytes], ...]
    callers: int
    devices: int
    seconds: float = 0.0
    walks: int = 0
    rate: float = 0.0
    doubled: bool = False
    prefix: str = field(default_factory=lambda: f"{time.time_ns():x}")


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. Times are milliseconds; `wrong`: answers that were not the caller's, or
    none; `cpu_share`: the share of one core that the generator used."""

    turns: int
    wrong: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_share: float

    @property
    def rate(self) -> float:
        return self.turns / self.seconds


def drive(plan: Plan) -> Load:
    """Play the plan in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_play, args=(plan, there))
    process.start()
    load: Load = here.recv()
    process.join()
    return load


class _Caller:
    """One phone after another on one connection, or on two where callbacks come twice."""

    def __init__(self, plan: Plan, number: int) -> None:
        self.plan, self.number, self.session, self.turn = plan, number, 0, 0
        lines = 2 if plan.doubled else 1
        self.lines = [socket.create_connection(("127.0.0.1", plan.port)) for _ in range(lines)]
        for line in self.lines:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard: dict[int, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.customer, self.sent_at = 0, 0.0
        self.pace_at = 0.0

    def send(self) -> None:
        plan = self.plan
        if self.turn == 0:
            self.session += 1
            step = self.session * plan.callers + self.number
            self.customer = step * 7919 % plan.devices + 1
        typed, _ = plan.walk[self.turn]
        form = {
            "sessionId": f"b-{plan.prefix}-{self.number}-{self.session}",
            "serviceCode": "*384*96#",
            "phoneNumber": f"+2547{self.customer:08}",
            "networkCode": "63902",
            "text": typed,
        }
        body = urlencode(form)
        request = (
            f"POST {plan.path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
        ).encode()
        self.sent_at = time.perf_counter()
        for line in self.lines:
            line.sendall(request)

    def receive(self, place: int) -> bool:
        """Whether every line has its answer."""
        found = self.parts.pop(place, b"") + self.lines[place].recv(65536)
        head, gap, body = found.partition(b"\r\n\r\n")
        if not gap or len(body) < _length(head):
            self.parts[place] = found
            return False
        self.heard[place] = body if head.startswith(b"HTTP/1.1 200") else b"not 200"
        return len(self.heard) == len(self.lines)

    def is_right(self) -> bool:
        """Whether the answer is this caller's, to this turn. Goes on to the next turn."""
        answers, self.heard = set(self.heard.values()), {}
        must = self.plan.walk[self.turn][1].replace(b"{n}", str(self.customer).encode())
        self.turn = (self.turn + 1) % len(self.plan.walk)
        return len(answers) == 1 and must in answers.pop()


def _length(head: bytes) -> int:
    lower = head.lower()
    begin = lower.find(b"content-length:")
    return int(lower[begin + 15 :].split(b"\r\n", 1)[0]) if begin >= 0 else 0


def _play(plan: Plan, answer: Pipe) -> None:
    poll = select.epoll()
    callers = [_Caller(plan, number) for number in range(plan.callers)]
    of_file = {}
    for caller in callers:
        for place, line in enumerate(caller.lines):
            of_file[line.fileno()] = caller, place
            poll.register(line.fileno(), select.EPOLLIN)
    times: list[float] = []
    wrong, cpu, began = 0, time.process_time(), time.perf_counter()
    interval = plan.callers / plan.rate if plan.rate else 0.0
    waiting: list[_Caller] = []
    for caller in callers:
        caller.pace_at = began + interval * caller.number / plan.callers
        waiting.append(caller)
    live = len(callers)
    while live:
        now = time.perf_counter()
        due = [caller for caller in waiting if caller.pace_at <= now]
        waiting = [caller for caller in waiting if caller.pace_at > now]
        for caller in due:
            caller.send()
        soonest = min((caller.pace_at for caller in waiting), default=now + 5.0)
        events = poll.poll(max(soonest - time.perf_counter(), 0.0))
        if not events and not waiting:
            wrong += live  # no caller was answered for seconds
            break
        for file, _ in events:
            caller, place = of_file[file]
            if not caller.receive(place):
                continue
            times.append(time.perf_counter() - caller.sent_at)
            wrong += not caller.is_right()
            over = time.perf_counter() - began > plan.seconds if plan.seconds else False
            if caller.turn == 0 and (over or (plan.walks and caller.session >= plan.walks)):
                live -= 1
                continue
            caller.pace_at += interval
            waiting.append(caller)
    seconds = time.perf_counter() - began
    answer.send(_measured(times, wrong, seconds, time.process_time() - cpu))
    os._exit(0)


def _measured(times: list[float], wrong: int, seconds: float, cpu_s: float) -> Load:
    times.sort()
    half, most = times[len(times) // 2], times[len(times) * 99 // 100]
    return Load(len(times), wrong, seconds, 1000 * half, 1000 * most, cpu_s / seconds)
