"""What M-Pesa's bodies say, and which of them are nonsense."""

import json
from typing import Any

import pytest

from core.errors import BadCallback
from gateway.parsing import read_json
from gateway.payments.mpesa.parse import instant, read_confirmation, read_payer, read_stk_result
from tests.gateway.payments.bodies import CHECKOUT, STAMP, STK_PAID, c2b, stk_ended


def test_a_confirmation_says_what_moved() -> None:
    notice = read_confirmation(c2b(), "c2b")
    assert notice.provider_account == "daraja:600123"
    assert (notice.receipt, notice.amount_minor, notice.currency) == ("SKE1A2B3C4", 500_00, "KES")
    assert (notice.account, notice.source) == ("m-100", "c2b")
    assert notice.paid_at == instant(STAMP, "TransTime")


@pytest.mark.parametrize("written", ['"150"', '"150.00"', "150", "150.0", "150.00"])
def test_an_amount_is_read_in_every_spelling(written: str) -> None:
    body = '{"BusinessShortCode":"600123","TransID":"A1","TransTime":"20260131174205",'
    document = read_json(f'{body}"TransAmount":{written}}}'.encode())
    assert read_confirmation(document, "c2b").amount_minor == 150_00


@pytest.mark.parametrize(
    "written",
    [
        *("NaN", "Infinity", "1e3", "1E3", "-150", '"-150"', "150.005", '"1,500"', "0", '""'),
        *("null", "true", "[150]", '{"a":1}', '"' + "9" * 13 + '"', "9" * 5000),
    ],
)
def test_anything_else_is_no_amount(written: str) -> None:
    body = '{"BusinessShortCode":"600123","TransID":"A1","TransTime":"20260131174205",'
    with pytest.raises(BadCallback, match="TransAmount"):
        read_confirmation(read_json(f'{body}"TransAmount":{written}}}'.encode()), "c2b")


@pytest.mark.parametrize(
    "changed",
    [
        {"TransID": ""},
        {"TransID": "SKE 1"},
        {"TransID": None},
        {"TransID": "X" * 33},
        {"TransTime": "20260231174205"},
        {"TransTime": "2026013117420"},
        {"TransTime": "31.01.2026"},
        {"BusinessShortCode": ""},
        {"BusinessShortCode": "six"},
        {"BillRefNumber": "A" * 101},
        {"BillRefNumber": ["M100"]},
        {"MSISDN": {"a": "b"}},
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any]) -> None:
    with pytest.raises(BadCallback, match=next(iter(changed))):
        read_confirmation(c2b(**changed), "c2b")


@pytest.mark.parametrize("odd", ["someone", "7" * 300, "\u202e", "0711 000 001 / 0722"])
def test_money_of_an_odd_payer_is_money_of_an_unknown_one(odd: str) -> None:
    notice = read_confirmation(c2b(MSISDN=odd), "c2b")
    assert (notice.payer_kind, notice.payer, notice.amount_minor) == ("none", None, 500_00)


@pytest.mark.parametrize(
    ("text", "kind", "payer"),
    [
        ("254711000001", "msisdn", "+254711000001"),
        ("0711000001", "msisdn", "+254711000001"),
        ("AB" * 32, "sha256", "ab" * 32),
        ("2547 ***** 126", "masked", "2547 ***** 126"),
        ("25470****149", "masked", "25470****149"),
        ("", "none", None),
        ("254", "none", None),
        ("someone", "none", None),
        ("+254711000001", "msisdn", "+254711000001"),
        ("\u202a254711000001", "msisdn", "+254711000001"),
        *(("2547110000011234", "none", None), ("254201234567", "none", None)),  # too long, fixed
        *(("254711000001.0", "none", None), ("7" * 300, "none", None), ("*" * 300, "none", None)),
    ],
)
def test_the_payer_is_plain_hashed_masked_or_hidden(
    text: str, kind: str, payer: str | None
) -> None:
    assert read_payer(text) == (kind, payer)


def test_a_paid_push_gives_its_receipt() -> None:
    result = read_stk_result(read_json(STK_PAID.encode()))
    assert (result.checkout_reference, result.code) == (CHECKOUT, "0")
    assert result.receipt is not None
    assert (result.receipt.receipt, result.receipt.amount_minor) == ("SKE1A2B3C4", 500_00)
    assert result.receipt.paid_at == instant(STAMP, "TransTime")


def test_the_order_of_the_items_does_not_matter() -> None:
    document = read_json(STK_PAID.encode())
    forwards = read_stk_result(document)
    document["Body"]["stkCallback"]["CallbackMetadata"]["Item"].reverse()
    assert read_stk_result(document) == forwards


@pytest.mark.parametrize("code", [1032, "1032", "SFC_IC0003"])
def test_a_result_code_is_a_number_or_a_word(code: object) -> None:
    result = read_stk_result(read_json(json.dumps(stk_ended(code)).encode()))
    assert (result.code, result.receipt) == (str(code), None)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Body": []},
        {"Body": {"stkCallback": "0"}},
        {"Body": {"stkCallback": {"CheckoutRequestID": "a", "ResultCode": "0"}}},
        stk_ended(None),
        stk_ended("1032", checkout="a b"),
    ],
)
def test_a_result_without_its_parts_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(BadCallback):
        read_stk_result(document)
