"""A delivery report that arrives while our own send is being recorded."""

import threading

from sqlalchemy import Connection, text

from core.db.engine import make_engine
from core.message import DeliveryReport, SentSms
from core.unit import Unit, unit_opener
from core.usecases.messages.send import (
    claim_unsent_sms,
    record_delivery,
    record_sendings,
)
from tests.support.builders import insert_market, insert_sms

WAITING_OR_DONE = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def test_a_report_in_the_very_moment_of_the_send_is_not_lost(database_url: str) -> None:
    engine = make_engine(database_url)
    open_unit = unit_opener(engine)
    with engine.begin() as connection:
        insert_market(connection)
        insert_sms(connection)
    with open_unit() as unit:
        (waiting,) = claim_unsent_sms(unit, 10, "at")

    def report() -> None:
        with open_unit() as unit:
            record_delivery(unit, DeliveryReport("ATXid_1", "Success", None, "delivered"))

    reporting = threading.Thread(target=report)
    with open_unit() as sending:
        record_sendings(sending, [(waiting, SentSms("ATXid_1", "Sent", None))], "at")
        reporting.start()
        _until_blocked_or_over(sending, reporting)
    reporting.join()
    with engine.begin() as connection:
        assert _state(connection) == "delivered"
    engine.dispose()


def _until_blocked_or_over(unit: Unit, thread: threading.Thread) -> None:
    while thread.is_alive():
        thread.join(0.01)
        if unit.connection.execute(text(WAITING_OR_DONE)).scalar_one():
            return


def _state(connection: Connection) -> str:
    return str(connection.execute(text("SELECT state FROM sms")).scalar_one())
