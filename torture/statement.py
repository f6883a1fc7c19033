"""The provider's statement at the end of a run: a file of the portal, read by `dialwatt statement`.

It has what moved in the simulated provider's books, and charges and settlements of its own; how it
is written is drawn from the seed. It is read once to book what is missing (what payers took back),
and a second time, when nothing may differ.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection, text

from simulator.mobile_money.receipts import mpesa_receipt
from tests.support.portal_files import PortalFile, PortalRow
from torture.deployment import Deployment
from torture.workload import Workload

_TIMEOUT_S = 300


def ingest_statement(deployment: Deployment, workload: Workload, folder: Path) -> dict[str, str]:
    """Write the file and read it twice; returns what is wrong, by name."""
    path = folder / "statement.csv"
    path.write_bytes(_write_file(deployment, workload).content())
    read = _statement(deployment, str(path), "--ingest")
    again = _statement(deployment, str(path))
    return {
        name: result.stdout[-1500:] + result.stderr[-500:]
        for name, result in (
            ("the statement cannot be booked", read),
            ("the statement differs after it was booked", again),
        )
        if result.returncode
    }


def _write_file(deployment: Deployment, workload: Workload) -> PortalFile:
    runtime = deployment.runtime
    file = PortalFile(workload.seed, runtime.settings.shortcode)
    with runtime.engine.begin() as connection:
        for row in connection.execute(_ROWS, {"shortcode": file.shortcode}):
            written = PortalRow(
                row.receipt, row.written, row.signed_minor, row.at, row.account, undoes=row.undoes
            )
            file.rows.append(written)
        file.rows += _charge_and_settle(connection, deployment, workload)
    return file


def _charge_and_settle(
    connection: Connection, deployment: Deployment, workload: Workload
) -> list[PortalRow]:
    """Charges and settlements to the bank, which lower what the provider holds for us."""
    rng, runtime = random.Random(f"{workload.seed}/statement"), deployment.runtime
    rows = []
    for written, minor in (
        ("Organization Settlement", 100_00 * rng.randint(1, 20)),
        ("Organization Settlement Charge", 12_50),
        ("Business Pay Bill Charge", 100 * rng.randint(1, 50)),
    ):
        connection.execute(_LOWER, {"minor": minor, "shortcode": runtime.settings.shortcode})
        receipt = mpesa_receipt(connection, runtime.now())
        rows.append(PortalRow(receipt, written, -minor, runtime.now()))
    return rows


def _statement(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "operations.cli", "statement", "daraja", *arguments],
        env=os.environ | deployment.settings,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
    )


_ROWS = text("""
    SELECT receipt, 'Pay Bill' AS written, amount_minor AS signed_minor, account, '' AS undoes,
           completed_at AS at FROM simulator.transactions WHERE shortcode = :shortcode
    UNION ALL
    SELECT r.receipt, 'Transaction Reversal', -t.amount_minor, '', r.undoes, r.completed_at
      FROM simulator.reversals r JOIN simulator.transactions t ON t.receipt = r.undoes
     WHERE t.shortcode = :shortcode
    ORDER BY at, receipt
""")
_LOWER = text(
    "UPDATE simulator.wallets SET balance_minor = balance_minor - :minor WHERE holder = :shortcode"
)
