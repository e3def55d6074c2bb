"""What a run remembers of each article, on disk: a run over a million holds no more in memory than one over ten.

It is a private file of SQLite's without a name: the system removes it however the process ends, and a next run makes
it anew from the journal, which alone is to be trusted.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.errors import OutputError
from extractor.runs.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE_KIB = 1024
"""Of the file, held in memory."""

_SCHEMA = (
    "CREATE TABLE given (id TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE written (id TEXT PRIMARY KEY, offset INTEGER NOT NULL, outcome TEXT NOT NULL)",
    "CREATE INDEX written_offset ON written (offset)",
    "CREATE TABLE texts (key TEXT PRIMARY KEY, id TEXT NOT NULL, offset INTEGER) WITHOUT ROWID",
)


@dataclass(frozen=True)
class Written:
    """A record in the journal."""

    offset: int
    """Where its line begins, in bytes."""
    outcome: Outcome


class Index:
    """Ids given in this run, records in the journal, and the first article of each text."""

    def __init__(self) -> None:
        with _errors():
            self._connection = sqlite3.connect("", isolation_level=None)
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
                self._connection.execute(f"PRAGMA {pragma}")
            for statement in _SCHEMA:
                self._connection.execute(statement)
            # One transaction that never ends: nothing has to be kept.
            self._connection.execute("BEGIN")

    def give(self, id: str, sha256: str) -> str | None:  # noqa: A002 - the record's own word
        """Note an article of this run, unless one of that id was given; then return that one's digest."""
        with _errors():
            row = self._connection.execute("SELECT sha256 FROM given WHERE id = ?", (id,)).fetchone()
            if row is None:
                self._connection.execute("INSERT INTO given VALUES (?, ?)", (id, sha256))
        return None if row is None else str(row[0])

    def written(self, id: str) -> Written | None:  # noqa: A002 - the record's own word
        """The record of an id that counts."""
        with _errors():
            row = self._connection.execute("SELECT offset, outcome FROM written WHERE id = ?", (id,)).fetchone()
        return None if row is None else Written(row[0], Outcome.from_json(row[1]))

    def write(self, outcome: Outcome, offset: int) -> None:
        """Note a record; it counts in the place of an earlier one."""
        with _errors():
            self._connection.execute(
                "INSERT OR REPLACE INTO written VALUES (?, ?, ?)", (outcome.id, offset, outcome.to_json())
            )

    def first_of(self, key: str) -> tuple[str, int | None] | None:
        """The article that is read for all of the same text: its id, and where its record's line begins, if it does."""
        with _errors():
            row = self._connection.execute("SELECT id, offset FROM texts WHERE key = ?", (key,)).fetchone()
        return None if row is None else (row[0], row[1])

    def set_first(self, key: str, id: str, offset: int | None) -> None:  # noqa: A002 - the record's own word
        """Note the article that is read for all of the same text."""
        with _errors():
            self._connection.execute("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", (key, id, offset))

    def in_order(self) -> Iterator[Written]:
        """The records that count, in the order in which they stand in the journal."""
        with _errors():
            rows = self._connection.execute("SELECT offset, outcome FROM written ORDER BY offset")
            while batch := rows.fetchmany(200):
                for offset, outcome in batch:
                    yield Written(offset, Outcome.from_json(outcome))

    def not_given(self) -> int:
        """Records of articles that were not given in this run."""
        query = "SELECT count(*) FROM written WHERE id NOT IN (SELECT id FROM given)"
        with _errors():
            return int(self._connection.execute(query).fetchone()[0])

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(
            f"what was seen cannot be kept in a temporary file: {error}", hint="TMPDIR names another folder for it"
        ) from error
