"""Fingerprint → reply, in one SQLite file: the cache, recordings, and later the results of batches.

A reply is committed before anything is made of it, so what a killed run was told is there for the next one. The file is
in write-ahead mode: several processes may use it at once, and one that dies in the middle of a write leaves it as it
was. It holds replies, what they were about and what they cost; no prompt, no address and no key.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from extractor.errors import OutputError, SourceError, UsageError
from extractor.llm.client import Finish, Reply
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

APPLICATION_ID = 0x45585452
"""Marks the file as a reply store ("EXTR"), as SQLite's own header field is meant to be used."""
VERSION = 1

BUSY_SECONDS = 30.0
"""How long another process may hold the file; each holds it for a single row."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    fingerprint TEXT PRIMARY KEY,
    provider TEXT NOT NULL, model TEXT NOT NULL, mode TEXT NOT NULL, sampling TEXT NOT NULL, about TEXT NOT NULL,
    text TEXT NOT NULL, finish TEXT NOT NULL, answered_by TEXT,
    requests INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
    created REAL NOT NULL, in_vain INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS replies_created ON replies (created);
"""


def default_path() -> Path:
    """Where replies are kept unless told otherwise: `EXTRACTOR_CACHE`, else a file in the user's cache folder."""
    import platformdirs

    named = os.environ.get("EXTRACTOR_CACHE", "").strip()
    return Path(named) if named else Path(platformdirs.user_cache_dir("extractor", appauthor=False)) / "replies.sqlite"


@dataclass(frozen=True)
class StoredReply:
    """A reply with what it was asked for."""

    fingerprint: str
    """Hex SHA-256, see `Prompt.fingerprint`."""
    provider: str
    model: str
    """As asked for."""
    mode: str
    """How it was asked for structure."""
    sampling: str
    """JSON."""
    about: str
    """What was asked for, in words without the article's: kinds, sentences."""
    text: str
    finish: Finish
    answered_by: str | None
    """The model as the server calls it."""
    requests: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    created: float
    """Seconds since the epoch."""
    in_vain: bool = False
    """Whether nothing came of it in the end; such a reply is replayed, but no cache serves it again."""

    @classmethod
    def of(
        cls, fingerprint: str, reply: Reply, *, provider: str, model: str, mode: str, sampling: str, about: str
    ) -> StoredReply:
        """The row of a reply that has just come."""
        usage = reply.usage
        return cls(
            fingerprint=fingerprint,
            provider=provider,
            model=model,
            mode=mode,
            sampling=sampling,
            about=about,
            text=reply.text,
            finish=reply.finish,
            answered_by=reply.model,
            requests=usage.requests,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            created=time.time(),
        )

    @property
    def reply(self) -> Reply:
        """The reply, as it came; it costs nothing now."""
        return Reply(self.text, self.finish, Usage(cached=1), self.answered_by, self.mode)

    @property
    def usage(self) -> Usage:
        """What it cost when it came."""
        return Usage(
            requests=self.requests,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=self.cached_tokens,
            completion_tokens=self.completion_tokens,
            reasoning_tokens=self.reasoning_tokens,
        )


