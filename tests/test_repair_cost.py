"""A repair of one bad item among twenty costs less than a fifth of the tokens of asking the whole chunk again."""

from __future__ import annotations

import json
from typing import Any

from extractor import Article, Extractor, Replies
from extractor.text.document import Document
from tests.fault_server import tokens
from tests.honest_model import asked_for, honest_reply, reply_to
from tests.model_server import ModelServer, Request
from tests.news import articles

SHARE = 0.2


def test_a_repair_costs_less_than_a_fifth_of_the_whole() -> None:
    (news,) = articles(1, seed=9, sentences=14)
    sentences = [(s.number, news.text[s.start : s.end]) for s in Document.of(news).sentences]
    reply = honest_reply(sentences, ["entities", "quotes", "claims"])
    assert sum(len(items) for items in reply.values()) >= 20
    good = reply["quotes"][3]["content"][0]
    reply["quotes"][3] = {**reply["quotes"][3], "content": [good.replace("the", "that", 1) + " and more of it"]}
    costs: list[int] = []

    def script(request: Request) -> Any:
        asked = asked_for(request.body)
        assert asked is not None
        answer = reply if asked.failing is None else reply_to(asked)
        # As it goes over the wire, schema and all.
        costs.append(tokens(json.dumps(request.body, ensure_ascii=False)) + tokens(json.dumps(answer)))
        return answer

    with (
        ModelServer(script) as server,
        Extractor("openai/m", base_url=server.url, api_key="k", replies=Replies("off")) as extractor,
    ):
        evidence = extractor.extract_sync(Article(id="a", text=news.text))
    assert evidence.rejected == ()
    assert good in [quote.text for quote in evidence.quotes or ()]
    whole, repair = costs
    assert repair < SHARE * whole, f"{repair} of {whole} tokens"
