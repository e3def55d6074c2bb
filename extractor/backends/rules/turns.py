"""Turns: what stands behind a name and a colon at the beginning of a paragraph, without quotation marks.

A transcript has several of them, of two voices at least; alone, one is a headline ("Holm: Bridge is safe").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from extractor.text.characters import QUOTATION_MARKS
from extractor.text.words import has_more_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.text.document import Document

    Stretch = tuple[int, int]

LEAST_TURNS = 4
"""Turns of a transcript, at least."""
_NAMED = re.compile(
    r"(?P<who>(?:[A-Z][\w.’'-]{0,20}|[A-Z])(?:\s(?:[A-Z][\w.’'-]{1,20}|de|van|von|al|bin)){0,3}):[ \t]+(?=\S)"
)


class Turn(NamedTuple):
    """Whose words stand where; offsets are the article's."""

    speaker: Stretch
    content: Stretch
    paragraph: int


def find_turns(document: Document) -> Iterator[Turn]:
    """The turns of an article, in order; none of whoever mostly asks, and none that say nothing (a list of scores)."""
    text = document.text
    turns = []
    said: dict[str, list[str]] = {}
    for number, (start, end) in enumerate(document.paragraphs):
        match = _NAMED.match(text, start, end)
        if match is not None and match.end() < end and text[match.end()] not in QUOTATION_MARKS:
            turns.append((number, match, end))
            said.setdefault(match["who"], []).append(text[match.end() : end].rstrip())
    if len(turns) >= LEAST_TURNS and 1 < len(said) < len(turns):
        voices = {who for who, turns_ in said.items() if _answers(turns_)}
        for number, match, end in turns:
            if match["who"] in voices:
                yield from _turn(text, match, end, number)
    elif turns and turns[0][0] == 0 and len(document.paragraphs) > 1:
        number, match, end = turns[0]
        who = match["who"].split()[-1]
        if who.istitle() and re.search(rf"\b{re.escape(who)}\b", text[end:]):
            yield from _turn(text, match, min(end, document.sentences[0].end), number)


def _answers(turns: list[str]) -> bool:
    """Whether somebody says something: an interviewer's turns are mostly questions, which are no news."""
    return 2 * sum(turn.endswith("?") for turn in turns) < len(turns) and any(has_more_words(t, 2) for t in turns)


def _turn(text: str, match: re.Match[str], end: int, number: int) -> Iterator[Turn]:
    content = match.end(), match.end() + len(text[match.end() : end].rstrip(" .\n"))
    if content[1] > content[0]:
        yield Turn(match.span("who"), content, number)
