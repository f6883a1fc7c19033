"""Bodies of callbacks, read strictly: JSON, forms and single fields."""

import pytest

from core.errors import BadCallback
from gateway.parsing import not_text, read_form, read_json, text_field


def test_numbers_are_read_as_they_were_written() -> None:
    assert read_json(b'{"a": 150.00, "b": 20260131174205, "c": NaN}') == {
        "a": "150.00",
        "b": "20260131174205",
        "c": "NaN",
    }


def test_a_field_given_twice_is_refused() -> None:
    with pytest.raises(BadCallback, match="twice"):
        read_form(b"id=1&id=2")


def test_a_form_is_read_in_utf8() -> None:
    assert read_form(b"text=Habari+%C3%A9&id=") == {"text": "Habari é", "id": ""}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"a": "\\u0000"}',
        b'{"\\ud800": 1}',
        b'{"a":' * 9 + b"1" + b"}" * 9,
    ],
)
def test_what_is_no_plain_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadCallback):
        read_json(body)


@pytest.mark.parametrize("body", [b"id", b"\xff=1", b"id=%ff", b"id=%00", b"a=1&" * 65 + b"b=1"])
def test_what_is_no_plain_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadCallback):
        read_form(body)


@pytest.mark.parametrize("value", [None, "", 7, "abc", "12345"])
def test_a_field_of_another_shape_is_refused_by_name(value: object) -> None:
    with pytest.raises(BadCallback, match=r"^code is"):
        text_field({"code": value}, "code", "[0-9]{1,4}")


def test_a_missing_field_may_have_a_default() -> None:
    assert text_field({}, "code", "[0-9]+", default="") == ""
    assert text_field({"code": "12"}, "code", "[0-9]+", default="") == "12"


def test_nul_and_half_characters_are_no_text() -> None:
    assert [not_text(value) for value in ("é", "a\x00", "\udc00")] == [False, True, True]
