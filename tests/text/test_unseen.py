"""A reader's eyes decide what of a page is the article: what is not shown is not read."""

from __future__ import annotations

import json

import pytest

from extractor.text.clean import clean_page
from tests.conftest import needs

LONG = "The council of Marl met on Monday and voted for the bridge, said the mayor, Ada Holm, after a long debate."
END = "The vote was close, eleven to nine, according to the clerk of the town."
SECRET = "The clerk was bribed by the mayor on Sunday, said the mayor to the council of Marl."


@pytest.fixture(autouse=True)
def _trafilatura() -> None:
    needs("trafilatura", extra="html")


def page(inner: str, *, head: str = "", body: str = "", paragraphs: int = 5) -> str:
    article = f"<p>{LONG}</p>" * paragraphs + inner + f"<p>{END}</p>"
    return f"<html><head><title>Marl votes</title>{head}</head><body {body}><article>{article}</article></body></html>"


UNSEEN = {
    "display": f'<p style="display:none">{SECRET}</p>',
    "display in capitals": f'<div STYLE="color:red; DISPLAY : none !important"><p>{SECRET}</p></div>',
    "important wins": f'<p style="display:none!important;display:block">{SECRET}</p>',
    "comment in the style": f'<p style="display:/**/none">{SECRET}</p>',
    "visibility": f'<p style="visibility:hidden">{SECRET}</p>',
    "visibility above": f'<section style="visibility:hidden"><div><p>{SECRET}</p></div></section>',
    "size": f'<p style="font-size:0">{SECRET}</p>',
    "size with unit": f'<p><span style="font-size: 0.0em">{SECRET}</span></p>',
    "one pixel": f'<p style="font-size:1px">{SECRET}</p>',
    "size in shorthand": f'<p style="font:0/0 a">{SECRET}</p>',
    "relative to nothing": f'<div style="font-size:0"><p style="font-size:120%">{SECRET}</p></div>',
    "opacity": f'<p style="opacity:0">{SECRET}</p>',
    "opacity in percent": f'<p style="opacity: 0%">{SECRET}</p>',
    "hidden": f"<p hidden>{SECRET}</p>",
    "hidden in the middle": f"<p>The town is small. <span hidden>{SECRET}</span> It has a bridge.</p>",
    "until found": f'<div hidden="until-found"><p>{SECRET}</p></div>',
    "content-visibility": f'<div style="content-visibility:hidden"><p>{SECRET}</p></div>',
    "transparent": f'<p style="color:transparent">{SECRET}</p>',
    "transparent in numbers": f'<p style="color:rgba(0,0,0,0)">{SECRET}</p>',
    "white on white": f'<p style="color:#fff;background:white">{SECRET}</p>',
    "old white on white": f'<div bgcolor="#FFFFFF"><p><font color="white">{SECRET}</font></p></div>',
    "off screen": f'<p style="position:absolute;left:-9999px">{SECRET}</p>',
    "indented away": f'<p style="text-indent:-9999px">{SECRET}</p>',
    "clipped": f'<p style="position:absolute;clip:rect(0 0 0 0)">{SECRET}</p>',
    "comment": f"<!-- {SECRET} -->",
    "comment in text": f"<p>The town <!-- {SECRET} --> is small.</p>",
    "instruction": f"<?php {SECRET} ?>",
    "template": f"<template><p>{SECRET}</p></template>",
    "noscript": f"<noscript><p>{SECRET}</p></noscript>",
    "dialog": f"<dialog><p>{SECRET}</p></dialog>",
    "fallback": f"<object><p>{SECRET}</p></object><video><p>{SECRET}</p></video><canvas>{SECRET}</canvas>",
    "script": f"<script>{SECRET}</script>",
    "attribute": f'<img src="x.png" alt="{SECRET}" title="{SECRET}"><p title="{SECRET}">Marl is small.</p>',
}

SEEN = {
    "an ordinary style": f'<p style="color:#333;font-size:16px;opacity:0.9;display:block">{SECRET}</p>',
    "shown inside what is not": f'<div style="visibility:hidden"><p style="visibility:visible">{SECRET}</p></div>',
    "a size of its own": f'<div style="font-size:0"><p style="font-size:16px">{SECRET}</p></div>',
    "a later declaration": f'<p style="display:none;display:block">{SECRET}</p>',
    "hidden, and displayed": f'<p hidden style="display:block">{SECRET}</p>',
    "white on a dark sheet": f'<div class="dark"><p style="color:#fff">{SECRET}</p></div>',
    "white on a picture": f'<div style="background:url(x.png)"><p style="color:white">{SECRET}</p></div>',
    "behind a comment": f"<p>Marl. <!-- x --> {SECRET}</p>",
    "behind what is cut": f"<p><span hidden>x</span><span hidden>y</span>{SECRET}</p>",
    "a weight": f'<p style="font:700 16px/1.5 serif">{SECRET}</p>',
}


@pytest.mark.parametrize("paragraphs", [1, 5])
@pytest.mark.parametrize("inner", UNSEEN.values(), ids=UNSEEN)
def test_what_is_not_shown_is_not_read(inner: str, paragraphs: int) -> None:
    found = clean_page(page(inner, paragraphs=paragraphs))
    assert "bribed" not in found.text
    assert LONG in found.text
    assert END in found.text


@pytest.mark.parametrize("inner", SEEN.values(), ids=SEEN)
def test_what_is_shown_is_read(inner: str) -> None:
    assert SECRET in clean_page(page(inner, body='style="background:#fff"')).text


@pytest.mark.parametrize("style", ["opacity:0", "display:none", "visibility:visible"])
def test_a_page_that_waits_for_a_script_to_show_it_is_read(style: str) -> None:
    assert LONG in clean_page(page("", body=f'style="{style}"')).text


def test_a_copy_of_the_article_for_machines_is_not_read_but_what_it_says_of_the_page_is() -> None:
    said = {"@context": "https://schema.org", "@type": "NewsArticle", "author": "Ida Lund", "articleBody": 10 * SECRET}
    head = f'<script type="application/ld+json">{json.dumps(said)}</script>'
    found = clean_page(page("", head=head, paragraphs=1))
    assert "bribed" not in found.text
    assert found.byline == "Ida Lund"


def test_many_comments_cost_no_more_than_they_are_long() -> None:
    found = clean_page(page("<p>" + "<!---->a " * 50_000 + "</p>"))
    assert "a a a" in found.text
