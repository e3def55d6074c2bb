"""A model server on loopback that answers well, and fails in every way that servers and models do, by seed.

    with FaultServer(seed=7, share=0.3) as server:
        ...  # talk to server.url
    server.answered, server.lies, server.requests

Good replies are those of `honest_model`. What a request meets hangs on the seed, on its messages and on how often these
were sent, so the order in which concurrent requests arrive changes nothing. As a program it prints its URL:

    python -m tests.fault_server --seed 7 --share 0.3 --latency 0.05
    curl http://127.0.0.1:PORT/stats
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import signal
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from tests.honest_model import MARKER, Asked, Reply, asked_for, content, reply_to, with_invalid_items, with_lies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

CACHED_TOKENS = 8
"""Of the prompt, in every `usage`."""

_TOKENS = re.compile(r"\w+|[^\w\s]")
_LONGEST_BODY = 64 * 2**20


class Fault(Enum):
    """What can go wrong with a request."""

    BUSY = "busy"
    """429 that does not say how long."""
    BUSY_AFTER = "busy_after"
    """429 with Retry-After in seconds or as a date, or with retry-after-ms."""
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    """502 with a page in HTML."""
    UNAVAILABLE = "unavailable"
    CONFLICT = "conflict"
    REQUEST_TIMEOUT = "request_timeout"
    DROP = "drop"
    """The connection ends without an answer, or within its body."""
    STALL = "stall"
    """Nothing comes for long, then the connection ends."""
    TRUNCATED = "truncated"
    """The output limit, somewhere in the JSON."""
    CUT = "cut"
    """JSON that breaks off, and says that it is whole."""
    INVALID_ITEMS = "invalid_items"
    INVENTED_QUOTES = "invented_quotes"
    """Beside the true items such as the article does not bear out: made up, or with one word changed."""
    EMPTY = "empty"
    PROSE = "prose"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    HTML_200 = "html_200"


MIXED = (
    Fault.BUSY,
    Fault.BUSY_AFTER,
    Fault.SERVER_ERROR,
    Fault.BAD_GATEWAY,
    Fault.DROP,
    Fault.STALL,
    Fault.TRUNCATED,
    Fault.CUT,
    Fault.INVALID_ITEMS,
    Fault.INVENTED_QUOTES,
)
"""What a server mixes that is not told otherwise."""

_STATUSES = {
    Fault.BUSY: 429,
    Fault.BUSY_AFTER: 429,
    Fault.SERVER_ERROR: 500,
    Fault.UNAVAILABLE: 503,
    Fault.CONFLICT: 409,
    Fault.REQUEST_TIMEOUT: 408,
}
_PAGES = {Fault.BAD_GATEWAY: 502, Fault.HTML_200: 200}


@dataclass
class Exchange:
    """A request, and what became of it."""

    at: float
    """When it came, on the monotonic clock."""
    digest: str
    """Of its messages."""
    seen: int
    """How often these messages had come before."""
    user: str
    """What it says in the role of the user."""
    kinds: tuple[str, ...]
    follow_up: bool
    fault: Fault | None
    received: int
    """Bytes of its body."""
    status: int | None = None
    """None while, or because, nothing is answered."""
    sent: int = 0
    """Bytes of the answer's body, once it has left."""
    ended: float | None = None
    honest: Reply | None = None
    """What it was given, where that was complete and honest."""


