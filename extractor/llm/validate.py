"""The items of a reply, checked one by one: one that fails takes no other with it.

An item is checked as it will be used: its form by the kind's draft model, its words by grounding it in the chunk. What
is wrong is said in words that tell a model what to mend.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from extractor.errors import GroundingError, Reason
from extractor.grounding.ground import Grounder
from extractor.kinds.kind import Drafted
from extractor.records.extraction import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from extractor.kinds.kind import Kind
    from extractor.text.chunks import Chunk

CHUNK: ContextVar[Chunk] = ContextVar("chunk")
"""The chunk that the items under validation are from. The validators of a user's own model may read it too."""

_SHOWN_ERRORS = 4


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
    kept: Drafted | None = None
    """Set where the item is reported in any case, without the optional field that is not found."""

    @property
    def number(self) -> int | None:
        """The sentence that the item says it is from, or None."""
        number = self.item.get("sentence") if isinstance(self.item, dict) else None
        return number if isinstance(number, int) and not isinstance(number, bool) else None

    def rejection(self, chunk: Chunk) -> Rejection:
        """The record of the item as not reported."""
        return Rejection(
            kind=self.kind.singular,
            draft=self.item if isinstance(self.item, dict) else {"value": self.item},
            reason=self.reason,
            detail=self.detail,
            chunk=(chunk.start, chunk.end),
        )


@dataclass(frozen=True)
class Checked:
    """The items of a reply, told apart."""

    good: tuple[Drafted, ...] = ()
    failing: tuple[Failing, ...] = ()


def check_items(lists: Mapping[str, Sequence[Any]], kinds: Sequence[Kind[Any, Any]]) -> Checked:
    """Check the items of a reply in the chunk of the running `validating` block."""
    grounder = Grounder(CHUNK.get())
    good: list[Drafted] = []
    failing: list[Failing] = []
    for kind in kinds:
        for index, item in enumerate(lists.get(kind.name, ())):
            result = _check(kind, item, f"{kind.name}[{index}]", grounder)
            if isinstance(result, Drafted):
                good.append(result)
            else:
                failing.append(result)
    return Checked(tuple(good), tuple(failing))


def _check(
    kind: Kind[Any, Any],
    item: Any,
    where: str,
    grounder: Grounder,
) -> Drafted | Failing:
    try:
        draft = kind.draft.model_validate(_shaped(kind, item))
    except ValidationError as error:
        return Failing(kind, item, where, "invalid", _in_words(error))
    drafted = Drafted(kind.name, draft)
    try:
        grounded = grounder.ground(kind, drafted)
    except GroundingError as error:
        return Failing(kind, item, where, error.reason, str(error))
    if grounded.absent:
        detail = "; ".join(f"{field}: {what}" for field, what in grounded.absent)
        return Failing(kind, item, where, "field_not_found", detail, kept=drafted)
    return drafted


def _shaped(kind: Kind[Any, Any], item: Any) -> Any:
    """The item with one string where a list of strings is wanted made a list, and blank optional strings made null."""
    if not isinstance(item, dict):
        return item
    shaped = dict(item)
    for field in kind.located:
        value = shaped.get(field.name)
        if field.many and isinstance(value, str):
            shaped[field.name] = [value]
        elif field.optional and not field.many and isinstance(value, str) and not value.strip():
            shaped[field.name] = None
    return shaped


def _in_words(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    shown = []
    for part in errors[:_SHOWN_ERRORS]:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in part["loc"]).lstrip(".")
        shown.append(f"{place}: {part['msg']}" if place else part["msg"])
    return "; ".join(shown)
