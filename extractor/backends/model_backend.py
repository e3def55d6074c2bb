"""The language-model backend: one request a chunk, or one a chunk and kind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from extractor.backends.backend import ChunkResult
from extractor.errors import UsageError
from extractor.llm.caller import Caller, Meter
from extractor.llm.client import Mode
from extractor.llm.limits import Limiter
from extractor.llm.repair import Answer, answer, repair_prompt
from extractor.llm.retry import RetryPolicy
from extractor.llm.validate import Failing
from extractor.prompting.examples import load_examples
from extractor.prompting.prompt import prompt_for, schema_digest, system_message
from extractor.prompting.templates import load_frame
from extractor.records.article import Article
from extractor.records.coverage import Coverage, Missed
from extractor.records.extraction import Provenance
from extractor.text.chunks import split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from extractor.kinds.kind import Kind
    from extractor.llm.client import Client
    from extractor.prompting.prompt import Prompt
    from extractor.prompting.templates import Frame
    from extractor.text.chunks import Chunk

REPAIR = "repair"
"""Name of the follow-up's template."""


@dataclass(frozen=True)
class _Prompts:
    """All that prompts are made of but the article, for one choice of kinds."""

    frame: Frame
    repair: Frame
    groups: tuple[tuple[tuple[Kind[Any, Any], ...], str], ...]
    """The kinds of each request, with its system message."""
    provenance: Provenance

    def for_chunk(self, chunk: Chunk) -> list[Prompt]:
        return [prompt_for(chunk, kinds, self.frame, system=system) for kinds, system in self.groups]


