"""What the business has to know of pawaPay. Source: pawaPay's Merchant API, version 2."""

from __future__ import annotations

from uuid import uuid4

from core.channel import Channel, Reason, after
from core.network import Network

# Failure codes of a deposit.
_REASONS: dict[str, Reason] = {
    "PAYMENT_NOT_APPROVED": "cancelled",
    "INSUFFICIENT_BALANCE": "no_money",
    "PAYER_LIMIT_REACHED": "over_limit",
    "WALLET_LIMIT_REACHED": "over_limit",
}
# pawaPay's names of the networks whose payers approve on a prompt.
_WALLETS: dict[Network, str | None] = {
    ("BF", "Moov Africa"): "MOOV_BFA",
    ("BJ", "MTN"): "MTN_MOMO_BEN",
    ("BJ", "Moov"): "MOOV_BEN",
    ("CD", "Airtel"): "AIRTEL_COD",
    ("CD", "Vodacom"): "VODACOM_MPESA_COD",
    ("CG", "Airtel"): "AIRTEL_COG",
    ("CG", "MTN"): "MTN_MOMO_COG",
    ("CI", "MTN"): "MTN_MOMO_CIV",
    ("CM", "MTN Cameroon"): "MTN_MOMO_CMR",
    ("CM", "Orange"): "ORANGE_CMR",
    ("GA", "Airtel"): "AIRTEL_GAB",
    ("GH", "MTN"): "MTN_MOMO_GHA",
    ("GH", "Telecel"): "VODAFONE_GHA",
    ("GH", "at"): "AIRTELTIGO_GHA",
    ("KE", "Safaricom"): "MPESA_KEN",
    ("LS", "Vodacom Lesotho (Pty) Ltd"): "MPESA_LSO",
    ("MW", "Airtel"): "AIRTEL_MWI",
    ("MW", "TNM"): "TNM_MWI",
    ("MZ", "Movitel"): "MOVITEL_MOZ",
    ("MZ", "Vodacom"): "VODACOM_MOZ",
    ("NG", "Airtel"): "AIRTEL_NGA",
    ("NG", "MTN"): "MTN_MOMO_NGA",
    ("RW", "Airtel"): "AIRTEL_RWA",
    ("RW", "MTN"): "MTN_MOMO_RWA",
    ("SL", "Orange"): "ORANGE_SLE",
    ("TZ", "Airtel"): "AIRTEL_TZA",
    ("TZ", "Viettel"): "HALOTEL_TZA",
    ("TZ", "Vodacom"): "VODACOM_TZA",
    ("TZ", "Yas"): "TIGO_TZA",
    ("UG", "Airtel"): "AIRTEL_OAPI_UGA",
    ("UG", "MTN"): "MTN_MOMO_UGA",
    ("ZM", "Airtel"): "AIRTEL_OAPI_ZMB",
    ("ZM", "MTN"): "MTN_MOMO_ZMB",
    ("ZM", "ZAMTEL"): "ZAMTEL_ZMB",
}

CHANNEL = Channel(
    "pawapay",
    # pawaPay names no time before which a deposit must not be looked up.
    lookups=after(60, 120, 300, 900, 3600),
    wallets=_WALLETS,
    is_aggregator=True,
    new_reference=lambda: str(uuid4()),  # depositId: a version 4 UUID
    reasons=_REASONS,
    can_refund=True,
    refunds_parts=True,
)
