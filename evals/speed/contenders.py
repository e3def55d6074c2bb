"""One contender at work on all articles, in a process of its own: what it costs, as one line of JSON.

Run by `model_calls.py` as `python contenders.py NAME PORT MILLISECONDS IN_FLIGHT ARTICLES CHUNK_CHARS`. What is
measured begins after imports and one article to warm up.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from articles import generate
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from articles import NewsArticle

INSTRUCTION = (
    "Find the quotes, the checkable claims and the named entities of the news text. Copy strings exactly as they "
    "stand in the text. A quote has the words quoted, the reporting verb and the speaker as named; a claim has its "
    "evidence, the fact in one sentence, its kind and who claims it; an entity has its name, type and forms."
)


class Quote(BaseModel):
    """What a source says."""

    content: list[str]
    cue: str | None
    speaker: str | None
    speaker_name: str | None


class Claim(BaseModel):
    """A fact that can be checked."""

    evidence: list[str]
    text: str
    kind: Literal["quantity", "causal", "rule", "prediction", "event"]
    claimant: str | None
    claimant_name: str | None


class Entity(BaseModel):
    """A thing with a name."""

    name: str
    type: Literal["person", "organization", "location", "group", "event", "product", "work"]
    forms: list[str]


class Found(BaseModel):
    """What stands in a text."""

    quotes: list[Quote]
    claims: list[Claim]
    entities: list[Entity]


@dataclass(frozen=True)
class Setting:
    """What a contender is asked to do."""

    port: int
    milliseconds: int
    in_flight: int
    chunk_chars: int

    def base_url(self, form: str) -> str:
        """Where the server answers in this form."""
        return f"http://127.0.0.1:{self.port}/{form}/{self.milliseconds}/v1"


class Stopwatch:
    """Measures the stretch between `start` and `stop`, and has the server count the same one."""

    def __init__(self, setting: Setting) -> None:
        self._counts_url = f"http://127.0.0.1:{setting.port}/counts"
        self.result: dict[str, Any] = {}

    def start(self) -> None:
        """Begin, after a collection: what imports and warming up leave behind is not the work's."""
        gc.collect()
        self._peak = _peak()
        self._counts()
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def stop(self) -> None:
        """End."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        self.result = {
            "wall": wall,
            "cpu": cpu,
            "peak_mb": _peak(),
            "peak_mb_before": self._peak,
            **self._counts(),
        }

    def _counts(self) -> dict[str, Any]:
        with urllib.request.urlopen(self._counts_url) as reply:  # noqa: S310 - our own server
            counts: dict[str, Any] = json.load(reply)
            return counts


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_extractor(warm: NewsArticle, articles: list[NewsArticle], setting: Setting, watch: Stopwatch) -> int:
    """This tool: chunked, asked, checked, grounded, linked, and its records written as JSON."""
    from extractor import Article, Extractor, Replies
    from extractor.runs.garbage import seldom_collected

    async def work() -> int:
        async with Extractor(
            "openai/bench",
            base_url=setting.base_url("extractor"),
            api_key="k",
            concurrency=setting.in_flight,
            chunk_chars=setting.chunk_chars,
            replies=Replies("off"),
        ) as extractor:
            (await extractor.extract(Article(id="warm", text=warm.text))).model_dump_json()
            watch.start()
            bad = 0
            given = (Article(id=article.id, text=article.text) for article in articles)
            with seldom_collected():  # As the command line does.
                async for evidence in extractor.extract_many(given):
                    evidence.model_dump_json()
                    bad += evidence.error is not None or len(evidence.rejected)
            watch.stop()
        return bad

    return asyncio.run(work())


def run_langextract(warm: NewsArticle, articles: list[NewsArticle], setting: Setting, watch: Stopwatch) -> int:
    """`langextract.extract` with one example, as many workers as requests may be in flight, else its defaults."""
    import langextract

    example = langextract.data.ExampleData(
        text="“The mill is old,” said Mayor Tora Lind. The mill burnt 40 tons of coal in 1911.",
        extractions=[
            langextract.data.Extraction(
                "quote",
                "The mill is old,",
                attributes={"cue": "said", "speaker": "Tora Lind", "speaker_name": "Tora Lind"},
            ),
            langextract.data.Extraction("entity", "Tora Lind", attributes={"type": "person"}),
            langextract.data.Extraction(
                "claim",
                "The mill burnt 40 tons of coal in 1911",
                attributes={"text": "The mill burnt 40 tons of coal in 1911.", "kind": "quantity", "claimant": ""},
            ),
        ],
    )

    def extract(some: list[NewsArticle]) -> Any:
        return langextract.extract(
            [langextract.data.Document(article.text, document_id=article.id) for article in some],
            prompt_description=INSTRUCTION,
            examples=[example],
            model_id="gpt-4o-mini",  # It knows providers by the names of their models.
            api_key="k",
            language_model_params={"base_url": setting.base_url("langextract")},
            max_char_buffer=setting.chunk_chars,
            max_workers=setting.in_flight,
            batch_length=setting.in_flight,
            show_progress=False,
        )

    extract([warm])
    watch.start()
    documents = extract(articles)
    watch.stop()
    found = [extraction for document in documents for extraction in document.extractions]
    nowhere = sum(extraction.char_interval is None for extraction in found)
    return int(watch.result["items"]) - len(found) + nowhere


def run_instructor(warm: NewsArticle, articles: list[NewsArticle], setting: Setting, watch: Stopwatch) -> int:
    """A plain loop: `asyncio.gather` over instructor, pydantic models the result. Nothing is grounded or written."""
    import instructor
    import openai

    client = openai.AsyncOpenAI(base_url=setting.base_url("plain"), api_key="k", max_retries=0)
    patched = instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA)

    create: Any = patched.chat.completions.create

    async def ask(chunk: str) -> Found:
        found: Found = await create(model="bench", messages=_messages(chunk), response_model=Found, max_retries=0)
        return found

    return _gather(ask, client.close, warm, articles, setting, watch)


def run_sdk(warm: NewsArticle, articles: list[NewsArticle], setting: Setting, watch: Stopwatch) -> int:
    """The same loop over the bare SDK on aiohttp: what is left when instructor and httpx2's sockets are taken away."""
    import openai

    client = openai.AsyncOpenAI(
        base_url=setting.base_url("plain"), api_key="k", max_retries=0, http_client=openai.DefaultAioHttpClient()
    )
    schema = {"type": "json_schema", "json_schema": {"name": "Found", "schema": Found.model_json_schema()}}

    async def ask(chunk: str) -> Found:
        create: Any = client.chat.completions.create
        completion = await create(model="bench", messages=_messages(chunk), response_format=schema)
        return Found.model_validate_json(completion.choices[0].message.content)

    return _gather(ask, client.close, warm, articles, setting, watch)


