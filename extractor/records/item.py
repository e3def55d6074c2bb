"""What an article is found to hold: entities, quotes, claims, and items of a user's own kind."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from extractor.records.record import Record
from extractor.records.source import Source
from extractor.records.span import Grounding, Span

EntityType = Literal["person", "organization", "location", "group", "event", "product", "work"]
QuoteKind = Literal["direct", "mixed", "indirect"]
ClaimKind = Literal["quantity", "causal", "rule", "prediction", "event"]


class Item(Record):
    """Anything that stands somewhere in the article."""

    id: str = ""
    """Unique within the article and kind, counted in document order ("q1")."""
    sentence: int = Field(ge=1)
    """Number of the sentence in which it begins, counted from 1."""
    grounding: Grounding
    """How literally the strings that were asked for stand in the article."""
    score: float | None = None
    """A calibrated probability of being right; null where nothing is calibrated."""


class Entity(Record):
    """A thing with a name."""

    id: str = ""
    """Unique within the article ("e1")."""
    type: EntityType
    """What sort of thing it is, after OntoNotes."""
    name: str
    """The fullest form in the article."""
    aliases: tuple[str, ...] = ()
    """The other forms under which the article names it."""
    mentions: tuple[Span, ...]
    """Each place where a form of the name stands."""


class Quote(Item):
    """What a source said or wrote, as the article reports it."""

    kind: QuoteKind
    """Worked out from the quotation marks: all inside, partly inside, none."""
    text: str
    """The spans' words, joined by a space."""
    spans: tuple[Span, ...] = Field(min_length=1)
    """The content: one span, or several where its own attribution interrupts it."""
    cue: Span | None = None
    """The reporting expression ("said", "according to")."""
    speaker: Source | None = None
    """Who said it; null where the article does not say."""


class Claim(Item):
    """One factual assertion that could be checked against the world."""

    kind: ClaimKind
    """What sort of assertion it is, after Full Fact's scheme."""
    text: str
    """The assertion in words that stand alone; the only text that is not the article's own."""
    evidence: tuple[Span, ...] = Field(min_length=1)
    """The words that say it."""
    claimant: Source | None = None
    """Who asserts it; null where the article does so in its own voice."""
    quote: str | None = None
    """The id of the quote in which it is made."""
    entities: tuple[str, ...] = ()
    """The ids of the entities named in the evidence."""


class CustomItem(Item):
    """An item of a user's own kind."""

    values: dict[str, Any]
    """The user's model as filled in, its located strings replaced by the article's own words."""
    spans: dict[str, tuple[Span, ...]]
    """For each located field, where its words stand."""
