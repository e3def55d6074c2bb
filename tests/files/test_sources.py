"""Sources give their articles in order, untranslated; what cannot be read is named and stops nothing."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from extractor.files.inputs import InputFormat, Reading, Unread
from extractor.files.sources import read_sources
from extractor.records.article import Article
from tests.conftest import needs

if TYPE_CHECKING:
    from typing_extensions import Buffer

PAGE = """<!DOCTYPE html><html lang="en_GB"><head><title>Ministers meet | The Paper</title>
<meta property="og:title" content="Ministers meet"><meta name="author" content="Ann Lee">
<meta property="article:published_time" content="2024-03-05T10:00:00Z">
<link rel="canonical" href="https://paper.example/ministers"></head><body><nav><a
href="/">Home</a></nav><article> <p>“We turned a corner,” said Jane Doe, the minister, on Monday in Brussels,
after a long meeting of the council.</p> <p>The meeting lasted four hours and nobody left early, according to
two diplomats who were in the room.</p> </article><div id="comments"><p>A comment that is long enough to be
taken for a part of the article itself.</p></div>
</body></html>"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, data: str | bytes = "Some words.") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data.encode() if isinstance(data, str) else data)


def stdin(data: str | bytes) -> io.BufferedReader:
    return io.BufferedReader(cast("io.RawIOBase", io.BytesIO(data.encode() if isinstance(data, str) else data)))


def read(
    *sources: str, stdin_holds: str | bytes | None = None, skip: str | int | None = None, reading: Reading | None = None
) -> list[Article | Unread]:
    stream = None if stdin_holds is None else stdin(stdin_holds)
    return list(read_sources(sources, reading, stdin=stream, skip=skip))


def only_articles(found: list[Article | Unread]) -> list[Article]:
    assert not [one for one in found if isinstance(one, Unread)]
    return [one for one in found if isinstance(one, Article)]


def articles(*sources: str, text_field: str = "text", id_field: str = "id") -> list[Article]:
    return only_articles(read(*sources, reading=Reading(text_field=text_field, id_field=id_field)))


def piped(data: str | bytes, format_: InputFormat | None = None) -> list[Article]:
    return only_articles(read("-", stdin_holds=data, reading=Reading(format_)))


def only_unread(found: list[Article | Unread]) -> Unread:
    [one] = found
    assert isinstance(one, Unread)
    return one


def test_a_file_is_called_as_it_was_named_and_its_text_is_untouched() -> None:
    write("news/a.txt", b"\xef\xbb\xbfOne.\r\nTwo.\rThree.\n")
    [article] = articles("./news/a.txt")
    assert (article.id, article.source) == ("./news/a.txt", "./news/a.txt")
    assert article.text == "One.\r\nTwo.\rThree.\n"


def test_an_empty_file_is_an_article_without_text() -> None:
    write("a.txt", "")
    assert articles("a.txt")[0].text == ""


def test_a_folder_is_read_in_the_order_of_names_without_hidden_and_foreign_files() -> None:
    for name in ("b.txt", "a.MD", "sub/c.txt", ".hidden.txt", ".git/d.txt", "e.png", "z.jsonl"):
        write(f"news/{name}", '{"text": "Line."}' if name.endswith("jsonl") else "Words.")
    assert [one.id for one in articles("news")] == [
        "news/a.MD",
        "news/b.txt",
        "news/z.jsonl:1",
        "news/sub/c.txt",
    ]


def test_a_pattern_finds_files_in_order_when_no_file_has_its_name() -> None:
    for name in ("x/b.txt", "x/deep/a.txt", "x/.c.txt", "x/folder.txt/y.md"):
        write(name)
    assert [one.id for one in articles("x/**/*.txt")] == ["x/b.txt", "x/deep/a.txt"]
    write("what[1].txt", "Brackets.")
    assert [one.text for one in articles("what[1].txt")] == ["Brackets."]


def test_the_output_is_left_out_of_folders_and_patterns() -> None:
    write("n/a.txt")
    write("n/out.jsonl", '{"text": "old"}')
    assert [one.id for one in only_articles(read("n", "n/*", skip="./n/out.jsonl"))] == ["n/a.txt", "n/a.txt"]
    with Path("n/out.jsonl").open("ab") as out:
        assert [one.id for one in only_articles(read("n", "n/*", skip=out.fileno()))] == ["n/a.txt", "n/a.txt"]


def test_a_pipe_in_a_folder_is_not_waited_for() -> None:
    write("n/a.txt")
    os.mkfifo("n/b.txt")
    assert [one.id for one in only_articles(read("n", "n/*.txt"))] == ["n/a.txt", "n/a.txt"]


