"""`dialwatt endpoints`: the callback addresses that providers have to be given."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from core.environment import Environment
from gateway.endpoints import Endpoint, read_address, read_keys
from gateway.settings import endpoints_set_up
from gateway.ussd.aggregators import ADAPTERS
from operations.environment import command_environment

_SHOWN = 4
# What follows the key in the addresses that a provider has to be given. Daraja gets the addresses
# of results with each of our calls, and MTN its own with each request.
_REST = {
    "payments/daraja": ("/validation", "/confirmation"),
    "sms/africastalking": ("/inbound", "/delivery"),
}


@click.command()
@click.option("--show-keys", is_flag=True, help="Print the addresses whole, to copy them.")
def endpoints(show_keys: bool) -> None:
    """Print the callback addresses to register with each provider.

    It lists the endpoints that the web process serves by these settings. All but the end of each
    key is masked, since who knows an address can call it; --show-keys prints them whole.
    """
    environment = command_environment(os.environ)
    for endpoint in endpoints_set_up(environment):
        key, *old = read_keys(environment, endpoint)
        print(f"{endpoint.name}{' (the old key is good too)' if old else ''}")
        for address in addresses(environment, endpoint):
            shown = address if show_keys else address.replace(key, f"...{key[-_SHOWN:]}")
            print(f"  {shown}")


def addresses(environment: Environment, endpoint: Endpoint) -> Iterator[str]:
    """The addresses of an endpoint that its provider has to be given, with the key of now. Raises
    BadInput."""
    adapter = ADAPTERS[endpoint.provider] if endpoint.purpose == "ussd" else None
    with_end = ("", "/events") if adapter and adapter.decode_end else ("",)
    for rest in _REST.get(endpoint.name, with_end):
        yield read_address(environment, endpoint) + rest
