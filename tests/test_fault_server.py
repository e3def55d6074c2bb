"""The fault server itself, asked by a raw client: every fault looks as it should, and seeds repeat."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import subprocess
import sys
import time
from collections import Counter
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import pytest

from extractor.backends.model_backend import ModelBackend
from extractor.kinds.catalogue import KINDS
from extractor.llm.client import MODES, Mode
from extractor.records.article import Article
from extractor.text.chunks import split_chunks
from extractor.text.document import Document
from tests.fault_server import CACHED_TOKENS, Fault, FaultServer, digest_of, tokens
from tests.honest_model import MARKER, asked_for, content, honest_reply
from tests.model_server import Answer as ServerAnswer
from tests.model_server import ModelServer
from tests.news import articles
from tests.run_async import run_async

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAMES = [kind.name for kind in KINDS]
SENTENCES = [
    (1, "“The wall costs 48 million,” said Ada Holm."),
    (2, "The town has 12 boats."),
    (3, "He told Mayor Boris Thorne that it was “not a bad year” for fish."),
]
HONEST: dict[str, Any] = {
    "entities": [
        {"sentence": 1, "name": "Ada Holm", "type": "person", "forms": ["Ada Holm"]},
        {"sentence": 3, "name": "Boris Thorne", "type": "person", "forms": ["Boris Thorne"]},
    ],
    "quotes": [
        {
            "sentence": 1,
            "content": ["The wall costs 48 million,"],
            "cue": "said",
            "speaker": "Ada Holm",
            "speaker_name": "Ada Holm",
        },
        {"sentence": 3, "content": ["not a bad year"], "cue": "told", "speaker": "He", "speaker_name": None},
    ],
    "claims": [
        {
            "sentence": number,
            "evidence": [words],
            "text": f"{words}.",
            "kind": "quantity",
            "claimant": None,
            "claimant_name": None,
        }
        for number, words in ((1, "The wall costs 48 million"), (2, "The town has 12 boats"))
    ],
}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str

    @property
    def choice(self) -> Any:
        return json.loads(self.body)["choices"][0]

    @property
    def text(self) -> str:
        return str(self.choice["message"]["content"])


def request(sentences: Sequence[tuple[int, str]] = SENTENCES, *, behind: str = "", items: str = "") -> dict[str, Any]:
    lines = "\n".join(f"[{number}] {text}" for number, text in sentences)
    user = f"<article ab>\n<sentences ab>\n{lines}\n</sentences ab>\n</article ab>\n{items}Reply.{behind}"
    schema = {"properties": {name: {"type": "array"} for name in NAMES}}
    return {
        "model": "m",
        "messages": [{"role": "system", "content": "Read."}, {"role": "user", "content": user}],
        "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
    }


def ask(server: FaultServer, body: dict[str, Any] | None = None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        sent = json.dumps(request() if body is None else body)
        connection.request("POST", "/v1/chat/completions", sent, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers.items()), response.read().decode())
    finally:
        connection.close()


def stats(port: int) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/stats")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def always(fault: Fault, **settings: Any) -> FaultServer:
    return FaultServer(share=1, faults=[fault], **settings)


def test_honest_reply() -> None:
    assert honest_reply(SENTENCES, NAMES) == HONEST
    assert honest_reply(SENTENCES[1:2], ["quotes", "protest"]) == {"quotes": [], "protest": []}
    (quote,) = honest_reply([(7, "“It leaks,” said an engineer who left.")], ["quotes"])["quotes"]
    assert (quote["sentence"], quote["speaker"], quote["speaker_name"]) == (7, "an engineer", None)


def test_honest_replies_are_verbatim() -> None:
    for article in articles(40, seed=1, sentences=20):
        document = Document.of(article)
        sentences = [(s.number, article.text[s.start : s.end]) for s in document.sentences]
        assert len(sentences) == 20
        reply = honest_reply(sentences, NAMES)
        for item in reply["quotes"]:
            assert f"“{item['content'][0]}”" in dict(sentences)[item["sentence"]]
            assert None not in (item["cue"], item["speaker"])
        assert len(reply["claims"]) > 5
        assert len(reply["quotes"]) > 5
        assert 2 <= len(reply["entities"]) <= 3


def test_articles_differ() -> None:
    many = articles(500, seed=3)
    assert len({article.text for article in many}) == len({article.id.partition("-")[0] for article in many}) == 500
    assert articles(3, seed=3) == many[:3] != articles(3, seed=4)
    assert MARKER not in "".join(article.text for article in many)
    assert len(articles(1, sentences=120)[0].text) > 9000


def test_good_reply_and_what_is_counted() -> None:
    with FaultServer(share=0) as server:
        answer = ask(server)
        assert json.loads(answer.text) == HONEST
        usage = json.loads(answer.body)["usage"]
        body = request()
        prompt_tokens = tokens("Read.") + tokens(content(body, "user"))
        assert (usage["prompt_tokens"], usage["completion_tokens"]) == (prompt_tokens, tokens(answer.text))
        assert usage["total_tokens"] == prompt_tokens + tokens(answer.text)
        assert usage["prompt_tokens_details"] == {"cached_tokens": CACHED_TOKENS}
        assert usage["completion_tokens_details"] == {"reasoning_tokens": 0}
        ask(server)
        assert server.answered == {digest_of(body): 2}
        assert [exchange.seen for exchange in server.requests] == [0, 1]
        counts = stats(server.port)
    assert (counts["requests"], counts["faults"], counts["answered"]) == (2, {}, {digest_of(body): 2})
    (first, _) = server.requests
    assert (first.status, first.fault, first.kinds, first.follow_up) == (200, None, tuple(NAMES), False)
    assert (first.received, first.sent) == (len(json.dumps(body)), len(answer.body.encode()))
    assert first.ended is not None
    assert first.ended >= first.at
    assert server.in_flight == 0
    assert server.max_in_flight == 1


def test_a_part_with_a_note_is_answered() -> None:
    with FaultServer(share=0) as server:
        body = request(SENTENCES[2:], behind="\n\nYour last reply was not JSON.")
        assert json.loads(ask(server, body).text) == honest_reply(SENTENCES[2:], NAMES)
        assert ask(server, {**body, "messages": [{"role": "user", "content": "Hello."}]}).status == 400


def test_a_follow_up_is_answered_with_what_should_have_been() -> None:
    quote, claim = HONEST["quotes"][0], HONEST["claims"][0]
    failing = [
        ("quotes[0]", {**quote, "content": 5}),
        ("quotes[1]", {**quote, "content": [f"the {MARKER} fell"]}),
        ("claims[0]", {**claim, "text": "The wall costs 58 million."}),
        ("claims[1]", {name: value for name, value in claim.items() if name != "sentence"}),
    ]
    lines = "".join(f"{where}: {json.dumps(item)}\n  wrong: it is\n" for where, item in failing)
    with FaultServer(share=0) as server:
        mended = json.loads(ask(server, request(items=f"<items ab>\n{lines}</items ab>\n")).text)
        assert mended == {"entities": [], "quotes": [quote], "claims": [claim]}
        whole = json.loads(ask(server, request(items="<items ab>\nclaims[0]: null\n  wrong\n</items ab>\n")).text)
        assert whole == {"entities": [], "quotes": [], "claims": HONEST["claims"]}
        assert all(exchange.follow_up for exchange in server.requests)


def bodies_sent(mode: Mode) -> list[dict[str, Any]]:
    """What the extractor sends in a mode: a prompt, and a follow-up."""
    script: list[ServerAnswer] = [{"quotes": [{"sentence": 1, "content": ["a wall"]}]}, {"quotes": []}]

    async def run(server: ModelServer) -> None:
        backend = ModelBackend("openai/m", base_url=server.url, api_key="k", mode=mode)
        document = Document.of(Article(id="a", text=" ".join(text for _, text in SENTENCES)))
        async for _ in backend.draft(document, split_chunks(document), KINDS):
            pass
        await backend.close()

    with ModelServer(script) as server:
        asyncio.run(run(server))
        return [sent.body for sent in server.requests]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_understood(mode: Mode) -> None:
    first, follow_up = bodies_sent(mode)
    asked = asked_for(first)
    assert asked is not None
    assert (list(asked.sentences), list(asked.kinds), asked.failing) == (SENTENCES, NAMES, None)
    mending = asked_for(follow_up)
    assert mending is not None
    assert mending.kinds == ("quotes",)
    assert mending.failing == (("quotes", {"sentence": 1, "content": ["a wall"]}),)
    with FaultServer(share=0) as server:
        message = ask(server, first).choice["message"]
    if mode == "tools":
        assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == HONEST
    elif mode == "md_json":
        assert json.loads(message["content"].partition("```json\n")[2].partition("\n```")[0]) == HONEST
    else:
        assert json.loads(message["content"]) == HONEST


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.BUSY, 429),
        (Fault.SERVER_ERROR, 500),
        (Fault.BAD_GATEWAY, 502),
        (Fault.UNAVAILABLE, 503),
        (Fault.CONFLICT, 409),
        (Fault.REQUEST_TIMEOUT, 408),
    ],
)
def test_statuses(fault: Fault, status: int) -> None:
    with always(fault) as server:
        answer = ask(server)
    assert answer.status == status
    assert not [name for name in answer.headers if "retry" in name.lower()]
    assert answer.body.startswith("<html" if fault is Fault.BAD_GATEWAY else '{"error"')
    assert server.answered == {}
    (exchange,) = server.requests
    assert (exchange.fault, exchange.status) == (fault, status)


def test_busy_says_how_long_in_three_ways() -> None:
    with always(Fault.BUSY_AFTER, retry_after=9) as server:
        answers = [ask(server) for _ in range(20)]
    assert {answer.status for answer in answers} == {429}
    asked = Counter("date" if "GMT" in a.headers.get("Retry-After", "") else _first(a.headers) for a in answers)
    assert set(asked) == {"date", "Retry-After: 9", "retry-after-ms: 9000"}
    date = next(a.headers["Retry-After"] for a in answers if "GMT" in a.headers.get("Retry-After", ""))
    assert parsedate_to_datetime(date).tzinfo is not None


def _first(headers: dict[str, str]) -> str:
    return next(f"{name}: {value}" for name, value in headers.items() if "retry" in name.lower())


def test_dropped_connections(caplog: pytest.LogCaptureFixture) -> None:
    ways: Counter[str] = Counter()
    with always(Fault.DROP) as server:
        for _ in range(20):
            try:
                ask(server)
            except http.client.RemoteDisconnected:
                ways["no answer"] += 1
            except http.client.IncompleteRead:
                ways["part of one"] += 1
    assert set(ways) == {"no answer", "part of one"}
    assert sum(ways.values()) == len(server.requests) == 20
    assert server.answered == {}
    assert not caplog.records


def test_stalls_end_with_the_client_or_with_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with always(Fault.STALL, stall=600) as server:
        for _ in range(2):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("POST", "/v1/chat/completions", json.dumps(request()))
            while not server.in_flight:
                time.sleep(0)
            connection.close()
            while server.in_flight:
                time.sleep(0)
        connection.request("POST", "/v1/chat/completions", json.dumps(request()))
        while not server.in_flight:
            time.sleep(0)
    connection.close()
    assert [exchange.status for exchange in server.requests] == [None, None, None]
    assert server.in_flight == 0
    assert not caplog.records
    with always(Fault.STALL, stall=0.01) as server, pytest.raises(http.client.RemoteDisconnected):
        ask(server)


@pytest.mark.parametrize(("fault", "finish"), [(Fault.TRUNCATED, "length"), (Fault.CUT, "stop")])
def test_broken_replies(fault: Fault, finish: str) -> None:
    whole = json.dumps(HONEST, ensure_ascii=False)
    with always(fault) as server:
        choices = [ask(server).choice for _ in range(10)]
    assert {choice["finish_reason"] for choice in choices} == {finish}
    texts = {choice["message"]["content"] for choice in choices}
    assert len(texts) > 5
    for text in texts:
        assert whole.startswith(text)
        assert 0 < len(text) < len(whole)


def test_invalid_items_stand_beside_good_ones() -> None:
    honest = {name: [json.dumps(item) for item in items] for name, items in HONEST.items()}
    kept = broken = 0
    with always(Fault.INVALID_ITEMS) as server:
        for _ in range(20):
            for name, items in json.loads(ask(server).text).items():
                same = sum(json.dumps(item) in honest[name] for item in items)
                kept += same
                broken += len(items) - same
        nothing = json.loads(ask(server, request([(1, "It rained.")])).text)
    assert kept > 20
    assert broken >= 20
    assert nothing == {name: [{"sentence": MARKER}] for name in NAMES}
    assert server.lies == set()


def test_invented_items_are_marked_or_known_as_lies() -> None:
    text = "\n".join(text for _, text in SENTENCES)
    with always(Fault.INVENTED_QUOTES) as server:
        replies = [json.loads(ask(server).text) for _ in range(10)]
    assert {"The wall costs 55 million,", "a bad year", f"Ada {MARKER}"} & server.lies
    assert not [lie for lie in server.lies if lie.rstrip(".") in text]
    for reply in replies:
        for name, items in reply.items():
            assert all(item in items for item in HONEST[name])
            strange = [json.dumps(item, ensure_ascii=False) for item in items if item not in HONEST[name]]
            assert strange
            assert all(MARKER in item or any(lie in item for lie in server.lies) for item in strange)


def test_other_replies_of_no_use() -> None:
    for fault in (Fault.EMPTY, Fault.PROSE, Fault.CONTENT_FILTER, Fault.REFUSAL, Fault.HTML_200):
        with always(fault) as server:
            answer = ask(server)
        assert answer.status == 200
        assert server.answered == {}
        if fault is Fault.HTML_200:
            assert answer.body.startswith("<html>")
            continue
        message = answer.choice["message"]
        assert (message["content"] or "") == "" or fault is Fault.PROSE
        assert ("refusal" in message) == (fault is Fault.REFUSAL)
        assert (answer.choice["finish_reason"] == "content_filter") == (fault is Fault.CONTENT_FILTER)


def test_poisoned_articles_always_fail_and_no_others() -> None:
    def body(number: int) -> dict[str, Any]:
        return request([(1, f"Boat {number} is here.")])

    for poisoned in ("Boat 3", re.compile("Boat [3]"), lambda user: "Boat 3" in user):
        with FaultServer(share=0, poisoned=poisoned, poison=[Fault.BUSY, Fault.CONFLICT]) as server:
            statuses = [ask(server, body(number)).status for number in (1, 2, 3, 3, 3, 3, 3, 3)]
        assert statuses[:2] == [200, 200]
        assert set(statuses[2:]) == {429, 409}


async def asked_at_once(server: FaultServer, bodies: Sequence[dict[str, Any]]) -> None:
    async def send(session: aiohttp.ClientSession, body: dict[str, Any]) -> None:
        try:
            async with session.post(f"{server.url}/chat/completions", json=body) as response:
                await response.read()
        except aiohttp.ClientError:
            pass

    # The connections are new, so that none is used again at the moment of its end.
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(send(session, body) for body in bodies))


@run_async
async def test_seeds_repeat_whatever_the_order() -> None:
    bodies = [request([(1, f"Boat {number} is here.")]) for number in range(100)] * 2

    async def met(seed: int, order: Callable[[Sequence[Any]], Any]) -> dict[tuple[str, int], Fault | None]:
        with FaultServer(seed=seed, share=0.3, stall=0.01) as server:
            await asked_at_once(server, list(order(bodies)))
        return {(exchange.digest, exchange.seen): exchange.fault for exchange in server.requests}

    first = await met(1, list)
    assert first == await met(1, reversed)
    assert first != await met(2, list)
    assert len(first) == 200
    assert 40 <= sum(fault is not None for fault in first.values()) <= 80
    assert len({fault for fault in first.values() if fault}) == 10


@run_async
async def test_many_connections_at_once() -> None:
    bodies = [request([(1, f"Boat {number}.")]) for number in range(128)]
    with always(Fault.STALL, stall=600) as server:
        asking = asyncio.create_task(asked_at_once(server, bodies))
        while server.in_flight < len(bodies):
            await asyncio.sleep(0)
    await asking
    assert server.max_in_flight == 128
    assert server.in_flight == 0


def test_as_a_program() -> None:
    command = [sys.executable, "-m", "tests.fault_server", "--share", "0", "--poisoned", "Ada", "--poison", "conflict"]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/v1", url)[1])  # type: ignore[index]
            server = FaultServer(port=port)  # Not started: it only says where.
            assert ask(server).status == 409
            assert ask(server, request([(1, "No name.")])).status == 200
            assert stats(port)["faults"] == {"conflict": 1}
        finally:
            process.terminate()
    assert process.returncode == 0
