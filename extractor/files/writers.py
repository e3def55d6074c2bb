"""Records → bytes, in each format that is data (what is for people is in `rendering`)."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Literal, Protocol

from extractor.files.table import COLUMNS, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.files.destination import Sink
    from extractor.records.extraction import Extraction

Format = Literal["json", "jsonl", "csv", "markdown", "parquet", "sqlite"]

SUFFIXES: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
    ".parquet": "parquet",
    ".sqlite": "sqlite",
    ".db": "sqlite",
}
"""The format that a file's suffix asks for; .gz or .zst behind it packs the file."""

PACKED: tuple[Format, ...] = ("json", "jsonl", "csv", "markdown")
"""Formats that may be packed."""


class Writer(Protocol):
    """Writes records one after the other. `write` any number of times, then `finish` once."""

    def write(self, extraction: Extraction) -> None:
        """Write one record. Raises `OutputError` or BrokenPipeError, as its sink does."""
        ...

    def finish(self) -> None:
        """Write what has to stand at the end."""
        ...


def encode(text: str) -> bytes:
    r"""Text as UTF-8; a lone surrogate, which has none, becomes `\udXXX`: in JSON that is its own escape."""
    return text.encode("utf-8", "backslashreplace")


def to_json(extraction: Extraction, *, indent: int | None = None) -> str:
    """A record as JSON, its characters as they are; any text comes back from it, lone surrogates too."""
    # pydantic's own serialiser refuses lone surrogates.
    return json.dumps(extraction.model_dump(mode="json"), ensure_ascii=False, indent=indent)


class JsonlWriter:
    """One record a line, each written whole."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, extraction: Extraction) -> None:
        """Write one line."""
        self._sink.write(encode(to_json(extraction) + "\n"))

    def finish(self) -> None:
        """Nothing stands behind the last line."""


class JsonWriter:
    """One indented array of records."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._opening = "["

    def write(self, extraction: Extraction) -> None:
        """Write one element."""
        lines = to_json(extraction, indent=2).split("\n")
        self._sink.write(encode(self._opening + "".join(f"\n  {line}" for line in lines)))
        self._opening = ","

    def finish(self) -> None:
        """Close the array."""
        self._sink.write(b"[]\n" if self._opening == "[" else b"\n]\n")


class CsvWriter:
    """One row an item, under a header; see `table`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._header: tuple[tuple[str, ...], ...] = (COLUMNS,)

    def write(self, extraction: Extraction) -> None:
        """Write the rows of one record."""
        self._write([*self._header, *rows_of(extraction)])
        self._header = ()

    def finish(self) -> None:
        """Write the header where there was no record."""
        self._write(list(self._header))

    def _write(self, rows: list[tuple[str, ...]]) -> None:
        page = io.StringIO()
        csv.writer(page, lineterminator="\n").writerows(rows)
        self._sink.write(encode(page.getvalue()))


class TextWriter:
    """Each record as a rendering for people, an empty line between two."""

    def __init__(self, sink: Sink, render: Callable[[Extraction], str], *, encoding: str = "utf-8") -> None:
        self._sink = sink
        self._render = render
        self._encoding = encoding
        self._between = ""

    def write(self, extraction: Extraction) -> None:
        """Write one rendering. A character that the encoding lacks becomes a question mark."""
        self._sink.write((self._between + self._render(extraction)).encode(self._encoding, "replace"))
        self._between = "\n"

    def finish(self) -> None:
        """Nothing stands behind the last one."""
