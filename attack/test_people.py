"""People's data from outside: what a call leaves in keys, and what is left of a person in the
database and in Redis after they were exported and forgotten."""

from __future__ import annotations

import json
import re
import stat
from contextlib import closing
from uuid import uuid4

from redis import Redis

from attack.console import ConsoleBrowser
from attack.deployment import Deployment

CALLER, WRITER = "+254722555123", "+254722555124"
DEBTOR = "+254722000002"
PASSWORD = "a horse of my own 7"
_CONFIRM = re.compile(r'name="confirmed" value="([^"]+)"')
_TABLES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
)


def mentions(deployment: Deployment, needle: str) -> dict[str, int]:
    """How many rows hold it, in whatever column, by table."""
    found = {
        table: deployment.rows(
            f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0", needle
        )[0][0]
        for (table,) in deployment.rows(_TABLES)
    }
    return {table: rows for table, rows in found.items() if rows}


def dial(deployment: Deployment, msisdn: str, session: str, text: str) -> str:
    call = {"sessionId": session, "phoneNumber": msisdn, "serviceCode": "*384*96#"}
    answer = deployment.post(
        "/ussd/africastalking/demo", call | {"networkCode": "63902", "text": text}
    )
    assert answer.status == 200
    return answer.text


def write(deployment: Deployment, msisdn: str, text: str) -> None:
    sms = {"from": msisdn, "to": "22141", "text": text, "id": uuid4().hex}
    sms |= {"date": "2026-11-30T09:00:00Z", "linkId": ""}
    assert deployment.post("/sms/africastalking/demo/inbound", sms).status == 200


def test_a_call_leaves_no_number_in_any_key(deployment: Deployment) -> None:
    for text in ("", "3", "3*1", "3*1*My lamp is dark"):
        dial(deployment, CALLER, "ATUid_people", text)

    with closing(Redis.from_url(deployment.services.redis_url)) as redis:
        keys = [key.decode() for key in redis.scan_iter("*")]
    assert [key for key in keys if CALLER[4:] in key] == []
    assert any(key.startswith("ussd:africastalking:") for key in keys)
    columns = deployment.rows("SELECT conversation || ' ' || ussd_session FROM ussd_effects")
    assert [row for row in columns if CALLER[4:] in row[0]] == []


def test_who_wrote_is_exported_and_then_forgotten_everywhere(deployment: Deployment) -> None:
    write(deployment, WRITER, "LANG sw")
    write(deployment, WRITER, "HELP")
    assert {"inbound_sms", "stranger_languages"} <= set(mentions(deployment, WRITER[4:]))
    deployment.wait_until(
        lambda: (
            not deployment.rows(
                "SELECT 1 FROM sms WHERE msisdn = %s AND state IN ('waiting', 'sending')", WRITER
            )
        ),
        "the answers are not sent",
    )

    file = deployment.folder / "writer.json"
    exported = deployment.dialwatt("export", "person", WRITER, str(file))
    assert exported.returncode == 0, exported.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = json.loads(file.read_text())
    assert [row["body"] for row in found["kept"]["inbound sms"]["rows"]] == ["LANG sw", "HELP"]
    again = deployment.dialwatt("export", "person", WRITER, str(file))
    assert again.returncode == 1
    assert json.loads(file.read_text()) == found

    looked = deployment.dialwatt("forget", WRITER, "--dry-run")
    assert "nothing was changed" in looked.stdout
    assert mentions(deployment, WRITER[4:])
    forgotten = deployment.dialwatt("forget", WRITER)
    assert forgotten.returncode == 0, forgotten.stderr
    assert mentions(deployment, WRITER[4:]) == {}
    assert deployment.dialwatt("forget", WRITER).returncode == 1


def test_who_owes_money_is_not_forgotten_and_is_told_why(deployment: Deployment) -> None:
    before = mentions(deployment, DEBTOR[4:])

    refused = deployment.dialwatt("forget", DEBTOR)

    assert refused.returncode == 1
    assert "because something is open" in refused.stderr
    assert mentions(deployment, DEBTOR[4:]) == before


def test_only_an_owner_orders_it_at_the_console_and_a_worker_does_it(
    deployment: Deployment,
) -> None:
    for name, role in (("odhiambo", "owner"), ("sofia", "support")):
        added = deployment.dialwatt("user", "add", name, "--role", role, typed=PASSWORD)
        assert added.returncode == 0, added.stderr
    deployment.rows("UPDATE console_users SET password_is_initial = false RETURNING id")
    write(deployment, CALLER, "LANG sw")
    sofia, owner = ConsoleBrowser(deployment), ConsoleBrowser(deployment)
    assert (sofia.log_in("sofia", PASSWORD), owner.log_in("odhiambo", PASSWORD)) == (302, 302)
    assert sofia.get("/people/forget")[0] == 403
    assert sofia.get("/people/export")[0] == 403

    typed = {"number": CALLER, "reason": "asked by letter"}
    looked = owner.post("/people/forget", **typed)[1]
    assert "cannot be undone" in looked
    assert owner.post("/people/forget", **typed, confirmed=_CONFIRM.findall(looked)[0])[0] == 302

    deployment.wait_until(
        lambda: deployment.rows("SELECT 1 FROM erasures WHERE state = 'done' AND operator = %s",
                                "odhiambo"),
        "the worker forgets nobody",
    )  # fmt: skip
    assert mentions(deployment, CALLER[4:]) == {}
    assert deployment.rows("SELECT reason FROM audit_log WHERE action = 'forget'"
                           " AND operator = 'odhiambo'") == [("asked by letter",)]  # fmt: skip


def test_what_is_too_old_goes_and_doctor_says_when_it_does_not(deployment: Deployment) -> None:
    deployment.rows(
        "INSERT INTO inbound_sms (provider, provider_message_id, msisdn, body, received_at)"
        " VALUES ('at', 'old', %s, 'BAL', now() - interval '1 year') RETURNING id",
        WRITER,
    )
    assert "1 rows of inbound_sms" in deployment.dialwatt("doctor").stdout
    counted = deployment.dialwatt("purge", "--dry-run").stdout
    assert re.search(r"\b1  inbound_sms \(older than 90 days\)", counted)

    assert deployment.dialwatt("purge").returncode == 0

    assert mentions(deployment, WRITER[4:]) == {}
    assert "ok  purge" in deployment.dialwatt("doctor").stdout
