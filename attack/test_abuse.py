"""Strangers and machines: texts that cost without end, phones that ring, stock that is taken, PINs
that are guessed or typed too early, a registration that changes while it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from uuid import uuid4

import pytest
from redis import Redis

from attack.deployment import Deployment

JUMA, PIN = "+254711000111", "4321"
METER, METER_IN_STOCK, METER_TO_REGISTER = "37000100018", "37000100034", "37000100042"
KIT_ON_CREDIT = "TV2001"
_numbers = count(1)


@pytest.fixture
def stranger() -> str:
    """A number that was never heard of."""
    return f"+254733{next(_numbers):06}"


@pytest.fixture
def juma(deployment: Deployment) -> Iterator[str]:
    """The agent, whose PIN was never wrong and whose last call was not cut off, and again after."""
    _forgive(deployment)
    yield JUMA
    _forgive(deployment)


def _forgive(deployment: Deployment) -> None:
    deployment.rows(
        "UPDATE agents SET pin_misses = 0, pin_locks = 0, locked_until = NULL WHERE msisdn = %s"
        " RETURNING 1",
        JUMA,
    )
    with closing(Redis.from_url(deployment.services.redis_url)) as redis:
        for key in redis.scan_iter("ussd:resume:*"):
            redis.delete(key)


def write(deployment: Deployment, sender: str, text: str) -> int:
    """The status of the answer to an SMS of that sender."""
    sms = {"from": sender, "to": "22141", "text": text, "id": uuid4().hex}
    return deployment.post("/sms/africastalking/demo/inbound", sms).status


def texts_to(deployment: Deployment, msisdn: str) -> list[str]:
    """What was or will be sent to that number, the oldest first."""
    rows = deployment.rows("SELECT body FROM sms WHERE msisdn = %s ORDER BY id", msisdn)
    return [body for (body,) in rows]


def dial(deployment: Deployment, msisdn: str, *answers: str) -> str:
    """The last page of a conversation of its own, with its answers given one after the other."""
    call = {"sessionId": f"ATUid_{uuid4().hex}", "phoneNumber": msisdn}
    call |= {"serviceCode": "*384*96#", "networkCode": "63902"}
    page = ""
    for given in range(len(answers) + 1):
        typed = {"text": "*".join(answers[:given])}
        page = deployment.post("/ussd/africastalking/demo", call | typed).text
    return page


@pytest.mark.parametrize(
    ("texts", "most"),
    [(["HELP"], 2), (["HELP", "LANG", "BAL", "LOAN", "TOKEN"], 10), (["STOP", "START"], 10)],
)
def test_a_number_is_answered_so_often_and_no_more(
    deployment: Deployment, stranger: str, scale: float, texts: list[str], most: int
) -> None:
    for number in range(max(20, int(200 * scale))):
        assert write(deployment, stranger, texts[number % len(texts)]) == 200

    assert 1 <= len(texts_to(deployment, stranger)) <= most


@pytest.mark.parametrize("answer", ["Help is on the way", "Stop. I am driving", "START", "Code 12"])
def test_a_machine_that_answers_every_text_falls_silent(
    deployment: Deployment, stranger: str, answer: str
) -> None:
    write(deployment, stranger, answer)
    rounds = 0
    while len(texts_to(deployment, stranger)) > rounds and rounds < 10:
        rounds = len(texts_to(deployment, stranger))
        write(deployment, stranger, answer)

    assert rounds <= 3


@pytest.mark.parametrize(
    "sender",
    [
        *("+88216123456", "+881612345678", "+97912345678", "+12425551234"),
        *("+37112345678", "+24712345", "+8835100123456"),
        *("22141", "SAFARICOM", "DIALWATT"),
    ],
)
def test_nothing_is_sent_to_other_countries_and_to_what_is_no_phone(
    deployment: Deployment, sender: str
) -> None:
    assert write(deployment, sender, "HELP") == 200
    assert texts_to(deployment, sender) == []


@pytest.mark.parametrize("way", ["by text", "by the menu"])
def test_a_phone_that_others_name_rings_twice(
    deployment: Deployment, stranger: str, way: str
) -> None:
    deployment.processes["worker-prompts"].end_group()
    try:
        for amount in range(150, 170):
            if way == "by text":
                write(deployment, stranger, f"PAY {METER} {amount}")
            else:
                dial(deployment, stranger, "1", METER, str(amount), "1")
        asked = deployment.rows("SELECT count(*) FROM prompts WHERE msisdn = %s", stranger)
    finally:
        deployment.start("worker-prompts")

    assert asked == [(2,)]


def test_strangers_take_one_device_until_they_pay(deployment: Deployment, stranger: str) -> None:
    person = ("Evil", "Thief", "1")
    try:
        assert "is yours now" in dial(deployment, stranger, "2", KIT_ON_CREDIT, *person, "1")
        refused = dial(deployment, stranger, "5", METER_IN_STOCK, "1")

        assert f"First pay for {KIT_ON_CREDIT}" in refused
        taken = deployment.rows(
            "SELECT d.serial FROM devices d JOIN customer_msisdns m ON m.customer_id = d.owner_id"
            " WHERE m.msisdn = %s",
            stranger,
        )
        assert taken == [(KIT_ON_CREDIT,)]
    finally:
        [(sale,)] = deployment.rows("SELECT max(id) FROM sales WHERE starts_with(reference, %s)",
                                    "self:")  # fmt: skip
        gone = deployment.dialwatt("sale", "cancel", str(sale), "--reason", "the attack is over")
        assert gone.returncode == 0, gone.stderr


def test_an_agent_signs_what_was_shown(deployment: Deployment, juma: str) -> None:
    honest, evil = "+254722555001", "+254733666002"
    write(deployment, juma, f"REG {METER_TO_REGISTER} {honest} KIB home Honest Buyer")
    call = {"sessionId": f"ATUid_{uuid4().hex}", "phoneNumber": juma}
    call |= {"serviceCode": "*384*96#", "networkCode": "63902"}
    for typed in ("", "1", "1*3", "1*3*1"):
        page = deployment.post("/ussd/africastalking/demo", call | {"text": typed}).text
    assert "Your PIN" in page, page
    write(deployment, juma, f"REG {METER_TO_REGISTER} {evil} KIB home Evil Thief")
    signed = deployment.post("/ussd/africastalking/demo", call | {"text": f"1*3*1*{PIN}"}).text

    assert "is registered" not in signed
    known = "SELECT 1 FROM customer_msisdns WHERE msisdn = %s"
    assert deployment.rows(known, evil) == deployment.rows(known, honest) == []
    deployment.rows("DELETE FROM pending_registrations WHERE serial = %s RETURNING 1",
                    METER_TO_REGISTER)  # fmt: skip


def test_every_lock_of_a_pin_is_twice_as_long(deployment: Deployment, juma: str) -> None:
    minutes: list[float] = []
    for _ in range(3):
        page = dial(deployment, juma, "3", METER, "200", "1", "1111", "2222", "3333")
        assert page.startswith("END"), page
        rows = deployment.rows(
            "UPDATE agents SET locked_until = now() - interval '1 second' FROM"
            " (SELECT id, locked_until - now() AS left FROM agents WHERE msisdn = %s) was"
            " WHERE agents.id = was.id RETURNING extract(epoch FROM was.left) / 60",
            juma,
        )
        minutes.append(round(float(rows[0][0])))

    assert minutes == [30, 60, 120]


@pytest.mark.parametrize(
    "answers",
    [("739146",), ("1", "739146"), ("3", METER, "739146"), ("3", METER, "200", "1", "739146")],
    ids=["home", "a number", "an amount", "the PIN's own screen"],
)
def test_a_pin_typed_too_early_is_kept_nowhere(
    deployment: Deployment, juma: str, answers: tuple[str, ...]
) -> None:
    dial(deployment, juma, *answers)

    with closing(Redis.from_url(deployment.services.redis_url)) as redis:
        kept = [key for key in redis.scan_iter("ussd:*", _type="string")
                if b"739146" in (redis.get(key) or b"")]  # fmt: skip
    assert kept == []
    assert "739146" not in deployment.log.read_text()
