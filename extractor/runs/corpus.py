"""One run over many articles: each input is drawn, told apart from what is done, read once, and written as it is done.

What is in memory is what is in work: so many articles, and so many characters of them. All that has to be known of the
others is in the index, on disk.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from extractor.errors import OutputError
from extractor.files.inputs import Unread
from extractor.records.extraction import Extraction, Failure
from extractor.runs.outcome import Finished, Outcome, Totals, text_key
from extractor.runs.readers import Reader, Results, copy_of, finished

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from extractor.kinds.kind import Kind
    from extractor.records.article import Article
    from extractor.records.extraction import Provenance
    from extractor.runs.index import Index
    from extractor.runs.journal import Journal
    from extractor.runs.stopping import Stopping

OnChange = Literal["stop", "redo", "keep"]
"""What becomes of records that were made with other settings: stop and say so, make them anew, or leave them."""

AHEAD = 64
"""Articles, for each that may be in work, that may be done and wait behind one that takes long, where order is kept."""

DRAWN_AHEAD = 8
"""Inputs that are drawn and wait to be begun."""

_DRAWN, _WAKE = -1, -2
"""Numbers under which other things than records come: an input, or None behind the last; a stop that is asked for."""

CHARS_IN_WORK = 8_000_000
"""Characters of articles that may be in work at once; one article may be longer."""


class Output(Protocol):
    """Takes records as they are done."""

    def write(self, record: Finished) -> int | None:
        """Write a record. Returns where it can be found again, if it can. Raises `OutputError`."""
        ...


@dataclass
class Counts:
    """What a run did."""

    given: int = 0
    """Inputs drawn."""
    done_before: int = 0
    """Articles that were complete when it began."""
    repeated: int = 0
    """Articles given more than once: same id, same text."""
    renamed: int = 0
    """Articles that have the id of another one, with another text."""
    changed: int = 0
    """Articles whose text is no longer the one that their record has."""
    redone: int = 0
    """Articles that were partial, failed, or made with other settings, and were read again."""
    unread: int = 0
    """Inputs that gave no article."""
    sources: int = 0
    """Of those, whole sources, which have no record."""
    totals: Totals = field(default_factory=Totals)
    """The records that it made."""


class Watcher(Protocol):
    """Is told what happens, in the main thread."""

    def finished(self, record: Finished) -> None:
        """A record is written."""
        ...

    def unread(self, one: Unread) -> None:
        """An input gave no article, and has no record of its own."""
        ...

    def skipped(self) -> None:
        """An article is done already."""
        ...

    def renamed(self, article: Article, new: str) -> None:
        """An article has another one's id, and is called otherwise."""
        ...

    def stopping(self) -> None:
        """A stop was asked for: what is in flight is finished."""
        ...


@dataclass(frozen=True)
class Made:
    """What the records of this run say of how they are made."""

    provenance: Provenance
    kinds: Sequence[Kind[Any, Any]]


def take_up(journal: Journal, index: Index, made: Made, on_change: OnChange) -> int:
    """Read what is there, and return how many records were made with other settings.

    Raises:
        OutputError: There are such records, and `on_change` is `stop`; or the journal cannot be read.
    """
    journal.read(index)
    others, other = 0, None
    for written in index.in_order():
        outcome = written.outcome
        if outcome.settings != made.provenance.settings:
            others += 1
            other = other or written
        elif outcome.status == "complete" and outcome.same_text_as is None:
            index.set_first(outcome.text_key, outcome.id, written.offset)
    if other is not None and on_change == "stop":
        records = "record was" if others == 1 else "records were"
        raise OutputError(
            f"{journal.shown}: {others:,} {records} made with other settings: "
            f"{_difference(journal.line_at(other.offset), made.provenance)}",
            hint="--on-change redo makes them anew, --on-change keep leaves them, --force starts from nothing",
        )
    return others


def _difference(line: bytes, now: Provenance) -> str:
    """In which settings a record differs from those of now, in words."""
    import json

    then = json.loads(line)["provenance"]
    said = []
    for name, value in now.model_dump(mode="json").items():
        before = then.get(name)
        if before == value or name == "settings":
            continue
        if isinstance(value, (str, type(None))) and isinstance(before, (str, type(None))) and name != "schema":
            said.append(f"{name} {before or 'none'}, now {value or 'none'}")
        else:
            said.append(name)
    return "; ".join(said) or "kinds, chunk size or how the model is asked"


