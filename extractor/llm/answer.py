"""A chunk, read: asked about once, and again for whatever a reply lacks.

What is good in a reply is kept. What is lost of it is asked for in the smallest way that may bring it:

- items that fail: a follow-up about them (`repair`);
- a reply that breaks off, or is broken somewhere: the sentences and kinds that are lost, not those that came;
- a reply in which nothing can be read: the same again, a few times;
- one that was cut off before anything came, refused or withheld, and a chunk that is too long: its halves, so that what
  the model stumbles over costs as little as possible.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from extractor.errors import (
    ModelError,
    ReplyError,
    ReplyFilteredError,
    ReplyMalformedError,
    ReplyRefusedError,
    ReplyTruncatedError,
    RequestRefusedError,
)
from extractor.llm.events import Hooks, RepairAsked
from extractor.llm.io_first import io_first
from extractor.llm.reading import Items, read_items
from extractor.llm.repair import mend
from extractor.llm.validate import check_items, validating
from extractor.records.coverage import Coverage, Missed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from extractor.grounding.ground import Grounded
    from extractor.kinds.kind import Kind
    from extractor.llm.client import Reply
    from extractor.llm.repair import Ask
    from extractor.llm.validate import Failing
    from extractor.prompting.prompt import Prompt
    from extractor.prompting.templates import Frame
    from extractor.records.extraction import Rejection
    from extractor.text.chunks import Chunk

    Kinds = tuple[Kind[Any, Any], ...]

REREADS = 3
"""Requests for what a broken reply lost, one after the other, before it is given up."""

HALVINGS = 2
"""How often a chunk that brings nothing is read in halves: what is given up in the end is about a quarter of it."""

MOST_REQUESTS = 24
"""Requests about one chunk, beside the first: a model that always breaks off is not asked for ever."""


@dataclass(frozen=True)
class Questions:
    """How chunks are asked about."""

    prompt_for: Callable[[Chunk, Kinds], Prompt]
    repair: Frame
    """The template of the follow-up about items."""
    examples: tuple[str, ...] = ()
    """Texts of the few-shot examples that prompts show."""
    max_repairs: int = 2
    """Rounds of follow-ups about items; with 0, a broken reply is not asked for again either."""


@dataclass(frozen=True)
class Answer:
    """What a chunk brought. `read` and `missed` together are its content."""

    found: tuple[Grounded, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    read: tuple[tuple[int, int], ...] = ()
    missed: tuple[Missed, ...] = ()
    error: ModelError | None = None
    """Why something is missed."""


async def answer(
    chunk: Chunk, kinds: Sequence[Kind[Any, Any]], ask: Ask, questions: Questions, hooks: Hooks | None = None
) -> Answer:
    """Read a chunk for these kinds of items. A `ModelError` is in the answer, never raised."""
    reading = _Reading(ask, questions, hooks or Hooks())
    await reading.read(_Part(chunk, tuple(kinds)))
    mended = await mend(
        reading.failing,
        chunk,
        ask,
        repair=questions.repair,
        rounds=questions.max_repairs,
        hooks=reading.hooks,
        known=reading.good,
    )
    read, missed = Coverage.within(chunk.start, chunk.end, reading.missed)
    return Answer(
        found=(*reading.good, *mended.good),
        rejected=tuple(item.rejection() for item in mended.failing),
        read=read,
        missed=missed,
        error=reading.error,
    )


@dataclass(frozen=True)
class _Part:
    """Something to ask: a stretch of the chunk, some of the kinds."""

    chunk: Chunk
    kinds: Kinds
    rereads: int = 0
    """Replies to this, or to what it is part of, that were broken."""
    halvings: int = HALVINGS
    """How often it may still be halved."""
    anew: bool = False
    """Whether the very same was asked already."""


@dataclass
class _Reading:
    """The reading of one chunk, as far as it has come."""

    ask: Ask
    questions: Questions
    hooks: Hooks
    good: list[Grounded] = field(default_factory=list)
    failing: list[Failing] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    error: ModelError | None = None
    requests: int = 0

    async def read(self, part: _Part) -> None:
        """Ask about a part, and about what its reply lacks."""
        prompt = self._prompt(part)
        self.requests += 1
        try:
            reply = await self.ask(prompt)
            await io_first()
            items, fault = _read(reply, part.kinds)
        except ReplyError as error:
            await self._nothing_came(part, prompt, error)
            return
        except ModelError as error:
            if isinstance(error, RequestRefusedError) and error.too_long:
                await self._in_halves(part, prompt, error)
            else:
                self._miss(part, error)
            return
        with validating(part.chunk):
            checked = check_items(items.lists, part.kinds, examples=self.questions.examples)
        self.good.extend(checked.good)
        self.failing.extend(checked.failing)
        if fault is not None:
            await self._rest(part, prompt, items, fault)

    async def _nothing_came(self, part: _Part, prompt: Prompt, error: ReplyError) -> None:
        """A reply without an item in it: the same again where it is not of the form, else the halves."""
        if not isinstance(error, ReplyMalformedError):
            await self._in_halves(part, prompt, error)
        elif part.rereads < self._most_rereads and self._may_ask(1):
            self.hooks.tell(RepairAsked(reason=error.code, count=1))
            await self.read(replace(part, rereads=part.rereads + 1, anew=True))
        else:
            self._miss(part, error, prompt)

    async def _rest(self, part: _Part, prompt: Prompt, items: Items, fault: ReplyError) -> None:
        """Ask for what a broken reply has lost."""
        malformed = isinstance(fault, ReplyMalformedError)
        rest = _lost(items, part, rereads=part.rereads + malformed)
        if len(rest) == 1 and rest[0].kinds == part.kinds and _same(rest[0].chunk, part.chunk):
            # Nothing is known to be read.
            await self._nothing_came(part, prompt, fault)
        elif part.rereads + malformed <= self._most_rereads and self._may_ask(len(rest)):
            self.hooks.tell(RepairAsked(reason=fault.code, count=len(rest)))
            await asyncio.gather(*(self.read(one) for one in rest))
        else:
            for one in rest:
                self._miss(one, fault, prompt)

    async def _in_halves(self, part: _Part, prompt: Prompt, error: ModelError) -> None:
        """Read a part in two: its halves, or its kinds apart where it is a single sentence."""
        halves: list[_Part] = []
        if part.halvings:
            less = replace(part, halvings=part.halvings - 1, anew=False)
            chunks = part.chunk.halves()
            if chunks is not None:
                halves = [replace(less, chunk=chunk) for chunk in chunks]
            elif len(part.kinds) > 1:
                halves = [replace(less, kinds=(kind,)) for kind in part.kinds]
        if halves and self._may_ask(len(halves)):
            self.hooks.tell(RepairAsked(reason=error.code, count=len(halves)))
            await asyncio.gather(*(self.read(half) for half in halves))
        else:
            self._miss(part, error, prompt)

    @property
    def _most_rereads(self) -> int:
        return max(REREADS, self.questions.max_repairs) if self.questions.max_repairs else 0

    def _may_ask(self, count: int) -> bool:
        return self.requests + count <= 1 + MOST_REQUESTS

    def _prompt(self, part: _Part) -> Prompt:
        prompt = self.questions.prompt_for(part.chunk, part.kinds)
        if not part.anew:
            return prompt
        # The same words would come from a cache, with the same reply; so each time is told apart.
        return replace(
            prompt,
            user=f"{prompt.user}\n\nYour last reply was not a JSON object of the form asked for ({part.rereads}).",
        )

    def _miss(self, part: _Part, error: ModelError, prompt: Prompt | None = None) -> None:
        if prompt is not None:
            self.ask.in_vain(prompt)
        self.missed.append(Missed(start=part.chunk.start, end=part.chunk.end, reason=error.code))
        self.error = self.error or error


def _read(reply: Reply, kinds: Kinds) -> tuple[Items, ReplyError | None]:
    """The items of a reply, and why some are lost, if they are. Raises `ReplyError` where there is nothing to read."""
    if reply.finish == "refusal":
        raise ReplyRefusedError("the model declined to answer")
    by_finish: dict[str, ReplyError] = {
        "content_filter": ReplyFilteredError("the provider's content filter withheld the reply"),
        "length": ReplyTruncatedError(
            "the reply stopped at the model's output limit", hint="ask for less at once with --chunk-chars"
        ),
    }
    fault = by_finish.get(reply.finish)
    try:
        items = read_items(reply.text, [kind.name for kind in kinds])
    except ReplyMalformedError:
        if fault is None:
            raise
        raise fault from None
    if len(items.whole) == len(kinds):
        return items, None
    return items, fault or ReplyMalformedError("part of the reply is not of the form asked for")


def _lost(items: Items, part: _Part, *, rereads: int) -> list[_Part]:
    """What a broken reply has lost, as parts to ask about: kinds with the same stretches stand together."""
    by_stretch: dict[tuple[int, int], tuple[Chunk, list[Kind[Any, Any]]]] = {}
    for kind in part.kinds:
        if kind.name in items.whole:
            continue
        for chunk in _stretches(items.lists[kind.name], items.breaks[kind.name], part.chunk):
            by_stretch.setdefault((chunk.start, chunk.end), (chunk, []))[1].append(kind)
    return [
        replace(part, chunk=chunk, kinds=tuple(kinds), rereads=rereads, anew=False)
        for chunk, kinds in by_stretch.values()
    ]


def _stretches(items: Sequence[Any], breaks: Sequence[int], chunk: Chunk) -> list[Chunk]:
    """The stretches in which items may be lost.

    Each goes from the sentence of the item before a break to that of the one behind it; it is the whole chunk where
    items do not come in the order of the text.
    """
    numbers = [item.get("sentence") if isinstance(item, dict) else None for item in items]
    present = {sentence.number for sentence in chunk.sentences}
    known = [number for number in numbers if isinstance(number, int) and number in present]
    if len(known) != len(numbers) or known != sorted(known) or not present:
        return [chunk]
    ends = [min(present), *known, max(present)]
    spans: list[tuple[int, int]] = []
    for index in breaks:
        first, last = ends[index], ends[index + 1]
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return [chunk.stretch(first, last) for first, last in spans]


def _same(one: Chunk, other: Chunk) -> bool:
    return (one.start, one.end) == (other.start, other.end)
