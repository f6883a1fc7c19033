"""The codes in a vendor's answer."""

from __future__ import annotations

import pytest

from core.vend import Done, Unknown, VendorAbilities
from gateway.vendors.codes import done_with

METER = VendorAbilities(frozenset({"energy"}))
KIT = VendorAbilities(frozenset({"days"}), code_digits=(14, 15))
CODE = "12345678901234567890"


@pytest.mark.parametrize("written", [CODE, "1234 5678 9012 3456 7890", "1234-5678-9012-3456-7890"])
def test_a_code_is_stored_without_blanks_and_dashes(written: str) -> None:
    assert done_with(METER, written) == Done((CODE,))


@pytest.mark.parametrize(
    "written", ["", None, True, "1234", CODE[:-1], CODE + "1", "x" * 20, 1.5, [CODE], {}, "٣" * 20]
)
def test_what_is_no_code_is_unknown(written: object) -> None:
    assert isinstance(done_with(METER, written), Unknown)
    assert isinstance(done_with(METER, CODE, written), Unknown)


def test_a_number_is_a_code_only_where_its_lost_zeros_would_show() -> None:
    assert done_with(METER, int(CODE)) == Done((CODE,))
    assert isinstance(done_with(METER, int("0" + CODE[1:])), Unknown)
    assert isinstance(done_with(KIT, 123456789012345), Unknown)
    assert done_with(KIT, "*12345678901234#") == Done(("*12345678901234#",))
