"""What the tests read from a reply of Flask's test client."""

from typing import Any

from werkzeug.test import TestResponse


def json_of(reply: TestResponse) -> Any:
    """The JSON body. Fails when there is none."""
    assert reply.is_json, f"no JSON: {reply.status} {reply.text[:200]!r}"
    return reply.json