def _messages(chunk: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": chunk}]


def _gather(
    ask: Callable[[str], Awaitable[Found]],
    close: Callable[[], Awaitable[None]],
    warm: NewsArticle,
    articles: list[NewsArticle],
    setting: Setting,
    watch: Stopwatch,
) -> int:
    """Ask about the chunks that this tool cuts, cut before the measurement begins."""

    async def work() -> int:
        slots = asyncio.Semaphore(setting.in_flight)

        async def one(chunk: str) -> Found:
            async with slots:
                return await ask(chunk)

        await one(warm.text)
        chunks = [chunk for article in articles for chunk in _chunks(article, setting.chunk_chars)]
        watch.start()
        found = await asyncio.gather(*(one(chunk) for chunk in chunks))
        watch.stop()
        await close()
        return int(watch.result["items"]) - sum(len(f.quotes) + len(f.claims) + len(f.entities) for f in found)

    return asyncio.run(work())


def _chunks(article: NewsArticle, chars: int) -> list[str]:
    from extractor import Article
    from extractor.text.chunks import split_chunks
    from extractor.text.document import Document

    document = Document.of(Article(id=article.id, text=article.text))
    return [article.text[chunk.start : chunk.end] for chunk in split_chunks(document, chars=chars)]


CONTENDERS = {
    "extractor": run_extractor,
    "langextract": run_langextract,
    "instructor": run_instructor,
    "sdk": run_sdk,
}


def main(arguments: list[str]) -> None:
    """Measure one contender."""
    name, *numbers = arguments
    port, milliseconds, in_flight, count, chunk_chars = map(int, numbers)
    setting = Setting(port, milliseconds, in_flight, chunk_chars)
    *articles, warm = generate(count + 1)
    watch = Stopwatch(setting)
    lost = CONTENDERS[name](warm, articles, setting, watch)
    print(json.dumps({**watch.result, "lost": lost, "chars": sum(len(article.text) for article in articles)}))


if __name__ == "__main__":
    main(sys.argv[1:])