def test_a_broken_link_in_a_folder_is_named() -> None:
    write("n/a.txt")
    Path("n/b.txt").symlink_to("nowhere")
    good, bad = read("n")
    assert isinstance(good, Article)
    assert isinstance(bad, Unread)
    assert bad.failure.code == "unreadable"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("missing.txt", "missing_file"),
        ("", "missing_file"),
        ("*.none", "missing_file"),
        ("empty", "no_articles"),
        ("empty.jsonl", "no_articles"),
        ("binary.txt", "binary"),
        ("latin.txt", "encoding"),
        ("array.json", "not_jsonl"),
        ("pretty.jsonl", "not_jsonl"),
        ("x" * 300, "unreadable"),
    ],
)
def test_a_source_without_an_article_says_why_and_the_next_one_is_read(source: str, code: str) -> None:
    Path("empty").mkdir()
    write("empty.jsonl", "\n\n")
    write("binary.txt", b"\0\1\2")
    write("latin.txt", b"Gr\xf6\xdfe")
    write("array.json", "[]")
    write("pretty.jsonl", '{\n  "text": "x"\n}\n')
    write("good/good.txt")
    bad, good = read(source, "good/good.txt")
    assert isinstance(bad, Unread)
    assert bad.failure.code == code
    assert bad.source == source
    assert bad.id in (source, f"{source}:1")
    assert "\n" not in bad.failure.message
    assert isinstance(good, Article)


def test_a_file_without_permission_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.txt")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # Whoever runs the tests may be allowed to read everything.
    monkeypatch.setattr(Path, "open", refuse)
    bad = only_unread(read("a.txt"))
    assert (bad.failure.code, bad.failure.message) == ("unreadable", "a.txt cannot be read: permission denied")


def test_jsonl_carries_over_the_fields_that_are_strings() -> None:
    lines = [
        {
            "id": "n1",
            "text": "One.",
            "title": "T",
            "url": "u",
            "date": "2024-01-02",
            "authors": ["A", "B"],
            "lang": "de",
        },
        {
            "id": 7,
            "text": "Two.",
            "title": 3,
            "published": None,
            "date": "2024",
            "byline": "C",
            "author": "D",
        },
        {"text": "Three.", "language": "en", "authors": [1]},
    ]
    write("a.jsonl", "\r\n".join(json.dumps(line) for line in lines) + "\r\n\r\n")
    one, two, three = articles("a.jsonl")
    assert (one.id, one.title, one.url, one.published, one.byline, one.language) == (
        "n1",
        "T",
        "u",
        "2024-01-02",
        "A, B",
        "de",
    )
    assert (two.id, two.title, two.published, two.byline) == ("7", None, "2024", "C")
    assert (three.id, three.language, three.byline, three.source) == ("a.jsonl:3", "en", None, "a.jsonl")


def test_jsonl_takes_text_and_id_from_the_fields_named() -> None:
    write("a.ndjson", '{"key": "k", "body": "One.", "text": 5}')
    [article] = articles("a.ndjson", text_field="body", id_field="key")
    assert (article.id, article.text) == ("k", "One.")


def test_a_broken_line_is_named_by_its_number_and_the_others_go_on() -> None:
    lines = [
        b'{"text": "One."}',
        b"{not json",
        b'{"id": "x", "body": "no text"}',
        b'{"id": "y", "text": ["no string"]}',
        b"[1]",
        b'{"id": [], "text": "bad id"}',
        b'{"text": "Gr\xf6\xdfe"}',
        b"[" * 100_000,
        b'{"text": "Last."}',
    ]
    write("a.jsonl", b"\n".join(lines))
    found = read("a.jsonl")
    assert [one.id for one in found] == [
        "a.jsonl:1",
        "a.jsonl:2",
        "x",
        "y",
        "a.jsonl:5",
        "a.jsonl:6",
        "a.jsonl:7",
        "a.jsonl:8",
        "a.jsonl:9",
    ]
    bad = [one for one in found if isinstance(one, Unread)]
    assert [one.failure.code for one in bad] == [
        "not_json",
        "no_text",
        "no_text",
        "not_json",
        "bad_id",
        "encoding",
        "not_json",
    ]
    assert all(f"a.jsonl:{number}" in one.failure.message for number, one in enumerate(bad, start=2))
    assert "--text-field" in str(bad[1].error.hint)
    assert "body" in str(bad[1].error.hint)
    assert "no string" not in str(bad[2].error)


def test_own_records_are_read_again() -> None:
    article = Article(id="n1", text="Wörds.", title="T", source="n1.html", source_sha256="ab", language="de")
    write("a.jsonl", json.dumps({"article": article.model_dump(), "quotes": []}))
    assert articles("a.jsonl") == [article]


def test_an_own_record_whose_text_was_changed_is_refused() -> None:
    article = Article(id="n1", text="Words.").model_dump() | {"text": "Other words."}
    write("a.jsonl", json.dumps({"article": article}))
    bad = only_unread(read("a.jsonl"))
    assert (bad.id, bad.failure.code) == ("n1", "altered")


