"""One prompt, answered: asked, read, checked, and mended where items fail.

A follow-up asks only for the items that failed, with the reasons and the sentences that they should come from. What
still fails is rejected; an item that fails in an optional field alone is kept as it was.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from extractor.errors import (
    ModelError,
    ReplyError,
    ReplyFilteredError,
    ReplyMalformedError,
    ReplyRefusedError,
    ReplyTruncatedError,
)
from extractor.llm.reading import Items, read_items
from extractor.llm.validate import Failing, check_items, validating
from extractor.prompting.layout import lay_out, one_line
from extractor.prompting.prompt import Prompt
from extractor.records.coverage import Missed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.kinds.kind import Drafted, Kind
    from extractor.llm.client import Reply
    from extractor.prompting.templates import Frame
    from extractor.records.extraction import Rejection
    from extractor.text.chunks import Chunk

NEIGHBOURS = 1
"""Sentences shown on either side of the one that a failing item names: counts are often off by one."""

MOST_REPAIRED = 40
"""Items in a follow-up; of a reply that makes up more than these, the others are rejected as they are."""

RELATED = 60.0
"""Least likeness, from 0 to 100, of the words of two items from different sentences for one to be the other mended."""

Ask = Callable[[Prompt], Awaitable["Reply"]]
"""Sends a prompt; raises `ModelError`."""


@dataclass(frozen=True)
class Answer:
    """What one prompt brought. `read` and `missed` together are the chunk's content."""

    drafts: tuple[Drafted, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    read: tuple[tuple[int, int], ...] = ()
    missed: tuple[Missed, ...] = ()
    error: ModelError | None = None
    """Why something is missed."""


async def answer(prompt: Prompt, chunk: Chunk, ask: Ask, *, repair: Frame, max_repairs: int = 1) -> Answer:
    """Ask a prompt about a chunk, and check and mend the reply.

    Args:
        prompt: The prompt.
        chunk: What it asks about.
        ask: Sends a prompt.
        repair: The template of the follow-up.
        max_repairs: Follow-ups at most; a reply that cannot be read at all costs one, the prompt asked anew.

    Returns:
        The answer. A `ModelError` is in it, never raised.
    """
    start, end = chunk.start, chunk.end
    try:
        items, error, spent = await _items(prompt, ask, max_repairs)
    except ModelError as failed:
        return Answer(missed=(Missed(start=start, end=end, reason=failed.code),), error=failed)
    with validating(chunk):
        checked = check_items(items.lists, prompt.kinds)
        drafts, failing = list(checked.good), list(checked.failing)
        # What is left of a broken reply is not worth a follow-up: the stretch is asked for again as a whole, if at all.
        rounds = 0 if error else max_repairs - spent
        given_up: list[Failing] = []
        while failing and rounds > 0:
            rounds -= 1
            try:
                corrected = await _mended(failing, prompt.kinds, chunk, ask, repair)
            except ModelError:
                break
            drafts.extend(corrected.mended)
            given_up.extend(corrected.left_out)
            failing = corrected.failing
    failing = [*given_up, *failing]
    drafts.extend(item.kept for item in failing if item.kept is not None)
    rejected = tuple(item.rejection(chunk) for item in failing if item.kept is None)
    if error is None:
        return Answer(tuple(drafts), rejected, read=((start, end),))
    cut = _cut(items, prompt.kinds, chunk)
    missed = (Missed(start=cut, end=end, reason=error.code),)
    return Answer(tuple(drafts), rejected, ((start, cut),) if cut > start else (), missed, error)


async def _items(prompt: Prompt, ask: Ask, max_repairs: int) -> tuple[Items, ReplyError | None, int]:
    """The items of the reply, what is wrong with it as a whole, and the follow-ups spent.

    Raises `ModelError` where there is nothing to read.
    """
    for spent in range(max_repairs + 1):
        reply = await ask(prompt if spent == 0 else _asked_anew(prompt))
        if reply.finish == "refusal":
            raise ReplyRefusedError("the model declined to answer")
        truncated = ReplyTruncatedError(
            "the reply stopped at the model's output limit", hint="ask for less at once with --chunk-chars"
        )
        try:
            items = read_items(reply.text, [kind.name for kind in prompt.kinds])
        except ReplyMalformedError:
            if reply.finish == "content_filter":
                raise ReplyFilteredError("the provider's content filter withheld the reply") from None
            if reply.finish == "length":
                raise truncated from None
            if spent == max_repairs:
                raise
            continue
        if len(items.whole) == len(prompt.kinds):
            return items, None, spent
        if reply.finish == "length":
            return items, truncated, spent
        if reply.finish == "content_filter":
            return items, ReplyFilteredError("the provider's content filter cut the reply off"), spent
        return items, ReplyMalformedError("part of the reply is not of the form asked for"), spent
    raise AssertionError("unreachable")  # pragma: no cover - the last round returns or raises


def _asked_anew(prompt: Prompt) -> Prompt:
    # The same words would come from a cache, with the same reply.
    return replace(prompt, user=f"{prompt.user}\n\nYour last reply was not a JSON object of the form asked for.")


def _cut(items: Items, kinds: Sequence[Kind[Any, Any]], chunk: Chunk) -> int:
    """Offset up to which a broken reply has read its chunk for every kind.

    That is known only where a single list is broken off and its items come in the order of the text: it is read up to
    the sentence of the last one.
    """
    broken = [kind.name for kind in kinds if kind.name not in items.whole]
    if len(broken) != 1:
        return chunk.start
    numbers = [item.get("sentence") if isinstance(item, dict) else None for item in items.lists[broken[0]]]
    known = [number for number in numbers if isinstance(number, int)]
    if not known or known != numbers or known != sorted(known):
        return chunk.start
    return next((sentence.start for sentence in chunk.sentences if sentence.number == known[-1]), chunk.start)


@dataclass(frozen=True)
class _Corrected:
    """What a follow-up brought."""

    mended: list[Drafted]
    failing: list[Failing]
    """Items that the model gave again and that fail again."""
    left_out: list[Failing]
    """Items that it did not give again; there is no use in asking once more."""


async def _mended(
    failing: Sequence[Failing], kinds: Sequence[Kind[Any, Any]], chunk: Chunk, ask: Ask, repair: Frame
) -> _Corrected:
    """One follow-up about failing items. Raises `ModelError`."""
    concerned = tuple(kind for kind in kinds if any(item.kind.name == kind.name for item in failing))
    reply = await ask(repair_prompt(failing[:MOST_REPAIRED], concerned, chunk, repair))
    lists = read_items(reply.text, [kind.name for kind in concerned]).lists
    checked = check_items(lists, concerned)
    given = [(drafted.kind, drafted.draft.model_dump(mode="json")) for drafted in checked.good]
    given += [(item.kind.name, item.item) for item in checked.failing]
    partners = _partners(failing, given)
    again: list[Failing] = []
    for index, item in enumerate(checked.failing, len(checked.good)):
        before = failing[partners[index]] if index in partners else None
        if before is None:
            again.append(item)
        else:
            # An item that lacks an optional field at most is not given up for a correction that is worse.
            again.append(before if before.kept is not None else replace(item, where=before.where))
    left_out = [item for index, item in enumerate(failing) if index not in partners.values()]
    return _Corrected(list(checked.good), again, left_out)


def repair_prompt(failing: Sequence[Failing], kinds: Sequence[Kind[Any, Any]], chunk: Chunk, repair: Frame) -> Prompt:
    """The follow-up about failing items. Raises `PromptError`."""
    items = [
        {
            "where": item.where,
            "draft": one_line(json.dumps(item.item, ensure_ascii=False)),
            "detail": one_line(item.detail),
        }
        for item in failing
    ]
    shown: set[int] | None = set()
    present = {sentence.number for sentence in chunk.sentences}
    for item in failing:
        near = range(item.number - NEIGHBOURS, item.number + NEIGHBOURS + 1) if item.number is not None else ()
        if shown is None or not present & set(near):
            shown = None  # It names no sentence of the chunk: any may be meant.
            break
        shown.update(near)
    layout = lay_out(
        chunk, only=present if shown is None else shown, also=[text for item in items for text in item.values()]
    )
    return Prompt(repair.system(kinds), repair.user(kinds, items=items, **layout.variables()), tuple(kinds))


def _partners(failing: Sequence[Failing], corrected: Sequence[tuple[str, Any]]) -> dict[int, int]:
    """Which failing item each corrected one stands for: of the same kind, the likest first, each once.

    One that has nothing in common with any stands for none: a find of its own, which mends nothing.
    """
    from rapidfuzz import fuzz

    likenesses = []
    for new, (kind, item) in enumerate(corrected[: 2 * MOST_REPAIRED]):
        for old, fail in enumerate(failing[:MOST_REPAIRED]):
            if fail.kind.name != kind:
                continue
            anchor = fail.kind.located[0].name
            one, other = _words(item, anchor), _words(fail.item, anchor)
            related = not other or _number(item) == fail.number or fuzz.partial_ratio(one, other) >= RELATED
            if related:
                whole = fuzz.ratio(json.dumps(item, ensure_ascii=False), json.dumps(fail.item, ensure_ascii=False))
                likenesses.append((-whole, new, old))
    partners: dict[int, int] = {}
    for _, new, old in sorted(likenesses):
        if new not in partners and old not in partners.values():
            partners[new] = old
    return partners


def _words(item: Any, field: str) -> str:
    value = item.get(field) if isinstance(item, dict) else None
    parts = value if isinstance(value, list) else [value]
    return " ".join(part for part in parts if isinstance(part, str))


def _number(item: Any) -> int | None:
    number = item.get("sentence") if isinstance(item, dict) else None
    return number if isinstance(number, int) else None
