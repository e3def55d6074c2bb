"""Sentences as a reader of attributions sees them: what stands between quotation marks is one token.

A stop inside a quotation ends no sentence here, so `"One. Two," he said.` is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.text.document import Document
    from extractor.text.marks import Marked

_TOKEN = re.compile(
    r"(?P<word>[^\W\d_](?:[^\W_]|[.’'&-](?=[^\W_]))*(?:\.(?=\s*[,;a-z]))?|\d+(?:[.,:/]\d+)*(?:[^\W\d_]+)?)|(?P<mark>[^\w\s])"
)
_ABBREVIATED = re.compile(
    r"(?:[A-Z]\.){2,}(?=[\Wa-z]|\Z)|[A-Z]\.(?=\s+[A-Z])|(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Rev|St|Jr|Sr)\."
)


@dataclass(frozen=True)
class Token:
    """A word, a punctuation mark, or a whole marked stretch with its marks."""

    text: str
    start: int
    end: int
    kind: Literal["word", "mark", "quoted"]
    marked: Marked | None = None

    @property
    def lower(self) -> str:
        """Its text in lower case, a typographic apostrophe as a plain one."""
        return self.text.lower().replace("’", "'")

    @property
    def capitalised(self) -> bool:
        """Whether it is a word that begins with a capital."""
        return self.kind == "word" and self.text[0].isupper()


@dataclass(frozen=True)
class Outer:
    """A sentence with its tokens. Offsets are the article's."""

    start: int
    end: int
    paragraph: int
    tokens: tuple[Token, ...]

    @cached_property
    def headline(self) -> bool:
        """Whether most of its words are capitalised."""
        words = [token for token in self.tokens if token.kind == "word" and len(token.text) > 3]
        return sum(word.capitalised for word in words) > 0.7 * len(words)

    @cached_property
    def only_marked(self) -> bool:
        """Whether it has no word outside quotation marks."""
        return all(token.kind != "word" for token in self.tokens)

    @property
    def quoted(self) -> tuple[Token, ...]:
        """Its marked stretches."""
        return tuple(token for token in self.tokens if token.kind == "quoted")


def outer_sentences(document: Document, marked: Sequence[Marked]) -> list[Outer]:
    """The sentences of an article, none of which ends inside one of `marked` (outermost stretches, in order)."""
    found: list[Outer] = []
    at = 0
    for index, (start, end) in enumerate(document.paragraphs):
        here = []
        while at < len(marked) and marked[at].open < end:
            if marked[at].open >= start:
                here.append(marked[at])
            at += 1
        found.extend(_split(document, index, start, end, here))
    return found


def _split(document: Document, paragraph: int, start: int, end: int, marked: Sequence[Marked]) -> list[Outer]:
    bounds = [start]
    at = 0
    first = document.sentence_at(start).number
    for number in range(first + 1, len(document.sentences) + 1):
        sentence = document.sentences[number - 1]
        if sentence.start >= end:
            break
        while at < len(marked) and marked[at].close <= sentence.start:
            at += 1
        if not (at < len(marked) and marked[at].open < sentence.start):
            bounds.append(sentence.start)
    bounds.append(end)
    found = []
    at = 0
    for begin, stop in pairwise(bounds):
        inside = [one for one in marked if begin <= one.open < stop]
        tokens = _tokens(document.text, begin, stop, inside)
        if tokens:
            found.append(Outer(tokens[0].start, tokens[-1].end, paragraph, tuple(tokens)))
    return found


def _tokens(text: str, start: int, end: int, marked: Sequence[Marked]) -> list[Token]:
    tokens: list[Token] = []
    at = start
    for one in marked:
        tokens.extend(_words(text, at, one.open))
        tokens.append(Token(text[one.open : one.close], one.open, one.close, "quoted", one))
        at = one.close
    tokens.extend(_words(text, at, end))
    return tokens


def _words(text: str, start: int, end: int) -> list[Token]:
    tokens: list[Token] = []
    at = start
    while at < end:
        abbreviated = _ABBREVIATED.match(text, at, end)
        match = abbreviated or _TOKEN.search(text, at, end)
        if match is None:
            break
        # The search may have jumped over an abbreviation's beginning only where none can begin.
        if abbreviated is None and (inner := _ABBREVIATED.match(text, match.start(), end)):
            match = abbreviated = inner
        kind: Literal["word", "mark"] = "word" if abbreviated or match.lastgroup == "word" else "mark"
        tokens.append(Token(match.group(), match.start(), match.end(), kind))
        at = match.end()
    return tokens