class ModelBackend:
    """Reads chunks with a language model. See `extractor.Extractor` for what the settings mean.

    Args:
        model: `provider/model`.
        prompt: Name of a frame that ships, or the path of the user's own.
        examples: Path of few-shot examples, "none", or None for those that ship.
        mode: How the model is asked for structure; None tries JSON schema first.
        per_kind: One request a chunk and kind in place of one a chunk.
        max_repairs: Follow-ups about items that fail.
        max_attempts: Tries of one request.
        timeout: Seconds that one try may take.
        concurrency: Requests in flight at once.
        temperature: Sampling temperature; the server's own if None.
        base_url: Address of the server, in place of the environment's.
        api_key: Its key, in place of the environment's.
        client: A client of the caller's own, in place of the provider's.
        policy: How requests are tried again, in place of `max_attempts`.

    Raises:
        UsageError: A number is out of its range, or there is no such mode.
    """

    def __init__(
        self,
        model: str,
        *,
        prompt: str | Path = "all",
        examples: str | Path | None = None,
        mode: Mode | None = None,
        per_kind: bool = False,
        max_repairs: int = 1,
        max_attempts: int = 5,
        timeout: float = 120.0,
        concurrency: int = 8,
        temperature: float | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        client: Client | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        if mode is not None and mode not in get_args(Mode):
            raise UsageError(f"there is no mode {mode!r}", hint=f"the modes are {', '.join(get_args(Mode))}")
        for name, value, least in (
            ("max_repairs", max_repairs, 0),
            ("max_attempts", max_attempts, 1),
            ("concurrency", concurrency, 1),
        ):
            if value < least:
                raise UsageError(f"{name} is {value}, and has to be at least {least}")
        if not timeout > 0:
            raise UsageError(f"timeout is {timeout}, and has to be more than 0 seconds")
        self.model = model
        self._prompt = prompt
        self._examples = examples
        self._mode: Mode | None = mode
        self._per_kind = per_kind
        self._max_repairs = max_repairs
        self._timeout = timeout
        self._temperature = temperature
        self._base_url = base_url
        self._api_key = api_key
        self._client = client
        self._limiter = Limiter(concurrency)
        self._policy = policy or RetryPolicy(max_attempts=max_attempts)
        self._caller: Caller | None = None
        self._prompts: dict[tuple[Kind[Any, Any], ...], _Prompts] = {}

    def check(self, kinds: Sequence[Kind[Any, Any]]) -> None:
        """Make everything that can be made without a request; a second call for the same kinds costs nothing.

        Raises:
            UsageError: no such model, or a template or an example that cannot be used.
            MissingPrerequisiteError: no key.
        """
        self._caller = self._caller or self._new_caller()
        prompts = self._prompts_for(kinds)
        # An article with all that an article can have, so that a template's mistakes show now.
        for title, text in ((None, "One."), ("Title", "One.\n\nTwo. Three.")):
            article = Article(id="check", text=text, title=title, published=title and "2017-02-15")
            for chunk in split_chunks(Document.of(article), chars=5):
                for prompt in prompts.for_chunk(chunk):
                    failing = [Failing(kind, {}, f"{kind.name}[0]", "invalid", "") for kind in prompt.kinds]
                    repair_prompt(failing, prompt.kinds, chunk, prompts.repair)

    def provenance(self, kinds: Sequence[Kind[Any, Any]]) -> Provenance:
        """What a record says of how it was made."""
        return self._prompts_for(kinds).provenance

    async def draft(
        self, document: Document, chunks: Sequence[Chunk], kinds: Sequence[Kind[Any, Any]]
    ) -> AsyncIterator[ChunkResult]:
        """One result a chunk, as they come."""
        del document
        self._caller = self._caller or self._new_caller()
        prompts = self._prompts_for(kinds)
        tasks = [asyncio.create_task(self._read(chunk, prompts, self._caller)) for chunk in chunks]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Give back connections."""
        if self._caller is not None:
            await self._caller.client.close()

    async def _read(self, chunk: Chunk, prompts: _Prompts, caller: Caller) -> ChunkResult:
        meter = Meter()
        answers = await asyncio.gather(
            *(
                answer(
                    prompt,
                    chunk,
                    partial(caller.call, meter=meter),
                    repair=prompts.repair,
                    max_repairs=self._max_repairs,
                )
                for prompt in prompts.for_chunk(chunk)
            )
        )
        read, missed = _covered(chunk, answers)
        return ChunkResult(
            chunk=chunk,
            drafts=tuple(draft for part in answers for draft in part.drafts),
            read=read,
            missed=missed,
            rejected=tuple(rejection for part in answers for rejection in part.rejected),
            usage=meter.usage,
            error=next((part.error for part in answers if part.error is not None), None),
        )

    def _new_caller(self) -> Caller:
        client = self._client
        if client is None:
            from extractor.llm.endpoint import endpoint_of
            from extractor.llm.openai_client import OpenAIClient

            endpoint = endpoint_of(self.model, base_url=self._base_url, api_key=self._api_key)
            client = OpenAIClient(endpoint, mode=self._mode, timeout=self._timeout, temperature=self._temperature)
        return Caller(client, self._limiter, self._policy)

    def _prompts_for(self, kinds: Sequence[Kind[Any, Any]]) -> _Prompts:
        from extractor import __version__

        chosen = tuple(kinds)
        if chosen not in self._prompts:
            frame, repair, examples = load_frame(self._prompt), load_frame(REPAIR), load_examples(self._examples)
            for example in examples.examples:
                example.check(chosen)
            groups = [(kind,) for kind in chosen] if self._per_kind else [chosen]
            sources = {**frame.sources(chosen), **repair.sources(chosen)}
            if examples.examples:
                sources[examples.name] = examples.digest
            self._prompts[chosen] = _Prompts(
                frame=frame,
                repair=repair,
                groups=tuple((group, system_message(frame, group, examples.examples)) for group in groups),
                provenance=Provenance(
                    extractor=__version__,
                    backend="model",
                    model=self.model,
                    prompts=dict(sorted(sources.items())),
                    schema_=schema_digest(chosen),
                ),
            )
        return self._prompts[chosen]


def _covered(chunk: Chunk, answers: Sequence[Answer]) -> tuple[tuple[tuple[int, int], ...], tuple[Missed, ...]]:
    """What of a chunk was read for every kind, and what was not, with the first reason."""
    missed = [part for answered in answers for part in answered.missed]
    if not missed:
        return ((chunk.start, chunk.end),), ()
    # An answer misses what stands behind some point, if anything: the earliest point is where the chunk's part begins.
    first = min(missed, key=lambda part: part.start)
    read = ((chunk.start, first.start),) if first.start > chunk.start else ()
    return Coverage.of(list(read), []).read, (Missed(start=first.start, end=chunk.end, reason=first.reason),)
