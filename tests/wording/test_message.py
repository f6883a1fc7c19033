"""A message declares its slots, each with a width."""

from __future__ import annotations

import pytest

from core.wording.message import message


def test_a_slot_without_a_width_fails_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match="name"):

        @message
        def bad(name: str) -> None: ...
