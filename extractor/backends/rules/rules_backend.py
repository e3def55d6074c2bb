"""The offline backend: reads the whole article with rules, and says what it saw chunk by chunk."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from extractor.backends.backend import ChunkResult
from extractor.backends.rules.claims import find_claims
from extractor.backends.rules.entities import find_entities
from extractor.backends.rules.quotes import find_quotes
from extractor.errors import UnknownKindError
from extractor.kinds.claim import CLAIM
from extractor.kinds.entity import ENTITY
from extractor.kinds.quote import QUOTE
from extractor.linking.attribution import Attribution
from extractor.linking.names import link_names
from extractor.records.extraction import Provenance
from extractor.records.item import Entity
from extractor.records.source import Source
from extractor.records.span import Span
from extractor.text.intervals import Intervals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from extractor.kinds.entity import EntityDraft
    from extractor.kinds.kind import Drafted, Kind
    from extractor.kinds.quote import QuoteDraft
    from extractor.text.chunks import Chunk
    from extractor.text.document import Document


def draft_by_rules(document: Document, kinds: Sequence[Kind[Any, Any]]) -> list[Drafted]:
    """Every draft of an article, with offsets: a plain function of the text."""
    asked = {kind.name for kind in kinds}
    # Quotes need the people, and claims need both: what is found of one kind is the same whatever else is asked for.
    entities = find_entities(document)
    names = _Names(document, entities)
    drafts: list[Drafted] = []
    if ENTITY.name in asked:
        drafts += entities
    if not asked & {QUOTE.name, CLAIM.name}:
        return drafts
    quotes = find_quotes(document, people_in(entities))
    if QUOTE.name in asked:
        drafts += quotes if ENTITY.name in asked else names.named(quotes)
    if CLAIM.name in asked:
        drafts += find_claims(document, quotes, names.resolve)
    return drafts


@dataclass(frozen=True)
class _Names:
    """Who is meant by a mention, by the entities of the article."""

    document: Document
    entities: Sequence[Drafted]

    @cached_property
    def _attribution(self) -> Attribution:
        seen = []
        for number, drafted in enumerate(self.entities):
            draft: EntityDraft = drafted.draft  # type: ignore[assignment]
            spans = tuple(
                Span(start=at, end=at + len(form), text=form)
                for at, form in zip(drafted.at["forms"], draft.forms, strict=True)
            )
            seen.append(Entity(id=str(number), type=draft.type, name=draft.forms[0], mentions=spans))
        linked = [entity.model_copy(update={"id": f"e{n}"}) for n, entity in enumerate(link_names(seen, self.document))]
        mentions = Intervals((m.start, m.end, (m, entity)) for entity in linked for m in entity.mentions)
        return Attribution(self.document, linked, mentions)

    def resolve(self, mention: Span) -> str | None:
        """The full name of whom a mention means, or None where that is open."""
        source = self._attribution.resolve(Source(name=mention.text, mention=mention))
        return source.name if source is not None and source.entity else None

    def named(self, quotes: Sequence[Drafted]) -> list[Drafted]:
        """The quotes with their speakers' full names, where the entities that would resolve them are not asked for."""
        named = []
        for drafted in quotes:
            quote: QuoteDraft = drafted.draft  # type: ignore[assignment]
            name = None
            if quote.speaker is not None:
                at = drafted.at["speaker"][0]
                name = self.resolve(Span(start=at, end=at + len(quote.speaker), text=quote.speaker))
            named.append(replace(drafted, draft=quote.model_copy(update={"speaker_name": name})))
        return named


def people_in(entities: Sequence[Drafted]) -> list[Span]:
    """The mentions of persons among entity drafts, in order."""
    spans = []
    for drafted in entities:
        draft: EntityDraft = drafted.draft  # type: ignore[assignment]
        if draft.type == "person":
            spans += [
                Span(start=at, end=at + len(form), text=form)
                for at, form in zip(drafted.at["forms"], draft.forms, strict=True)
            ]
    return sorted(spans, key=lambda span: span.start)


class RulesBackend:
    """Implements `Backend` without a model."""

    def provenance(self, kinds: Sequence[Kind[Any, Any]]) -> Provenance:
        """Which rules: this package's version says it."""
        from extractor import __version__

        return Provenance(extractor=__version__, backend="rules")

    def check(self, kinds: Sequence[Kind[Any, Any]]) -> None:
        """Raise `UnknownKindError` for a kind that there are no rules for."""
        known = {ENTITY.name, QUOTE.name, CLAIM.name}
        for kind in kinds:
            if kind.name not in known:
                raise UnknownKindError(
                    f"the offline rules cannot find {kind.name}",
                    hint="a kind of your own needs a model: --model provider/name",
                )

    async def draft(
        self, document: Document, chunks: Sequence[Chunk], kinds: Sequence[Kind[Any, Any]]
    ) -> AsyncIterator[ChunkResult]:
        """One result a chunk; each draft comes with the chunk in which its anchor begins."""
        starts: dict[int, list[Drafted]] = defaultdict(list)
        anchors = {kind.name: kind.located[0].name for kind in kinds}
        bounds = [chunk.end for chunk in chunks]
        for drafted in draft_by_rules(document, kinds):
            first = min(drafted.at[anchors[drafted.kind]])
            starts[bisect_right(bounds, first)].append(drafted)
        for index, chunk in enumerate(chunks):
            yield ChunkResult(chunk, tuple(starts[index]), read=((chunk.start, chunk.end),))

    async def close(self) -> None:
        """Nothing to give back."""