class Corpus:
    """One run.

    Args:
        inputs: Articles, and what could not be read.
        reader: Reads the articles; it was made with `results`.
        results: Where it puts what it has read.
        output: Takes the records.
        made: How they are made.
        index: What is known of other articles.
        watcher: Is told what happens.
        journal: The output, if records can be found again in it: then articles that are done are passed over, identical
            texts are read once, and ids are kept apart. Else every article is read and written.
        ordered: Whether records are written in the order of the inputs; else as they are done.
        others: Whether records made with other settings are left (`keep`) or made anew (`redo`).
        max_chars: The longest article that is read.
    """

    def __init__(
        self,
        inputs: Iterable[Article | Unread],
        reader: Reader,
        results: Results,
        output: Output,
        made: Made,
        index: Index,
        watcher: Watcher,
        *,
        journal: Journal | None = None,
        ordered: bool = True,
        others: OnChange = "keep",
        max_chars: int | None = None,
    ) -> None:
        self._inputs = iter(inputs)
        self._reader = reader
        self._results = results
        self._output = output
        self._made = made
        self._index = index
        self._watcher = watcher
        self._journal = journal
        self._ordered = ordered
        self._others = others
        self._max_chars = max_chars
        self.counts = Counts()
        self._articles: dict[int, Article] = {}
        """In work, by their number."""
        self._chars = 0
        self._begun = 0
        """Numbers given out, to articles and to records that needed no reading."""
        self._written = 0
        """Numbers written."""
        self._ready: dict[int, Finished] = {}
        """Done, and not yet written, since an earlier one is not done."""
        self._firsts: dict[str, int] = {}
        """Texts in work: key → number."""
        self._parked: dict[int, list[tuple[int, Article]]] = defaultdict(list)
        """Articles that wait for the one with the same text, by its number."""

    @property
    def in_flight(self) -> int:
        """Articles begun and not yet written."""
        return self._begun - self._written

    def run(self, stopping: Stopping) -> None:
        """Draw, read and write, until there is no more input or a stop is asked for.

        Raises:
            OutputError: A record cannot be written; all before it are.
            KeyboardInterrupt: A stop was asked for twice.
        """
        drawer = _Drawer(self._inputs, self._results)
        stopping.wake = lambda: self._results.put((_WAKE, None))
        drawn: deque[Article | Unread] = deque()
        drawing = True
        drawer.start()
        try:
            while drawing or drawn or self._articles:
                number, result = self._results.get()
                if isinstance(result, BaseException):
                    raise result
                if number >= 0:
                    self._receive(number, result)
                elif number == _WAKE:
                    drawing = False
                    drawn.clear()
                    self._watcher.stopping()
                elif drawing:
                    drawing = result is not None
                    drawn.extend(() if result is None else (result,))
                while drawn and not self._full():
                    self.counts.given += 1
                    self._take(drawn.popleft())
                    drawer.more()
                if drawing:
                    self._reader.nudge()
                else:
                    self._reader.flush()
            self._reader.close()
        except BaseException:
            self._reader.stop()
            raise
        finally:
            stopping.wake = lambda: None
            drawer.stop()

    def _full(self) -> bool:
        if not self._articles:
            return False
        return (
            len(self._articles) >= self._reader.in_work
            or self._chars >= CHARS_IN_WORK
            or self.in_flight >= AHEAD * self._reader.in_work
        )

    # What becomes of an input.

    def _take(self, one: Article | Unread) -> None:
        if isinstance(one, Unread):
            self._take_unread(one)
            return
        if self._journal is None:
            key = text_key(one.sha256, one.published)
            first = self._index.first_of(key)
            if first is None:
                self._index.set_first(key, one.id, None)
            elif first[0] != one.id:
                one = one.model_copy(update={"same_text_as": first[0]})
            self._begin(one)
            return
        article = self._called_apart(one)
        if article is None:
            self.counts.repeated += 1
            self._watcher.skipped()
            return
        before = self._index.written(article.id)
        if before is not None:
            if self._is_done(before.outcome, article):
                self.counts.done_before += 1
                self._watcher.skipped()
                return
            same = before.outcome.sha256 == article.sha256
            self.counts.redone += same
            # A failed record without text is of an input that gave no article then.
            self.counts.changed += not same and before.outcome.chars > 0
        self._read_once(article, self._journal)

    def _take_unread(self, one: Unread) -> None:
        self.counts.unread += 1
        if self._journal is not None:
            before = self._index.written(one.id)
            if one.whole_source:
                self.counts.sources += 1
                self._watcher.unread(one)
                return
            if self._index.give(one.id, "") is not None:
                self.counts.repeated += 1
                return
            if before is not None and before.outcome.status != "failed":
                self._watcher.unread(one)
                return  # It was read when it could be; what is known of it stays.
        self._settle(self._next_number(), replace(self._failed(one.article, one.failure), unread=one))

    def _called_apart(self, article: Article) -> Article | None:
        """The article under an id of its own; None where the same one was given before."""
        name, number = article.id, 1
        while (sha256 := self._index.give(name, article.sha256)) is not None:
            if sha256 == article.sha256:
                return None
            number += 1
            name = f"{article.id}#{number}"
        if number > 1:
            self.counts.renamed += 1
            self._watcher.renamed(article, name)
            return article.model_copy(update={"id": name})
        return article

    def _is_done(self, before: Outcome, article: Article) -> bool:
        if before.status != "complete" or before.sha256 != article.sha256:
            return False
        return self._others != "redo" or before.settings == self._made.provenance.settings

    def _read_once(self, article: Article, journal: Journal) -> None:
        """Begin to read an article, unless its text is read for another one."""
        key = text_key(article.sha256, article.published)
        first = self._index.first_of(key)
        if first is None or first[0] == article.id:
            self._index.set_first(key, article.id, None)
            self._firsts[key] = self._begun
            self._begin(article)
        elif first[1] is not None:
            self._settle(self._next_number(), copy_of(journal.line_at(first[1]), article, first[0]))
        else:
            self._parked[self._firsts[key]].append((self._next_number(), article))

    def _next_number(self) -> int:
        self._begun += 1
        return self._begun - 1

    def _begin(self, article: Article) -> None:
        number = self._next_number()
        if self._max_chars is not None and len(article.text) > self._max_chars:
            message = f"it has {len(article.text):,} characters (--max-article-chars is {self._max_chars:,})"
            self._settle(number, self._failed(article, Failure(code="too_long", message=message)))
            return
        self._articles[number] = article
        self._chars += len(article.text)
        self._reader.begin(number, article)

    def _failed(self, article: Article, failure: Failure) -> Finished:
        names = [kind.name for kind in self._made.kinds]
        record = Extraction.failed(article, failure, self._made.provenance, names)
        return finished(record, keep=self._journal is None)

    # What becomes of a record.

    def _receive(self, number: int, result: Finished) -> None:
        self._chars -= len(self._articles.pop(number).text)
        self._settle(number, result)

    def _settle(self, number: int, record: Finished) -> None:
        """Write a record, or keep it until those before it are written."""
        self._ready[number] = record
        if not self._ordered:
            self._write(number)
            return
        while self._written in self._ready:
            self._write(self._written)

    def _write(self, number: int) -> None:
        record = self._ready.pop(number)
        outcome = record.outcome
        self._written += 1
        before = None if self._journal is None else self._index.written(outcome.id)
        offset: int | None
        if before is not None and _is_no_news(outcome, before.outcome):
            # What is there is as good or better: another line would only make the file longer.
            offset, counted = before.offset, before.outcome
        else:
            offset, counted = self._output.write(record), outcome
            if offset is not None:
                self._index.write(outcome, offset)
        self.counts.totals.add(replace(counted, usage=outcome.usage))
        self._watcher.finished(record)
        if self._journal is None or offset is None:
            return
        key = outcome.text_key
        if self._firsts.get(key) == number:
            del self._firsts[key]
            self._index.set_first(key, outcome.id, offset)
            line = record.line if counted is outcome else self._journal.line_at(offset)
            for waiting, article in self._parked.pop(number, ()):
                self._settle(waiting, copy_of(line, article, outcome.id))


class _Drawer(threading.Thread):
    """Draws inputs in a thread of its own, a few ahead: while the next one is waited for, others are written."""

    def __init__(self, inputs: Iterator[Article | Unread], results: Results) -> None:
        super().__init__(name="inputs", daemon=True)
        self._inputs = inputs
        self._results = results
        self._room = threading.Semaphore(DRAWN_AHEAD)
        self._stopped = False

    def run(self) -> None:
        """Draw as long as there is room."""
        try:
            while self._room.acquire() and not self._stopped:
                one = next(self._inputs, None)
                self._results.put((_DRAWN, one))
                if one is None:
                    return
        except BaseException as error:  # noqa: BLE001 - the run has to hear of it
            self._results.put((_DRAWN, error))

    def more(self) -> None:
        """One of those drawn is taken."""
        self._room.release()

    def stop(self) -> None:
        """Draw no more."""
        self._stopped = True
        self._room.release()


def _is_no_news(now: Outcome, before: Outcome) -> bool:
    """Whether a record of the same text, made in the same way, says less than the one there is, or the same failure."""
    if (now.sha256, now.settings) != (before.sha256, before.settings):
        return False
    if now.status == before.status == "failed":
        return now.error == before.error
    return before.better_than(now)
