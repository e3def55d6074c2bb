"""The output as a journal: JSON Lines that only grow, one writer at a time, mended at the start, read again to go on.

A line is written in one piece and taken back where it did not fit, so a line is whole or the last one. What a power cut
leaves of the last ones is cut off when the file is next opened. The last line of an id counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock, Timeout

from extractor.errors import OutputError
from extractor.files.destination import FORCE_HINT, appearing_path, unwritable
from extractor.runs.outcome import NotARecordError, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from extractor.runs.index import Index

SYNC_SECONDS = 1.0
"""How much work a power cut may cost: what was written longer ago is on the disk."""


@dataclass
class Mended:
    """What was wrong with a journal and has been put right."""

    cut: int = 0
    """Bytes of a torn line at the end that are gone."""
    damaged: int = 0
    """Lines in the middle that are no JSON; they are passed over, and gone once the journal is compacted."""


class Lock:
    """Holds an output for one process; a context manager. A file beside the output is locked, and removed at the end.

    Args:
        path: The output.
        shown: What it is called in messages.
    """

    def __init__(self, path: Path, shown: str) -> None:
        self._path = path.with_name(f".{path.name[:200]}.lock")
        self._lock = FileLock(self._path, timeout=0, on_acquired=_refuse_removed)
        self._shown = shown

    def __enter__(self) -> Self:
        while True:
            try:
                self._lock.acquire()
            except _RemovedError:
                continue  # The process that held it removed it in between: there may be a new one.
            except Timeout:
                raise OutputError(
                    f"another process is writing to {self._shown}", hint="wait for it, or write to another file"
                ) from None
            except OSError as error:
                raise unwritable(self._shown, error) from error
            return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()  # While it is held: nobody locks what is not there any more. Windows refuses.
        with contextlib.suppress(OSError):
            self._lock.release()


class _RemovedError(Exception):
    """The file that was locked has no name any more."""


def _refuse_removed(descriptor: int) -> None:
    if not os.fstat(descriptor).st_nlink:
        raise _RemovedError


class Journal:
    """An open journal. Hold its `Lock` while it is used.

    Args:
        path: The file; made if it is not there.
        shown: What it is called in messages.
        fresh: Throw away what it holds.

    Raises:
        OutputError: It cannot be opened.
    """

    def __init__(self, path: Path, shown: str, *, fresh: bool = False) -> None:
        self.path = path
        self.shown = shown
        self.mended = Mended()
        self._synced = time.monotonic()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            new = not path.exists()
            self._descriptor = os.open(path, flags | (os.O_TRUNC if fresh else 0), 0o666)
            self._end = os.fstat(self._descriptor).st_size
            if new:
                _sync_folder(path.parent)
        except OSError as error:
            raise unwritable(shown, error) from error

    @property
    def size(self) -> int:
        """In bytes."""
        return self._end

    def read(self, index: Index) -> None:
        """Mend the end, and note every record in the index.

        Raises:
            OutputError: It holds something else than records, or cannot be read.
        """
        good = offset = 0
        damaged, number = 0, 0
        with self._errors(), self.path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                record = _parsed(line)
                if record is None:
                    if line.strip(b"\0 \r\n"):
                        damaged += 1
                    offset += len(line)
                    continue
                try:
                    index.write(Outcome.of_record(record), offset)
                except NotARecordError as error:
                    raise OutputError(f"{self.shown}:{number} is no record of extractor's", hint=FORCE_HINT) from error
                self.mended.damaged += damaged
                damaged = 0
                offset += len(line)
                good = offset
                if not line.endswith(b"\n"):
                    self._write(b"\n")
                    good += 1
        if number and not good and not self._torn_first_line():
            raise OutputError(f"{self.shown} holds no records of extractor's", hint=FORCE_HINT)
        if self._end > good:
            self.mended.cut = self._end - good
            self._truncate(good)

    def append(self, line: bytes) -> int:
        """Write a line, whole or not at all, and return where it begins. Raises `OutputError`."""
        begin = self._end
        self._write(line)
        now = time.monotonic()
        if now - self._synced >= SYNC_SECONDS:
            self.sync()
        return begin

    def line_at(self, offset: int) -> bytes:
        """The line that begins there."""
        with self._errors(), self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.readline()

    def sync(self) -> None:
        """Have the disk hold what was written. Raises `OutputError`."""
        with self._errors():
            os.fsync(self._descriptor)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close."""
        try:
            with contextlib.suppress(OutputError):
                self.sync()
        finally:
            os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        begin, left = self._end, memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            # A disk that is full takes part of a line.
            self._truncate(begin)
            raise unwritable(self.shown, error) from error
        self._end = begin + len(data)

    def _truncate(self, length: int) -> None:
        with self._errors():
            os.ftruncate(self._descriptor, length)
        self._end = length

    def _torn_first_line(self) -> bool:
        """Whether all that there is may be the beginning of a first record, or what a power cut makes of it."""
        with self._errors(), self.path.open("rb") as stream:
            head = stream.read(len(BEGINNING))
        return BEGINNING.startswith(head.rstrip(b"\0"))

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(self.shown, error) from error


BEGINNING = b'{"article": {"id": "'
"""How each line begins."""


def counting_lines(path: Path, index: Index) -> Iterator[bytes]:
    """The lines that count, one an id, in their order, each with its line feed. Raises OSError."""
    with path.open("rb") as stream:
        for written in index.in_order():
            stream.seek(written.offset)
            yield stream.readline().rstrip(b"\n") + b"\n"


def publish_lines(target: Path, shown: str, journal: Path, index: Index) -> None:
    """Write the lines that count to another file, which appears whole. Raises `OutputError`."""
    with appearing_path(target, shown) as draft, draft.open("xb") as stream:
        stream.writelines(counting_lines(journal, index))


def compact(journal: Journal, index: Index) -> tuple[int, int]:
    """Leave one line an id, in one step that a crash cannot halve; the journal has been read into the index.

    Returns:
        Records that stay, and bytes that are gone.

    Raises:
        OutputError: There is no room, or no permission.
    """
    count = after = 0
    before = journal.size
    with appearing_path(journal.path, journal.shown) as draft, draft.open("xb") as stream:
        for line in counting_lines(journal.path, index):
            stream.write(line)
            count += 1
            after += len(line)
        stream.flush()
        os.fsync(stream.fileno())
    _sync_folder(journal.path.parent)
    return count, before - after


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else {}


def _sync_folder(folder: Path) -> None:
    """Have the disk know of a new name. Where folders cannot be opened, there is no such thing to do."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
