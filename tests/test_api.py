"""The library as another program uses it: async, sync, inside a running loop, many at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import extractor
from extractor import Article, Extraction, Extractor, extract, extract_sync
from extractor.backends.model_backend import ModelBackend
from extractor.errors import UnknownKindError, UnknownModelError, UsageError
from extractor.llm.scripted_client import ScriptedClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from extractor.llm.client import Reply
    from extractor.prompting.prompt import Prompt

TEXT = "“It will hold,” said Ada Holm in Lyon. Costs rose by 12 percent."


def test_the_sync_twin_gives_what_the_core_gives() -> None:
    assert extract_sync(TEXT) == asyncio.run(extract(TEXT))
    assert [q.text for q in extract_sync(TEXT).quotes or ()] == ["It will hold,"]


def test_the_sync_twin_works_inside_a_running_loop() -> None:
    async def notebook() -> Extraction:
        with Extractor() as tool:
            return tool.extract_sync(TEXT)

    assert asyncio.run(notebook()) == extract_sync(TEXT)


def test_many_come_in_their_order_however_they_are_given() -> None:
    articles = [Article(id=str(n), text=f"{TEXT} It is {n}.") for n in range(20)]

    async def one_by_one() -> AsyncIterator[Article]:
        for article in articles:
            yield article

    async def collect() -> list[str]:
        async with Extractor(concurrency=3) as tool:
            return [evidence.article.id async for evidence in tool.extract_many(one_by_one())]

    with Extractor(concurrency=3) as tool:
        assert [evidence.article.id for evidence in tool.extract_many_sync(articles)] == [a.id for a in articles]
    assert asyncio.run(collect()) == [a.id for a in articles]


def test_no_more_articles_are_read_ahead_than_are_in_work() -> None:
    read = 0

    def articles() -> Iterator[Article]:
        nonlocal read
        for number in range(50):
            read += 1
            yield Article(id=str(number), text=TEXT)

    with Extractor(concurrency=4) as tool:
        next(tool.extract_many_sync(articles()))
    assert read <= 4


def test_a_kind_that_was_not_asked_for_is_absent() -> None:
    evidence = extract_sync(TEXT, kinds=["quotes"])
    assert evidence.entities is None
    assert evidence.claims is None
    data = evidence.model_dump()
    assert "entities" not in data
    assert "claims" not in data
    assert "items" not in data
    assert data["quotes"]
    assert "audit" not in extract_sync(TEXT, kinds=["entities"]).model_dump()


def test_speakers_have_their_full_names_where_only_quotes_are_asked_for() -> None:
    text = "Ada Holm came to Lyon. “It will hold,” she said. “Yes,” Holm added."
    found = extract_sync(text, kinds=["quotes"]).quotes or ()
    assert {q.speaker.name for q in found if q.speaker} == {"Ada Holm"}
    assert {q.speaker.entity for q in found if q.speaker} == {None}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_sync_twin_works_in_a_forked_child() -> None:
    code = (
        "import os; from extractor import extract_sync; extract_sync('One.');"
        "child = os.fork()\n"
        "if not child: os._exit(0 if extract_sync('One.').coverage.status == 'complete' else 1)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_empty_article_is_a_failed_record() -> None:
    evidence = extract_sync(" \n ")
    assert evidence.coverage.status == "failed"
    assert evidence.error is not None
    assert evidence.error.code == "empty"
    assert evidence.quotes == ()


def test_a_wrong_call_is_refused_at_once() -> None:
    with pytest.raises(UnknownModelError):
        Extractor("gpt")
    with pytest.raises(UnknownKindError):
        Extractor(kinds=["opinions"])
    with pytest.raises(UsageError):
        Extractor(chunk_chars=0)
    with pytest.raises(UsageError):
        Extractor(concurrency=0)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, extractor; heavy = {'openai', 'instructor', 'scipy', 'pydantic', 'jinja2', 'rich', 'rapidfuzz'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "from extractor import Extractor; heavy -= {'pydantic'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there_and_sorted() -> None:
    assert extractor.__all__ == sorted(extractor.__all__)
    for name in extractor.__all__:
        assert getattr(extractor, name) is not None
    assert set(extractor.__all__) <= set(dir(extractor))
    with pytest.raises(AttributeError):
        _ = extractor.nothing


class Stuck(ScriptedClient):
    """Never answers about one article until it is let go; notes what is called off."""

    def __init__(self, about: str) -> None:
        super().__init__(lambda prompt: '{"quotes": []}')
        self.about = about
        self.began, self.let_go = asyncio.Event(), asyncio.Event()
        self.called_off = 0

    async def complete(self, prompt: Prompt) -> Reply:
        if self.about in prompt.user:
            self.began.set()
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                self.called_off += 1
                raise
        return await super().complete(prompt)


@pytest.mark.parametrize("ordered", [True, False])
def test_one_slow_article_holds_no_other_up(ordered: bool) -> None:
    articles = [Article(id=str(n), text=f"“No,” said Bob{n}.") for n in range(100)]
    client = Stuck("Bob2.")

    async def run() -> list[str]:
        backend = ModelBackend("openai/m", client=client, concurrency=4)
        async with Extractor(kinds=["quotes"], backend=backend, concurrency=4) as extractor:
            results = extractor.extract_many(articles, ordered=ordered)

            async def collect() -> list[str]:
                return [evidence.article.id async for evidence in results]

            collecting = asyncio.create_task(collect())
            while len(client.history) < 99:
                assert not collecting.done()
                await asyncio.sleep(0)
            client.let_go.set()
            return await collecting

    ids = asyncio.run(asyncio.wait_for(run(), 60))
    assert sorted(ids, key=int) == [article.id for article in articles]
    if ordered:
        assert ids == [article.id for article in articles]
    else:
        assert ids.index("2") >= 90, "the others did not wait for it"


def test_calling_off_is_clean() -> None:
    client = Stuck("Bob")

    async def run() -> None:
        backend = ModelBackend("openai/m", client=client, concurrency=8)
        async with Extractor(kinds=["quotes"], backend=backend, concurrency=8) as extractor:
            work = asyncio.create_task(extractor.extract("“No,” said Bob.\n\n“Yes,” said Bob."))
            await client.began.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            client.let_go.set()
            evidence = await extractor.extract("“No,” said Bob.")
        assert evidence.coverage.status == "complete", "what comes after is none the worse"
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    assert client.called_off == 1
