"""An extraction as a table for a terminal; no markup and no escape sequence of an article gets through."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from extractor.rendering.summary import coverage_line, source_line
from extractor.rendering.visible import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from extractor.records.extraction import Extraction, Rejection
    from extractor.records.item import Claim, CustomItem, Entity, Quote

MIN_WIDTH = 40
_NOTHING = "—"
_DETAIL = 300
"""Characters of a rejection's detail that are shown."""


def render_terminal(extraction: Extraction, *, width: int = 80, color: bool = False) -> str:
    """The table of one article, a section for each kind that was asked for.

    Args:
        extraction: The record.
        width: Columns of the terminal; fewer than 40 count as 40.
        color: Whether to write colour codes (which `NO_COLOR` in the environment still switches off).
    """
    from rich.console import Console

    page = io.StringIO()
    console = Console(
        file=page,
        width=max(MIN_WIDTH, width),
        force_terminal=color,
        color_system="auto" if color else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    _print_heading(console, extraction)
    for title, columns, rows in _sections(extraction):
        _print_table(console, title, columns, rows)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _sections(extraction: Extraction) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Title, columns and rows of each section."""
    if extraction.quotes is not None:
        yield "Quotes", ("speaker", "cue", "kind", "text", "sentence"), list(_quotes(extraction.quotes))
    if extraction.claims is not None:
        yield "Claims", ("claimant", "kind", "text", "evidence", "sentence"), list(_claims(extraction.claims))
    if extraction.entities is not None:
        yield "Entities", ("type", "name", "aliases", "mentions"), list(_entities(extraction.entities))
    for name, items in (extraction.items or {}).items():
        yield name, ("item", "sentence"), list(_custom(items))
    if extraction.audit:
        title = "Quotation marks that are no quotes"
        yield title, ("role", "text"), [(entry.role, entry.span.text) for entry in extraction.audit]
    if extraction.rejected:
        yield "Rejected", ("kind", "reason", "detail"), list(_rejected(extraction.rejected))


def _quotes(quotes: Iterable[Quote]) -> Iterator[tuple[str, ...]]:
    for quote in quotes:
        speaker = source_line(quote.speaker) if quote.speaker else _NOTHING
        cue = quote.cue.text if quote.cue else _NOTHING
        yield speaker, cue, quote.kind, quote.text, str(quote.sentence)


def _claims(claims: Iterable[Claim]) -> Iterator[tuple[str, ...]]:
    for claim in claims:
        claimant = source_line(claim.claimant) if claim.claimant else _NOTHING
        evidence = " … ".join(span.text for span in claim.evidence)
        yield claimant, claim.kind, claim.text, evidence, str(claim.sentence)


def _entities(entities: Iterable[Entity]) -> Iterator[tuple[str, ...]]:
    for entity in entities:
        yield entity.type, entity.name, ", ".join(entity.aliases) or _NOTHING, str(len(entity.mentions))


def _custom(items: Iterable[CustomItem]) -> Iterator[tuple[str, ...]]:
    for item in items:
        values = "; ".join(f"{field}: {value}" for field, value in item.values.items() if value is not None)
        yield values, str(item.sentence)


def _rejected(rejected: Iterable[Rejection]) -> Iterator[tuple[str, ...]]:
    for one in rejected:
        detail = one_line(one.detail)
        yield one.kind, one.reason, detail if len(detail) <= _DETAIL else f"{detail[:_DETAIL]} …"


def _print_heading(console: Console, extraction: Extraction) -> None:
    from rich.text import Text

    article = extraction.article
    if article.title:
        console.print(Text(one_line(article.title), style="bold"))
    console.print(Text(one_line(article.id), style="dim" if article.title else "bold"))
    console.print(Text(one_line(coverage_line(extraction)), style="dim"))


def _print_table(console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print()
    console.print(Text(f"{one_line(title)} ({len(rows)})", style="bold"))
    if not rows:
        return
    # No lines are drawn: a terminal that lacks their characters would show question marks.
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        wide = column in ("text", "evidence", "detail", "item")
        numeric = column in ("sentence", "mentions")
        table.add_column(
            Text(column),
            min_width=None if wide else min(len(column), 8),
            max_width=None if wide else console.width // 3,
            justify="right" if numeric else "left",
            no_wrap=numeric or column in ("kind", "type", "role", "reason"),
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    console.print(table)
