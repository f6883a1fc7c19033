"""Pseudonyms: one for one text, and of no use without our secret."""

from __future__ import annotations

from core.pseudonym import Pseudonyms

AMINA = "+254711000001"


def test_one_text_has_one_pseudonym_that_tells_nothing_without_the_secret() -> None:
    ours = Pseudonyms("our pepper")

    assert ours.of(AMINA) == ours.of(AMINA)
    assert "711000001" not in ours.of(AMINA)
    assert ours.of(AMINA) != ours.of("+254711000002")
    assert ours.of(AMINA) != Pseudonyms("another pepper").of(AMINA)
    assert "pepper" not in repr(ours)
