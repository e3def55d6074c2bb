"""The language-model backend: one request a chunk, or one a chunk and kind."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, get_args

from extractor.backends.backend import ChunkResult
from extractor.errors import OutputError, UnknownModelError, UsageError
from extractor.llm.answer import Questions, answer
from extractor.llm.budget import Budget
from extractor.llm.caller import Caller, Meter, Recall
from extractor.llm.client import Mode
from extractor.llm.endpoint import Target, endpoint_of, split_name
from extractor.llm.estimate import Estimate
from extractor.llm.events import PLACE, Hooks, Place
from extractor.llm.limits import Limiter, Limits
from extractor.llm.prices import Prices
from extractor.llm.repair import repair_prompt
from extractor.llm.reply_store import Replies
from extractor.llm.retry import RetryPolicy
from extractor.llm.validate import Failing
from extractor.prompting.examples import load_examples
from extractor.prompting.prompt import Prompt, prompt_for, schema_digest, system_message
from extractor.prompting.templates import load_frame
from extractor.records.article import Article
from extractor.records.coverage import Coverage
from extractor.records.extraction import Provenance
from extractor.text.chunks import split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from extractor.kinds.kind import Kind
    from extractor.llm.answer import Answer
    from extractor.llm.client import Client, Reply
    from extractor.llm.events import Observer
    from extractor.prompting.examples import Examples
    from extractor.prompting.templates import Frame
    from extractor.records.coverage import Missed
    from extractor.text.chunks import Chunk

    Kinds = tuple[Kind[Any, Any], ...]

logger = logging.getLogger("extractor")

REPAIR = "repair"
"""Name of the follow-up's template."""


@dataclass(frozen=True)
class _Prompts:
    """All that prompts are made of but the article, for one choice of kinds."""

    frame: Frame
    repair: Frame
    examples: Examples
    groups: tuple[Kinds, ...]
    """The kinds of each request about a chunk."""
    provenance: Provenance
    _systems: dict[Kinds, str] = field(default_factory=dict)

    def prompt_for(self, chunk: Chunk, kinds: Kinds) -> Prompt:
        """The prompt about a chunk. Its system message is the same for all chunks."""
        system = self._systems.get(kinds)
        if system is None:
            system = self._systems[kinds] = system_message(self.frame, kinds, self.examples.examples)
        return prompt_for(chunk, kinds, self.frame, system=system)

    def for_chunk(self, chunk: Chunk) -> list[Prompt]:
        return [self.prompt_for(chunk, kinds) for kinds in self.groups]


