"""One run of `extract`: sources → articles → records → a file or standard output, and the exit code.

Whatever goes to a file is written to a journal first (`runs/journal.py`), which for JSON Lines is the file itself: so a
run in any format goes on where it was stopped. The others are made of it when all has been read.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import queue
import re
import shlex
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.api import Extractor
from extractor.backends.registry import OFFLINE
from extractor.cli.formats import publisher, stream_writer
from extractor.cli.messages import say
from extractor.cli.progress import Facts, display_for
from extractor.errors import ExtractorError, OutputError, UsageError
from extractor.files.compressed import inner_suffix
from extractor.files.destination import FORCE_HINT, kind_of, open_destination
from extractor.files.inputs import Meter, Reading, Unread
from extractor.files.sources import read_sources, size_of
from extractor.files.writers import SUFFIXES
from extractor.llm.events import ChunkRead, ReplyNotStored, RetryScheduled
from extractor.llm.reply_store import Replies
from extractor.runs.corpus import Corpus, Counts, Made, take_up
from extractor.runs.garbage import seldom_collected
from extractor.runs.index import Index
from extractor.runs.journal import Journal, Lock
from extractor.runs.manifest import Manifest
from extractor.runs.outcome import Totals
from extractor.runs.readers import OwnLoop, Processes, Results
from extractor.runs.stopping import Stopping

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from extractor.cli.options import Format
    from extractor.cli.settings import Settings
    from extractor.files.destination import Sink
    from extractor.files.writers import Writer
    from extractor.llm.events import Event
    from extractor.records.article import Article
    from extractor.records.usage import Usage
    from extractor.runs.manifest import State
    from extractor.runs.outcome import Finished
    from extractor.runs.readers import Reader

SOME_INCOMPLETE = 3
NOTHING_DONE = 1
BY_SIGNAL = 128
"""Added to a signal's number: how a shell reports a program that one ended."""

FOR_ALL = frozenset({"authentication", "model_not_found", "quota", "budget", "request_refused", "unreachable"})
"""Codes of errors that many articles have in common: a line each would say the same over and over."""

LINES_A_REASON = 20
"""Articles that are named for one reason; the others are counted at the end."""

WITH_MANIFEST: tuple[Format, ...] = ("jsonl", "csv", "parquet", "sqlite")
"""Formats of corpora. The others are for people, or for a few articles."""

_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def run(
    sources: list[str],
    out: str | None,
    force: bool,
    format_: Format | None,
    settings: Settings,
    command: Sequence[str] = (),
) -> int:
    """Extract from sources and return the exit code.

    Args:
        sources: Paths, patterns, "-".
        out: A file, or None for standard output.
        force: Replace the file.
        format_: The format as a flag asks for it, which wins over the file's suffix.
        settings: Everything else.
        command: The call's arguments, to say how it is done again.

    Raises:
        ExtractorError: Wrong usage, something missing, or an output that cannot be written.
    """
    wanted = _format(out, format_, settings)
    _refuse_to_overwrite_sources(sources, out)
    watch = Watch()
    with make_extractor(settings, watch) as extractor:
        work = _Work(sources, settings, extractor, watch, list(command))
        if out is None or kind_of(Path(os.path.realpath(out)), out) == "device":
            return _to_stream(work, out, wanted)
        return _to_file(work, out, wanted, force=force)


@dataclass
class _Work:
    """What both ways of running have in common."""

    sources: list[str]
    settings: Settings
    extractor: Extractor
    watch: Watch
    command: list[str]
    meter: Meter = field(default_factory=Meter)

    @property
    def offline(self) -> bool:
        return self.settings.model == OFFLINE

    @property
    def made(self) -> Made:
        return Made(self.extractor.provenance, self.extractor.kinds)

    def inputs(self, *, skip: str | int | None) -> Iterator[Article | Unread]:
        return read_inputs(self.sources, self.settings, skip=skip, meter=self.meter)

    def reader(self, results: Results, *, keep: bool) -> Reader:
        """Processes where the rules would keep one core busy and others idle; else the extractor's own loop."""
        workers = (self.settings.workers or _cores()) if self.offline else 1
        if workers == 1 or keep:
            return OwnLoop(self.extractor, results, keep=keep)
        make = partial(_offline_extractor, kinds=self.settings.kinds, chunk_chars=self.settings.chunk_chars)
        return Processes(self.extractor, results, workers, make)


