"""An expected error is one message that says what to do; an unexpected one is not hidden."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import ArgumentError

from core.errors import BadInput, ProviderFailure, Refused
from core.tokens.errors import TokenError
from operations.embedded.locations import EmbeddedServicesError
from operations.error_messages import describe_error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BadInput("line 3: bad"), "line 3: bad"),
        (BadInput("line 3: bad", "line 4: bad"), "\n  line 3: bad\n  line 4: bad"),
        (Refused("user_unknown", name="otieno"), "there is no user otieno"),
        (EmbeddedServicesError("no binaries here"), "no binaries here"),
        (ProviderFailure("mtn", "500"), "mtn: 500"),
        (TokenError("a key has 16 bytes"), "a key has 16 bytes"),
        (ArgumentError("no URL"), "DATABASE_URL is not an address of a database: no URL"),
    ],
)
def test_an_expected_error_has_a_message(error: Exception, message: str) -> None:
    assert describe_error(error) == message


@pytest.mark.parametrize("error", [RuntimeError("a bug"), KeyError("a bug"), ValueError("a bug")])
def test_an_unexpected_error_has_none(error: Exception) -> None:
    assert describe_error(error) is None
