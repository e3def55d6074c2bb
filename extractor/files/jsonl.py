"""JSON Lines and other rows → articles, one at a time. One that gives no article is reported, the others go on."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from extractor.errors import SourceError
from extractor.files.decode import decode_line, is_utf16
from extractor.files.inputs import Reading, Unread
from extractor.records.article import Article

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FIELDS = {
    "title": ("title",),
    "url": ("url",),
    "published": ("published", "date"),
    "byline": ("byline", "author", "authors"),
    "language": ("language", "lang"),
}
"""For each field of an article, the names under which corpora hold it, the first that is a string winning."""

_OWN_FIELDS = (
    "id",
    "text",
    "sha256",
    "source",
    "title",
    "url",
    "published",
    "byline",
    "language",
    "source_sha256",
)
_OPENINGS = ("{", "[")

LINE_BYTES = 256_000_000
"""The longest line that is read; a file without line feeds must not fill the memory."""


def lines_of(stream: io.BufferedReader) -> Iterator[bytes | str]:
    """The lines of a stream, one at a time: bytes, or strings where a byte order mark says UTF-16.

    Of a line that is longer than `LINE_BYTES`, one byte more than that. Raises UnicodeDecodeError in UTF-16 that is
    broken.
    """
    if not is_utf16(stream.peek(2)[:2]):
        while line := stream.readline(LINE_BYTES + 1):
            yield line
            while len(line) > LINE_BYTES and not line.endswith(b"\n"):
                line = stream.readline(LINE_BYTES + 1)
        return
    wrapper = io.TextIOWrapper(stream, encoding="utf-16", newline="\n")
    try:
        yield from wrapper
    finally:
        wrapper.detach()  # The stream is the caller's to close.


def read_lines(lines: Iterable[bytes | str], name: str, reading: Reading) -> Iterator[Article | Unread]:
    """An article, or the reason why there is none, for each line that is not blank.

    Args:
        lines: The file's lines, from the first.
        name: Its path, or "-" for standard input.
        reading: Which fields hold the text and the id.
    """
    found = False
    for number, line in enumerate(lines, start=1):
        place = f"{name}:{number}"
        try:
            if len(line) > LINE_BYTES:
                raise SourceError(f"{place} is longer than {LINE_BYTES // 10**6} MB", code="too_long")
            text = (decode_line(line, place, name) if isinstance(line, bytes) else line).strip()
            if not text:
                continue
            if not found and text in _OPENINGS:
                raise SourceError(
                    f"{name} is JSON over several lines, not JSONL",
                    code="not_jsonl",
                    hint="one object a line: jq -c . (or jq -c '.[]' for an array)",
                )
            found = True
            yield _article(_parse(text, place), place, name, reading)
        except SourceError as error:
            found = True
            if error.source_code == "not_jsonl":
                yield Unread(name, name, error, whole_source=True)
                return
            yield Unread(place, name, error)
        except _LineError as error:
            yield Unread(error.id, name, error.error)
    if not found:
        yield no_articles(name)


def read_objects(objects: Iterable[dict[str, Any]], name: str, reading: Reading) -> Iterator[Article | Unread]:
    """As `read_lines`, of rows that are read already; a row without an id is called by its number, from 1."""
    number = 0
    for number, value in enumerate(objects, start=1):
        place = f"{name}:{number}"
        try:
            yield _article({key: _plain(held) for key, held in value.items()}, place, name, reading)
        except SourceError as error:
            yield Unread(place, name, error)
        except _LineError as error:
            yield Unread(error.id, name, error.error)
    if not number:
        yield no_articles(name)


def no_articles(name: str) -> Unread:
    """What a source without articles is."""
    error = SourceError(f"there are no articles in {name}", code="no_articles")
    return Unread(name, name, error, whole_source=True)


def _plain(value: Any) -> Any:
    """A cell as JSON would hold it: dates as ISO 8601."""
    return value.isoformat() if hasattr(value, "isoformat") else value


class _LineError(Exception):
    """An object that gives no article although its id is known."""

    def __init__(self, id: str, error: SourceError) -> None:  # noqa: A002 - the record's own word
        super().__init__(str(error))
        self.id = id
        self.error = error


def _parse(text: str, place: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        # The decoder's own message is left out: what it quotes may be the article.
        raise SourceError(f"{place} is not valid JSON", code="not_json") from error
    if not isinstance(value, dict):
        raise SourceError(f"{place} is not a JSON object", code="not_json")
    return value


def _article(value: dict[str, Any], place: str, name: str, reading: Reading) -> Article:
    own = value.get("article")
    if reading.text_field not in value and isinstance(own, dict) and "text" in own:
        return _own_record(own, place, name)
    id_ = _id(value, reading.id_field, place)
    text = _text(value, reading.text_field, id_, place)
    fields = {field: _first_string(value, names) for field, names in _FIELDS.items()}
    return Article(id=id_, text=text, source=name, **fields)


def _own_record(value: dict[str, Any], place: str, name: str) -> Article:
    """The article of one of this tool's own records."""
    id_ = _id(value, "id", place)
    text = _text(value, "text", id_, place)
    fields: dict[str, Any] = {field: value[field] for field in _OWN_FIELDS if isinstance(value.get(field), str)}
    try:
        return Article(**{"source": name, **fields, "id": id_, "text": text})
    except ValueError as error:
        message = f"{place}: the article's sha256 is not that of its text"
        raise _LineError(id_, SourceError(message, code="altered", hint="leave sha256 out")) from error


def _id(value: dict[str, Any], field: str, place: str) -> str:
    id_ = value.get(field)
    if id_ is None or id_ == "":
        return place
    if isinstance(id_, str):
        return id_
    if isinstance(id_, int) and not isinstance(id_, bool):
        return str(id_)
    raise SourceError(f"{place}: the field {field!r} is neither a string nor a whole number", code="bad_id")


def _text(value: dict[str, Any], field: str, id_: str, place: str) -> str:
    if field not in value:
        names = ", ".join(sorted(name for name in value if len(name) <= 30)[:8])
        hint = f"name the field that holds the text with --text-field; there are: {names}" if names else None
        raise _LineError(id_, SourceError(f"{place} has no field {field!r}", code="no_text", hint=hint))
    text = value[field]
    if not isinstance(text, str):
        raise _LineError(id_, SourceError(f"{place}: the field {field!r} is not a string", code="no_text"))
    return text


def _first_string(value: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        found = value.get(name)
        if name == "authors" and isinstance(found, list) and all(isinstance(part, str) for part in found):
            found = ", ".join(found)
        if isinstance(found, str) and found.strip():
            return found
    return None
