"""Records as a SQLite file: `records` has each whole, `items` a row for each thing found."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from extractor.errors import OutputError
from extractor.files.table import COLUMNS, cells_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extractor.records.extraction import Extraction

APPLICATION_ID = 0x45585244
"""Marks the file as records of this program ("EXRD"), as SQLite's own header field is meant to be used."""

_WHOLE = ("start", "end", "sentence")
_TYPES = {**dict.fromkeys(COLUMNS, "TEXT"), **dict.fromkeys(_WHOLE, "INTEGER"), "score": "REAL"}
_SCHEMA = (
    "CREATE TABLE records (article TEXT PRIMARY KEY, sha256 TEXT NOT NULL, same_text_as TEXT, source TEXT, url TEXT, "
    "title TEXT, published TEXT, status TEXT NOT NULL, error TEXT, record TEXT NOT NULL)",
    "CREATE TABLE items (" + ", ".join(f'"{name}" {type_}' for name, type_ in _TYPES.items()) + ")",
)
_INDEXES = ("CREATE INDEX items_article ON items (article)", "CREATE INDEX items_name ON items (name)")
_INSERT = f"INSERT INTO items VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - no input in it


class SqliteWriter:
    """Writes a file that is not there yet. `record` is the record's JSON, the columns of `items` are those of `table`.

    Raises:
        OutputError: It cannot be written; so does every call.
    """

    def __init__(self, path: Path) -> None:
        with _errors():
            self._connection = sqlite3.connect(path, isolation_level=None)
            # Nobody else reads it yet, and what is half done is thrown away.
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"application_id = {APPLICATION_ID}"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute("BEGIN")
            for statement in _SCHEMA:
                self._connection.execute(statement)

    def write(self, extraction: Extraction) -> None:
        """Write one record, in the place of an earlier one of the same id."""
        from extractor.files.writers import encode, to_json

        article, error = extraction.article, extraction.error
        head = (article.id, article.sha256, article.same_text_as, article.source, article.url, article.title)
        record = encode(to_json(extraction)).decode()
        tail = (article.published, extraction.coverage.status, error.code if error else None, record)
        rows = [
            tuple(encode(cells.get(name, "")).decode() or None for name in COLUMNS) for cells in cells_of(extraction)
        ]
        with _errors():
            replaced = self._connection.execute("DELETE FROM records WHERE article = ?", (article.id,)).rowcount
            if replaced:
                self._connection.execute("DELETE FROM items WHERE article = ?", (article.id,))
            self._connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*head, *tail))
            self._connection.executemany(_INSERT, rows)

    def finish(self) -> None:
        """Index the items and close the file."""
        with _errors():
            for statement in _INDEXES:
                self._connection.execute(statement)
            self._connection.execute("COMMIT")
            self._connection.close()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(f"the SQLite file cannot be written: {error}") from error
