"""What comes out of a source: an article, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from extractor.errors import ExtractorError, SourceError
from extractor.records.article import Article
from extractor.records.extraction import Failure

InputFormat = Literal["text", "html", "jsonl", "parquet"]


class Meter:
    """How far sources have been read: bytes of files as they lie on the disk."""

    def __init__(self) -> None:
        self.total: int | None = None
        """Bytes of all sources, where somebody has found out."""
        self._done = 0
        self._at = 0

    @property
    def read(self) -> int:
        """Bytes read."""
        return self._done + self._at

    def at(self, position: int) -> None:
        """So many bytes of the file that is being read."""
        self._at = position

    def done(self, size: int) -> None:
        """A file of so many bytes is read."""
        self._done += size
        self._at = 0


@dataclass(frozen=True)
class Reading:
    """How sources are to be read."""

    format: InputFormat | None = None
    """The form of every source; None tells it by a file's suffix, and standard input's by its content."""
    text_field: str = "text"
    """For JSONL: the field that holds an article's text."""
    id_field: str = "id"
    """For JSONL: the field that holds an article's id."""
    meter: Meter = field(default_factory=Meter, compare=False)
    """Told how far sources have been read."""


@dataclass(frozen=True)
class Unread:
    """An input that gave no article."""

    id: str
    """What the article would have been called."""
    source: str
    """Where it should have been read from: a path, or "-" for standard input."""
    error: ExtractorError
    whole_source: bool = False
    """Whether it is no article but a file or folder of many that could not be read, or not to its end."""

    @property
    def article(self) -> Article:
        """An article without text, to hang the failure on."""
        return Article(id=self.id, text="", source=self.source)

    @property
    def failure(self) -> Failure:
        """The error as a record holds it."""
        code = self.error.source_code if isinstance(self.error, SourceError) else self.error.code
        return Failure(code=code, message=str(self.error))