@dataclass(frozen=True)
class _Answer:
    """A body to send."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class FaultServer:
    """The server; a context manager that gives itself. What it counts may be read from any thread at any time.

    Args:
        seed: Another one spreads the faults differently.
        share: Probability of a fault, for each request.
        faults: What is mixed, each as often as it is named.
        poisoned: Pattern looked for in the user message, or a function of it: such requests always fail.
        poison: With what.
        latency: Seconds that a complete reply takes.
        stall: Seconds until a stalled connection ends.
        retry_after: Seconds that Retry-After asks for.
        port: Where to listen; 0 for any.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        share: float = 0.3,
        faults: Sequence[Fault] = MIXED,
        poisoned: str | re.Pattern[str] | Callable[[str], bool] | None = None,
        poison: Sequence[Fault] = (Fault.SERVER_ERROR,),
        latency: float = 0.0,
        stall: float = 30.0,
        retry_after: float = 0.0,
        port: int = 0,
    ) -> None:
        self.seed, self.share, self.faults = seed, share, tuple(faults)
        self.poison, self.latency, self.stall, self.retry_after = tuple(poison), latency, stall, retry_after
        self.port = port
        if callable(poisoned):
            self._poisoned: Callable[[str], bool] = poisoned
        else:
            pattern = None if poisoned is None else re.compile(poisoned)
            self._poisoned = lambda user: pattern is not None and pattern.search(user) is not None
        self._lock = threading.Lock()
        self._requests: list[Exchange] = []
        self._seen: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._lies: set[str] = set()
        self._in_flight = self._max_in_flight = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, known once it runs."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Exchange]:
        """All requests so far, in the order in which they came."""
        with self._lock:
            return list(self._requests)

    @property
    def answered(self) -> dict[str, int]:
        """How often a complete and honest reply has left, by the digest of the messages."""
        with self._lock:
            return dict(+self._answered)

    @property
    def lies(self) -> set[str]:
        """Strings in its replies that are altered from real ones; what is made up from nothing has `MARKER`."""
        with self._lock:
            return set(self._lies)

    @property
    def in_flight(self) -> int:
        """Requests that wait for their answer."""
        with self._lock:
            return self._in_flight

    @property
    def max_in_flight(self) -> int:
        """The most that have waited at once."""
        with self._lock:
            return self._max_in_flight

    def stats(self) -> dict[str, Any]:
        """What `GET /stats` answers."""
        with self._lock:
            faults = Counter(exchange.fault.value for exchange in self._requests if exchange.fault)
            return {
                "requests": len(self._requests),
                "follow_ups": sum(exchange.follow_up for exchange in self._requests),
                "faults": dict(sorted(faults.items())),
                "answered": dict(+self._answered),
                "in_flight": self._in_flight,
                "max_in_flight": self._max_in_flight,
                "received": sum(exchange.received for exchange in self._requests),
                "sent": sum(exchange.sent for exchange in self._requests),
            }

    def __enter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.port = listening.getsockname()[1]
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listening, started)), daemon=True)
        self._thread.start()
        started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._closing is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def _serve(self, listening: socket.socket, started: threading.Event) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=_LONGEST_BODY)
        app.router.add_get("/stats", self._send_stats)
        app.router.add_get("/v1/stats", self._send_stats)
        app.router.add_post("/{path:.*}/chat/completions", self._receive)
        # A client that goes away ends its request, so one that is killed leaves nothing in flight.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.SockSite(runner, listening, backlog=1024).start()
            started.set()
            await self._closing.wait()
        finally:
            await runner.cleanup()

    async def _send_stats(self, request: web.Request) -> web.Response:
        return web.json_response(self.stats())

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        received = await request.read()
        body = json.loads(received)
        asked = asked_for(body)
        if asked is None:
            return web.json_response(_error(400, "no_sentences"), status=400)
        exchange, random = self._exchange(body, asked, len(received))
        try:
            return await self._respond(request, body, asked, exchange, random)
        except ConnectionError:
            return _disconnected(request)  # The client has gone.
        finally:
            with self._lock:
                self._in_flight -= 1
                exchange.ended = time.monotonic()

    def _exchange(self, body: Mapping[str, Any], asked: Asked, received: int) -> tuple[Exchange, Random]:
        user, digest = content(body, "user"), digest_of(body)
        with self._lock:
            seen = self._seen[digest]
            self._seen[digest] += 1
            random = Random(f"{self.seed} {digest} {seen}")
            fault = random.choice(self.faults) if random.random() < self.share and self.faults else None
            if self._poisoned(user):
                fault = random.choice(self.poison)
            follow_up = asked.failing is not None
            exchange = Exchange(time.monotonic(), digest, seen, user, asked.kinds, follow_up, fault, received)
            self._requests.append(exchange)
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
        return exchange, random

    async def _respond(
        self, request: web.Request, body: Mapping[str, Any], asked: Asked, exchange: Exchange, random: Random
    ) -> web.StreamResponse:
        fault = exchange.fault
        if fault is Fault.STALL:
            await self._wait(self.stall)
            return _disconnected(request)
        if fault is Fault.DROP and random.random() < 0.5:
            return _disconnected(request)
        answer = self._answer(body, asked, exchange, random)
        if answer.status == 200:
            await self._wait(self.latency)
        exchange.status = answer.status
        if fault is Fault.DROP:
            broken = web.StreamResponse(status=answer.status, headers=answer.headers)
            broken.content_length = len(answer.body)
            part = answer.body[: random.randrange(len(answer.body))]
            await broken.prepare(request)
            await broken.write(part)
            self._count(exchange, 0, len(part))
            return _disconnected(request)
        response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        # Counted before it goes, so that whoever has read a reply finds it counted.
        self._count(exchange, 1, len(answer.body))
        try:
            await response.prepare(request)
            await response.write_eof()
        except BaseException:
            self._count(exchange, -1, 0)
            raise
        return response

    def _count(self, exchange: Exchange, times: int, sent: int) -> None:
        with self._lock:
            exchange.sent = sent
            if exchange.fault is None:
                self._answered[exchange.digest] += times

    async def _wait(self, seconds: float) -> None:
        """Let time pass, but no longer than the server is up."""
        assert self._closing is not None
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._closing.wait()
            except TimeoutError:
                pass

    def _answer(self, body: Mapping[str, Any], asked: Asked, exchange: Exchange, random: Random) -> _Answer:
        fault = exchange.fault
        if fault in _PAGES:
            page = f"<html><head><title>{MARKER}</title></head><body>nginx</body></html>"
            return _Answer(_PAGES[fault], page.encode(), {"Content-Type": "text/html"})
        if fault in _STATUSES:
            headers = {"Content-Type": "application/json"}
            if fault is Fault.BUSY_AFTER:
                headers.update(self._asking_to_wait(random))
            return _Answer(_STATUSES[fault], json.dumps(_error(_STATUSES[fault], fault.value)).encode(), headers)
        completion = self._completion(body, asked, exchange, random)
        return _Answer(200, json.dumps(completion, ensure_ascii=False).encode(), {"Content-Type": "application/json"})

    def _asking_to_wait(self, random: Random) -> dict[str, str]:
        way = random.choice(("seconds", "seconds", "date", "milliseconds"))
        if way == "date":
            return {"Retry-After": formatdate(time.time() + self.retry_after, usegmt=True)}
        if way == "milliseconds":
            return {"retry-after-ms": f"{1000 * self.retry_after:g}"}
        return {"Retry-After": f"{self.retry_after:g}"}

    def _completion(self, body: Mapping[str, Any], asked: Asked, exchange: Exchange, random: Random) -> dict[str, Any]:
        fault, reply = exchange.fault, reply_to(asked)
        exchange.honest = reply if fault is None else None
        if fault is Fault.INVALID_ITEMS:
            reply = with_invalid_items(reply, random)
        elif fault is Fault.INVENTED_QUOTES:
            reply, lies = with_lies(reply, exchange.user, random)
            with self._lock:
                self._lies |= lies
        text = json.dumps(reply, ensure_ascii=False)
        finish = "stop"
        if fault in (Fault.TRUNCATED, Fault.CUT):
            text = text[: random.randrange(1, len(text))]
            finish = "length" if fault is Fault.TRUNCATED else "stop"
        elif fault is Fault.EMPTY:
            text = ""
        elif fault is Fault.PROSE:
            text = f"I read it with interest. The {MARKER} is mentioned, and {asked.kinds[0]}: none that I would list."
        elif fault is Fault.CONTENT_FILTER:
            text, finish = "", "content_filter"
        message = _message(body, text, whole=fault not in (Fault.TRUNCATED, Fault.CUT))
        if fault is Fault.REFUSAL:
            text = f"I can’t help with {MARKER}."
            message = {"role": "assistant", "content": None, "refusal": text}
        prompt_tokens = sum(_system_tokens(m["content"]) for m in body["messages"] if m["role"] == "system")
        prompt_tokens += sum(tokens(m["content"]) for m in body["messages"] if m["role"] != "system")
        completion_tokens = tokens(text)
        return {
            "id": f"chatcmpl-{exchange.digest[:12]}-{exchange.seen}",
            "object": "chat.completion",
            "created": 0,
            "model": f"{body.get('model', 'model')}-2026-01-01",
            "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
                "total_tokens": prompt_tokens + completion_tokens,
                "prompt_tokens_details": {"cached_tokens": min(CACHED_TOKENS, prompt_tokens)},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
        }


