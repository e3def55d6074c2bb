"""A follow-up: only the items that failed, with the reasons and the sentences that they should come from.

It is short, so that a mistake in one item does not cost a whole chunk again. What still fails is rejected; an item that
fails in an optional field alone is kept as it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from extractor.errors import ModelError, ReplyError
from extractor.llm.events import RepairAsked
from extractor.llm.reading import read_items
from extractor.llm.validate import Failing, check_items, validating
from extractor.prompting.layout import lay_out, one_line
from extractor.prompting.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from extractor.grounding.ground import Grounded
    from extractor.kinds.kind import Kind
    from extractor.llm.client import Reply
    from extractor.llm.events import Hooks
    from extractor.prompting.templates import Frame
    from extractor.text.chunks import Chunk

NEIGHBOURS = 1
"""Sentences shown on either side of the one that a failing item names: counts are often off by one."""

MOST_REPAIRED = 40
"""Items in a follow-up; what a reply has more than these is left for the next one."""

RELATED = 60.0
"""Least likeness, from 0 to 100, of the words of two items from different sentences for one to be the other mended."""


class Ask(Protocol):
    """Sends prompts."""

    async def __call__(self, prompt: Prompt) -> Reply:
        """The reply. Raises `ModelError`."""
        ...

    def in_vain(self, prompt: Prompt) -> None:
        """Nothing came of this prompt's reply."""
        ...


@dataclass(frozen=True)
class Mended:
    """What came of failing items."""

    good: tuple[Grounded, ...]
    """Those that were mended, and those that lack an optional field."""
    failing: tuple[Failing, ...]
    """Those that were not."""


async def mend(
    failing: Sequence[Failing],
    chunk: Chunk,
    ask: Ask,
    *,
    repair: Frame,
    rounds: int,
    hooks: Hooks,
    known: Sequence[Grounded] = (),
) -> Mended:
    """Ask for failing items again.

    Args:
        failing: The items.
        chunk: What they are from.
        ask: Sends a prompt.
        repair: The template of the follow-up.
        rounds: Follow-ups at most.
        hooks: Told of each follow-up.
        known: What is good already. To give one of these again mends no other item.
    """
    good: list[Grounded] = []
    given_up = [item for item in failing if not item.worth_asking]
    going_on = [item for item in failing if item.worth_asking]
    with validating(chunk):
        while going_on and rounds > 0:
            rounds -= 1
            hooks.tell(RepairAsked(reason="items", count=min(len(going_on), MOST_REPAIRED)))
            concerned = _concerned(going_on)
            prompt = repair_prompt(going_on[:MOST_REPAIRED], concerned, chunk, repair)
            try:
                corrected = _corrected(going_on, await ask(prompt), concerned, [*known, *good])
            except ReplyError:
                # Nothing came of it; the same question may do better the next time.
                ask.in_vain(prompt)
                continue
            except ModelError:
                break
            good.extend(corrected.mended)
            given_up.extend(corrected.left_out)
            going_on = corrected.failing
    left = [*given_up, *going_on]
    good.extend(item.kept for item in left if item.kept is not None)
    return Mended(tuple(good), tuple(item for item in left if item.kept is None))


@dataclass(frozen=True)
class _Corrected:
    """What a follow-up brought."""

    mended: list[Grounded]
    failing: list[Failing]
    """Items that the model gave again and that fail again, and those that it was not asked about yet."""
    left_out: list[Failing]
    """Items that it did not give again; there is no use in asking once more."""


def _concerned(failing: Sequence[Failing]) -> tuple[Kind[Any, Any], ...]:
    """The kinds of the items that a follow-up is about."""
    return tuple({item.kind.name: item.kind for item in failing[:MOST_REPAIRED]}.values())


def _corrected(
    failing: Sequence[Failing], reply: Reply, concerned: Sequence[Kind[Any, Any]], known: Sequence[Grounded]
) -> _Corrected:
    """What the reply to a follow-up makes of failing items. Raises `ReplyError`."""
    items = read_items(reply.text, [kind.name for kind in concerned])
    asked, unasked = failing[:MOST_REPAIRED], failing[MOST_REPAIRED:]
    checked = check_items(items.lists, concerned)
    given = [(grounded.kind.name, grounded.draft.model_dump(mode="json")) for grounded in checked.good]
    given += [(item.kind.name, item.item) for item in checked.failing]
    places = {_place(grounded) for grounded in known}
    repeated = {index for index, grounded in enumerate(checked.good) if _place(grounded) in places}
    partners = _partners(asked, given, repeated)
    again: list[Failing] = []
    for index, item in enumerate(checked.failing, len(checked.good)):
        before = asked[partners[index]] if index in partners else None
        if before is None:
            again.append(item)
        else:
            # An item that lacks an optional field at most is not given up for a correction that is worse.
            again.append(before if before.kept is not None else replace(item, where=before.where))
    left_out = [item for index, item in enumerate(asked) if index not in partners.values()]
    if items.breaks:
        # What a broken reply does not have may stand in what is lost of it.
        again, left_out = again + left_out, []
    return _Corrected(list(checked.good), [*again, *unasked], left_out)


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


def _place(grounded: Grounded) -> tuple[str, tuple[int, ...]]:
    """The kind of an item, and where its anchor stands."""
    return grounded.kind.name, tuple(span.start for span in grounded.kind.anchor(grounded.record))


def _partners(
    failing: Sequence[Failing], corrected: Sequence[tuple[str, Any]], repeated: Collection[int]
) -> dict[int, int]:
    """Which failing item each corrected one stands for: of the same kind, the likest first, each once.

    One that has nothing in common with any stands for none: a find of its own, which mends nothing. What is there
    already (`repeated`) stands only for one that has its words.
    """
    from rapidfuzz import fuzz

    likenesses = []
    for new, (kind, item) in enumerate(corrected[: 2 * MOST_REPAIRED]):
        for old, fail in enumerate(failing):
            if fail.kind.name != kind:
                continue
            anchor = fail.kind.located[0].name
            one, other = _words(item, anchor), _words(fail.item, anchor)
            alike = bool(other) and fuzz.partial_ratio(one, other) >= RELATED
            related = alike or (new not in repeated and (not other or _number(item) == fail.number))
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
