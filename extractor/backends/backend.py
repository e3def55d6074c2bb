"""The main seam: whatever reads chunks and says what is there, in strings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from extractor.errors import ModelError
    from extractor.grounding.ground import Grounded
    from extractor.kinds.kind import Drafted, Kind
    from extractor.records.coverage import Missed
    from extractor.records.extraction import Provenance, Rejection
    from extractor.text.chunks import Chunk
    from extractor.text.document import Document


@dataclass(frozen=True)
class ChunkResult:
    """What a backend made of one chunk. `read` and `missed` together are the chunk's content."""

    chunk: Chunk
    drafts: tuple[Drafted, ...] = ()
    """What is said to be there, to be grounded."""
    found: tuple[Grounded, ...] = ()
    """What was grounded already, since grounding is how a reply is checked."""
    read: tuple[tuple[int, int], ...] = ()
    missed: tuple[Missed, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    """Drafts that did not even have the form of one, after every repair."""
    usage: Usage = field(default_factory=Usage)
    error: ModelError | None = None
    """Why something is missed."""


class Backend(Protocol):
    """Reads chunks. One backend serves many articles at once."""

    def provenance(self, kinds: Sequence[Kind[Any, Any]]) -> Provenance:
        """What a record says of how it was made."""
        ...

    def check(self, kinds: Sequence[Kind[Any, Any]]) -> None:
        """Raise a `UsageError` or a `MissingPrerequisiteError` where it could never draft these kinds."""
        ...

    def draft(
        self, document: Document, chunks: Sequence[Chunk], kinds: Sequence[Kind[Any, Any]]
    ) -> AsyncIterator[ChunkResult]:
        """One result a chunk, in any order. A chunk that cannot be read is a result with `missed`, no exception."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
