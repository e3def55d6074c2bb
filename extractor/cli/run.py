"""One run of `extract`: sources → articles → records → a file or standard output, and the exit code."""

from __future__ import annotations

import itertools
import logging
import shutil
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.api import Extractor
from extractor.backends.registry import OFFLINE
from extractor.cli.messages import say
from extractor.errors import OutputError, UsageError
from extractor.files.destination import open_destination
from extractor.files.inputs import Reading, Unread
from extractor.files.sources import read_sources
from extractor.files.writers import SUFFIXES, CsvWriter, JsonlWriter, JsonWriter, TextWriter
from extractor.llm.events import ReplyNotStored
from extractor.llm.reply_store import Replies
from extractor.records.extraction import Extraction
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.cli.options import Format
    from extractor.cli.settings import Settings
    from extractor.errors import ExtractorError
    from extractor.files.destination import Sink
    from extractor.files.writers import Writer
    from extractor.llm.events import Event
    from extractor.records.article import Article

SOME_INCOMPLETE = 3
NOTHING_DONE = 1

FOR_ALL = frozenset({"authentication", "model_not_found", "quota", "budget", "request_refused", "unreachable"})
"""Codes of errors that many articles have in common: a line each would say the same over and over."""


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
    watch = Watch()
    offline = settings.model == OFFLINE
    extractor = make_extractor(settings, watch)
    with extractor:
        inputs = read_inputs(sources, settings, skip=out or _stdout_descriptor())
        with open_destination(out, force=force, grows=wanted == "jsonl") as sink:
            tally = _write(
                extractor,
                inputs,
                _writer(wanted, sink, to_stdout=out is None),
                notice=offline and not settings.quiet,
                # What a model reads is written as it comes, where lines are found by their id.
                ordered=offline or wanted != "jsonl",
            )
    if watch.unstored is not None:
        say(f"{watch.unstored_count} replies could not be kept: {watch.unstored}", watch.unstored.hint)
    if not settings.quiet:
        if tally.total > 1:
            say(tally.line())
        if not offline:
            say(usage_line(tally.usage))
    return tally.exit_code()


def read_inputs(sources: list[str], settings: Settings, *, skip: str | int | None = None) -> Iterator[Article | Unread]:
    """The articles of sources, as the settings say, and what could not be read."""
    reading = Reading(settings.input_format, settings.text_field, settings.id_field)
    return itertools.islice(read_sources(sources, reading, skip=skip), settings.limit)


@dataclass
class Watch:
    """What a run has to say beside its records."""

    unstored: ExtractorError | None = None
    """Why replies were not kept."""
    unstored_count: int = 0

    def __call__(self, event: Event) -> None:
        """Take in what happens."""
        if isinstance(event, ReplyNotStored):
            self.unstored = event.error
            self.unstored_count += 1


def usage_line(usage: Usage) -> str:
    """What a run cost, in words."""
    tokens = f"{usage.prompt_tokens:,} tokens sent, {usage.completion_tokens:,} received"
    cost = "" if usage.cost_usd is None else f", ${usage.cost_usd:.4f}"
    kept = f", {usage.cached:,} kept {'reply' if usage.cached == 1 else 'replies'}" if usage.cached else ""
    return f"{usage.requests:,} request{'' if usage.requests == 1 else 's'}{kept}, {tokens}{cost}"


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


def make_extractor(settings: Settings, watch: Watch) -> Extractor:
    """The extractor that the settings ask for."""
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
        limits=settings.limits,
        replies=replies_of(settings),
        on_event=watch,
        base_url=settings.base_url,
    )


def replies_of(settings: Settings) -> Replies:
    """Where replies are kept. Where there is no place for a cache that nobody asked for, there is none."""
    replies = settings.replies
    if settings.model != OFFLINE and replies.use != "replay" and replies.path is None:
        try:
            store = replies.open()
        except OutputError as error:
            say(str(error), error.hint)
            return Replies("off")
        if store is not None:
            store.close()
    return replies


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
    usage: Usage = field(default_factory=Usage)
    for_all: bool = False
    """Whether something stood in the way of all articles alike."""

    @property
    def total(self) -> int:
        """Records written."""
        return self.complete + self.partial + self.failed + self.unread

    def count(self, extraction: Extraction) -> None:
        """Count an article that was there."""
        status = extraction.coverage.status
        setattr(self, status, getattr(self, status) + 1)
        self.usage += extraction.usage
        self.for_all = self.for_all or (extraction.error is not None and extraction.error.code in FOR_ALL)

    def line(self) -> str:
        """The tally in words."""
        failed = self.failed + self.unread
        return f"{self.total} articles: {self.complete} complete, {self.partial} partial, {failed} failed"

    def exit_code(self) -> int:
        """0 all complete, 1 no article at all, else 3."""
        if self.total == self.complete:
            return 0
        nothing_read = not self.complete and not self.partial
        return NOTHING_DONE if self.total == self.unread or (nothing_read and self.for_all) else SOME_INCOMPLETE


def _write(
    extractor: Extractor, inputs: Iterable[Article | Unread], writer: Writer, *, notice: bool, ordered: bool
) -> Tally:
    """Write one record for each input, and complain about each that is incomplete; of what all have in common, once.

    Args:
        extractor: Reads the articles.
        inputs: Articles, and what could not be read.
        writer: Takes the records.
        notice: Whether a word on the offline rules is due once they have read something: what fails is one line.
        ordered: Whether records are written in the order of the inputs; else as they are done.
    """
    tally = Tally()
    said: set[str] = set()
    for outcome in _in_order(extractor, inputs) if ordered else _as_done(extractor, inputs):
        if isinstance(outcome, Unread):
            tally.unread += 1
            say(str(outcome.error), outcome.error.hint)
            writer.write(_record_of(extractor, outcome))
            continue
        tally.count(outcome)
        if notice and outcome.error is None:
            say("read with the offline rules", "for a language model: --model openai/NAME; see `extractor models`")
            notice = False
        if outcome.error is not None and outcome.error.code not in FOR_ALL:
            say(f"{outcome.article.id}: {outcome.coverage.status}: {outcome.error.message}")
        elif outcome.error is not None and outcome.error.message not in said:
            said.add(outcome.error.message)
            say(outcome.error.message)
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


def _as_done(extractor: Extractor, inputs: Iterable[Article | Unread]) -> Iterator[Extraction | Unread]:
    """Extractions as they are done, unread inputs as they are met."""
    unread: deque[Unread] = deque()

    def articles() -> Iterator[Article]:
        for one in inputs:
            if isinstance(one, Unread):
                unread.append(one)
            else:
                yield one

    for extraction in extractor.extract_many_sync(articles(), ordered=False):
        while unread:
            yield unread.popleft()
        yield extraction
    yield from unread


def _record_of(extractor: Extractor, unread: Unread) -> Extraction:
    names = [kind.name for kind in extractor.kinds]
    return Extraction.failed(unread.article, unread.failure, extractor.provenance, names)
