"""The table says what the record says, and no article can write to the terminal by it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.records.article import Article
from extractor.records.coverage import Coverage, Missed
from extractor.records.extraction import Failure
from extractor.records.item import Entity
from extractor.records.source import Source
from extractor.rendering.summary import source_line
from extractor.rendering.terminal import render_terminal
from tests.records_for_tests import TEXT, extraction, failed, span

_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def test_everything_that_a_record_reports_is_shown() -> None:
    text = render_terminal(extraction(article=Article(id="a.txt", text=TEXT, title="Headline")), width=120)
    for words in ("Headline", "a.txt", "complete: 82 of 82 characters read", "by rules"):
        assert words in text
    [quote] = [line for line in text.splitlines() if "We turned" in line]
    assert quote.split() == ["Jane", "Doe", "said", "direct", "We", "turned,", "1"]
    assert "Costs rose 5 % in 2023." in text
    assert "Jane Doe (“she”)" in text
    assert "Quotation marks that are no quotes (1)" in text
    assert "Rejected (1)" in text
    assert "“x” does not stand there" in text
    assert "place: Bridge" in text
    for title in ("Quotes (1)", "Claims (1)", "Entities (1)", "meeting (1)"):
        assert title in text


def test_kinds_that_were_not_asked_for_have_no_section() -> None:
    text = render_terminal(extraction(claims=None, entities=None, items=None, audit=None, rejected=()))
    assert "Quotes (1)" in text
    assert not re.search("Claims|Entities|meeting|Rejected|Quotation", text)


def test_a_failed_and_a_partial_article_say_why() -> None:
    assert "failed: 0 of 0 characters read; empty: there is no text in it" in render_terminal(failed(), width=200)
    partial = extraction(
        coverage=Coverage.of([(0, 40)], [Missed(start=40, end=len(TEXT), reason="timeout")]),
        error=Failure(code="timeout", message="the server did not answer"),
    )
    assert "partial: 40 of 82 characters read; missed: timeout" in render_terminal(partial, width=200)


@pytest.mark.parametrize(
    ("name", "mention", "shown"),
    [
        ("Jane Doe", "she", "Jane Doe (“she”)"),
        ("Jane Doe", "Doe", "Jane Doe"),
        ("Institute", "the Institute thinktank", "Institute"),
        ("a diplomat", None, "a diplomat"),
    ],
)
def test_a_mention_is_shown_where_the_name_does_not_say_it(name: str, mention: str | None, shown: str) -> None:
    assert source_line(Source(name=name, mention=span(mention, mention) if mention else None)) == shown


@pytest.mark.parametrize("color", [True, False])
def test_markup_and_escape_sequences_of_an_article_are_shown_not_obeyed(
    color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    evil = "[red]Eve[/red] \x1b[2J\x1b]0;title\x07 :smile: \u202e[/]"
    text = TEXT + evil
    record = extraction(
        text,
        article=Article(id=f"id{evil}", title=evil, text=text),
        entities=(Entity(id="e1", type="person", name=evil, mentions=(span(text, evil),)),),
    )
    shown = render_terminal(record, width=200, color=color)
    assert ("\x1b" in shown) == color
    plain = _COLOR.sub("", shown)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", plain)
    assert plain.count("[red]Eve[/red] ␛[2J␛]0;title␇ :smile: <U+202E>[/]") == 3


def test_no_color_in_the_environment_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", render_terminal(extraction(), color=True))


@given(st.text(alphabet=st.characters(), min_size=1), st.integers(1, 200))
def test_any_text_in_any_width_gives_lines_that_fit(words: str, width: int) -> None:
    text = TEXT + words
    record = extraction(
        text,
        entities=(Entity(id="e1", type="person", name=words, mentions=(span(text, words),)),),
        claims=None,
    )
    shown = render_terminal(record, width=width)
    assert shown.endswith("\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
