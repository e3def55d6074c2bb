"""The audit of quotation marks: every marked stretch is part of a quote, or listed here with what it seems to be.

A recall signal that needs no gold: what is `unknown` here may be a quote that was missed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.records.extraction import AuditEntry, Role
from extractor.records.span import Span
from extractor.text.intervals import Intervals
from extractor.text.words import FUNCTION_WORDS, find_words, has_more_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.records.item import Entity, Quote
    from extractor.text.document import Document
    from extractor.text.marks import Marked

_WORK = re.compile(
    r"\b(?:book|novel|memoir|film|movie|documentary|series|show|play|musical|opera|album|song|single|track|poem|painting|"
    r"exhibition|report|study|paper|essay|article|op-ed|column|blog|post|speech|game|podcast|episode|drama|comedy|"
    r"magazine|newspaper|titled|entitled|headlined|headline|hit|classic|bestseller|sitcom|soundtrack)\b[^.!?\"“”]{0,40}\Z",
    re.IGNORECASE,
)
_TERM = re.compile(
    r"\b(?:so-called|called|known as|dubbed|termed|labell?ed|nicknamed|term|words?|phrase|expression|slogan|hashtag"
    r"|means|meaning|defined as|definition of|referred to as|described as|branded|the name|named)\b"
    r"[^.!?\"“”]{0,20}\Z",
    re.IGNORECASE,
)
_NAME_BEFORE = re.compile(r"\b[A-Z][a-z]+ \Z")
_NAME_AFTER = re.compile(r" [A-Z][a-z]")

SCARE_WORDS = 3
"""A stretch of at most so many words that nobody is reported to have said is taken for scare quotes."""


def audit_marks(document: Document, quotes: Sequence[Quote], entities: Iterable[Entity]) -> tuple[AuditEntry, ...]:
    """The marked stretches, or the parts of them, that no quote covers, in document order."""
    covered = Intervals((span.start, span.end, (span.start, span.end)) for quote in quotes for span in quote.spans)
    people = Intervals((m.start, m.end, m) for e in entities if e.type == "person" for m in e.mentions)
    entries = [
        AuditEntry(span=rest, role=_role(marked, rest, document, people))
        for marked in document.marked
        if not (marked.nested and _inside(marked, covered))
        for rest in _uncovered(marked.start, marked.end, covered, document.text)
    ]
    entries += [
        AuditEntry(span=rest, role="misplaced")
        for marked in document.marked
        if marked.misplaced is not None
        for rest in _uncovered(marked.end, marked.misplaced - 1, covered, document.text)
    ]
    return tuple(sorted(entries, key=lambda entry: entry.span.start))


def _inside(marked: Marked, covered: Intervals[tuple[int, int]]) -> bool:
    return any(start <= marked.start and marked.end <= end for start, end in covered.touching(marked.start, marked.end))


def _uncovered(begin: int, behind: int, covered: Intervals[tuple[int, int]], text: str) -> Iterable[Span]:
    """The parts of a stretch, at least a letter each, that are in no quote."""
    at = begin
    for start, end in (*covered.touching(begin, behind), (behind, behind)):
        stop = max(at, min(start, behind))
        part = text[at:stop]
        if any(map(str.isalnum, part)):
            yield Span.of(text, stop - len(part.lstrip()), at + len(part.rstrip()))
        at = max(at, min(end, behind))


def _role(marked: Marked, rest: Span, document: Document, people: Intervals[Span]) -> Role:
    text = document.text
    whole = rest.start == marked.start or rest.end == marked.end
    if not (marked.opened and marked.closed) or not (
        whole and rest.end - rest.start >= (marked.end - marked.start) - 2
    ):
        return "misplaced" if not marked.continued else "unknown"
    before = text[max(0, marked.open - 60) : marked.open]
    short = not has_more_words(rest.text, SCARE_WORDS)
    if any(m.start < marked.open and marked.close < m.end for m in people.touching(marked.open, marked.close)) or (
        short and _NAME_AFTER.match(text, marked.close) and _NAME_BEFORE.search(before)
    ):
        return "nickname"
    if (text[marked.end - 1] not in ".!," and _titled(rest.text)) or _WORK.search(before):
        return "title"
    if _TERM.search(before):
        return "term"
    return "scare" if short else "unknown"


def _titled(text: str) -> bool:
    """Whether several words are written as a title is: all but small ones with a capital."""
    words = find_words(text)
    main = [word for word in words if word.form not in FUNCTION_WORDS]
    return len(words) > 1 and bool(main) and all(word.text[0].isupper() or word.value is not None for word in main)
