"""Files as they are, or unpacked while they are read: gzip, and zstd with the extra `zstd`."""

from __future__ import annotations

import contextlib
import importlib
import sys
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from extractor.errors import MissingExtraError, SourceError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

GZIP, ZSTD = ".gz", ".zst"


def inner_suffix(path: str) -> str:
    """The suffix that says what a file holds, in lower case: ".jsonl" of "a.JSONL.gz"."""
    suffix = Path(path).suffix.lower()
    return Path(Path(path).stem).suffix.lower() if suffix in (GZIP, ZSTD) else suffix


@contextlib.contextmanager
def unpacked(raw: io.BufferedReader, path: str) -> Iterator[io.BufferedReader]:
    """A stream, unpacked where the suffix of its path is .gz or .zst.

    Raises:
        MissingExtraError: zstd is not installed.
        SourceError: It is damaged, or ends too early; raised out of the block, where it is noticed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (GZIP, ZSTD):
        yield raw
        return
    import gzip

    errors: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, zlib.error)
    if suffix == ZSTD:
        library = zstd()
        errors = (EOFError, library.ZstdError)
        stream: Any = library.ZstdFile(raw, "rb")
    else:
        stream = gzip.GzipFile(fileobj=raw, mode="rb")
    try:
        # Not in a buffer of ours: it would lose, at a place that is damaged, what was unpacked before that.
        with stream:
            yield cast("io.BufferedReader", stream)
    except errors as error:
        early = isinstance(error, EOFError)
        raise SourceError(
            f"{path} is cut off before its end" if early else f"{path} is damaged",
            code="cut_off" if early else "damaged",
            hint="what stands before that was read",
        ) from error


def zstd() -> Any:
    """The library for zstd: Python's own from 3.14 on, else the same as a package. Raises `MissingExtraError`."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(name, "zstd", "zstd") from error


@contextlib.contextmanager
def packed(raw: IO[bytes], path: str) -> Iterator[IO[bytes]]:
    """A stream to write to, packed on the way where the suffix of its path is .gz or .zst.

    Raises `MissingExtraError` where zstd is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ZSTD:
        with zstd().ZstdFile(raw, "wb") as stream:
            yield stream
    elif suffix == GZIP:
        import gzip

        # Without name and time: the same records make the same file.
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as stream:
            yield cast("IO[bytes]", stream)
    else:
        yield raw
