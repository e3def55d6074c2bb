"""What is written can be read again, by this program and by others."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.files.inputs import Reading
from extractor.files.sources import read_sources
from extractor.files.table import COLUMNS, safe_cell
from extractor.files.writers import CsvWriter, JsonlWriter, JsonWriter, TextWriter, Writer, to_json
from extractor.records.article import Article
from extractor.records.extraction import Extraction
from tests.records_for_tests import TEXT, extraction, failed

if TYPE_CHECKING:
    from pathlib import Path


class Page:
    """A sink that keeps what it is given, a write at a time."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    @property
    def text(self) -> str:
        return b"".join(self.writes).decode()


def written(kind: type[JsonlWriter] | type[JsonWriter] | type[CsvWriter], *records: Extraction) -> Page:
    page = Page()
    writer: Writer = kind(page)
    for record in records:
        writer.write(record)
    writer.finish()
    return page


def test_jsonl_holds_a_record_a_line_each_written_at_once() -> None:
    page = written(JsonlWriter, extraction(), failed())
    assert len(page.writes) == 2
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in page.writes)
    assert [Extraction.model_validate_json(line) for line in page.writes] == [extraction(), failed()]


@pytest.mark.parametrize("records", [(), (extraction(),), (extraction(), failed())])
def test_json_is_one_indented_array(records: tuple[Extraction, ...]) -> None:
    text = written(JsonWriter, *records).text
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    assert [Extraction.model_validate(one) for one in json.loads(text)] == list(records)


@given(st.text(alphabet=st.characters()))
def test_every_text_comes_back_from_jsonl_lone_surrogates_too(words: str) -> None:
    record = extraction(TEXT + words)
    line = written(JsonlWriter, record).writes[0]
    # pydantic's own parser refuses what JSON allows: an escape of half a surrogate pair.
    assert Extraction.model_validate(json.loads(line)) == record


def test_what_is_written_can_be_a_source(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"".join(written(JsonlWriter, extraction(), failed()).writes))
    assert list(read_sources([str(path)], Reading())) == [
        extraction().article,
        Article(id="b.txt", text="", source=str(path)),
    ]


def test_absent_kinds_stay_absent() -> None:
    assert "claims" not in json.loads(to_json(extraction(claims=None)))


def test_csv_has_a_row_an_item_and_one_for_an_article_that_gave_none() -> None:
    text = written(CsvWriter, extraction(), failed()).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["item"] for row in rows] == ["entity", "quote", "claim", "meeting", "article"]
    entity, quote, claim, meeting, article = rows
    assert (entity["name"], entity["kind"], entity["aliases"]) == ("Jane Doe", "person", "Doe")
    assert TEXT[int(quote["start"]) : int(quote["end"])] == quote["text"] == "We turned,"
    assert (quote["name"], quote["entity"], quote["cue"], quote["spans"]) == (
        "Jane Doe",
        "e1",
        "said",
        "1..11",
    )
    assert (claim["mention"], claim["evidence"], claim["grounding"]) == (
        "she",
        "Costs rose 5 % in 2023",
        "normalised",
    )
    assert meeting["text"] == "place: Bridge"
    assert (article["article"], article["kind"], article["text"]) == (
        "b.txt",
        "failed",
        "empty: there is no text in it",
    )


def test_csv_of_nothing_is_its_header() -> None:
    assert written(CsvWriter).text == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"
    text = f"{start}cmd|' /C calc'!A0"
    record = extraction(article=Article(id=text, text=TEXT), quotes=(), claims=(), items=None)
    for row in csv.reader(io.StringIO(written(CsvWriter, record).text, newline="")):
        assert not any(cell.startswith(start) for cell in row)


@pytest.mark.parametrize("before", [" ", "\u200b", "\x00", "\ufeff ", "\u2028"])
def test_what_a_spreadsheet_may_drop_before_a_formula_does_not_hide_it(before: str) -> None:
    assert safe_cell(f"{before}=1+1") == f"'{before}=1+1"


@pytest.mark.parametrize("newline", ["", None])
def test_a_carriage_return_begins_no_row(newline: str | None) -> None:
    record = extraction(article=Article(id="a\r=1+1\r\nb", text=TEXT))
    page = written(CsvWriter, record).text
    assert {row[0] for row in csv.reader(io.StringIO(page, newline=newline))} == {"article", "a\n=1+1\nb"}


def test_plain_cells_stay_as_they_are() -> None:
    assert [safe_cell(cell) for cell in ("", "5 %", "a=b", "'x")] == ["", "5 %", "a=b", "'x"]


def test_renderings_are_parted_by_an_empty_line_and_never_fail_on_an_encoding() -> None:
    page = Page()
    writer = TextWriter(page, lambda record: f"{record.article.id} – ok\n", encoding="ascii")
    writer.write(failed("a"))
    writer.write(failed("b"))
    writer.finish()
    assert page.text == "a ? ok\n\nb ? ok\n"
