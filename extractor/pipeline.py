"""The whole path on one page: article → chunks → drafts → grounded records → linked extraction."""

from __future__ import annotations

import hashlib
import logging
import traceback
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import ExtractorError, UsageError
from extractor.grounding.ground import Grounded, fields_left_out, ground
from extractor.kinds.catalogue import KINDS
from extractor.linking.link import link
from extractor.llm.events import ChunkRead, Hooks, ItemRejected, Place
from extractor.llm.io_first import io_first
from extractor.llm.telemetry import article_span
from extractor.records.coverage import Coverage, Missed
from extractor.records.extraction import Extraction, Failure, Rejection
from extractor.records.usage import Usage
from extractor.text.chunks import CHUNK_CHARS, CONTEXT_SENTENCES, split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from extractor.backends.backend import Backend
    from extractor.kinds.kind import Kind
    from extractor.records.article import Article
    from extractor.records.extraction import Provenance
    from extractor.text.chunks import Chunk


logger = logging.getLogger("extractor")


@dataclass(frozen=True)
class Pipeline:
    """Everything that the way of an article depends on."""

    backend: Backend
    kinds: tuple[Kind[Any, Any], ...] = KINDS
    chunk_chars: int = CHUNK_CHARS
    context_sentences: int = CONTEXT_SENTENCES
    hooks: Hooks = field(default_factory=Hooks)
    shaping: str = "{}"
    """Other settings that shape a record, as JSON: they go into its provenance as a digest."""

    def __post_init__(self) -> None:
        if self.chunk_chars < 1 or self.context_sentences < 0:
            raise UsageError("a chunk has at least one character and no fewer than zero sentences of context")
        self.backend.check(self.kinds)

    @cached_property
    def provenance(self) -> Provenance:
        """What the records say of how they were made."""
        made = self.backend.provenance(self.kinds)
        digest = hashlib.sha256(f"{made.model_dump_json()} {self.shaping}".encode()).hexdigest()
        return made.model_copy(update={"settings": digest})

    async def extract(self, article: Article) -> Extraction:
        """The evidence of one article. What goes wrong with it is in the record, never an exception."""
        with article_span(article.id) as made:
            extraction = await self._extract_or_fail(article)
            made.append(extraction)
        for rejection in extraction.rejected:
            self.hooks.tell(ItemRejected(rejection=rejection, place=Place(article.id, *rejection.chunk)))
        return extraction

    def chunks(self, document: Document) -> tuple[Chunk, ...]:
        """The chunks in which an article is read."""
        return split_chunks(document, chars=self.chunk_chars, context=self.context_sentences)

    async def _extract_or_fail(self, article: Article) -> Extraction:
        try:
            return await self._extract(article)
        except ExtractorError as error:
            return self._failed(article, _failure(error))
        except Exception as error:  # noqa: BLE001 - one article's bug may not end a run
            place = traceback.extract_tb(error.__traceback__)[-1]
            # Not the error's own words: they may hold the article's.
            where = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
            logger.error("bug", extra={"where": where})
            message = f"a bug in this program: {where} (please report it)"
            return self._failed(article, Failure(code="bug", message=message))

    async def _extract(self, article: Article) -> Extraction:
        await io_first()
        document = Document.of(article)
        chunks = self.chunks(document)
        if not chunks:
            return self._failed(
                article, Failure(code="empty", message="the article has no text (is it the right one?)")
            )
        grounded: list[Grounded] = []
        rejected: list[Rejection] = []
        read: list[tuple[int, int]] = []
        missed: list[Missed] = []
        usage, error = Usage(), None
        async for result in self.backend.draft(document, chunks, self.kinds):
            found, refused = ground(result.drafts, result.chunk, self.kinds)
            grounded.extend((*found, *result.found))
            rejected.extend((*refused, *result.rejected, *fields_left_out(result.found)))
            read.extend(result.read)
            missed.extend(result.missed)
            usage += result.usage
            error = error or result.error
            chunk = result.chunk
            self.hooks.tell(ChunkRead(missed=bool(result.missed), place=Place(article.id, chunk.start, chunk.end)))
        await io_first()
        grounded.sort(key=lambda item: item.chunk.start)
        linked = link(document, grounded, self.kinds)
        builtin = {kind.name for kind in KINDS}
        own = {name: records for name, records in linked.records.items() if name not in builtin}
        return Extraction(
            article=article,
            **{name: records for name, records in linked.records.items() if name in builtin},
            items=own or None,
            rejected=tuple(sorted(rejected, key=lambda r: (r.chunk, r.kind))),
            audit=linked.audit,
            coverage=Coverage.of(read, missed),
            error=_failure(error) if missed and error else None,
            usage=usage,
            provenance=self.provenance,
        )

    def _failed(self, article: Article, failure: Failure) -> Extraction:
        names = [kind.name for kind in self.kinds]
        return Extraction.failed(article, failure, self.provenance, names)


def _failure(error: ExtractorError) -> Failure:
    return Failure(code=error.code, message=f"{error} ({error.hint})" if error.hint else str(error))
