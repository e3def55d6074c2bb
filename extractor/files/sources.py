"""Sources as a caller names them (files, folders, patterns, "-") → articles, one at a time, in order."""

from __future__ import annotations

import glob
import hashlib
import io
import itertools
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from extractor.errors import ExtractorError, SourceError
from extractor.files.compressed import GZIP, ZSTD, inner_suffix, unpacked
from extractor.files.decode import decode_html, decode_text, is_utf16
from extractor.files.inputs import InputFormat, Reading, Unread
from extractor.files.jsonl import lines_of, read_lines, read_objects
from extractor.records.article import Article
from extractor.text.clean import clean_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STDIN = "-"

_LINES = (".jsonl", ".ndjson")
FOLDER_SUFFIXES = (
    *(".txt", ".md", ".html", ".htm", *_LINES, ".parquet"),
    *(f"{suffix}{packed}" for suffix in _LINES for packed in (GZIP, ZSTD)),
)
"""What is read from a folder. A file that is named outright is read whatever it is called."""

_FORMATS: dict[str, InputFormat] = {
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_OF_MANY = ("jsonl", "parquet")
_PATTERN = re.compile(r"[*?[]")
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*"
    r"<(?:!doctype\s+html|html|head|body|article|main|section|div|meta|title|h[1-6]|p)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_JSONL = re.compile(r"\s*(?:\{\s*(?:[\"}]|$)|\[\s*$)")
_SNIFFED = 4096


def read_sources(
    sources: Iterable[str],
    reading: Reading | None = None,
    *,
    stdin: io.BufferedReader | None = None,
    skip: str | int | None = None,
) -> Iterator[Article | Unread]:
    """The articles of some sources, each read when it is asked for; one that fails does not stop the others.

    Args:
        sources: Paths of files and folders, patterns (`news/**/*.txt`), or "-" for standard input. Folders
            are read recursively in the order of their names, without hidden files. A file's id is its path as
            given, a JSONL line's its id field or else `path:line`.
        reading: How they are to be read.
        stdin: Where "-" reads from; the process's own standard input unless given.
        skip: A file left out of folders and patterns, by path or by descriptor: the output, which may lie among them.
    """
    reading = reading or Reading()
    stdin_left = True
    for source in sources:
        if source != STDIN:
            yield from _read_path(source, reading, skip)
        elif stdin_left:
            stdin_left = False
            yield from _guarded(
                STDIN, _read_stdin(stdin or _standard_input(), reading), whole=reading.format in _OF_MANY
            )
        else:
            twice = SourceError('standard input ("-") is named twice', code="repeated")
            yield Unread(STDIN, STDIN, twice, whole_source=True)


def size_of(sources: Iterable[str]) -> int | None:
    """Bytes of the files that `read_sources` would read; None where that cannot be known beforehand."""
    total = 0
    for source in sources:
        if source == STDIN:
            return None
        if os.path.isdir(source):  # noqa: PTH112 - a path as given
            for parent, folders, names in os.walk(source):
                folders[:] = [name for name in folders if not name.startswith(".")]
                files = [name for name in names if name.lower().endswith(FOLDER_SUFFIXES) and not name.startswith(".")]
                total += sum(_size(os.path.join(parent, name)) for name in files)  # noqa: PTH118 - a path as given
        elif os.path.exists(source):  # noqa: PTH110 - a path as given
            total += _size(source)
        else:
            total += sum(_size(name) for name in glob.iglob(source, recursive=True))  # noqa: PTH207 - a path as given
    return total


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)  # noqa: PTH202 - a path as given
    except OSError:
        return 0


def _standard_input() -> io.BufferedReader:
    try:
        # A stream of our own: a thread that still waits for input must not hold Python's when the program ends.
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    except (OSError, ValueError, AttributeError):
        pass  # Tests and embedding programs put other streams there.
    stream = sys.stdin.buffer
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))


def _read_path(source: str, reading: Reading, skip: str | int | None) -> Iterator[Article | Unread]:
    path = Path(source)
    try:
        # An empty name, as an unset shell variable leaves, would be the working folder.
        is_folder, exists = source != "" and path.is_dir(), source != "" and path.exists()
    except OSError as error:  # No permission to look, or a name that is too long.
        yield Unread(source, source, _unreadable(source, error), _is_of_many(source, reading))
        return
    if is_folder:
        yield from _read_folder(source, reading, skip)
    elif exists:
        yield from _read_file(source, reading)
    elif _PATTERN.search(source):
        yield from _read_pattern(source, reading, skip)
    else:
        missing = SourceError(
            f"there is no file or folder {source!r}",
            code="missing_file",
            hint="check the path; - reads standard input",
        )
        yield Unread(source, source, missing, _is_of_many(source, reading))


def _is_of_many(source: str, reading: Reading) -> bool:
    """Whether a source that cannot be looked at seems to be one of many articles."""
    return _format_of(source, reading) in _OF_MANY or not Path(source).suffix


def _read_folder(folder: str, reading: Reading, skip: str | int | None) -> Iterator[Article | Unread]:
    problems: list[OSError] = []
    found = False
    for parent, folders, names in os.walk(folder, onerror=problems.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(parent, name)  # noqa: PTH118 - a path is kept as given
            named_so = not name.startswith(".") and name.lower().endswith(FOLDER_SUFFIXES)
            if named_so and _is_plain(path) and not _same_file(path, skip):
                found = True
                yield from _read_file(path, reading)
    for problem in problems:
        found = True
        name = str(problem.filename or folder)
        yield Unread(name, name, _unreadable(name, problem), whole_source=True)
    if not found:
        suffixes = " ".join(FOLDER_SUFFIXES)
        hint = f"a folder is searched for {suffixes}; name other files outright"
        error = SourceError(f"there are no articles in {folder}", code="no_articles", hint=hint)
        yield Unread(folder, folder, error, whole_source=True)


def _read_pattern(pattern: str, reading: Reading, skip: str | int | None) -> Iterator[Article | Unread]:
    matches = sorted(set(glob.iglob(pattern, recursive=True)))  # noqa: PTH207 - patterns are kept as given
    files = [match for match in matches if _is_plain(match) and not _same_file(match, skip)]
    for file in files:
        yield from _read_file(file, reading)
    if not files:
        hint = "** searches folders within folders; a folder is searched by naming it"
        error = SourceError(f"no file matches {pattern!r}", code="missing_file", hint=hint)
        yield Unread(pattern, pattern, error, whole_source=True)


def _is_plain(path: str) -> bool:
    """Whether it is a file, or a link to nothing, which is worth a word; not a folder, nor a pipe, which may block."""
    # Not pathlib, which raises where a folder may be listed but not entered.
    return os.path.isfile(path) or not os.path.exists(path)  # noqa: PTH110, PTH113 - a path as given


def _same_file(path: str, other: str | int | None) -> bool:
    if other is None:
        return False
    try:
        return os.path.samefile(path, other)  # noqa: PTH121 - a path as given
    except OSError:
        return False


def _read_file(path: str, reading: Reading) -> Iterator[Article | Unread]:
    whole = _format_of(path, reading) in _OF_MANY
    return _guarded(path, _open_and_read(path, reading), whole=whole)


def _format_of(path: str, reading: Reading) -> InputFormat:
    return reading.format or _FORMATS.get(inner_suffix(path), "text")


def _guarded(name: str, inputs: Iterator[Article | Unread], *, whole: bool) -> Iterator[Article | Unread]:
    """The inputs of one source, what goes wrong in reading it turned into the last of them.

    Args:
        name: The source.
        inputs: What it gives.
        whole: Whether it is one of many articles.
    """
    try:
        yield from inputs
    except OSError as error:
        yield Unread(name, name, _unreadable(name, error), whole)
    except UnicodeError:
        yield Unread(name, name, SourceError(f"{name} is not valid UTF-16 text", code="encoding"), whole)
    except ExtractorError as error:
        yield Unread(name, name, error, whole)


def _unreadable(name: str, error: OSError) -> SourceError:
    reason = (error.strerror or type(error).__name__).lower()
    return SourceError(f"{name} cannot be read: {reason}", code="unreadable")


def _open_and_read(path: str, reading: Reading) -> Iterator[Article | Unread]:
    format_ = _format_of(path, reading)
    if inner_suffix(path) == ".json" and reading.format is None:
        raise SourceError(
            f"{path} is JSON, and JSONL is read: one object a line",
            code="not_jsonl",
            hint="jq -c '.[]' makes JSONL of an array; --input-format says what a file is",
        )
    if format_ == "parquet":
        from extractor.files.parquet import read_rows

        yield from read_objects(read_rows(path), path, reading)
        reading.meter.done(Path(path).stat().st_size)
        return
    with Path(path).open("rb") as raw, unpacked(raw, path) as stream:
        if format_ == "jsonl":
            for one in read_lines(lines_of(stream), path, reading):
                reading.meter.at(raw.tell())
                yield one
        else:
            yield _whole(stream.read(), path, format_)
        reading.meter.done(raw.tell())


def _read_stdin(stream: io.BufferedReader, reading: Reading) -> Iterator[Article | Unread]:
    if reading.format == "jsonl":
        yield from read_lines(lines_of(stream), STDIN, reading)
        return
    if reading.format == "parquet":
        raise SourceError("Parquet cannot be read from standard input", code="unreadable", hint="name the file")
    if reading.format is not None:
        yield _whole(stream.read(), STDIN, reading.format)
        return
    first = _first_lines(stream)
    head = b"".join(first)
    if is_utf16(head):
        data = head + stream.read()
        text = decode_text(data, STDIN)
        if _JSONL.match(text.partition("\n")[0]):
            yield from read_lines(text.split("\n"), STDIN, reading)
            return
    elif _JSONL.match(head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")):
        yield from read_lines(itertools.chain(first, lines_of(stream)), STDIN, reading)
        return
    else:
        data = head + stream.read()
        text = data[:_SNIFFED].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    yield _whole(data, STDIN, "html" if _HTML.match(text[:_SNIFFED]) else "text")


def _first_lines(stream: io.BufferedReader) -> list[bytes]:
    """Everything up to and with the first line that is not blank."""
    lines = []
    for line in stream:
        lines.append(line)
        if line.strip(b" \t\r\n\xef\xbb\xbf"):
            break
    return lines


def _whole(data: bytes, name: str, format_: InputFormat) -> Article:
    """The one article in a text file or in a page."""
    if format_ != "html":
        return Article(id=name, text=decode_text(data, name), source=name)
    page = clean_page(decode_html(data, name), "standard input" if name == STDIN else name)
    return Article(
        id=name,
        text=page.text,
        source=name,
        title=page.title,
        url=page.url,
        published=page.published,
        byline=page.byline,
        language=page.language,
        source_sha256=hashlib.sha256(data).hexdigest(),
    )
