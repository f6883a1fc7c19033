"""`dialwatt up`: the whole product on one machine, with simulated phones and providers."""

from __future__ import annotations

import os

import click

from operations.embedded.up import run


@click.command()
def up() -> int:
    """Start everything on this machine, with simulated phones.

    It starts PostgreSQL, Valkey, the web server, the workers, the schedule and stand-in providers,
    prints the address to open, and stops all of them on Ctrl-C.

    \b
    PORT             the port to serve on (8000)
    WEB_WORKERS      the number of web processes (2)
    DIALWATT_DATA    the folder that keeps the data (./var)
    DIALWATT_DEMO=0  start with an empty database
    """
    return run(os.environ)