@dataclass
class Asking:
    """Sends prompts, and adds up what they cost."""

    caller: Caller
    meter: Meter = field(default_factory=Meter)

    async def __call__(self, prompt: Prompt) -> Reply:
        """The reply. Raises `ModelError`."""
        return await self.caller.call(prompt, self.meter)

    def in_vain(self, prompt: Prompt) -> None:
        """Nothing came of this prompt's reply."""
        self.caller.in_vain(prompt)


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
        limits: What may be asked in a minute, and in all.
        replies: Where replies are kept and which are taken from there; the cache if None, nothing with a client of
            one's own.
        on_event: Told what happens, see `extractor.llm.events`.
        client: A client of the caller's own, in place of the provider's.
        policy: How requests are tried again, in place of `max_attempts`.
        estimate_only: It will never be asked to draft, so it needs no key.

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
        max_repairs: int = 2,
        max_attempts: int = 8,
        timeout: float = 120.0,
        concurrency: int = 8,
        temperature: float | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        limits: Limits | None = None,
        replies: Replies | None = None,
        on_event: Observer | None = None,
        client: Client | None = None,
        policy: RetryPolicy | None = None,
        estimate_only: bool = False,
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
        self._concurrency = concurrency
        self._limits = limits or Limits()
        self._replies = replies or Replies("cache" if client is None else "off")
        self._keeps_by_default = replies is None
        self._hooks = Hooks(on_event)
        self._policy = policy or RetryPolicy(max_attempts=max_attempts)
        self._estimate_only = estimate_only
        self._caller: Caller | None = None
        self._prompts: dict[tuple[Kind[Any, Any], ...], _Prompts] = {}

    def check(self, kinds: Sequence[Kind[Any, Any]]) -> None:
        """Make everything that can be made without a request; a second call for the same kinds costs nothing.

        Raises:
            UsageError: no such model, or a template or an example that cannot be used.
            MissingPrerequisiteError: no key.
            SourceError: no recorded replies where they are to be replayed.
            OutputError: no place to keep replies where they are to be recorded.
        """
        self._caller = self._caller or self._new_caller()
        prompts = self._prompts_for(kinds)
        # An article with all that an article can have, so that a template's mistakes show now.
        for title, text in ((None, "One."), ("Title", "One.\n\nTwo. Three.")):
            article = Article(id="check", text=text, title=title, published=title and "2017-02-15")
            for chunk in split_chunks(Document.of(article), chars=5):
                for group in prompts.groups:
                    prompts.prompt_for(chunk, group)
                    failing = [Failing(kind, {}, f"{kind.name}[0]", "invalid", "", chunk) for kind in group]
                    repair_prompt(failing, group, chunk, prompts.repair)

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

    def estimate(self, chunks: Sequence[Chunk], kinds: Sequence[Kind[Any, Any]]) -> Estimate:
        """What reading these chunks would take if every reply were good. Nothing is sent."""
        self._caller = self._caller or self._new_caller()
        prompts = self._prompts_for(kinds)
        estimate = Estimate(chunks=len(chunks))
        for chunk in chunks:
            for prompt in prompts.for_chunk(chunk):
                estimate += self._caller.estimate(prompt)
        return estimate

    def asking(self) -> Asking:
        """What sends prompts that are not about extraction, with this backend's client, store, limits and budget.

        Raises what `check` raises, but for templates.
        """
        self._caller = self._caller or self._new_caller()
        return Asking(self._caller)

    async def close(self) -> None:
        """Give back connections and files."""
        if self._caller is not None:
            if self._caller.client is not None:
                await self._caller.client.close()
            if self._caller.recall is not None:
                self._caller.recall.store.close()

    async def _read(self, chunk: Chunk, prompts: _Prompts, caller: Caller) -> ChunkResult:
        # The task is this chunk's own, so nobody else sees it.
        PLACE.set(Place(chunk.document.article.id, chunk.start, chunk.end))
        asking = Asking(caller)
        questions = Questions(
            prompts.prompt_for,
            prompts.repair,
            tuple(example.chunk.document.text for example in prompts.examples.examples),
            self._max_repairs,
        )
        asked = [answer(chunk, kinds, asking, questions, self._hooks) for kinds in prompts.groups]
        # One alone needs no task of its own.
        answers = [await asked[0]] if len(asked) == 1 else await asyncio.gather(*asked)
        read, missed = _covered(chunk, answers)
        return ChunkResult(
            chunk=chunk,
            found=tuple(item for part in answers for item in part.found),
            read=read,
            missed=missed,
            rejected=tuple(rejection for part in answers for rejection in part.rejected),
            usage=asking.meter.usage,
            error=next((part.error for part in answers if part.error is not None), None),
        )

    def _new_caller(self) -> Caller:
        sampling = {} if self._temperature is None else {"temperature": self._temperature}
        client, base_url = self._client, self._base_url
        if client is not None:
            target = _target_of_own_client(self.model, sampling)
        elif self._replies.use == "replay" or self._estimate_only:
            target = Target(*split_name(self.model), sampling)
        else:
            from extractor.llm.openai_client import OpenAIClient

            endpoint = endpoint_of(self.model, base_url=base_url, api_key=self._api_key)
            client = OpenAIClient(endpoint, mode=self._mode, timeout=self._timeout, temperature=self._temperature)
            target, base_url = endpoint.target(sampling), endpoint.base_url
        if self._replies.use == "replay":
            client = None
        prices = Prices(target.provider, target.model, base_url)
        if self._limits.max_cost is not None and client is not None and not prices.known:
            raise UsageError(f"the price of {self.model} is not known", hint="limit tokens instead with --token-budget")
        return Caller(
            client,
            Limiter(self._concurrency, self._limits, sleep=self._policy.sleep),
            self._policy,
            target=target,
            budget=Budget(prices, self._limits.max_cost, self._limits.token_budget),
            recall=self._recall(),
            hooks=self._hooks,
        )

    def _recall(self) -> Recall | None:
        try:
            store = self._replies.open()
        except OutputError as error:
            if not self._keeps_by_default:
                raise
            # Nobody asked for a cache: without one it is slower, not wrong.
            logger.warning("no cache", extra={"error": error.code})
            return None
        if store is None:
            return None
        if self._client is not None:
            return Recall(store, self._replies.use, ["own"])
        return Recall(store, self._replies.use, [self._mode] if self._mode else ["json_schema", "md_json"])

    def _prompts_for(self, kinds: Sequence[Kind[Any, Any]]) -> _Prompts:
        from extractor import __version__

        chosen = tuple(kinds)
        if chosen not in self._prompts:
            frame, repair, examples = load_frame(self._prompt), load_frame(REPAIR), load_examples(self._examples)
            names = {kind.name for kind in chosen}
            groups = tuple((kind,) for kind in chosen) if self._per_kind else (tuple(k.among(names) for k in chosen),)
            for example, group in product(examples.examples, groups):
                example.check(group)
            sources = {**frame.sources(chosen), **repair.sources(())}
            if examples.examples:
                sources[examples.name] = examples.digest
            self._prompts[chosen] = _Prompts(
                frame=frame,
                repair=repair,
                examples=examples,
                groups=groups,
                provenance=Provenance(
                    extractor=__version__,
                    backend="model",
                    model=self.model,
                    prompts=dict(sorted(sources.items())),
                    schema_=schema_digest([kind for group in groups for kind in group]),
                ),
            )
        return self._prompts[chosen]


def _target_of_own_client(model: str, sampling: dict[str, float]) -> Target:
    try:
        return Target(*split_name(model), sampling)
    except UnknownModelError:
        return Target("own", model, sampling)


def _covered(chunk: Chunk, answers: Sequence[Answer]) -> tuple[tuple[tuple[int, int], ...], tuple[Missed, ...]]:
    """What of a chunk was read for every kind, and what was not."""
    return Coverage.within(chunk.start, chunk.end, [part for answered in answers for part in answered.missed])
