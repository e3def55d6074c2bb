"""One run, with a reader that finishes only what it is told to."""

from __future__ import annotations

import queue
from contextlib import closing
from typing import TYPE_CHECKING, Any

from extractor import Extractor
from extractor.records.article import Article
from extractor.runs.corpus import Corpus, Made
from extractor.runs.index import Index
from extractor.runs.readers import finished
from extractor.runs.stopping import Stopping

if TYPE_CHECKING:
    from extractor.runs.outcome import Finished


class Output:
    """Keeps ids."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def write(self, record: Finished) -> None:
        """Take a record."""
        self.ids.append(record.outcome.id)


class Watcher:
    """Hears of a stop, and of nothing else."""

    def __init__(self) -> None:
        self.stops = 0

    def stopping(self) -> None:
        """A stop was asked for."""
        self.stops += 1

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class HeldBack:
    """Takes two articles at once; asks for a stop once all inputs are drawn, and only then finishes what it has."""

    in_work = 2

    def __init__(self, extractor: Extractor, results: queue.SimpleQueue[tuple[int, Any]], stopping: Stopping) -> None:
        self._extractor, self._results, self._stopping = extractor, results, stopping
        self._held: list[tuple[int, Article]] = []
        self.begun: list[str] = []

    def begin(self, number: int, article: Article) -> None:
        """Hold an article back."""
        self.begun.append(article.id)
        self._held.append((number, article))

    def flush(self) -> None:
        """All inputs are drawn: ask for a stop, behind which the articles are finished."""
        if self._held:
            self._stopping.wake()
            for number, article in self._held:
                self._results.put((number, finished(self._extractor.extract_sync(article), keep=True)))
            self._held.clear()

    def nudge(self) -> None:
        """Nothing."""

    stop = close = nudge


def test_a_stop_behind_the_last_input_begins_nothing_more_and_is_said() -> None:
    articles = [Article(id=str(number), text=f"Boat {number} sank.") for number in range(6)]
    results: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    output, watcher, stopping = Output(), Watcher(), Stopping()
    with closing(Index()) as index, Extractor() as extractor:
        reader = HeldBack(extractor, results, stopping)
        made = Made(extractor.provenance, extractor.kinds)
        Corpus(articles, reader, results, output, made, index, watcher).run(stopping)
    assert reader.begun == output.ids == ["0", "1"]
    assert watcher.stops == 1