def _offline_extractor(
    on_event: Callable[[Event], None], *, kinds: list[str] | None, chunk_chars: int | None
) -> Extractor:
    return Extractor(kinds=kinds, chunk_chars=chunk_chars, on_event=on_event)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# To standard output, a pipe or a device: each record as it is done, in order where nothing is gained by another one.


class _Stream:
    def __init__(self, writer: Writer | None, sink: Sink) -> None:
        self._writer = writer
        self._sink = sink

    def write(self, record: Finished) -> None:
        if self._writer is None:
            self._sink.write(record.line)
        elif record.extraction is not None:
            self._writer.write(record.extraction)


def _to_stream(work: _Work, out: str | None, wanted: Format) -> int:
    if wanted in ("parquet", "sqlite"):
        raise UsageError(f"{wanted} is written to a file", hint="name one with -o")
    results: Results = queue.SimpleQueue()
    with open_destination(out) as sink, contextlib.closing(Index()) as index:
        writer = None if wanted == "jsonl" else stream_writer(wanted, sink, to_stdout=out is None)
        watcher = _Watcher(work, journal=False, display=out is not None or not sys.stdout.isatty())
        corpus = Corpus(
            work.inputs(skip=out or _stdout_descriptor()),
            work.reader(results, keep=writer is not None),
            results,
            _Stream(writer, sink),
            work.made,
            index,
            watcher,
            # What a model reads is written as it comes, where lines are found by their id.
            ordered=work.offline or wanted != "jsonl",
            max_chars=work.settings.max_article_chars,
        )
        with watcher.watching(corpus), seldom_collected(), Stopping() as stopping:
            corpus.run(stopping)
        if writer is not None:
            writer.finish()
    return _end(work, corpus.counts, watcher, stopping.signal, again=None)


# To a file.