_COLUMNS = tuple(field.name for field in fields(StoredReply))
_INSERT = (
    f"INSERT INTO replies ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - no input in it
    f"ON CONFLICT (fingerprint) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[1:])}"
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM replies"  # noqa: S608 - no input in it


class ReplyStore:
    """The file. Safe to use from several threads and processes at once.

    Args:
        path: The file; made, with its folder, if it is not there. Only its owner may read it, since it holds words of
            articles.
        read_only: Never write; the file has to be there.

    Raises:
        OutputError: It cannot be made or written.
        SourceError: `read_only`, and it is not there.
        UsageError: It is there and is no reply store, or one of a later version.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.path = Path(path)
        self.read_only = read_only
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = -1
        self._opened()

    # What is asked of it while articles are read.

    def get(self, fingerprints: Sequence[str], *, since: float = 0.0, in_vain: bool = False) -> StoredReply | None:
        """The reply of the first of these fingerprints that has one.

        Args:
            fingerprints: Of one prompt, in the modes in which it may have been asked.
            since: Seconds since the epoch; older replies are passed over.
            in_vain: Also one of which nothing came.
        """
        for fingerprint in fingerprints:
            with self._lock, self._errors("read"):
                row = self._opened().execute(f"{_SELECT} WHERE fingerprint = ?", (fingerprint,)).fetchone()
            if row is not None:
                found = _stored(row)
                if found.created >= since and (in_vain or not found.in_vain):
                    return found
        return None

    def put(self, *replies: StoredReply) -> None:
        """Keep replies, in the place of those with the same fingerprint. Raises `OutputError`."""
        rows = [tuple(vars(reply).values()) for reply in replies]
        with self._lock, self._errors("written"):
            connection = self._opened()
            if len(rows) == 1:
                connection.execute(_INSERT, rows[0])
                return
            with _transaction(connection):
                connection.executemany(_INSERT, rows)

    def mark_in_vain(self, fingerprints: Iterable[str]) -> None:
        """Remember that nothing came of these replies. Raises `OutputError`."""
        rows = [(fingerprint,) for fingerprint in fingerprints]
        with self._lock, self._errors("written"), _transaction(self._opened()) as connection:
            connection.executemany("UPDATE replies SET in_vain = 1 WHERE fingerprint = ?", rows)

    # What people ask of it.

    def __len__(self) -> int:
        with self._lock, self._errors("read"):
            return int(self._opened().execute("SELECT count(*) FROM replies").fetchone()[0])

    def __iter__(self) -> Iterator[StoredReply]:
        """All replies, oldest first."""
        return self.find()

    def find(self, *, prefix: str = "", model: str | None = None, limit: int | None = None) -> Iterator[StoredReply]:
        """Replies, oldest first.

        Args:
            prefix: What their fingerprints begin with.
            model: `provider/model`.
            limit: The newest so many.
        """
        where, values = _where(prefix=prefix, model=model)
        last = "" if limit is None else "LIMIT ?"
        inner = f"{_SELECT} {where} ORDER BY created DESC, fingerprint DESC {last}"
        outer = f"SELECT * FROM ({inner}) ORDER BY created, fingerprint"  # noqa: S608 - values are bound
        # No lock while the caller has a row in hand: SQLite itself keeps cursors apart.
        with self._errors("read"):
            rows = self._opened().execute(outer, [*values, *([limit] if limit is not None else [])])
            while batch := rows.fetchmany(100):
                yield from map(_stored, batch)

    def models(self) -> list[tuple[str, int, Usage]]:
        """For each `provider/model`: how many replies, and what they cost when they came."""
        sums = ", ".join(f"sum({name})" for name in _COUNTS)
        query = (
            f"SELECT provider || '/' || model, count(*), {sums} "  # noqa: S608 - no input in it
            "FROM replies GROUP BY provider, model ORDER BY 1"
        )
        with self._lock, self._errors("read"):
            rows = self._opened().execute(query).fetchall()
        return [(name, count, Usage(**dict(zip(_COUNTS, counts, strict=True)))) for name, count, *counts in rows]

    def prune(self, *, before: float | None = None, model: str | None = None, in_vain: bool = False) -> int:
        """Remove the replies for which all that is given holds, and return how many; nothing given removes all.

        Args:
            before: Seconds since the epoch at which they came, or earlier.
            model: `provider/model`.
            in_vain: Only those of which nothing came.

        Raises:
            OutputError: It cannot be written.
        """
        where, values = _where(before=before, model=model, in_vain=in_vain)
        with self._lock, self._errors("written"):
            connection = self._opened()
            removed = connection.execute(f"DELETE FROM replies {where}", values).rowcount  # noqa: S608 - values are bound
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed

    def export(self) -> Iterator[str]:
        """Each reply as one line of JSON."""
        for reply in self:
            yield json.dumps(asdict(reply), ensure_ascii=False)

    def take_in(self, lines: Iterable[str]) -> int:
        """Keep the replies of exported lines, and return how many. Raises `SourceError` naming the bad line."""
        count = 0
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                self.put(_checked(line))
            except ValueError as error:
                raise SourceError(f"line {number} is no stored reply", hint="see `extractor replies export`") from error
            count += 1
        return count

    def close(self) -> None:
        """Close the file; what is in the write-ahead log is moved into it."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                with contextlib.suppress(sqlite3.Error):
                    self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> sqlite3.Connection:
        """The connection of this process: a forked child may not use its parent's."""
        with self._lock:
            if self._connection is None or self._process != os.getpid():
                with self._errors("opened"):
                    self._connection = self._connect()
                self._process = os.getpid()
            return self._connection

    def _connect(self) -> sqlite3.Connection:
        if self.read_only:
            return self._connect_to_read()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Made here, since SQLite would let everybody read it.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise OutputError(
                f"the replies cannot be kept in {self.path}: {(error.strerror or 'unknown error').lower()}",
                hint="--no-cache keeps none, --record or EXTRACTOR_CACHE names another file",
            ) from None
        connection = _connection(str(self.path))
        connection.execute("PRAGMA journal_mode = WAL")
        # In WAL mode this never loses what was committed when the process dies, and never breaks the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        with _transaction(connection):
            self._check_header(connection, fresh=True)
        return connection

    def _connect_to_read(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise SourceError(f"there are no recorded replies at {self.path}", hint="make them with --record")
        address = self.path.resolve().as_uri()
        connection = _connection(f"{address}?mode=ro", uri=True)
        try:
            self._check_header(connection)
        except sqlite3.OperationalError:
            # A folder that cannot be written has no place for the log's index; then nobody else writes either.
            connection.close()
            connection = _connection(f"{address}?immutable=1", uri=True)
            self._check_header(connection)
        return connection

    def _check_header(self, connection: sqlite3.Connection, *, fresh: bool = False) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and (tables or not fresh):
            raise UsageError(f"{self.path} is no file of replies", hint="name another file")
        if version > VERSION:
            raise UsageError(f"{self.path} was written by a later version of extractor", hint="name another file")
        if not tables and fresh:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextlib.contextmanager
    def _errors(self, done: Literal["opened", "read", "written"]) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if "not a database" in str(error):
                raise UsageError(f"{self.path} is no file of replies", hint="name another file") from None
            raise OutputError(
                f"the replies in {self.path} cannot be {done}: {error}",
                hint="--no-cache goes without; a damaged file can be deleted",
            ) from None


_COUNTS = ("requests", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")


def _connection(name: str, *, uri: bool = False) -> sqlite3.Connection:
    # Without a level of isolation every statement commits for itself.
    return sqlite3.connect(name, uri=uri, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _where(
    *, prefix: str = "", model: str | None = None, before: float | None = None, in_vain: bool = False
) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if prefix:
        parts.append("substr(fingerprint, 1, ?) = ?")
        values += [len(prefix), prefix]
    if model is not None:
        parts.append("provider || '/' || model = ?")
        values.append(model)
    if before is not None:
        parts.append("created <= ?")
        values.append(before)
    if in_vain:
        parts.append("in_vain")
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _stored(row: tuple[Any, ...]) -> StoredReply:
    values = dict(zip(_COLUMNS, row, strict=True))
    return StoredReply(**{**values, "in_vain": bool(values["in_vain"])})


def _checked(line: str) -> StoredReply:
    from pydantic import TypeAdapter

    return TypeAdapter(StoredReply).validate_json(line, strict=True)


Use = Literal["cache", "refresh", "replay", "off"]


@dataclass(frozen=True)
class Replies:
    """Where replies are kept, and which are taken from there."""

    use: Use = "cache"
    """`cache`: a stored reply is taken, others are asked for and stored. `refresh`: every prompt is asked anew, and the
    new replies are stored. `replay`: only stored replies, nothing is ever sent. `off`: none is stored or taken."""
    path: str | Path | None = None
    """The file; `default_path()` if None."""

    def __post_init__(self) -> None:
        if self.use not in ("cache", "refresh", "replay", "off"):
            raise UsageError(f"replies cannot be used by {self.use!r}", hint="cache, refresh, replay or off")

    def open(self) -> ReplyStore | None:
        """The store, None where there is none. Raises what `ReplyStore` raises."""
        if self.use == "off":
            return None
        return ReplyStore(self.path or default_path(), read_only=self.use == "replay")
