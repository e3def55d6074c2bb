"""A stretch of an article's text, and how a string was found to stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field, ValidationInfo, field_validator

from extractor.records.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

Grounding = Literal["exact", "normalised", "fuzzy"]

GROUNDINGS: tuple[Grounding, ...] = ("exact", "normalised", "fuzzy")


class Span(Record):
    """Half-open `[start, end)` in Unicode code points of `article.text`, never empty."""

    start: int = Field(ge=0)
    """Offset of the first character."""
    end: int
    """Offset behind the last character."""
    text: str
    """`article.text[start:end]`."""

    @field_validator("text")
    @classmethod
    def _length_agrees(cls, text: str, info: ValidationInfo) -> str:
        # Of a field, not of the model: that would be asked again for each record that a span becomes a part of.
        start, end = info.data.get("start"), info.data.get("end")
        if start is not None and end is not None and (end <= start or end - start != len(text)):
            raise ValueError(f"span [{start}, {end}) does not hold {len(text)} characters")
        return text

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Span:
        """The span `[start, end)` of a text."""
        if not 0 <= start < end <= len(text):
            raise ValueError(f"[{start}, {end}) is not a stretch of a text of {len(text)} characters")
        # Validated: that costs less than `model_construct`.
        return cls(start=start, end=end, text=text[start:end])

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Whether the other lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end


class Location(NamedTuple):
    """Where a string stands, and how literally. Of many places one is meant: a span is made where it is asked for."""

    whole: str
    """The article's text."""
    start: int
    end: int
    grounding: Grounding
    """`exact`, `normalised` (typography and case apart) or `fuzzy` (some words differ)."""
    similarity: float = 100.0
    """Likeness of string and span from 0 to 100; 100 unless fuzzy."""

    @property
    def text(self) -> str:
        """The article's own characters."""
        return self.whole[self.start : self.end]

    @property
    def span(self) -> Span:
        """The same as a span."""
        return Span.of(self.whole, self.start, self.end)

    def overlaps(self, other: Location) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


def loosest(groundings: Iterable[Grounding]) -> Grounding:
    """The least literal of several groundings; `exact` of none."""
    return max(groundings, key=GROUNDINGS.index, default="exact")


def shared_characters(one: Iterable[Span], other: Iterable[Span]) -> tuple[int, int]:
    """How many characters two groups of spans share, and how many they cover together.

    The spans within a group do not overlap one another.
    """
    ones, others = list(one), list(other)
    shared = sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in ones for b in others)
    total = sum(span.end - span.start for span in (*ones, *others))
    return shared, total - shared
