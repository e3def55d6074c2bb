"""The formats in which a run's records come out: written to a stream as they come, or made of a journal at the end."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import UsageError
from extractor.files.compressed import GZIP, ZSTD, packed
from extractor.files.destination import appearing_path
from extractor.files.writers import PACKED, CsvWriter, JsonlWriter, JsonWriter, TextWriter
from extractor.records.extraction import Extraction
from extractor.runs.journal import counting_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extractor.cli.options import Format
    from extractor.files.destination import Sink
    from extractor.files.writers import Writer
    from extractor.runs.index import Index


def stream_writer(wanted: Format, sink: Sink, *, to_stdout: bool) -> Writer:
    """What writes records to a stream in that format. `parquet` and `sqlite` are files of their own."""
    if wanted == "jsonl":
        return JsonlWriter(sink)
    if wanted == "json":
        return JsonWriter(sink)
    if wanted == "csv":
        return CsvWriter(sink)
    if wanted == "markdown":
        from extractor.rendering.markdown import render_markdown

        return TextWriter(sink, render_markdown)
    return _table_writer(sink, to_stdout=to_stdout)


def _table_writer(sink: Sink, *, to_stdout: bool) -> Writer:
    from extractor.rendering.terminal import render_terminal

    color = to_stdout and sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns
    encoding = (sys.stdout.encoding if to_stdout else None) or "utf-8"
    return TextWriter(sink, lambda record: render_terminal(record, width=width, color=color), encoding=encoding)


def publisher(out: str, wanted: Format) -> Callable[[Path, str, Path, Index], None] | None:
    """What makes a file of a journal, or None where the journal is the file.

    Raises:
        UsageError: There is no such file.
        MissingExtraError: A package for it is missing.
    """
    is_packed = Path(out).suffix.lower() in (GZIP, ZSTD)
    if is_packed and wanted not in PACKED:
        raise UsageError(f"{wanted} is not packed", hint="leave .gz or .zst off the name")
    if wanted == "parquet":
        from extractor.files.parquet import library

        library()
    if Path(out).suffix.lower() == ZSTD:
        from extractor.files.compressed import zstd

        zstd()
    if wanted == "jsonl" and not is_packed:
        return None
    return partial(_publish, wanted=wanted)


def _publish(target: Path, shown: str, journal: Path, index: Index, *, wanted: Format) -> None:
    """Make a file of the records that count in a journal. Raises `OutputError`."""
    lines = counting_lines(journal, index)
    with appearing_path(target, shown) as draft:
        if wanted in ("parquet", "sqlite"):
            writer = _file_writer(wanted, draft)
            _copy(lines, writer)
            return
        with draft.open("xb") as raw, packed(raw, shown) as stream:
            sink = _Raw(stream)
            if wanted == "jsonl":
                for line in lines:
                    sink.write(line)
            else:
                _copy(lines, stream_writer(wanted, sink, to_stdout=False))


class _Raw:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        self._stream.write(data)


def _copy(lines: Iterable[bytes], writer: Writer) -> None:
    for line in lines:
        writer.write(Extraction.model_validate_json(line))
    writer.finish()


def _file_writer(wanted: Format, path: Path) -> Writer:
    if wanted == "parquet":
        from extractor.files.parquet import ParquetWriter

        return ParquetWriter(path)
    from extractor.files.sqlite import SqliteWriter

    return SqliteWriter(path)
