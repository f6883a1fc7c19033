"""Daraja's endpoints. Paths are Safaricom's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from simulator.safaricom.account_balance import account_balance
from simulator.safaricom.c2b_urls import register_url
from simulator.safaricom.errors import DarajaError, error_response
from simulator.safaricom.oauth import generate_token
from simulator.safaricom.pull_transactions import pull_transactions
from simulator.safaricom.reversal import reversal
from simulator.safaricom.stk_push import process_request, query
from simulator.safaricom.transaction_status import transaction_status

daraja = Blueprint("daraja", __name__)
daraja.add_url_rule("/oauth/v1/generate", view_func=generate_token)
for path, view in {
    "/mpesa/stkpush/v1/processrequest": process_request,
    "/mpesa/stkpushquery/v1/query": query,
    "/mpesa/c2b/v2/registerurl": register_url,
    "/mpesa/reversal/v1/request": reversal,
    "/mpesa/transactionstatus/v1/query": transaction_status,
    "/mpesa/accountbalance/v1/query": account_balance,
    "/pulltransactions/v1/query": pull_transactions,
}.items():
    daraja.add_url_rule(path, view_func=view, methods=["POST"])


@daraja.errorhandler(DarajaError)
def _handle_rejection(error: DarajaError) -> tuple[Any, int]:
    return error_response(error.code, error.message)
