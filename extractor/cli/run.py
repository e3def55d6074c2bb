"""One run of `extract`: sources → articles → records → a file or standard output, and the exit code."""

from __future__ import annotations

import itertools
import logging
import shutil
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.api import Extractor
from extractor.cli.messages import say
from extractor.errors import OutputError, UsageError
from extractor.files.destination import open_destination
from extractor.files.inputs import Reading, Unread
from extractor.files.sources import read_sources
from extractor.files.writers import SUFFIXES, CsvWriter, JsonlWriter, JsonWriter, TextWriter
from extractor.records.extraction import Extraction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.cli.options import Format
    from extractor.cli.settings import Settings
    from extractor.files.destination import Sink
    from extractor.files.writers import Writer
    from extractor.records.article import Article

SOME_INCOMPLETE = 3
NOTHING_DONE = 1


def run(sources: list[str], out: str | None, force: bool, format_: Format | None, settings: Settings) -> int:
    """Extract from sources and return the exit code.

    Args:
        sources: Paths, patterns, "-".
        out: A file, or None for standard output.
        force: Replace the file.
        format_: The format as a flag asks for it, which wins over the file's suffix.
        settings: Everything else.

    Raises:
        ExtractorError: Wrong usage, something missing, or an output that cannot be written.
    """
    wanted = _format(out, format_, settings)
    _refuse_to_overwrite_sources(sources, out)
    extractor = _extractor(settings)
    with extractor:
        reading = Reading(settings.input_format, settings.text_field, settings.id_field)
        inputs = itertools.islice(read_sources(sources, reading, skip=out or _stdout_descriptor()), settings.limit)
        with open_destination(out, force=force, grows=wanted == "jsonl") as sink:
            notice = settings.model == "offline" and not settings.quiet
            tally = _write(extractor, inputs, _writer(wanted, sink, to_stdout=out is None), notice=notice)
    if tally.total > 1 and not settings.quiet:
        say(tally.line())
    return tally.exit_code()


def _format(out: str | None, flag: Format | None, settings: Settings) -> Format:
    """The format of a flag, else of the file's suffix, else as configured, else for a terminal or a pipe."""
    if flag:
        return flag
    if out is not None:
        by_suffix = SUFFIXES.get(Path(out).suffix.lower())
        if by_suffix:
            return by_suffix
        if settings.format is None:
            suffixes = " ".join(SUFFIXES)
            raise UsageError(f"the name {out!r} does not say a format", hint=f"use one of {suffixes}, or --format")
    return settings.format or ("table" if out is None and sys.stdout.isatty() else "jsonl")


def _refuse_to_overwrite_sources(sources: Iterable[str], out: str | None) -> None:
    if out is None or not Path(out).is_file():
        return
    for source in sources:
        if Path(source).is_file() and Path(source).samefile(out):
            raise OutputError(f"{out} is a source and the output at once", hint="write to another file")


def _stdout_descriptor() -> int | None:
    """Standard output may be a file in a folder that is read: what is written must not be read in its turn."""
    try:
        return sys.stdout.fileno()
    except OSError:  # It is no stream of the system's.
        return None


def _extractor(settings: Settings) -> Extractor:
    # Libraries that log without being asked would write to standard error.
    logging.getLogger().addHandler(logging.NullHandler())
    return Extractor(
        settings.model,
        kinds=settings.kinds,
        prompt=settings.prompt,
        examples=settings.examples,
        mode=settings.mode,
        per_kind=settings.per_kind,
        chunk_chars=settings.chunk_chars,
        max_repairs=settings.max_repairs,
        timeout=settings.timeout,
        concurrency=settings.concurrency,
        base_url=settings.base_url,
    )


def _writer(wanted: Format, sink: Sink, *, to_stdout: bool) -> Writer:
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


@dataclass
class Tally:
    """How the articles of a run came out."""

    complete: int = 0
    partial: int = 0
    failed: int = 0
    """Articles of which nothing could be read, although there was an article."""
    unread: int = 0
    """Sources that gave no article."""

    @property
    def total(self) -> int:
        """Records written."""
        return self.complete + self.partial + self.failed + self.unread

    def count(self, extraction: Extraction) -> None:
        """Count an article that was there."""
        status = extraction.coverage.status
        setattr(self, status, getattr(self, status) + 1)

    def line(self) -> str:
        """The tally in words."""
        failed = self.failed + self.unread
        return f"{self.total} articles: {self.complete} complete, {self.partial} partial, {failed} failed"

    def exit_code(self) -> int:
        """0 all complete, 1 no article at all, else 3."""
        if self.total == self.complete:
            return 0
        return NOTHING_DONE if self.total == self.unread else SOME_INCOMPLETE


def _write(extractor: Extractor, inputs: Iterable[Article | Unread], writer: Writer, *, notice: bool) -> Tally:
    """Write one record for each input, in order, and complain about each that is incomplete.

    `notice` asks for a word on the offline rules once they have read something: what fails is one line.
    """
    tally = Tally()
    for outcome in _in_order(extractor, inputs):
        if isinstance(outcome, Unread):
            tally.unread += 1
            say(str(outcome.error), outcome.error.hint)
            writer.write(_record_of(extractor, outcome))
            continue
        tally.count(outcome)
        if notice and outcome.error is None:
            say("read with the offline rules", "for a language model: --model openai/NAME; see `extractor models`")
            notice = False
        if outcome.error is not None:
            say(f"{outcome.article.id}: {outcome.coverage.status}: {outcome.error.message}")
        writer.write(outcome)
    writer.finish()
    return tally


def _in_order(extractor: Extractor, inputs: Iterable[Article | Unread]) -> Iterator[Extraction | Unread]:
    """Extractions and unread inputs in the order of the inputs; only articles go through the extractor.

    The extractor draws articles ahead of what it gives back. So each input is noted as it is drawn: an unread
    one itself, an article as None; an extraction then belongs to the first None.
    """
    drawn: deque[Unread | None] = deque()

    def articles() -> Iterator[Article]:
        for one in inputs:
            if isinstance(one, Unread):
                drawn.append(one)
            else:
                drawn.append(None)
                yield one

    for extraction in extractor.extract_many_sync(articles()):
        while (unread := drawn.popleft()) is not None:
            yield unread
        yield extraction
    # What is left are unread inputs behind the last article.
    for unread in drawn:
        if unread is not None:
            yield unread


def _record_of(extractor: Extractor, unread: Unread) -> Extraction:
    names = [kind.name for kind in extractor.kinds]
    return Extraction.failed(unread.article, unread.failure, extractor.provenance, names)
