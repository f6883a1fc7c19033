"""Proofs: what a message brings back proves for whom, for how much, and how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import BadInput
from gateway.payments.proof import PROOF_LENGTH, Proofs

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PROOFS = Proofs("a secret of this test")


def test_a_proof_is_of_one_subject_and_one_secret() -> None:
    proof = PROOFS.of("stk", 41)
    assert len(proof) == PROOF_LENGTH
    assert PROOFS.knows(proof, "stk", 41)
    assert PROOFS.knows(proof.lower(), "stk", 41)
    assert not PROOFS.knows(proof, "stk", 42)
    assert not PROOFS.knows(proof, "status", 41)
    assert not PROOFS.knows("", "stk", 41)
    assert not PROOFS.knows("\ud800" * 16, "stk", 41)
    assert not Proofs("another secret of it").knows(proof, "stk", 41)


def test_the_old_secret_counts_while_it_is_changed() -> None:
    old = PROOFS.of("stk", 41)
    both = Proofs.from_environment({"PROOF_SECRET": "a new secret of it, a secret of this test"})
    assert both.knows(old, "stk", 41)
    assert both.of("stk", 41) == Proofs("a new secret of it").of("stk", 41)


@pytest.mark.parametrize("given", ["short", "long enough to be one,short", ","])
def test_a_short_secret_is_none(given: str) -> None:
    with pytest.raises(BadInput):
        Proofs.from_environment({"PROOF_SECRET": given})


@pytest.mark.parametrize(
    ("account", "amount_minor", "later", "evidence"),
    [
        ("LAMP3-1001", 150_00, timedelta(minutes=1), "proved"),
        (" lamp3 1001", 150_00, timedelta(minutes=1), "proved"),
        ("LAMP3-1002", 150_00, timedelta(minutes=1), "forged"),
        ("LAMP3-1001", 1500_00, timedelta(minutes=1), "forged"),
        ("LAMP3-1001", 150_00, timedelta(days=2), "unverified"),
    ],
)
def test_what_a_payment_brings_back(
    account: str, amount_minor: int, later: timedelta, evidence: str
) -> None:
    given = PROOFS.of_question("LAMP3-1001", 150_00, NOW)
    assert PROOFS.evidence_of(given, account, amount_minor, NOW + later) == evidence


@pytest.mark.parametrize("given", ["x", "A" * 32, "A" * 15, "\ud800" * 32, "0" * 32])
def test_what_is_not_ours_is_forged(given: str) -> None:
    assert PROOFS.evidence_of(given, "LAMP3-1001", 150_00, NOW) == "forged"
    assert PROOFS.evidence_of(None, "LAMP3-1001", 150_00, NOW) == "unverified"
