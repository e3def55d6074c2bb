"""A record as rows of a flat table, one an item, safe to open in a spreadsheet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.text.characters import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.records.extraction import Extraction
    from extractor.records.source import Source
    from extractor.records.span import Span

COLUMNS = (
    "article",
    "item",
    "id",
    "kind",
    "name",
    "entity",
    "text",
    "start",
    "end",
    "spans",
    "mention",
    "cue",
    "evidence",
    "quote",
    "entities",
    "aliases",
    "sentence",
    "grounding",
    "score",
)
"""The header. An item has only the columns that make sense for it.

- `item`: entity, quote, claim, a user's own kind, or `article` where the article is partial, failed or holds
  nothing: then `kind` is its status, `text` the error.
- `kind`: of a quote or claim; of an entity its type.
- `name`, `entity`: the speaker or claimant, and the id of the entity that it is; for an entity its own name
  and id.
- `start`, `end`: half-open, from the first of `spans` to the last, each written `start..end` (a spreadsheet
  reads 3-5 as a date).
- `mention`, `cue`: the words in the article; `evidence`: those of a claim. Line breaks in a cell are line feeds.
"""

# What a spreadsheet takes for the beginning of a formula, full-width forms included; some drop what stands before it.
_FORMULA = re.compile(rf"[\t\r\n]|[\s\x00-\x1f\x7f-\x9f{INVISIBLE}]*[=+\-@＝＋－＠]")
# A carriage return by itself ends a row for many readers, and Python's writer puts no quotes around it.
_RETURN = re.compile(r"\r\n?")


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet computes: one that begins like a formula gets an apostrophe in front."""
    return f"'{value}" if _FORMULA.match(value) else value


def rows_of(extraction: Extraction) -> Iterator[tuple[str, ...]]:
    """The rows of one record, in the order of `COLUMNS`, safe to open in a spreadsheet."""
    for cells in cells_of(extraction):
        yield tuple(_RETURN.sub("\n", safe_cell(cells.get(column, ""))) for column in COLUMNS)


def cells_of(extraction: Extraction) -> Iterator[dict[str, str]]:
    """The rows of one record as they are, by column; a column that says nothing may be absent."""
    article = {"article": extraction.article.id}
    found = False
    for cells in _items(extraction):
        found = True
        yield article | cells
    status = extraction.coverage.status
    if status != "complete" or not found:
        error = extraction.error
        length = len(extraction.article.text)
        message = f"{error.code}: {error.message}" if error else ""
        cells = {"item": "article", "kind": status, "text": message, "start": "0", "end": str(length)}
        yield article | cells


def _items(extraction: Extraction) -> Iterator[dict[str, str]]:
    for entity in extraction.entities or ():
        yield {
            "item": "entity",
            "id": entity.id,
            "kind": entity.type,
            "name": entity.name,
            "entity": entity.id,
            "text": entity.name,
            **_stretch(entity.mentions),
            "aliases": "; ".join(entity.aliases),
        }
    for quote in extraction.quotes or ():
        yield {
            "item": "quote",
            "id": quote.id,
            "kind": quote.kind,
            "text": quote.text,
            **_source(quote.speaker),
            **_stretch(quote.spans),
            "cue": quote.cue.text if quote.cue else "",
            "sentence": str(quote.sentence),
            "grounding": quote.grounding,
            "score": _number(quote.score),
        }
    for claim in extraction.claims or ():
        yield {
            "item": "claim",
            "id": claim.id,
            "kind": claim.kind,
            "text": claim.text,
            **_source(claim.claimant),
            **_stretch(claim.evidence),
            "evidence": " ".join(span.text for span in claim.evidence),
            "quote": claim.quote or "",
            "entities": " ".join(claim.entities),
            "sentence": str(claim.sentence),
            "grounding": claim.grounding,
            "score": _number(claim.score),
        }
    for name, items in (extraction.items or {}).items():
        for item in items:
            spans = sorted((span for group in item.spans.values() for span in group), key=lambda span: span.start)
            yield {
                "item": name,
                "id": item.id,
                "text": "; ".join(f"{field}: {value}" for field, value in item.values.items() if value is not None),
                **_stretch(spans),
                "sentence": str(item.sentence),
                "grounding": item.grounding,
                "score": _number(item.score),
            }


def _source(source: Source | None) -> dict[str, str]:
    if source is None:
        return {}
    return {
        "name": source.name,
        "entity": source.entity or "",
        "mention": source.mention.text if source.mention else "",
    }


def _stretch(spans: Iterable[Span]) -> dict[str, str]:
    spans = tuple(spans)
    if not spans:
        return {}
    return {
        "start": str(min(span.start for span in spans)),
        "end": str(max(span.end for span in spans)),
        "spans": " ".join(f"{span.start}..{span.end}" for span in spans),
    }


def _number(score: float | None) -> str:
    return "" if score is None else str(score)
