"""The library's surface: `Extractor`, and `extract` for a single call.

The core is asynchronous. Each call has a twin that ends in `_sync` and may be used anywhere, also where an event loop
is running already (notebooks): it runs on a loop of its own in the background.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import queue
import threading
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from extractor.backends.registry import OFFLINE, backend_for
from extractor.background import call_soon, run_sync, start
from extractor.errors import UsageError
from extractor.kinds.catalogue import KINDS, kinds_named
from extractor.llm.estimate import Estimate
from extractor.llm.events import Hooks
from extractor.pipeline import Pipeline
from extractor.records.article import Article
from extractor.text.chunks import CHUNK_CHARS, CONTEXT_SENTENCES
from extractor.text.document import Document

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from pydantic import BaseModel

    from extractor.backends.backend import Backend
    from extractor.kinds.kind import Kind
    from extractor.llm.events import Observer
    from extractor.llm.limits import Limits
    from extractor.llm.reply_store import Replies
    from extractor.records.extraction import Extraction, Provenance

Mode = Literal["tools", "json_schema", "json", "md_json"]

READ_AHEAD = 64
"""Articles, for each that may be in work, that may be done and wait behind one that takes long."""


class Extractor:
    """Turns articles into evidence; use it as a context manager, or `close` it when done.

    Args:
        model: `offline` for the rules, or `provider/model` ("openai/gpt-5-mini", "ollama/qwen3").
        kinds: What to extract: names ("quotes", "claims", "entities") and pydantic models of your own that have a
            `Verbatim` field; all that ship if None.
        prompt: Name of a prompt that ships, or the path of your own template.
        examples: Path of few-shot examples of your own, "none", or None for those that ship.
        mode: How a model is asked for structure; None tries JSON schema first.
        per_kind: One request a kind in place of one for all of them.
        chunk_chars: Characters of an article in one request, at most.
        context_sentences: Sentences shown before a chunk to resolve "he" by.
        max_repairs: Rounds in which a model may mend the items that failed.
        max_attempts: Tries of one request when the server fails, is busy or cannot be reached.
        timeout: Seconds that one request may take.
        concurrency: Requests, and articles, in flight at once, at most: fewer while the server says it is busy.
        limits: What may be asked in a minute, and in all: `Limits(requests_per_minute=600, max_cost=5)`.
        replies: Where replies are kept and which are taken from there: `Replies()`, the default, is the user's cache,
            `Replies("off")` keeps none, `Replies(path=...)` records, `Replies("replay", path)` never asks.
        on_event: Called with each `Event` (`extractor.llm.events`): request, reply, retry, repair, rejection.
        temperature: Sampling temperature; the server's own if None.
        base_url: Address of an OpenAI-compatible server; `OPENAI_BASE_URL` if None.
        api_key: Its key; `OPENAI_API_KEY` if None.
        backend: A backend of your own, in place of `model` and what belongs to it.

    Raises:
        UsageError: unknown model or kind, or a prompt that cannot be used.
        MissingPrerequisiteError: a key or a package is missing.
    """

    def __init__(
        self,
        model: str = OFFLINE,
        *,
        kinds: Iterable[str | type[BaseModel] | Kind[Any, Any]] | None = None,
        prompt: str | Path = "all",
        examples: str | Path | None = None,
        mode: Mode | None = None,
        per_kind: bool = False,
        chunk_chars: int | None = None,
        context_sentences: int | None = None,
        max_repairs: int = 2,
        max_attempts: int = 8,
        timeout: float = 120.0,
        concurrency: int = 8,
        limits: Limits | None = None,
        replies: Replies | None = None,
        on_event: Observer | None = None,
        temperature: float | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        backend: Backend | None = None,
    ) -> None:
        if isinstance(kinds, str):
            kinds = [kinds]
        if concurrency < 1:
            raise UsageError("concurrency is at least 1")
        self.kinds = kinds_named(kinds)
        self.concurrency = concurrency
        self._backend = backend or backend_for(
            model,
            prompt=prompt,
            examples=examples,
            mode=mode,
            per_kind=per_kind,
            max_repairs=max_repairs,
            max_attempts=max_attempts,
            timeout=timeout,
            concurrency=concurrency,
            limits=limits,
            replies=replies,
            on_event=on_event,
            temperature=temperature,
            base_url=base_url,
            api_key=api_key,
        )
        chunk_chars = CHUNK_CHARS if chunk_chars is None else chunk_chars
        context_sentences = CONTEXT_SENTENCES if context_sentences is None else context_sentences
        self.shaping: dict[str, Any] = {
            "kinds": {kind.name: _declaration(kind) for kind in self.kinds},
            "chunk_chars": chunk_chars,
        }
        """What shapes a record beside its provenance's own fields: what a run notices when it has changed."""
        if model != OFFLINE or backend is not None:
            self.shaping |= {
                "context_sentences": context_sentences,
                "mode": mode,
                "per_kind": per_kind,
                "max_repairs": max_repairs,
                "temperature": temperature,
            }
        shaping = json.dumps(self.shaping, sort_keys=True)
        self._pipeline = Pipeline(
            self._backend, self.kinds, chunk_chars, context_sentences, Hooks(on_event), shaping=shaping
        )

    @property
    def provenance(self) -> Provenance:
        """What this extractor's records say of how they were made."""
        return self._pipeline.provenance

    def estimate(self, article: str | Article) -> Estimate:
        """What reading an article would take, by a guess at the replies' lengths. Nothing is sent.

        A backend of one's own may offer `estimate(chunks, kinds)`; without it, only chunks are counted.
        """
        chunks = self._pipeline.chunks(Document.of(_article(article)))
        of_chunks = getattr(self._backend, "estimate", None)
        estimate: Estimate = Estimate(chunks=len(chunks)) if of_chunks is None else of_chunks(chunks, self.kinds)
        return estimate + Estimate(articles=1)

    async def extract(self, article: str | Article) -> Extraction:
        """The evidence of one article, given as its text or as an `Article`."""
        return await self._pipeline.extract(_article(article))

    async def extract_many(
        self, articles: Iterable[str | Article] | AsyncIterable[str | Article], *, ordered: bool = True
    ) -> AsyncIterator[Extraction]:
        """The evidence of many; `concurrency` of them are in work at once.

        Args:
            articles: Read as there is room for them.
            ordered: Whether results come in the order of the articles; else as they are done. In order, what is done
                waits behind an article that takes long, and the others go on until `READ_AHEAD` times `concurrency`
                wait there.
        """
        tasks: deque[asyncio.Task[Extraction]] = deque()
        progress = asyncio.Event()
        try:
            async for article in _each(articles):
                task = asyncio.create_task(self.extract(article))
                task.add_done_callback(lambda _: progress.set())
                tasks.append(task)
                for done in _ready(tasks, ordered=ordered):
                    yield done.result()
                while self._full(tasks):
                    await progress.wait()
                    progress.clear()
                    for done in _ready(tasks, ordered=ordered):
                        yield done.result()
            while tasks:
                for done in _ready(tasks, ordered=ordered):
                    yield done.result()
                if tasks:
                    await progress.wait()
                    progress.clear()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def extract_sync(self, article: str | Article) -> Extraction:
        """`extract`, waiting for the result."""
        return run_sync(self.extract(article))

    def extract_many_sync(self, articles: Iterable[str | Article], *, ordered: bool = True) -> Iterator[Extraction]:
        """`extract_many`, waiting for each result; the articles are read in the caller's own thread."""
        # The caller's thread touches no task and no future: an interrupt that hits it inside one of their locks, or in
        # what is called when one of them goes, would stop the loop or be lost. Only a queue stands between the two.
        finished: queue.SimpleQueue[tuple[int, Extraction | BaseException]] = queue.SimpleQueue()
        tasks: set[asyncio.Task[Any]] = set()
        stopped = threading.Event()

        async def work(number: int, article: str | Article) -> None:
            task = asyncio.current_task()
            if stopped.is_set() or task is None:
                return
            tasks.add(task)
            try:
                finished.put((number, await self.extract(article)))
            except BaseException as error:
                finished.put((number, error))
                raise
            finally:
                tasks.discard(task)

        done: dict[int, Extraction] = {}
        begun = received = handed_out = 0

        def receive() -> None:
            nonlocal received
            number, result = finished.get()
            received += 1
            if isinstance(result, BaseException):
                raise result
            done[number] = result

        def ready() -> Iterator[Extraction]:
            nonlocal handed_out
            while done and (not ordered or handed_out in done):
                handed_out += 1
                yield done.pop(handed_out - 1 if ordered else next(iter(done)))

        try:
            for article in articles:
                start(work(begun, article))
                begun += 1
                while (
                    not finished.empty()
                    or begun - received >= self.concurrency
                    or begun - handed_out >= READ_AHEAD * self.concurrency
                ):
                    receive()
                    yield from ready()
            while received < begun:
                receive()
                yield from ready()
        finally:
            stopped.set()
            call_soon(lambda: [task.cancel() for task in list(tasks)])

    def _full(self, work: Sequence[asyncio.Task[Extraction]]) -> bool:
        """Whether no further article may be begun, given those that were and are not yet handed out."""
        in_work = sum(not one.done() for one in work)
        return in_work >= self.concurrency or len(work) >= READ_AHEAD * self.concurrency

    async def aclose(self) -> None:
        """Give back connections."""
        await self._backend.close()

    def close(self) -> None:
        """`aclose`, waiting."""
        run_sync(self.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _ready(work: deque[asyncio.Task[Extraction]], *, ordered: bool) -> Iterator[asyncio.Task[Extraction]]:
    """Take out what is done and may be handed out now."""
    if ordered:
        while work and work[0].done():
            yield work.popleft()
        return
    for one in [one for one in work if one.done()]:
        work.remove(one)
        yield one


def _declaration(kind: Kind[Any, Any]) -> str:
    """What a kind is, as far as its records depend on it: those that ship are what the version says."""
    if kind in KINDS:
        return "ships"
    return hashlib.sha256(json.dumps(kind.draft.model_json_schema(), sort_keys=True).encode()).hexdigest()


def _article(article: str | Article) -> Article:
    return Article(id="article", text=article) if isinstance(article, str) else article


async def _each(
    articles: Iterable[str | Article] | AsyncIterable[str | Article],
) -> AsyncIterator[str | Article]:
    if isinstance(articles, AsyncIterable):
        async for article in articles:
            yield article
    else:
        for article in articles:
            yield article


async def extract(article: str | Article, model: str = OFFLINE, **settings: Any) -> Extraction:
    """The evidence of one article; `settings` are those of `Extractor`."""
    async with Extractor(model, **settings) as extractor:
        return await extractor.extract(article)


def extract_sync(article: str | Article, model: str = OFFLINE, **settings: Any) -> Extraction:
    """`extract`, waiting for the result."""
    return run_sync(extract(article, model, **settings))
