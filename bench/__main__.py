"""`make bench`: start PostgreSQL and Redis, measure, print. Quote ratios, not absolute rates."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from bench import payments, texts, ussd
from operations.embedded.services import embedded_services


def main() -> None:
    """Run the benchmarks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "benchmarks", nargs="*", choices=["payments", "texts", "ussd", []], default=[]
    )
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--payments", type=int, default=10_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dialwatt-bench-"))
    folder.chmod(0o755)
    try:
        with embedded_services(folder) as services:
            if "ussd" in (options.benchmarks or ["ussd"]):
                ussd.run(services, options.devices)
            if "payments" in (options.benchmarks or ["payments"]):
                payments.run(services, options.devices, options.payments)
            if "texts" in (options.benchmarks or ["texts"]):
                texts.run(services)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
