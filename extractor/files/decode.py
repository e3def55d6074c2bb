"""Bytes → text, strictly: what is not text or not in a declared encoding is an error, never replaced."""

from __future__ import annotations

import codecs
import re
import shlex

from extractor.errors import SourceError

CONTROL_SHARE = 0.02
"""Share of control characters above which a file is binary. Random bytes have a tenth, text has none."""

_SAMPLE = 1 << 16
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BINARY_HEADS = (b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]*?\b(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_CHARSET_WITHIN = 4096

# The web's names for Latin-1 and ASCII mean windows-1252 (WHATWG Encoding Standard).
_WEB_CHARSETS = {"iso8859-1": "cp1252", "ascii": "cp1252"}


def is_utf16(head: bytes) -> bool:
    """Whether bytes begin with the byte order mark of UTF-16."""
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def decode_text(data: bytes, name: str) -> str:
    """The text in a file's bytes: UTF-8, or UTF-16 with a byte order mark.

    Newlines are left alone, the byte order mark is dropped.

    Args:
        data: The whole file.
        name: The file's path, or "-", for an error's message.

    Raises:
        SourceError: It is binary (code `binary`) or in another encoding (code `encoding`).
    """
    mark, encoding = _byte_order_mark(data) or (b"", "utf-8")
    return _decode(data[len(mark) :], encoding, _shown(name), name)


def decode_html(data: bytes, name: str) -> str:
    """The markup in a page's bytes: a byte order mark decides, then UTF-8, then the declared charset.

    UTF-8 goes before the declaration because a page that is valid UTF-8 and says otherwise was re-encoded
    after it was written. Raises as `decode_text` does.
    """
    declared = _CHARSET.search(data[:_CHARSET_WITHIN])
    if declared is None or _byte_order_mark(data) or _is_utf8(data):
        return decode_text(data, name)
    try:
        encoding = codecs.lookup(declared[1].decode("ascii")).name
    except LookupError:
        encoding = "utf-8"
    return _decode(data, _WEB_CHARSETS.get(encoding, encoding), _shown(name), name)


def decode_line(line: bytes, place: str, name: str) -> str:
    """One line, called `place`, of the UTF-8 file `name`, its mark dropped. Raises as `decode_text` does."""
    return _decode(line.removeprefix(codecs.BOM_UTF8), "utf-8", place, name)


def _byte_order_mark(data: bytes) -> tuple[bytes, str] | None:
    return next((pair for pair in _BYTE_ORDER_MARKS if data.startswith(pair[0])), None)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _decode(data: bytes, encoding: str, shown: str, name: str) -> str:
    wide = encoding.startswith("utf-16")
    sample = data[:_SAMPLE]
    if data.startswith(_BINARY_HEADS):
        raise _binary(shown)
    if not wide and (b"\0" in data or len(_CONTROLS.findall(sample)) > CONTROL_SHARE * len(sample)):
        raise _binary(shown)
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        source = "" if name == "-" else f" {shlex.quote(name)}"
        raise SourceError(
            f"{shown} is not valid {encoding.upper()} text",
            code="encoding",
            hint=f"convert it: iconv -f WINDOWS-1252 -t UTF-8{source} (or from whatever encoding it is in)",
        ) from error
    if "\0" in text:
        raise _binary(shown)
    return text


def _binary(shown: str) -> SourceError:
    return SourceError(
        f"{shown} is binary, not text",
        code="binary",
        hint="pass text, HTML or JSONL; convert other documents to text first",
    )
