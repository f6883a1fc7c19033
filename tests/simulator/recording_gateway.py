"""A gateway that records every callback and answers as the test says."""

import json
import queue
import threading
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

ACCEPTED = {"ResultCode": "0", "ResultDesc": "Accepted"}


@dataclass
class RecordingGateway:
    """A served gateway. An endpoint is the last part of a callback's path.

    `answers[endpoint]` is (status, JSON); any other endpoint answers 200. `callbacks` are
    (endpoint, fields) in order of arrival. While `unblocked` is cleared, requests hang.
    """

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    callbacks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    arrivals: "queue.Queue[tuple[str, dict[str, Any]]]" = field(default_factory=queue.Queue)
    unblocked: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.unblocked.set()
        self._server = make_server(
            "127.0.0.1", 0, Request.application(self._answer_request), threaded=True
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self.unblocked.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def received(self, endpoint: str) -> list[dict[str, Any]]:
        """The fields of every callback to one endpoint, in order."""
        return [fields for name, fields in self.callbacks if name == endpoint]

    def endpoints(self) -> list[str]:
        """The endpoints of all callbacks, in order."""
        return [name for name, _ in self.callbacks]

    def _answer_request(self, request: Request) -> Response:
        body = request.get_data(as_text=True)
        fields = json.loads(body) if request.is_json else dict(parse_qsl(body))
        assert "/k3y" in request.path
        endpoint = request.path.rsplit("/", 1)[-1]
        self.callbacks.append((endpoint, fields))
        self.arrivals.put((endpoint, fields))
        self.unblocked.wait()
        status, answer = self.answers.get(endpoint, (200, ACCEPTED))
        return Response(json.dumps(answer), status=status, content_type="application/json")
