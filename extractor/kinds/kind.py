"""The form of a kind's declaration, and what a user's own pydantic model becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from extractor.errors import UnknownKindError
from extractor.kinds.located import LocatedField, located_fields, refuse_unreachable
from extractor.records.item import CustomItem
from extractor.records.span import Location, Span, loosest, shared_characters

if TYPE_CHECKING:
    from extractor.text.document import Document

RESERVED = frozenset({"entities", "entity", "quotes", "quote", "claims", "claim"})
"""Names that a user's own kind may not have."""

Placed = Mapping[str, tuple[Location, ...]]
"""For each located field of a draft, where its strings stand."""


class Draft(BaseModel):
    """What a backend says is there: strings, and the number of the sentence that they are from."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    sentence: int
    """Number of the sentence it is from, or begins in"""


DraftT = TypeVar("DraftT", bound=BaseModel)
RecordT = TypeVar("RecordT", bound=BaseModel)


class UnsupportedError(Exception):
    """Raised by a kind's `build`: the draft says what the article does not (a record's `unsupported`)."""


@dataclass(frozen=True)
class Drafted:
    """A draft, and where a backend that reads offsets (the rules) saw each located string."""

    kind: str
    """The plural name of the kind, as in `Kind.name`."""
    draft: BaseModel
    at: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For a located field, the offset of each of its strings; empty where it has to be looked for."""


@dataclass(frozen=True)
class Kind(Generic[DraftT, RecordT]):
    """One declaration of something to extract. `located[0]` is the anchor."""

    name: str
    """Its plural, as `--only` takes it, a reply lists it and a record holds it ("quotes")."""
    singular: str
    """One of it, as `rejected` names it ("quote")."""
    prefix: str
    """What its ids begin with ("q")."""
    draft: type[DraftT]
    """The form in which a backend says what is there. All fields without defaults, as strict schemas want."""
    record: type[RecordT]
    """The form in which it is reported."""
    template: str
    """Name of the prompt template that explains the task ("quotes"); "custom" is driven by the draft alone."""
    build: Callable[[DraftT, Placed, Document], RecordT]
    """Draft and places → record, without an id. Raises `UnsupportedError`."""
    anchor: Callable[[RecordT], tuple[Span, ...]]
    """The spans by which a record is ordered and by which two of them are told to be one."""
    merge: Callable[[RecordT, RecordT], RecordT | None]
    """The one record that two are, or None where they are two. The first stands first in the article."""
    beside: tuple[str, type[DraftT]] | None = None
    """A shorter form of the draft, for a reply that lists this other kind too: what that one says already."""

    def among(self, names: Collection[str]) -> Kind[DraftT, RecordT]:
        """The kind as a reply lists it that lists kinds of these names."""
        return replace(self, draft=self.beside[1], beside=None) if self.beside and self.beside[0] in names else self

    @cached_property
    def located(self) -> tuple[LocatedField, ...]:
        """The draft's located fields, the anchor first."""
        fields = located_fields(self.draft)
        return tuple(sorted(fields, key=lambda field: field.optional))


def overlap(one: tuple[Span, ...], other: tuple[Span, ...]) -> float:
    """Jaccard index of the characters that two groups of spans cover, from 0 to 1."""
    shared, together = shared_characters(one, other)
    return shared / together if together else 0.0


def sentence_of(placed: Placed, anchor: str, document: Document) -> int:
    """Number of the sentence in which the anchor begins."""
    return document.sentence_at(min(location.start for location in placed[anchor])).number


def _own_words(value: Any, locations: tuple[Location, ...]) -> Any:
    words = [location.text for location in locations]
    if isinstance(value, (list, tuple)):
        return words
    return words[0] if words else None


def kind_of(model: type[BaseModel]) -> Kind[Any, CustomItem]:
    """The kind that a user's own pydantic model declares.

    Its docstring and its fields' descriptions are what a language model is told. The first `Verbatim` field is
    the anchor. Raises `UnknownKindError` where there is none.
    """
    refuse_unreachable(model)
    fields = tuple(sorted(located_fields(model), key=lambda field: field.optional))
    if not fields or fields[0].optional:
        raise UnknownKindError(
            f"{model.__name__} has no required field whose words stand in the article",
            hint="declare one as `field: Verbatim` (from extractor import Verbatim)",
        )
    singular = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower()
    if singular in RESERVED:
        raise UnknownKindError(f"{singular!r} is the name of a kind that ships", hint="call the model something else")
    anchor = fields[0].name
    number = Field(description="Number of the sentence it is from, or begins in")
    draft: type[BaseModel] = (
        model
        if "sentence" in model.model_fields
        else create_model(model.__name__, __base__=model, __doc__=model.__doc__, sentence=(int, number))
    )

    def build(drafted: BaseModel, placed: Placed, document: Document) -> CustomItem:
        values = {
            name: _own_words(getattr(drafted, name), placed.get(name, ()))
            if any(name == located.name for located in fields)
            else value
            for name, value in drafted.model_dump(mode="json").items()
            if name in model.model_fields
        }
        return CustomItem(
            sentence=sentence_of(placed, anchor, document),
            grounding=loosest(location.grounding for location in placed[anchor]),
            values=values,
            spans={name: tuple(location.span for location in locations) for name, locations in placed.items()},
        )

    def merge(one: CustomItem, other: CustomItem) -> CustomItem | None:
        same = overlap(one.spans[anchor], other.spans[anchor]) >= 0.5
        agree = all(
            value is None or other.values.get(name) in (None, value)
            for name, value in one.values.items()
            if name != anchor
        )
        if not (same and agree):
            return None
        return max(one, other, key=lambda item: sum(value is not None for value in item.values.values()))

    return Kind(
        name=singular,
        singular=singular,
        prefix=f"{singular}-",
        draft=draft,
        record=CustomItem,
        template="custom",
        build=build,
        anchor=lambda item: item.spans[anchor],
        merge=merge,
    )
