"""Bytes become text exactly, or are refused."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import SourceError
from extractor.files.decode import decode_html, decode_text

TEXT = "“Größe”, she said.\r\nNext\rline\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16-le", "utf-16-be"],
)
def test_text_comes_out_as_it_was_newlines_kept_and_mark_dropped(data: bytes) -> None:
    assert decode_text(data, "a.txt") == TEXT


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_survives(text: str) -> None:
    assert decode_text(text.encode(), "a.txt") == text.removeprefix("\ufeff")


@pytest.mark.parametrize("data", ["Größe".encode("cp1252"), codecs.BOM_UTF16_LE + b"a\x00b"])
def test_what_is_in_no_known_encoding_is_refused_not_mended(data: bytes) -> None:
    with pytest.raises(SourceError, match="not valid UTF") as caught:
        decode_text(data, "dir/my file.txt")
    assert caught.value.source_code == "encoding"
    assert "iconv" in str(caught.value.hint)
    assert "'dir/my file.txt'" in str(caught.value.hint)


@pytest.mark.parametrize(
    "data",
    [
        b"text\x00text",
        b"%PDF-1.7 all of it is text",
        bytes(range(1, 256)) * 40,
        b"\x89PNG\r\n\x1a\n",
        codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le"),
        b"\x01\x02\x03\x04plain",
    ],
)
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match="binary") as caught:
        decode_text(data, "-")
    assert caught.value.source_code == "binary"
    assert str(caught.value).startswith("standard input")


def test_a_stray_control_character_does_not_make_text_binary() -> None:
    text = "It rose.\x0c\x07 " + "More words. " * 20
    assert decode_text(text.encode(), "a.txt") == text


@pytest.mark.parametrize(
    ("charset", "encoding"), [("windows-1252", "cp1252"), ("ISO-8859-1", "cp1252"), ("koi8-r", "koi8-r")]
)
def test_a_page_is_read_in_the_charset_that_it_declares(charset: str, encoding: str) -> None:
    words = "Это слово" if encoding == "koi8-r" else "“Größe”"
    page = f'<html><head><meta charset="{charset}"></head><p>{words}</p></html>'
    assert decode_html(page.encode(encoding), "a.html") == page


def test_a_page_that_is_valid_utf_8_is_that_whatever_it_declares() -> None:
    page = '<html><meta charset="latin-1"><p>“Größe”</p>'
    assert decode_html(page.encode(), "a.html") == page


@pytest.mark.parametrize("charset", ["no-such-charset", "utf-8"])
def test_a_page_that_is_not_in_its_charset_is_refused(charset: str) -> None:
    with pytest.raises(SourceError, match="not valid UTF-8"):
        decode_html(f'<meta charset="{charset}"><p>Größe'.encode("latin-1"), "a.html")
