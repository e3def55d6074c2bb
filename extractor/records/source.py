"""Whoever a quote or a claim comes from."""

from __future__ import annotations

from extractor.records.record import Record
from extractor.records.span import Span


class Source(Record):
    """A speaker or a claimant."""

    name: str
    """The entity's full name, or else the mention's own words ("a senior diplomat")."""
    entity: str | None = None
    """The id of the entity it is, where the article gives the source a name."""
    mention: Span | None = None
    """The nearest mention, which may be a pronoun."""
