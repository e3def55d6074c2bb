"""One news article, as it was given."""

from __future__ import annotations

import hashlib
import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from extractor.records.record import Record

_SURROGATE = re.compile("[\ud800-\udfff]")


class Article(Record):
    """One news article. Every offset in every record counts into `text`."""

    id: str
    """What the article is called in the output: a file's path as given, or the corpus's own id."""
    text: str
    """The text as given: newlines never translated, a byte order mark dropped.

    A lone surrogate, half of a character that no file can hold, is replaced by U+FFFD; offsets stay.
    """
    sha256: str = ""
    """Hex digest of the text in UTF-8; worked out where it is not given, checked where it is."""
    source: str | None = None
    """Where it was read from: a path, or "-" for standard input."""
    title: str | None = None
    """Its headline, where the input carries one beside the text."""
    url: str | None = None
    """Its address."""
    published: str | None = None
    """Its date as ISO 8601, as far as the input gives it."""
    byline: str | None = None
    """Its authors as printed."""
    language: str | None = None
    """Its language as BCP 47, where the input says so."""
    source_sha256: str | None = Field(default=None)
    """For HTML: the digest of the page's bytes, since `text` is what was extracted from it."""
    same_text_as: str | None = None
    """The id of an earlier article with this very text."""

    @field_validator("*", mode="after")
    @classmethod
    def _writable(cls, value: str | None) -> str | None:
        return _SURROGATE.sub("\ufffd", value) if value is not None and not value.isascii() else value

    @model_validator(mode="after")
    def _digest(self) -> Self:
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        if self.sha256 and self.sha256 != digest:
            raise ValueError("sha256 is not the digest of text")
        object.__setattr__(self, "sha256", digest)
        return self
