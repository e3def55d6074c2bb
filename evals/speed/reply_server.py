"""A chat-completions server that answers each contender in the form it expects, after a fixed time.

    POST /{contender}/{milliseconds}/v1/chat/completions
    GET  /counts        what came since the last call, which begins the count anew

Whatever the form, a stretch of an article is answered with the same items. The time runs from a request's arrival, and
replies are kept, so that the server's own work is neither seen nor in the way of who is measured.

Run by `model_calls.py` as `python reply_server.py ARTICLES`; it prints its port.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web
from articles import generate, sentences_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from articles import Item

Numbered = tuple[int, "Item"]
"""An item and the number of its sentence, as far as the contender's prompt numbers them."""


def for_extractor(found: Sequence[Numbered]) -> dict[str, Any]:
    """This tool's three lists."""
    return {
        "quotes": [
            {"sentence": n, "content": [i.words], "cue": i.cue, "speaker": i.source, "speaker_name": i.full_name}
            for n, i in found
            if i.kind == "quote"
        ],
        "claims": [
            {
                "sentence": n,
                "evidence": [i.words],
                "text": f"{i.words}.",
                "kind": i.label,
                "claimant": None,
                "claimant_name": None,
            }
            for n, i in found
            if i.kind == "claim"
        ],
        "entities": [
            {"sentence": n, "name": i.words, "type": i.label, "forms": [i.words]}
            for n, i in found
            if i.kind == "entity"
        ],
    }


def for_plain_models(found: Sequence[Numbered]) -> dict[str, Any]:
    """The three lists of `contenders.py`: this tool's, but for the sentences' numbers."""
    reply = for_extractor(found)
    return {
        name: [{k: v for k, v in item.items() if k != "sentence"} for item in items] for name, items in reply.items()
    }


def for_langextract(found: Sequence[Numbered]) -> dict[str, Any]:
    """The one list of langextract: the words under the class's name, beside them its attributes."""

    def one(item: Item) -> dict[str, Any]:
        attributes: dict[str, str | None] = {
            "quote": {"cue": item.cue, "speaker": item.source, "speaker_name": item.full_name},
            "claim": {"text": f"{item.words}.", "kind": item.label, "claimant": None},
            "entity": {"type": item.label},
        }[item.kind]
        return {item.kind: item.words, f"{item.kind}_attributes": attributes}

    return {"extractions": [one(item) for _, item in found]}


def numbered_part(prompt: str) -> str:
    """This tool's numbered sentences, without the context around them."""
    return prompt[prompt.index("<sentences") : prompt.index("</sentences")]


def last_question(prompt: str) -> str:
    """The text that langextract asks about, behind its example."""
    return prompt[prompt.rindex("Q: ") + 3 : prompt.rindex("\nA: ")]


def numbered_sentences(part: str) -> list[tuple[int, str]]:
    """Sentences with their numbers in the prompt."""
    return [(int(number), text) for number, text in re.findall(r"^\[(\d+)\] (.*)$", part, re.MULTILINE)]


def counted_sentences(part: str) -> list[tuple[int, str]]:
    """Sentences of running text."""
    return list(enumerate(sentences_of(part)))


Form = tuple["Callable[[str], str]", "Callable[[str], list[tuple[int, str]]]", "Callable[[Sequence[Numbered]], Any]"]
FORMS: dict[str, Form] = {
    "extractor": (numbered_part, numbered_sentences, for_extractor),
    "langextract": (last_question, counted_sentences, for_langextract),
    "plain": (str, counted_sentences, for_plain_models),
}


class ReplyServer:
    """Answers, and counts what it is asked."""

    def __init__(self, articles: int) -> None:
        self._items = {
            sentence.text: sentence.items
            for article in generate(articles)
            for paragraph in article.paragraphs
            for sentence in paragraph
        }
        self._replies: dict[tuple[str, str], tuple[bytes, int]] = {}
        self._in_flight = self._most = 0
        self._reset()

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/{form}/{milliseconds}/v1/chat/completions", self.complete)
        app.router.add_get("/counts", self.counts)
        return app

    async def complete(self, request: web.Request) -> web.Response:
        """One chat completion."""
        loop = asyncio.get_running_loop()
        due = loop.time() + int(request.match_info["milliseconds"]) / 1000
        self._in_flight += 1
        self._most = max(self._most, self._in_flight)
        try:
            body = await request.read()
            self._requests += 1
            self._bytes += len(body)
            payload, items = self._reply(request.match_info["form"], json.loads(body)["messages"][-1]["content"])
            self._served += items
            await asyncio.sleep(due - loop.time())
        finally:
            self._in_flight -= 1
        return web.Response(body=payload, content_type="application/json")

    async def counts(self, request: web.Request) -> web.Response:
        """What came since the last call."""
        del request
        counts = {
            "requests": self._requests,
            "bytes": self._bytes,
            "most_in_flight": self._most,
            "items": self._served,
            "server_cpu": time.process_time() - self._cpu,
        }
        self._reset()
        return web.json_response(counts)

    def _reset(self) -> None:
        self._requests = self._bytes = self._served = 0
        self._most = self._in_flight
        self._cpu = time.process_time()

    def _reply(self, form: str, prompt: str) -> tuple[bytes, int]:
        part_of, sentences, write = FORMS[form]
        part = part_of(prompt)
        reply = self._replies.get((form, part))
        if reply is None:
            found = [(number, item) for number, text in sentences(part) for item in self._items.get(text, ())]
            reply = self._replies[form, part] = _completion(write(found)), len(found)
        return reply


def _completion(content: dict[str, Any]) -> bytes:
    message = {"role": "assistant", "content": json.dumps(content, ensure_ascii=False), "refusal": None}
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "bench",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 2000, "completion_tokens": 500, "total_tokens": 2500},
        }
    ).encode()


async def serve(articles: int) -> None:
    """Serve until the process ends."""
    runner = web.AppRunner(ReplyServer(articles).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
