"""How a chunk is shown to a model: numbered sentences and their context, in a fence that the text cannot close."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.text.chunks import Chunk
    from extractor.text.sentences import Sentence

NONCE_LENGTH = 8

# A lone surrogate has no UTF-8 and some servers refuse a NUL: one character stands for one, so words keep their place.
_UNSENDABLE = re.compile("[\ud800-\udfff\x00]")


@dataclass(frozen=True)
class NumberedSentence:
    """A line of the text."""

    number: int
    text: str


@dataclass(frozen=True)
class Layout:
    """What the templates are given of a chunk. Every string is one line."""

    nonce: str
    """A word that occurs nowhere in what is shown; a hash of it."""
    title: str | None
    published: str | None
    before: tuple[str, ...]
    paragraphs: tuple[tuple[NumberedSentence, ...], ...]
    after: tuple[str, ...]

    def variables(self) -> dict[str, Any]:
        """The names under which templates know these."""
        return dict(vars(self))


def lay_out(chunk: Chunk, *, only: Iterable[int] | None = None, also: Iterable[str] = ()) -> Layout:
    """Lay a chunk out for a prompt.

    Args:
        chunk: The chunk.
        only: Numbers of the sentences to show, without context; all of the chunk's if None.
        also: Further strings that the prompt shows inside the fence.
    """
    document = chunk.document
    wanted = None if only is None else set(only)
    content = [sentence for sentence in chunk.sentences if wanted is None or sentence.number in wanted]

    def line(sentence: Sentence) -> str:
        return one_line(document.text[sentence.start : sentence.end])

    before = tuple(line(sentence) for sentence in chunk.before) if wanted is None else ()
    after = tuple(line(sentence) for sentence in chunk.after) if wanted is None else ()
    paragraphs = tuple(
        tuple(NumberedSentence(sentence.number, line(sentence)) for sentence in paragraph)
        for paragraph in _by_paragraph(content)
    )
    title = one_line(document.article.title or "") or None
    published = one_line(document.article.published or "") or None
    shown = [title or "", published or "", *before, *after, *also]
    shown.extend(sentence.text for paragraph in paragraphs for sentence in paragraph)
    return Layout(nonce("\n".join(shown)), title, published, before, paragraphs, after)


def one_line(text: str) -> str:
    """The text on one line, as it can be sent: each run of white space becomes a space."""
    line = " ".join(text.split())
    return line if line.isprintable() else _UNSENDABLE.sub("\ufffd", line)


def nonce(text: str) -> str:
    """A word of 8 hex digits that does not occur in the text; a hash of it."""
    digest = text
    while True:
        digest = hashlib.sha256(digest.encode()).hexdigest()
        if digest[:NONCE_LENGTH] not in text:
            return digest[:NONCE_LENGTH]


def _by_paragraph(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    paragraphs: list[list[Sentence]] = []
    for sentence in sentences:
        if paragraphs and paragraphs[-1][-1].paragraph == sentence.paragraph:
            paragraphs[-1].append(sentence)
        else:
            paragraphs.append([sentence])
    return paragraphs
