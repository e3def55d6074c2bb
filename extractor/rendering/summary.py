"""The short phrases that every rendering of an extraction shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.records.extraction import Extraction
    from extractor.records.source import Source


def source_line(source: Source | None) -> str:
    """Whom a quote or a claim comes from: the name, and the mention where neither is part of the other."""
    if source is None:
        return "no speaker"
    mention = source.mention.text if source.mention else source.name
    return source.name if mention in source.name or source.name in mention else f"{source.name} (“{mention}”)"


def coverage_line(extraction: Extraction) -> str:
    """How much of the article was read, why not all of it, and what made the record."""
    coverage, length = extraction.coverage, len(extraction.article.text)
    read = sum(end - start for start, end in coverage.read)
    words = [f"{coverage.status}: {read} of {length} characters read"]
    reasons = list(dict.fromkeys(missed.reason for missed in coverage.missed))
    if reasons:
        words.append(f"missed: {', '.join(reasons)}")
    if extraction.error:
        words.append(f"{extraction.error.code}: {extraction.error.message}")
    made_by = extraction.provenance.model or extraction.provenance.backend
    words.append(f"by {made_by}")
    return "; ".join(words)
