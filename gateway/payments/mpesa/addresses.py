"""Addresses of callbacks that only Daraja is told: each ends with a proof of what it is about.

A prompt, a reversal, a status or a balance is asked for with such an address. A message that comes
there is Daraja's answer, though it is not signed and others may have the key of the endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.gate import CallbackRefused
from gateway.payments.proof import PROOF_LENGTH, Proofs

Parsed = TypeVar("Parsed")
# The id of the row that a callback is about.
ROW_ID = "<int(min=1, max=999999999999999999):number>"
_PROOF = f"<string(length={PROOF_LENGTH}):proof>"


def proved_route(
    proofs: Proofs,
    path: str,
    name: str,
    parse: Callable[[bytes], Parsed],
    handle: Callable[[Parsed, int], CallbackResult],
) -> CallbackRoute[Any]:
    """Return the route of what Daraja was told the address of: `path` is its kind (`stk`), or the
    kind and what follows the proof (`reversal/timeout`). `handle` is given the id of the row.

    An address with another proof does not exist.
    """
    kind, _, end = path.partition("/")
    rule = f"/payments/daraja/<key>/{kind}/{ROW_ID}/{_PROOF}"

    def check_and_handle(parsed: Parsed, number: int, proof: str) -> CallbackResult:
        if not proofs.knows(proof, kind, number):
            raise CallbackRefused(404, "wrong_proof", "not found")
        return handle(parsed, number)

    return CallbackRoute(f"{rule}/{end}" if end else rule, name, parse, check_and_handle)
