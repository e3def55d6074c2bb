"""A web page → the article in it, with what the page says of it. Needs the extra `html` (trafilatura)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from extractor.errors import MissingExtraError, SourceError
from extractor.text.unseen import remove_unseen

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")

_SENTENCE_END = re.compile(r"[.!?…。！？।؟]\W*$", re.MULTILINE)
_LONG_LINE = 80

# Only dates that the page declares: the extensive search takes any date that stands in the text.
_DATES = {"original_date": True, "extensive_search": False}


@dataclass(frozen=True)
class Page:
    """What a web page holds once navigation, advertisements and comments are gone."""

    text: str
    """The article, one paragraph a line."""
    title: str | None = None
    url: str | None = None
    """The address that the page gives as its own."""
    published: str | None = None
    """The date that the page declares, as ISO 8601."""
    byline: str | None = None
    """Its authors, as the page declares them."""
    language: str | None = None
    """What the page's root element declares, as BCP 47."""


def clean_page(html: str, name: str = "the page") -> Page:
    """The article in a web page, as far as its reader sees it.

    Args:
        html: The whole page, decoded.
        name: What to call the page in an error's message.

    Raises:
        MissingExtraError: trafilatura is not installed.
        SourceError: There is no article in the page (code `no_article`).
    """
    try:
        import trafilatura
    except ImportError as error:
        raise MissingExtraError("trafilatura", "html", "reading HTML") from error
    tree = trafilatura.load_html(html)
    if tree is None:
        raise _no_article(name)
    language = _language(tree)
    remove_unseen(tree)
    document: Any = trafilatura.bare_extraction(
        tree, include_comments=False, with_metadata=True, date_extraction_params=dict(_DATES)
    )
    text = (document.text or "").strip() if document is not None else ""
    if not _reads_like_prose(text):
        raise _no_article(name)
    return Page(
        text=text,
        title=document.title or None,
        url=document.url or None,
        published=document.date or None,
        byline=document.author or None,
        language=language,
    )


def _reads_like_prose(text: str) -> bool:
    """Whether there is a sentence in it: of a page that is all navigation, its link texts are what is left."""
    return bool(_SENTENCE_END.search(text)) or any(len(line) > _LONG_LINE for line in text.splitlines())


def _no_article(name: str) -> SourceError:
    return SourceError(
        f"{name} holds no article",
        code="no_article",
        hint="the page may be built by scripts: save it from a browser, or pass its text",
    )


def _language(tree: Any) -> str | None:
    declared = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or tree.get("xml:lang")
    tag = (declared or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None
