"""What comes out of a source: an article, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from extractor.errors import ExtractorError, SourceError
from extractor.records.article import Article
from extractor.records.extraction import Failure

InputFormat = Literal["text", "html", "jsonl"]


@dataclass(frozen=True)
class Reading:
    """How sources are to be read."""

    format: InputFormat | None = None
    """The form of every source; None tells it by a file's suffix, and standard input's by its content."""
    text_field: str = "text"
    """For JSONL: the field that holds an article's text."""
    id_field: str = "id"
    """For JSONL: the field that holds an article's id."""


@dataclass(frozen=True)
class Unread:
    """An input that gave no article."""

    id: str
    """What the article would have been called."""
    source: str
    """Where it should have been read from: a path, or "-" for standard input."""
    error: ExtractorError

    @property
    def article(self) -> Article:
        """An article without text, to hang the failure on."""
        return Article(id=self.id, text="", source=self.source)

    @property
    def failure(self) -> Failure:
        """The error as a record holds it."""
        code = self.error.source_code if isinstance(self.error, SourceError) else self.error.code
        return Failure(code=code, message=str(self.error))
