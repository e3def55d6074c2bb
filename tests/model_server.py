"""A real HTTP server on loopback that speaks chat completions as its script says, and remembers what it was asked.

    with ModelServer([{"quotes": [...]}, Status(429, headers={"Retry-After": "7"})]) as server:
        ...  # talk to server.url
    server.requests[0].body["messages"]

A script is a list, one answer a request, or a function from a request to an answer. An answer is a JSON object or a
string (a completion, in the form that the request's mode asks for), or one of the classes below.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

PROMPT_TOKENS, COMPLETION_TOKENS = 100, 20


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: dict[str, Any]

    @property
    def mode(self) -> str:
        """How it asks for structure."""
        if "tools" in self.body:
            return "tools"
        return {"json_schema": "json_schema", "json_object": "json", None: "md_json"}[
            self.body.get("response_format", {}).get("type")
        ]

    def content(self, role: str) -> str:
        """The messages of a role, joined."""
        return "\n".join(message["content"] for message in self.body["messages"] if message["role"] == role)


@dataclass(frozen=True)
class Completion:
    """A completion that is out of the ordinary; `text` goes out as it is, in no fence."""

    text: str | None
    finish: str = "stop"
    refusal: str | None = None


@dataclass(frozen=True)
class Status:
    """A status and an error, in OpenAI's form."""

    status: int
    code: str | None = None
    message: str = "it did not work"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """Any body."""

    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Hang:
    """No answer until the server is closed."""


class Drop:
    """The connection is closed without an answer."""


Answer = dict[str, Any] | str | Completion | Status | Raw | Hang | Drop
Script = Iterable[Answer] | Callable[[Request], Answer]


class ModelServer:
    """The server; a context manager that gives itself."""

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        if callable(script):
            self._script: Callable[[Request], Answer] = script
        else:
            queue = deque(script)
            self._script = lambda request: queue.popleft() if queue else Status(500, "script_exhausted")
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.host = f"127.0.0.1:{self._http.server_port}"
        self.url = f"http://{self.host}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: Request) -> Answer:
        """Remember a request and say what to send."""
        with self._lock:
            self.requests.append(request)
            return self._script(request)

    def wait_until_closing(self) -> None:
        """Block the calling thread for as long as the server is up."""
        self._closing.wait()


class _Handler(BaseHTTPRequestHandler):
    server_of: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        answer = self.server_of.answer(request)
        if isinstance(answer, Hang):
            self.server_of.wait_until_closing()
            self.close_connection = True
        elif isinstance(answer, Drop):
            self.close_connection = True
        elif isinstance(answer, Raw):
            self._send(200, answer.body, {"Content-Type": answer.content_type, **answer.headers})
        elif isinstance(answer, Status):
            error = {"message": answer.message, "type": "error", "param": None, "code": answer.code}
            self._send(answer.status, json.dumps({"error": error}).encode(), answer.headers)
        elif "/chat/completions" not in self.path:
            self._send(404, b'{"error": {"message": "no such path"}}', {})
        else:
            self._send(200, json.dumps(_completion(request, answer)).encode(), {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _completion(request: Request, answer: dict[str, Any] | str | Completion) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    finish = "stop"
    if isinstance(answer, Completion):
        text, finish = answer.text, answer.finish
        message["refusal"] = answer.refusal
    else:
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        if request.mode == "md_json":
            text = f"Here it is.\n\n```json\n{text}\n```\n"
    if request.mode == "tools" and text is not None:
        function = {"name": request.body["tools"][0]["function"]["name"], "arguments": text}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    else:
        message["content"] = text
    return {
        "id": "completion",
        "object": "chat.completion",
        "created": 0,
        "model": f"{request.body['model']}-2026-01-01",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": PROMPT_TOKENS,
            "completion_tokens": COMPLETION_TOKENS,
            "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        },
    }