def test_jsonl_is_read_a_line_at_a_time() -> None:
    class Endless(io.RawIOBase):
        lines = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Buffer) -> int:
            self.lines += 1
            line = b'{"text": "' + b"x" * 4000 + b'"}\n'
            memoryview(buffer).cast("B")[: len(line)] = line
            return len(line)

    endless = Endless()
    found = read_sources(["-"], stdin=io.BufferedReader(endless))
    assert [one.id for one in itertools.islice(found, 3)] == ["-:1", "-:2", "-:3"]
    assert endless.lines < 10


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_jsonl_in_any_accepted_encoding(encoding: str) -> None:
    write("a.jsonl", '{"text": "„Größe“"}\r\n{"text": "Two."}\n'.encode(encoding))
    assert [one.text for one in articles("a.jsonl")] == ["„Größe“", "Two."]
    again = piped('{"text": "„Größe“"}\n{"text": "Two."}\n'.encode(encoding))
    assert [one.text for one in again] == ["„Größe“", "Two."]


def test_broken_utf_16_is_an_error_behind_the_lines_before_it() -> None:
    # A lone high surrogate behind the first line.
    write("a.jsonl", '{"text": "One."}\n'.encode("utf-16") + b"\x00\xd8" + "x\n".encode("utf-16-le") * 9000)
    found = read("a.jsonl")
    assert isinstance(found[-1], Unread)
    assert found[-1].failure.code == "encoding"


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("Plain words.\r\nMore.", ["Plain words.\r\nMore."]),
        ("{sic} he wrote", ["{sic} he wrote"]),
        ("[Update] It rose.\n", ["[Update] It rose.\n"]),
        ("<5 % of them> agreed", ["<5 % of them> agreed"]),
        ('\n\n{"text": "One."}\n{"text": "Two."}\n', ["One.", "Two."]),
        ("", [""]),
    ],
)
def test_standard_input_is_told_apart_by_its_content(data: str, texts: list[str]) -> None:
    assert [one.text for one in piped(data)] == texts


def test_standard_input_is_what_the_caller_says_it_is() -> None:
    line = '{"text": "One."}'
    [article] = piped(line, "text")
    assert (article.id, article.source, article.text) == ("-", "-", line)


def test_standard_input_can_be_named_once() -> None:
    first, second = read("-", "-", stdin_holds="Words.")
    assert isinstance(first, Article)
    assert isinstance(second, Unread)


def test_json_over_several_lines_is_one_error_with_a_hint() -> None:
    bad = only_unread(read("-", stdin_holds='{\n  "text": "x",\n  "id": "y"\n}\n'))
    assert bad.failure.code == "not_jsonl"
    assert "jq" in str(bad.error.hint)


def test_escapes_come_through_and_half_a_character_is_marked() -> None:
    write("a.jsonl", r'{"text": "a\ud800b\u0000"}')
    assert articles("a.jsonl")[0].text == "a\ufffdb\0"


@pytest.mark.parametrize("way", ["file", "stdin", "told"])
def test_a_page_gives_its_article_and_what_it_says_of_it(way: str) -> None:
    needs("trafilatura", extra="html")
    write("a.html", PAGE)
    if way == "file":
        [article] = articles("a.html")
    else:
        [article] = piped(PAGE, "html" if way == "told" else None)
    assert "“We turned a corner,” said Jane Doe" in article.text
    assert "comment" not in article.text
    assert (article.title, article.byline, article.published) == ("Ministers meet", "Ann Lee", "2024-03-05")
    assert (article.url, article.language) == ("https://paper.example/ministers", "en-GB")
    assert article.source_sha256 == hashlib.sha256(PAGE.encode()).hexdigest()
    assert article.sha256 == hashlib.sha256(article.text.encode()).hexdigest()


@pytest.mark.parametrize(
    "page",
    [
        "",
        "no markup at all",
        "<html><body></body></html>",
        "<html><body><script>x()</script></body></html>",
        "<html><body><nav><a href='/a'>Home</a><a href='/b'>News</a></nav></body></html>",
    ],
)
def test_a_page_without_an_article_is_an_error(page: str) -> None:
    needs("trafilatura", extra="html")
    write("a.html", page)
    assert only_unread(read("a.html")).failure.code == "no_article"


def test_without_trafilatura_a_page_says_what_to_install_and_text_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "trafilatura", None)
    write("a.html", PAGE)
    write("b.txt")
    bad, good = read("a.html", "b.txt")
    assert isinstance(bad, Unread)
    assert bad.failure.code == "missing_extra"
    assert bad.error.hint == "pip install 'extractor[html]'"
    assert isinstance(good, Article)