def digest_of(body: Mapping[str, Any]) -> str:
    """The name of a request's messages in `answered` and in the statistics."""
    messages = json.dumps(body["messages"], sort_keys=True)
    return hashlib.sha256(messages.encode()).hexdigest()[:16]


def tokens(text: str) -> int:
    """How many tokens a text counts as: words and signs."""
    return len(_TOKENS.findall(text))


@lru_cache(maxsize=256)
def _system_tokens(text: str) -> int:
    # The same for all requests, and long.
    return tokens(text)


def _message(body: Mapping[str, Any], text: str, *, whole: bool) -> dict[str, Any]:
    """A message in the form that the request's mode asks for."""
    if body.get("tools") and text:
        function = {"name": body["tools"][0]["function"]["name"], "arguments": text}
        calls = [{"id": "call_1", "type": "function", "function": function}]
        return {"role": "assistant", "content": None, "tool_calls": calls}
    if "response_format" not in body and text.startswith("{"):
        text = f"Here it is.\n\n```json\n{text}" + ("\n```\n" if whole else "")
    return {"role": "assistant", "content": text}


def _error(status: int, code: str) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
    return {"error": {"message": f"{MARKER}: it did not work", "type": kind, "param": None, "code": code}}


def _disconnected(request: web.Request) -> web.StreamResponse:
    """End the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted or terminated; the URL is the first line of standard output."""
    known = [fault.value for fault in Fault]
    parser = argparse.ArgumentParser(prog="python -m tests.fault_server", description=FaultServer.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--faults", nargs="+", choices=known, default=[fault.value for fault in MIXED])
    parser.add_argument("--poisoned", metavar="PATTERN")
    parser.add_argument("--poison", nargs="+", choices=known, default=[Fault.SERVER_ERROR.value])
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--stall", type=float, default=30.0)
    parser.add_argument("--retry-after", type=float, default=0.0)
    given = vars(parser.parse_args(arguments))
    for name in ("faults", "poison"):
        given[name] = [Fault(value) for value in given[name]]
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with FaultServer(**given) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
