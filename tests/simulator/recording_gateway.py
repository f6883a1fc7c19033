"""A gateway that records every callback and answers as the test says: the other end of the wire."""

import json
import queue
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

ACCEPTED = {"ResultCode": "0", "ResultDesc": "Accepted"}


@dataclass
class RecordingGateway:
    """`answers[endpoint]` is (status, JSON); an endpoint is the last part of the path. All else is
    200.

    `heard` are the (endpoint, fields) in order of arrival. While `free` is cleared, requests hang.
    """

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    arrivals: "queue.Queue[tuple[str, dict[str, Any]]]" = field(default_factory=queue.Queue)
    free: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "RecordingGateway":
        self.free.set()
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self.free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def told(self, endpoint: str) -> list[dict[str, Any]]:
        """What arrived at one endpoint."""
        return [fields for name, fields in self.heard if name == endpoint]

    def callbacks(self) -> list[str]:
        return [name for name, _ in self.heard]

    @Request.application
    def _answer(self, request: Request) -> Response:
        body = request.get_data(as_text=True)
        fields = json.loads(body) if request.is_json else dict(parse_qsl(body))
        assert "/k3y" in request.path
        endpoint = request.path.rsplit("/", 1)[-1]
        self.heard.append((endpoint, fields))
        self.arrivals.put((endpoint, fields))
        self.free.wait()
        status, answer = self.answers.get(endpoint, (200, ACCEPTED))
        return Response(json.dumps(answer), status=status, content_type="application/json")
