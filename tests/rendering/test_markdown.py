"""The report is readable, and an article's text is text in it."""

from __future__ import annotations

import pytest

from extractor.records.article import Article
from extractor.rendering.markdown import escape, render_markdown
from tests.records_for_tests import TEXT, extraction, failed


def test_a_report_has_a_section_for_each_kind() -> None:
    text = render_markdown(extraction(article=Article(id="a.txt", text=TEXT, title="Headline", byline="Ann")))
    assert text == (
        "# Headline\n"
        "\n"
        "- a.txt\n"
        "- Ann\n"
        "- complete: 82 of 82 characters read; by rules\n"
        "\n"
        "## Quotes\n"
        "\n"
        "- **Jane Doe**, *said* (direct, sentence 1): We turned,\n"
        "\n"
        "## Claims\n"
        "\n"
        "- Costs rose 5 % in 2023. (quantity, Jane Doe (“she”), sentence 2)\n"
        "  - evidence: Costs rose 5 % in 2023\n"
        "\n"
        "## Entities\n"
        "\n"
        "- **Jane Doe** (person, mentions: 1), also Doe\n"
        "\n"
        "## meeting\n"
        "\n"
        "- place: Bridge\n"
        "\n"
        "## Quotation marks that are no quotes\n"
        "\n"
        "- title: “Bridge”\n"
        "\n"
        "## Rejected\n"
        "\n"
        "- quote, not\\_found: “x” does not stand there\n"
    )


def test_a_failed_article_has_a_report_too() -> None:
    text = render_markdown(failed())
    assert "failed: 0 of 0 characters read; empty: there is no text in it" in text
    assert "None." in text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("- no list", "\\- no list"),
        ("<script>&amp;", "&lt;script&gt;&amp;amp;"),
        ("![x](http://y) [a]", "!\\[x\\](http://y) \\[a\\]"),
        ("*b* _i_ `c` ~~s~~ |", "\\*b\\* \\_i\\_ \\`c\\` \\~\\~s\\~\\~ \\|"),
        ("a\\*b", "a\\\\\\*b"),
        ("two\n\nparagraphs\n# x", "two paragraphs # x"),
        ("\x1b[2J", "␛\\[2J"),
        ("It cost 5.5 million - or so.", "It cost 5.5 million - or so."),
    ],
)
def test_markup_in_an_article_is_shown_as_it_is(text: str, escaped: str) -> None:
    assert escape(text) == escaped
