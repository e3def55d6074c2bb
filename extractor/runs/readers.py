"""Who reads the articles of a run: the extractor's own loop, or processes beside it where reading keeps a core busy."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import queue
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Protocol

from extractor.background import call_soon, start
from extractor.llm.events import ChunkRead
from extractor.records.extraction import Extraction, Failure
from extractor.runs.garbage import collect_seldom
from extractor.runs.outcome import Finished, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from extractor.api import Extractor
    from extractor.llm.events import Event
    from extractor.records.article import Article

Results = queue.SimpleQueue[tuple[int, Any]]
"""Where readers put what they have read, a `Finished` or an exception, with the number that it was begun under. What is
not read yet comes here too, see `corpus`."""

ALONE = 48
"""Articles that are read before processes are started: starting them costs as much as reading some hundred."""

BATCH_CHARS = 8_000
"""Characters that are handed to a process at once, so that short articles do not cost a message each."""


class Reader(Protocol):
    """Reads articles at the same time."""

    @property
    def in_work(self) -> int:
        """How many articles it takes at once."""
        ...

    def begin(self, number: int, article: Article) -> None:
        """Begin to read an article."""
        ...

    def flush(self) -> None:
        """Begin whatever was held back to be begun together."""
        ...

    def nudge(self) -> None:
        """Begin what was held back if nothing else keeps the reader busy."""
        ...

    def stop(self) -> None:
        """Drop what is in work, without waiting."""
        ...

    def close(self) -> None:
        """Give back what is idle now."""
        ...


def finished(extraction: Extraction, *, keep: bool, chunks: int = 0) -> Finished:
    """A record, ready to be written; `keep` it as an object too."""
    from extractor.files.writers import encode, to_json

    return Finished(
        Outcome.of(extraction),
        encode(to_json(extraction) + "\n"),
        extraction if keep else None,
        chunks,
        extraction.error.message if extraction.error else None,
    )


class OwnLoop:
    """Reads on the background loop, `concurrency` articles at once.

    The caller's thread touches no task and no future: an interrupt that hits it inside one of their locks would stop
    the loop or be lost. Only a queue stands between the two.
    """

    def __init__(self, extractor: Extractor, results: Results, *, keep: bool) -> None:
        self._extractor = extractor
        self._results = results
        self._keep = keep
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopped = threading.Event()

    @property
    def in_work(self) -> int:
        """As many as requests."""
        return self._extractor.concurrency

    def begin(self, number: int, article: Article) -> None:
        """Begin to read an article."""
        start(self._read(number, article))

    def flush(self) -> None:
        """Nothing is held back."""

    def nudge(self) -> None:
        """Nothing is held back."""

    def stop(self) -> None:
        """Cancel what is in work."""
        self._stopped.set()
        call_soon(lambda: [task.cancel() for task in list(self._tasks)])

    def close(self) -> None:
        """The loop is not ours."""

    async def _read(self, number: int, article: Article) -> None:
        task = asyncio.current_task()
        if self._stopped.is_set() or task is None:
            return
        self._tasks.add(task)
        try:
            self._results.put((number, finished(await self._extractor.extract(article), keep=self._keep)))
        except BaseException as error:
            self._results.put((number, error))
            raise
        finally:
            self._tasks.discard(task)


class Processes:
    """Reads in `workers` processes, with an extractor in each; the first few articles on the background loop.

    An article that makes its process die is tried once more by itself, and is a failed record if that one dies too.
    """

    def __init__(
        self, extractor: Extractor, results: Results, workers: int, make: Callable[[Callable[[Event], None]], Extractor]
    ) -> None:
        """`make` builds the extractor of a process: a picklable function of what is to be told its events."""
        self._extractor = extractor
        self._results = results
        self._workers = workers
        self._make = make
        self._alone = OwnLoop(extractor, results, keep=False)
        self._left_alone = ALONE
        self._batch: list[tuple[int, Article]] = []
        self._batch_chars = 0
        self._batches = 0
        """Handed over and not yet read."""
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._stopped = False

    @property
    def in_work(self) -> int:
        """Enough that no process ever waits for its next batch."""
        return 128 * self._workers

    def begin(self, number: int, article: Article) -> None:
        """Begin to read an article, or hold it back until there is a batch of them."""
        if self._left_alone:
            self._left_alone -= 1
            self._alone.begin(number, article)
            return
        self._batch.append((number, article))
        self._batch_chars += len(article.text)
        if self._batch_chars >= BATCH_CHARS:
            self.flush()
        else:
            self.nudge()

    def nudge(self) -> None:
        """Hand over even a small batch where a process would wait for a full one."""
        if self._batches < 2 * self._workers:
            self.flush()

    def flush(self) -> None:
        """Hand over the batch that was begun."""
        if self._batch:
            batch, self._batch, self._batch_chars = self._batch, [], 0
            self._submit(batch, again=True)

    def stop(self) -> None:
        """End the processes."""
        self._stopped = True
        self._alone.stop()
        if self._pool is not None:
            _end(self._pool)

    def close(self) -> None:
        """End the processes, which have nothing left to do."""
        if self._pool is not None:
            self._pool.shutdown()

    def _submit(self, batch: list[tuple[int, Article]], *, again: bool) -> None:
        with self._lock:
            self._batches += 1
            if self._pool is None:
                self._pool = _pool(self._workers, self._make)
            pool = self._pool
        try:
            future = pool.submit(_read_batch, [article for _, article in batch])
        except (BrokenProcessPool, RuntimeError):
            with self._lock:
                self._batches -= 1
            self._died(pool, batch, again=again)
            return
        future.add_done_callback(lambda done: self._done(done, pool, batch, again=again))

    def _done(
        self,
        future: Future[list[Finished]],
        pool: ProcessPoolExecutor,
        batch: list[tuple[int, Article]],
        *,
        again: bool,
    ) -> None:
        with self._lock:
            self._batches -= 1
        error = None if future.cancelled() else future.exception()
        if self._stopped or future.cancelled():
            return
        if isinstance(error, BrokenProcessPool):
            self._died(pool, batch, again=again)
        elif error is not None:
            for number, _ in batch:
                self._results.put((number, error))
        else:
            for (number, _), read in zip(batch, future.result(), strict=True):
                self._results.put((number, read))

    def _died(self, pool: ProcessPoolExecutor, batch: list[tuple[int, Article]], *, again: bool) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        if self._stopped:
            return
        if again:
            # Not here: this may be the dying pool's own thread.
            threading.Thread(target=self._one_by_one, args=(batch,), daemon=True).start()
            return
        for number, article in batch:
            failure = Failure(code="crashed", message="the process that read it died (out of memory?)")
            names = [kind.name for kind in self._extractor.kinds]
            record = Extraction.failed(article, failure, self._extractor.provenance, names)
            self._results.put((number, finished(record, keep=False)))

    def _one_by_one(self, batch: Sequence[tuple[int, Article]]) -> None:
        """Read the articles of a batch whose process died one at a time: one of them is to blame."""
        pool = _pool(1, self._make)
        for number, article in batch:
            try:
                (read,) = pool.submit(_read_batch, [article]).result()
            except BrokenProcessPool:
                self._died(pool, [(number, article)], again=False)
                pool = _pool(1, self._make)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the run has to hear of it
                self._results.put((number, error))
            else:
                self._results.put((number, read))
        pool.shutdown()


def _pool(workers: int, make: Callable[[Callable[[Event], None]], Extractor]) -> ProcessPoolExecutor:
    # Not fork: this process has threads.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_set_up, initargs=(make,))


def _end(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())  # There is no public way before 3.14.
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


# What follows runs in the processes.

_chunks = 0
_own: Extractor | None = None
_loop: asyncio.AbstractEventLoop | None = None


def _set_up(make: Callable[[Callable[[Event], None]], Extractor]) -> None:
    """Make this process's extractor. A terminal's Ctrl-C is for the parent, without whom this process ends."""
    global _own, _loop
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _own, _loop = make(_count), asyncio.new_event_loop()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _count(event: Event) -> None:
    global _chunks
    _chunks += isinstance(event, ChunkRead)


def _read_batch(articles: list[Article]) -> list[Finished]:
    global _chunks
    if _own is None or _loop is None:
        raise RuntimeError("this process was not set up")
    read = []
    for article in articles:
        _chunks = 0
        # On a loop of this thread: a thread in the background would cost two switches an article.
        extraction = _loop.run_until_complete(_own.extract(article))
        read.append(finished(extraction, keep=False, chunks=_chunks))
    return read


def copy_of(line: bytes, article: Article, first: str) -> Finished:
    """The record of an article that has the text of another one, from that one's line. It costs nothing.

    Args:
        line: The other one's record.
        article: The article.
        first: The other one's id.
    """
    from extractor.files.writers import encode
    from extractor.records.usage import Usage

    record = json.loads(line)
    record["article"] = article.model_copy(update={"same_text_as": first}).model_dump(mode="json")
    record["usage"] = Usage().model_dump()
    error = record["error"]
    text = json.dumps(record, ensure_ascii=False)
    return Finished(Outcome.of_record(record), encode(text + "\n"), message=None if error is None else error["message"])
