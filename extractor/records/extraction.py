"""Everything that is known of one article: the record that is written, read, scored and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from extractor.errors import Reason
from extractor.records.article import Article
from extractor.records.coverage import Coverage, Missed
from extractor.records.item import Claim, CustomItem, Entity, Quote
from extractor.records.record import Record
from extractor.records.span import Span
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Role = Literal["title", "nickname", "term", "scare", "misplaced", "unknown"]


class Rejection(Record):
    """What a backend drafted and the article does not bear out."""

    kind: str
    """The kind of item ("quote")."""
    draft: dict[str, Any]
    """The draft as it came."""
    reason: Reason
    """Why it is not reported."""
    detail: str
    """The same in words."""
    chunk: tuple[int, int]
    """The stretch of the article that it was drafted from."""


class AuditEntry(Record):
    """A stretch between quotation marks that is part of no quote."""

    span: Span
    """The words between the marks."""
    role: Role
    """What the marks are taken to do there."""


class Failure(Record):
    """Why an article failed."""

    code: str
    """An error's code, from `extractor.errors`."""
    message: str
    """The same in one line."""


class Provenance(Record):
    """What made this record: enough to make it again."""

    extractor: str
    """Version of this package."""
    backend: str
    """`rules` or `model`."""
    model: str | None = None
    """The model as asked for ("openai/gpt-5-mini"); null for rules."""
    prompts: dict[str, str] = Field(default_factory=dict)
    """Name and version of each prompt template, with the digest of what it says."""
    schema_: str | None = Field(default=None, alias="schema")
    """Digest of the JSON Schema that the model was asked to fill in."""
    settings: str | None = None
    """Digest of all this and of every other setting that shapes a record: kinds, chunk size, mode and so on."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class Extraction(Record):
    """One article and its evidence. A kind that was not asked for is None, and absent from the JSON."""

    article: Article
    """The article, text included."""
    entities: tuple[Entity, ...] | None = None
    """Things with a name, in document order."""
    quotes: tuple[Quote, ...] | None = None
    """What sources said, in document order."""
    claims: tuple[Claim, ...] | None = None
    """Factual assertions, in document order."""
    items: dict[str, tuple[CustomItem, ...]] | None = None
    """Items of the user's own kinds, by kind."""
    rejected: tuple[Rejection, ...] = ()
    """Drafts that the article does not bear out."""
    audit: tuple[AuditEntry, ...] | None = None
    """Stretches between quotation marks that are part of no quote; absent where quotes are."""
    coverage: Coverage
    """Which characters were read."""
    error: Failure | None = None
    """Why it failed, or is partial."""
    usage: Usage = Usage()
    """What it cost."""
    provenance: Provenance
    """What made it."""

    @model_validator(mode="after")
    def _spans_stand_in_text(self) -> Self:
        text = self.article.text
        for span in self.all_spans():
            if text[span.start : span.end] != span.text:
                raise ValueError(f"the text at [{span.start}, {span.end}) is not that of the span")
        return self

    @model_serializer(mode="wrap")
    def _leave_out_absent_kinds(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        for name in ("entities", "quotes", "claims", "items", "audit"):
            if data.get(name, ...) is None:
                del data[name]
        return data

    def all_spans(self) -> Iterator[Span]:
        """Every span of every record, mentions and audit included."""
        for entity in self.entities or ():
            yield from entity.mentions
        for quote in self.quotes or ():
            yield from quote.spans
            if quote.cue:
                yield quote.cue
            if quote.speaker and quote.speaker.mention:
                yield quote.speaker.mention
        for claim in self.claims or ():
            yield from claim.evidence
            if claim.claimant and claim.claimant.mention:
                yield claim.claimant.mention
        for items in (self.items or {}).values():
            for item in items:
                for spans in item.spans.values():
                    yield from spans
        for entry in self.audit or ():
            yield entry.span

    def entity(self, id: str | None) -> Entity | None:  # noqa: A002 - the record's own word
        """The entity of that id, or None."""
        return next((entity for entity in self.entities or () if entity.id == id), None)

    @classmethod
    def failed(
        cls, article: Article, failure: Failure, provenance: Provenance, kinds: Iterable[str] = ()
    ) -> Extraction:
        """The record of an article of which nothing could be read; `kinds` are those that were asked for."""
        asked = set(kinds)
        missed = [Missed(start=0, end=len(article.text), reason=failure.code)] if article.text else []
        builtin = {name: () for name in ("entities", "quotes", "claims") if name in asked}
        own = dict.fromkeys(sorted(asked - set(builtin)), ())
        return cls(
            article=article,
            items=own or None,
            audit=() if "quotes" in asked else None,
            coverage=Coverage.of([], missed),
            error=failure,
            provenance=provenance,
            **builtin,
        )
