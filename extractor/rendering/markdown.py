"""An extraction as a Markdown report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.rendering.summary import coverage_line, source_line
from extractor.rendering.visible import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.records.extraction import Extraction

_SPECIAL = re.compile(r"([\\`*_\[\]~|$])")
_OPENING = re.compile(r"^(\d*)([#+\-=:.)])")
"""What would open a list, a heading or a rule where text opens a line."""


def escape(text: str) -> str:
    """Text that Markdown shows as it is: on one line, no markup, no HTML, no image, no named link."""
    harmless = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _OPENING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", harmless))


def render_markdown(extraction: Extraction) -> str:
    """The report of one article: a heading, then a section for each kind that was asked for."""
    return "\n".join(_lines(extraction)) + "\n"


def _lines(extraction: Extraction) -> Iterator[str]:
    article = extraction.article
    yield f"# {escape(article.title or article.id)}"
    yield ""
    facts = (article.id if article.title else None, article.byline, article.published, article.url)
    for fact in facts:
        if fact:
            yield f"- {escape(fact)}"
    yield f"- {escape(coverage_line(extraction))}"
    if extraction.quotes is not None:
        yield from _section("Quotes", list(_quotes(extraction)))
    if extraction.claims is not None:
        yield from _section("Claims", list(_claims(extraction)))
    if extraction.entities is not None:
        yield from _section("Entities", list(_entities(extraction)))
    for name, items in (extraction.items or {}).items():
        rows = [
            "; ".join(
                f"{escape(field)}: {escape(str(value))}" for field, value in item.values.items() if value is not None
            )
            for item in items
        ]
        yield from _section(name, rows)
    if extraction.audit:
        rows = [f"{escape(entry.role)}: “{escape(entry.span.text)}”" for entry in extraction.audit]
        yield from _section("Quotation marks that are no quotes", rows)
    if extraction.rejected:
        rows = [f"{escape(r.kind)}, {escape(r.reason)}: {escape(r.detail)}" for r in extraction.rejected]
        yield from _section("Rejected", rows)


def _section(title: str, rows: list[str]) -> Iterator[str]:
    yield ""
    yield f"## {escape(title)}"
    yield ""
    if not rows:
        yield "None."
    for row in rows:
        yield f"- {row}"


def _quotes(extraction: Extraction) -> Iterator[str]:
    for quote in extraction.quotes or ():
        cue = f", *{escape(quote.cue.text)}*" if quote.cue else ""
        speaker = escape(source_line(quote.speaker))
        yield f"**{speaker}**{cue} ({quote.kind}, sentence {quote.sentence}): {escape(quote.text)}"


def _claims(extraction: Extraction) -> Iterator[str]:
    for claim in extraction.claims or ():
        evidence = " … ".join(escape(span.text) for span in claim.evidence)
        claimant = f", {escape(source_line(claim.claimant))}" if claim.claimant else ""
        yield f"{escape(claim.text)} ({claim.kind}{claimant}, sentence {claim.sentence})\n  - evidence: {evidence}"


def _entities(extraction: Extraction) -> Iterator[str]:
    for entity in extraction.entities or ():
        aliases = f", also {', '.join(escape(alias) for alias in entity.aliases)}" if entity.aliases else ""
        yield f"**{escape(entity.name)}** ({entity.type}, mentions: {len(entity.mentions)}){aliases}"
