"""Parquet: articles in, a row each; items out, a row each. Needs the extra `parquet` (pyarrow)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extractor.errors import MissingExtraError, OutputError, SourceError
from extractor.files.table import COLUMNS, cells_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extractor.records.extraction import Extraction

ROWS_READ = 256
ROWS_WRITTEN = 5000
"""Rows in memory at a time."""

_WHOLE = ("start", "end", "sentence")


def read_rows(path: str) -> Iterator[dict[str, Any]]:
    """The rows of a file, one at a time.

    Raises:
        MissingExtraError: pyarrow is not installed.
        SourceError: It is no Parquet file.
        OSError: It cannot be read.
    """
    pyarrow, parquet = library()
    try:
        with parquet.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=ROWS_READ):
                yield from batch.to_pylist()
    except pyarrow.ArrowInvalid as error:
        raise SourceError(f"{path} is no Parquet file, or a damaged one", code="damaged") from error


class ParquetWriter:
    """One row an item, in the columns of `table`, a few thousand rows at a time.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OutputError: The file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._pyarrow, parquet = library()
        types = {**dict.fromkeys(COLUMNS, self._pyarrow.string()), **dict.fromkeys(_WHOLE, self._pyarrow.int64())}
        types["score"] = self._pyarrow.float64()
        self._schema = self._pyarrow.schema(list(types.items()))
        self._rows: list[dict[str, Any]] = []
        try:
            self._file = parquet.ParquetWriter(path, self._schema, compression="zstd")
        except OSError as error:
            raise _unwritable(error) from error

    def write(self, extraction: Extraction) -> None:
        """Write the rows of one record. Raises `OutputError`."""
        for cells in cells_of(extraction):
            self._rows.append({name: _typed(name, value) for name, value in cells.items()})
        if len(self._rows) >= ROWS_WRITTEN:
            self._flush()

    def finish(self) -> None:
        """Write what is left, and the file's end. Raises `OutputError`."""
        self._flush()
        try:
            self._file.close()
        except OSError as error:
            raise _unwritable(error) from error

    def _flush(self) -> None:
        try:
            self._file.write_table(self._pyarrow.Table.from_pylist(self._rows, schema=self._schema))
        except OSError as error:
            raise _unwritable(error) from error
        self._rows = []


def _typed(name: str, value: str) -> Any:
    if name in _WHOLE:
        return int(value) if value else None
    if name == "score":
        return float(value) if value else None
    return value.encode("utf-8", "backslashreplace").decode()


def _unwritable(error: OSError) -> OutputError:
    return OutputError(f"the Parquet file cannot be written: {(error.strerror or type(error).__name__).lower()}")


def library() -> tuple[Any, Any]:
    """Pyarrow and its part for Parquet. Raises `MissingExtraError`."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet", "Parquet") from error
    return pyarrow, pyarrow.parquet
