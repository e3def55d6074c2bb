"""The items of a reply, checked one by one: one that fails takes no other with it.

An item is checked by what is made of it: its form by the kind's draft model, its words by grounding it in the chunk.
What is wrong is said in words that tell a model what to mend.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from extractor.errors import GroundingError, Reason
from extractor.grounding.ground import Grounded, Grounder
from extractor.grounding.locate import Haystack, find_all
from extractor.kinds.kind import Drafted
from extractor.records.extraction import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from extractor.kinds.kind import Kind
    from extractor.text.chunks import Chunk

CHUNK: ContextVar[Chunk] = ContextVar("chunk")
"""The chunk that the items under validation are from. The validators of a user's own model may read it too."""

_SHOWN_ERRORS = 4

FEWEST_CHECKED = 50
CHARACTERS_AN_ITEM = 8
"""A list has at most `FEWEST_CHECKED` items and one more for every so many characters of the chunk: no text holds more,
and a model that repeats itself, or was misled, may write thousands. What lies behind is not looked at."""


@contextmanager
def validating(chunk: Chunk) -> Iterator[None]:
    """Validate against this chunk inside the block. Concurrent tasks each see their own."""
    token = CHUNK.set(chunk)
    try:
        yield
    finally:
        CHUNK.reset(token)


@dataclass(frozen=True)
class Failing:
    """An item that fails, as far as it goes."""

    kind: Kind[Any, Any]
    item: Any
    """As the reply has it."""
    where: str
    """Its place in the reply ("quotes[2]")."""
    reason: Reason
    detail: str
    """What is wrong, naming the field and its words."""
    chunk: Chunk
    """What it was to be from."""
    kept: Grounded | None = None
    """Set where the item is reported in any case, without the optional field that is not found."""
    worth_asking: bool = True
    """Whether a model that is told what is wrong may mend it."""

    @property
    def number(self) -> int | None:
        """The sentence that the item says it is from, or None."""
        number = self.item.get("sentence") if isinstance(self.item, dict) else None
        return number if isinstance(number, int) and not isinstance(number, bool) else None

    def rejection(self) -> Rejection:
        """The record of the item as not reported."""
        return Rejection(
            kind=self.kind.singular,
            draft=self.item if isinstance(self.item, dict) else {"value": self.item},
            reason=self.reason,
            detail=self.detail,
            chunk=(self.chunk.start, self.chunk.end),
        )


@dataclass(frozen=True)
class Checked:
    """The items of a reply, told apart."""

    good: tuple[Grounded, ...] = ()
    failing: tuple[Failing, ...] = ()


def check_items(
    lists: Mapping[str, Sequence[Any]], kinds: Sequence[Kind[Any, Any]], *, examples: Sequence[str] = ()
) -> Checked:
    """Check the items of a reply in the chunk of the running `validating` block.

    Args:
        lists: The items, by kind.
        kinds: What was asked for; other lists are passed over.
        examples: Texts of the few-shot examples that the model was shown: what is copied from them is told apart.
    """
    chunk = CHUNK.get()
    grounder = Grounder(chunk)
    most = FEWEST_CHECKED + (chunk.end - chunk.start) // CHARACTERS_AN_ITEM
    good: list[Grounded] = []
    failing: list[Failing] = []
    for kind in kinds:
        items = lists.get(kind.name, ())
        failed: list[Any] = []
        for index, item in enumerate(items[:most]):
            result = _check(kind, item, f"{kind.name}[{index}]", grounder, examples)
            if isinstance(result, Grounded):
                good.append(result)
            elif item not in failed:
                # The same mistake over and over is one.
                failed.append(item)
                failing.append(result)
        if len(items) > most:
            detail = f"the list has {len(items)} items; those behind the first {most} were not looked at"
            failing.append(
                Failing(kind, {"items": len(items)}, kind.name, "invalid", detail, chunk, worth_asking=False)
            )
    return Checked(tuple(good), tuple(failing))


def _check(
    kind: Kind[Any, Any], item: Any, where: str, grounder: Grounder, examples: Sequence[str]
) -> Grounded | Failing:
    chunk = grounder.chunk
    try:
        draft = kind.draft.model_validate(_shaped(kind, item))
    except ValidationError as error:
        return Failing(kind, item, where, "invalid", _in_words(error), chunk)
    try:
        grounded = grounder.ground(kind, Drafted(kind.name, draft))
    except GroundingError as error:
        if error.reason == "not_found":
            foreign = _foreign(kind, draft, chunk, examples)
            if foreign is not None:
                return Failing(kind, item, where, *foreign, chunk, worth_asking=False)
        return Failing(kind, item, where, error.reason, str(error), chunk)
    if grounded.absent:
        detail = "; ".join(f"{field}: {what}" for field, what in grounded.absent)
        return Failing(kind, item, where, "field_not_found", detail, chunk, kept=grounded)
    return grounded


def _foreign(
    kind: Kind[Any, Any], draft: BaseModel, chunk: Chunk, examples: Sequence[str]
) -> tuple[Reason, str] | None:
    """Where else an item's words are from, if they all stand there: another part of the article, or an example."""
    field = kind.located[0].name
    value = getattr(draft, field)
    words = [part for part in (value if isinstance(value, (list, tuple)) else [value]) if part]

    def stands_in(text: str) -> bool:
        return bool(words) and all(_stands(part, Haystack(text, 0, len(text))) for part in words)

    if stands_in(chunk.document.text):
        return "elsewhere", f"{field}: its words stand in another part of the article than the one that was asked about"
    if any(stands_in(example) for example in examples):
        return "example", f"{field}: its words are those of the example, not the article's"
    return None


def _stands(words: str, haystack: Haystack) -> bool:
    try:
        return bool(find_all(words, haystack, fuzzy=False))
    except GroundingError:
        return False


def _shaped(kind: Kind[Any, Any], item: Any) -> Any:
    """The item with what is meant in the place of what is written.

    One string where a list is wanted is a list, a blank optional string is null, and a word of a closed list may be in
    capitals.
    """
    if not isinstance(item, dict):
        return item
    shaped = dict(item)
    for field in kind.located:
        value = shaped.get(field.name)
        if field.many and isinstance(value, str):
            shaped[field.name] = [value]
        elif field.optional and not field.many and isinstance(value, str) and not value.strip():
            shaped[field.name] = None
    for name, words in _closed_lists(kind).items():
        value = shaped.get(name)
        if isinstance(value, str):
            shaped[name] = words.get(value.strip().casefold(), value)
    return shaped


@lru_cache(maxsize=256)
def _closed_lists(kind: Kind[Any, Any]) -> dict[str, dict[str, str]]:
    """For each field that takes the words of a closed list: the words, by their form in small letters."""
    fields = {name: field.annotation for name, field in kind.draft.model_fields.items()}
    return {
        name: {word.casefold(): word for word in get_args(annotation) if isinstance(word, str)}
        for name, annotation in fields.items()
        if get_origin(annotation) is Literal
    }


def _in_words(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    shown = []
    for part in errors[:_SHOWN_ERRORS]:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in part["loc"]).lstrip(".")
        shown.append(f"{place}: {part['msg']}" if place else part["msg"])
    return "; ".join(shown)
