"""The records of an article's chunks → its evidence: merged, named, attributed, numbered, accounted for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from extractor.kinds.claim import CLAIM
from extractor.kinds.entity import ENTITY
from extractor.kinds.quote import QUOTE
from extractor.linking.attribution import Attribution
from extractor.linking.audit import audit_marks
from extractor.linking.names import link_names
from extractor.linking.overlap import merge_overlaps
from extractor.text.intervals import Intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.grounding.ground import Grounded
    from extractor.kinds.kind import Kind
    from extractor.records.extraction import AuditEntry
    from extractor.records.item import Claim, Entity, Quote
    from extractor.records.span import Span
    from extractor.text.document import Document


@dataclass(frozen=True)
class Linked:
    """The records of an article by the plural name of their kind, each kind that was asked for."""

    records: dict[str, tuple[Any, ...]]
    audit: tuple[AuditEntry, ...] | None = field(default=None)
    """None where quotes were not asked for."""


def link(document: Document, grounded: Sequence[Grounded], kinds: Sequence[Kind[Any, Any]]) -> Linked:
    """Merge, name, attribute and number what was grounded; ids count each kind in document order."""
    found: dict[str, list[Any]] = defaultdict(list)
    for item in grounded:
        found[item.kind.name].append(item.record)
    records = {
        kind.name: tuple(found[kind.name] if kind.name == ENTITY.name else merge_overlaps(kind, found[kind.name]))
        for kind in kinds
    }
    entities: tuple[Entity, ...] = ()
    if ENTITY.name in records:
        records[ENTITY.name] = entities = _numbered(ENTITY, link_names(records[ENTITY.name], document))
    mentions = Intervals((m.start, m.end, (m, entity)) for entity in entities for m in entity.mentions)
    attribution = Attribution(document, entities, mentions)
    quotes: tuple[Quote, ...] = ()
    if QUOTE.name in records:
        speakers = [attribution.resolve(quote.speaker) for quote in records[QUOTE.name]]
        records[QUOTE.name] = quotes = _numbered(QUOTE, records[QUOTE.name], [{"speaker": s} for s in speakers])
    if CLAIM.name in records:
        spoken = Intervals((span.start, span.end, quote) for quote in quotes for span in quote.spans)
        places = [_place(claim, spoken, mentions, attribution) for claim in records[CLAIM.name]]
        records[CLAIM.name] = _numbered(CLAIM, records[CLAIM.name], places)
    for kind in kinds:
        if kind.name not in (ENTITY.name, QUOTE.name, CLAIM.name):
            records[kind.name] = _numbered(kind, records[kind.name])
    return Linked(records, audit_marks(document, quotes, entities) if QUOTE.name in records else None)


def _numbered(
    kind: Kind[Any, Any], records: Sequence[Any], known: Sequence[Mapping[str, Any]] | None = None
) -> tuple[Any, ...]:
    """The records with their ids, and with what else is known of each by now."""
    return tuple(
        record.model_copy(update={"id": f"{kind.prefix}{number}", **(known[number - 1] if known else {})})
        for number, record in enumerate(records, 1)
    )


def _place(
    claim: Claim, spoken: Intervals[Quote], mentions: Intervals[tuple[Span, Entity]], attribution: Attribution
) -> dict[str, Any]:
    """The claim's claimant, the quote that it is made in, and the entities that its evidence names."""
    first = claim.evidence[0]
    inside = [
        quote
        for quote in spoken.touching(first.start, first.end)
        if all(any(span.contains(evidence) for span in quote.spans) for evidence in claim.evidence)
    ]
    # Of quotes within one another, the innermost is the one who says it.
    quote = min(inside, key=lambda q: sum(s.end - s.start for s in q.spans), default=None)
    # Who says a quote is read with more care than who asserts a claim in it: evals/prompts (the mention right of .950
    # against .923 the other way round).
    claimant = quote.speaker if quote is not None and quote.speaker else attribution.resolve(claim.claimant)
    named = {e.id: None for span in claim.evidence for _, e in mentions.within(span.start, span.end)}
    in_order = sorted(named, key=lambda id_: int(id_.removeprefix(ENTITY.prefix)))
    return {"claimant": claimant, "quote": quote.id if quote else None, "entities": tuple(in_order)}
