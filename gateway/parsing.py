"""Strict parsing of what providers send: JSON and forms, field by field.

Every function raises BadCallback with one line that says what is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from core.errors import BadCallback

_DEEPEST_JSON = 8
_MOST_FIELDS = 64
# NUL, and halves of surrogate pairs.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")

Json = dict[str, Any]
Form = dict[str, str]


def read_json(body: bytes) -> Json:
    """The JSON object in a body, every number as the text it was written as (money is no float).

    Raises BadCallback for anything else, for NUL, for nesting past 8.
    """
    try:
        document = json.loads(
            body.decode("utf-8"), parse_float=str, parse_int=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        raise BadCallback("the body is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise BadCallback("the body is not a JSON object")
    _check_json(document, _DEEPEST_JSON)
    return document


def not_text(value: str) -> bool:
    """Whether PostgreSQL could not store it as text."""
    return _NOT_TEXT.search(value) is not None


def _check_json(value: object, depth: int) -> None:
    if depth == 0:
        raise BadCallback("the body is nested too deep")
    if isinstance(value, str) and not_text(value):
        raise BadCallback("the body holds characters that are no text")
    if isinstance(value, dict):
        for name, part in value.items():
            _check_json(name, depth)
            _check_json(part, depth - 1)
    elif isinstance(value, list):
        for part in value:
            _check_json(part, depth - 1)


def read_form(body: bytes) -> Form:
    """The fields of a form body, none of an empty one. Raises BadCallback when it is no form, or
    has a field twice."""
    if not body:
        return {}
    try:
        written = body.decode("ascii").split("&")
        pairs = [_field(part) for part in written if len(written) <= _MOST_FIELDS]
    except ValueError:
        raise BadCallback("the body is not a form in UTF-8") from None
    if not pairs:
        raise BadCallback("the body is not a form in UTF-8")
    form = dict(pairs)
    if len(form) != len(pairs):
        raise BadCallback("a field is there twice")
    if any(map(not_text, form.values())):
        raise BadCallback("the body holds characters that are no text")
    return form


def _field(part: str) -> tuple[str, str]:
    """The name and the value of `name=value`. Raises ValueError."""
    name, sign, value = part.partition("=")
    if not sign:
        raise ValueError("no =")
    return _unquoted(name), _unquoted(value)


def _unquoted(part: str) -> str:
    """What was encoded; most names and values are as they were. Raises ValueError."""
    plain = part.replace("+", " ")
    return unquote(plain, errors="strict") if "%" in plain else plain


def text_field(
    fields: Mapping[str, Any], name: str, shape: str = r".{1,160}", default: str | None = None
) -> str:
    """A field as text. Raises BadCallback when it is missing (unless there is a default) or does
    not have that shape (a regular expression for the whole value)."""
    value = fields.get(name)
    if value is None or value == "":
        if default is not None:
            return default
        raise BadCallback(f"{name} is missing")
    if not isinstance(value, str) or not re.fullmatch(shape, value, re.DOTALL):
        raise BadCallback(f"{name} is not understood")
    return value
