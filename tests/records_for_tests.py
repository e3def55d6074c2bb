"""Records made by hand, for tests of what is done with them."""

from __future__ import annotations

from typing import Any

from extractor.records.article import Article
from extractor.records.coverage import Coverage
from extractor.records.extraction import AuditEntry, Extraction, Failure, Provenance, Rejection
from extractor.records.item import Claim, CustomItem, Entity, Quote
from extractor.records.source import Source
from extractor.records.span import Span

TEXT = '"We turned," said Jane Doe. Costs rose 5 % in 2023, she said. The "Bridge" stands.'

PROVENANCE = Provenance(extractor="0", backend="rules")


def span(text: str, words: str) -> Span:
    """The span where words first stand in a text."""
    start = text.index(words)
    return Span.of(text, start, start + len(words))


def extraction(text: str = TEXT, **changes: Any) -> Extraction:
    """An extraction of a text that begins with the words of `TEXT`, whatever follows them."""
    doe = Source(name="Jane Doe", entity="e1", mention=span(text, "Jane Doe"))
    she = Source(name="Jane Doe", entity="e1", mention=span(text, "she"))
    fields: dict[str, Any] = {
        "article": Article(id="a.txt", text=text, source="a.txt"),
        "entities": (
            Entity(id="e1", type="person", name="Jane Doe", aliases=("Doe",), mentions=(span(text, "Jane Doe"),)),
        ),
        "quotes": (
            Quote(
                id="q1",
                kind="direct",
                text="We turned,",
                spans=(span(text, "We turned,"),),
                cue=span(text, "said"),
                speaker=doe,
                sentence=1,
                grounding="exact",
            ),
        ),
        "claims": (
            Claim(
                id="c1",
                kind="quantity",
                text="Costs rose 5 % in 2023.",
                evidence=(span(text, "Costs rose 5 % in 2023"),),
                claimant=she,
                entities=("e1",),
                sentence=2,
                grounding="normalised",
            ),
        ),
        "items": {
            "meeting": (
                CustomItem(
                    id="meeting1",
                    sentence=3,
                    grounding="exact",
                    values={"place": "Bridge", "day": None},
                    spans={"place": (span(text, "Bridge"),)},
                ),
            )
        },
        "rejected": (
            Rejection(
                kind="quote",
                draft={"content": ["x"]},
                reason="not_found",
                detail="“x” does not stand there",
                chunk=(0, 9),
            ),
        ),
        "audit": (AuditEntry(span=span(text, "Bridge"), role="title"),),
        "coverage": Coverage(status="complete", read=((0, len(text)),)),
        "provenance": PROVENANCE,
    }
    return Extraction(**{**fields, **changes})


def failed(id_: str = "b.txt", message: str = "there is no text in it") -> Extraction:
    """The record of an article that failed."""
    return Extraction.failed(Article(id=id_, text=""), Failure(code="empty", message=message), PROVENANCE, ("quotes",))