class _Kept:
    """The journal as an output."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def write(self, record: Finished) -> int:
        return self._journal.append(record.line)


def _to_file(work: _Work, out: str, wanted: Format, *, force: bool) -> int:
    target = Path(os.path.realpath(out))
    publish = publisher(out, wanted)
    kept = target if publish is None else target.with_name(f"{target.name}.journal")
    settings = work.settings
    with Lock(target, out):
        if publish is not None and target.exists() and not force and not kept.exists():
            raise OutputError(f"{out} exists", hint=FORCE_HINT)
        with contextlib.closing(Index()) as index, Journal(kept, _beside(out, kept), fresh=force) as journal:
            others = take_up(journal, index, work.made, settings.on_change)
            _say_mended(journal, others, settings)
            manifest = None
            if wanted in WITH_MANIFEST:
                manifest = Manifest(target, _facts(work), fresh=force)
            counts, watcher, ended = _run_on(work, index, journal, manifest, out)
            if publish is not None and ended is None:
                publish(target, out, journal.path, index)
        if publish is not None and ended is None and _all_complete(counts):
            with contextlib.suppress(OSError):
                kept.unlink()
    return _end(work, counts, watcher, ended, again=shlex.join(["extractor", *_again(work.command)]))


def _run_on(
    work: _Work, index: Index, journal: Journal, manifest: Manifest | None, out: str
) -> tuple[Counts, _Watcher, signal.Signals | None]:
    """Read what is not read yet."""
    settings = work.settings
    results: Results = queue.SimpleQueue()
    watcher = _Watcher(work, journal=True, display=True, manifest=manifest)
    corpus = Corpus(
        work.inputs(skip=out),
        work.reader(results, keep=False),
        results,
        _Kept(journal),
        work.made,
        index,
        watcher,
        journal=journal,
        ordered=work.offline,
        others=settings.on_change,
        max_chars=settings.max_article_chars,
    )
    ended: State = "failed"
    try:
        if manifest is not None:
            manifest.update(corpus.counts)
        with watcher.watching(corpus), seldom_collected(), Stopping() as stopping:
            corpus.run(stopping)
        ended = "finished" if stopping.signal is None else "stopped"
        journal.sync()
    except OutputError as error:
        raise OutputError(
            str(error), hint=error.hint or "what was written is kept; the same command goes on"
        ) from error
    except KeyboardInterrupt:
        ended = "stopped"
        raise
    finally:
        if manifest is not None:
            _close(manifest, corpus.counts, index, ended)
    if stopping.signal is None and settings.limit is None and (gone := index.not_given()) and not settings.quiet:
        say(f"{gone:,} {_plural(gone, 'record is of an article', 'records are of articles')} not given this time")
    return corpus.counts, watcher, stopping.signal


def _close(manifest: Manifest, counts: Counts, index: Index, ended: State) -> None:
    """Bring a manifest up to date for the last time; where something else has failed, without another word."""
    totals = None
    if ended != "failed":
        totals = Totals()
        for written in index.in_order():
            totals.add(written.outcome)
    manifest.update(counts, state=ended, totals=totals)
    if manifest.error is not None and ended != "failed":
        say(f"the manifest is not up to date: {manifest.error}")


def _facts(work: _Work) -> dict[str, Any]:
    """What a manifest says of a run beside its counts. No key is in it: keys are in the environment alone."""
    settings = {name: value for name, value in asdict(work.settings).items() if value is not None}
    if isinstance(settings.get("base_url"), str):
        settings["base_url"] = _USER_INFO.sub("", settings["base_url"])
    return {
        "command": [_USER_INFO.sub("", part) for part in ["extractor", *work.command]],
        "sources": work.sources,
        "settings": settings,
        "shaping": work.extractor.shaping,
        "provenance": json.loads(work.extractor.provenance.model_dump_json()),
    }


def _again(command: Iterable[str]) -> list[str]:
    """The command that goes on with a run: the same, but that it does not begin it anew."""
    return [_USER_INFO.sub("", part) for part in command if part != "--force"]


def _beside(out: str, kept: Path) -> str:
    return str(Path(out).with_name(kept.name)) if Path(out).name != kept.name else out


def _say_mended(journal: Journal, others: int, settings: Settings) -> None:
    mended = journal.mended
    if mended.cut and not settings.quiet:
        say(f"{journal.shown}: a torn line at the end is gone; its article is read again")
    if mended.damaged:
        lines = _plural(mended.damaged, "line is", "lines are")
        say(f"{journal.shown}: {mended.damaged} {lines} damaged and passed over", "`extractor compact` drops them")
    if others:
        becomes = "made anew" if settings.on_change == "redo" else "left as they are"
        say(f"{journal.shown}: {others:,} {_plural(others, 'record', 'records')} of other settings, {becomes}")


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


# What is said.


class _Watcher:
    """Says what goes wrong as it does, shows how far the run is, and keeps the manifest up to date."""

    def __init__(self, work: _Work, *, journal: bool, display: bool, manifest: Manifest | None = None) -> None:
        self._work = work
        self._journal = journal
        self._manifest = manifest
        self._quiet = work.settings.quiet
        self._display = display_for(quiet=self._quiet, wanted=display)
        self._corpus: Corpus | None = None
        self._said: Counter[str] = Counter()
        self._messages: set[str] = set()
        self._chunks = 0
        self._sized = False
        self._notice = work.offline and not self._quiet
        self.for_all = False
        """Whether something stood in the way of all articles alike."""

    @contextlib.contextmanager
    def watching(self, corpus: Corpus) -> Iterator[None]:
        """While a corpus is read."""
        self._corpus = corpus
        if self._display is not None and self._work.settings.limit is None:
            self._display.measure(partial(size_of, self._work.sources), self._work.meter)
        with self._display or contextlib.nullcontext():
            yield

    def finished(self, record: Finished) -> None:
        outcome = record.outcome
        self._chunks += record.chunks
        if self._notice and outcome.error is None:
            say("read with the offline rules", "for a language model: --model openai/NAME; see `extractor models`")
            self._notice = False
        if record.unread is not None:
            self.unread(record.unread)
        elif outcome.error is not None and record.message is not None:
            if outcome.error not in FOR_ALL:
                self._complain(outcome.error, f"{outcome.id}: {outcome.status}: {record.message}")
            else:
                self.for_all = True
                if record.message not in self._messages:
                    self._messages.add(record.message)
                    say(record.message)
        self._tick()

    def unread(self, one: Unread) -> None:
        self._complain(one.failure.code, str(one.error), one.error.hint)

    def skipped(self) -> None:
        self._tick()

    def renamed(self, article: Article, new: str) -> None:
        self._complain("renamed", f"{article.id}: another article has that id too: this one is called {new}")

    def stopping(self) -> None:
        count = self._corpus.in_flight if self._corpus is not None else 0
        if not self._quiet:
            say(f"stopping: finishing {count} {_plural(count, 'article', 'articles')}", "once more stops at once")

    def _complain(self, reason: str, message: str, hint: str | None = None) -> None:
        self._said[reason] += 1
        if self._said[reason] <= LINES_A_REASON:
            say(message, hint)
        elif self._said[reason] == LINES_A_REASON + 1:
            say(f"more articles with {reason} are only counted")

    def _tick(self) -> None:
        if self._corpus is None:
            return
        if self._display is not None and self._display.due():
            watch, counts = self._work.watch, self._corpus.counts
            self._display.show(
                Facts(
                    counts,
                    self._corpus.in_flight,
                    watch.chunks + self._chunks,
                    watch.retries,
                    self._work.settings.limit,
                )
            )
        if self._manifest is not None and self._manifest.due():
            self._manifest.update(self._corpus.counts)


def _end(work: _Work, counts: Counts, watcher: _Watcher, ended: signal.Signals | None, *, again: str | None) -> int:
    """Say how it came out, and return the exit code."""
    watch, quiet = work.watch, work.settings.quiet
    if watch.unstored is not None:
        say(f"{watch.unstored_count} replies could not be kept: {watch.unstored}", watch.unstored.hint)
    if not quiet:
        if counts.given - counts.repeated > 1:
            for line in summary(counts):
                say(line)
        if not work.offline:
            say(usage_line(counts.totals.usage))
    if ended is not None:
        say("interrupted", None if again is None or quiet else f"it goes on with: {again}")
        return BY_SIGNAL + ended
    if not quiet and again is not None and not _all_complete(counts) and counts.given > 1:
        say(f"what is not complete is read again by: {again}")
    return _exit_code(counts, for_all=watcher.for_all)


def summary(counts: Counts) -> list[str]:
    """How the articles of a run came out, in a few lines."""
    statuses = counts.totals.statuses
    complete, failed = statuses["complete"] + counts.done_before, statuses["failed"] + counts.sources
    before = f" ({counts.done_before:,} of them before)" if counts.done_before else ""
    articles = counts.given - counts.repeated
    lines = [
        f"{articles:,} articles: {complete:,} complete{before}, {statuses['partial']:,} partial, {failed:,} failed"
    ]
    if counts.totals.errors:
        lines.append("reasons: " + ", ".join(f"{code} {n:,}" for code, n in counts.totals.errors.most_common()))
    if counts.totals.missed:
        parts = ", ".join(f"{n:,} {reason}" for reason, n in counts.totals.missed.most_common())
        lines.append(f"characters not read: {parts}, of {counts.totals.chars:,}")
    for count, one, many in (
        (counts.totals.same_text, "article has the text of another one", "articles have the text of another one"),
        (counts.repeated, "article was given twice", "articles were given more than once"),
        (counts.renamed, "article had the id of another one", "articles had the id of another one"),
        (counts.changed, "text has changed since it was read", "texts have changed since they were read"),
    ):
        if count:
            lines.append(f"{count:,} {_plural(count, one, many)}")
    return lines


def _all_complete(counts: Counts) -> bool:
    return counts.totals.records == counts.totals.statuses["complete"] and not counts.unread


def _exit_code(counts: Counts, *, for_all: bool) -> int:
    """0 all complete, 1 no article at all, else 3."""
    if _all_complete(counts):
        return 0
    articles = counts.given - counts.unread
    nothing_read = not counts.totals.statuses["complete"] and not counts.totals.statuses["partial"]
    return NOTHING_DONE if articles == 0 or (nothing_read and for_all and not counts.done_before) else SOME_INCOMPLETE


def read_inputs(
    sources: list[str], settings: Settings, *, skip: str | int | None = None, meter: Meter | None = None
) -> Iterator[Article | Unread]:
    """The articles of sources, as the settings say, and what could not be read; `meter` is told how far it is."""
    reading = Reading(settings.input_format, settings.text_field, settings.id_field, meter or Meter())
    return itertools.islice(read_sources(sources, reading, skip=skip), settings.limit)


@dataclass
class Watch:
    """What a run has to say beside its records."""

    unstored: ExtractorError | None = None
    """Why replies were not kept."""
    unstored_count: int = 0
    chunks: int = 0
    """Chunks done with."""
    retries: int = 0
    """Requests that were tried again."""

    def __call__(self, event: Event) -> None:
        """Take in what happens."""
        if isinstance(event, ChunkRead):
            self.chunks += 1
        elif isinstance(event, RetryScheduled):
            self.retries += 1
        elif isinstance(event, ReplyNotStored):
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
        by_suffix = SUFFIXES.get(inner_suffix(out))
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
