"""Closing marks that are missing, or far behind the words they close: where the source's words plausibly end.

A careful reader sees the end of a quotation that its marks do not show (LABELLING.md): before its own attribution
where it was never closed, and where it breaks off and the article's own words go on in the third person.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.text.marks import Marked
    from extractor.text.sentences import Sentence

_SAID = r"(?:said|says|added|told|asked|wrote|noted|explained|announced|reported|warned|found)"
_OWN_ATTRIBUTION = re.compile(
    rf"(?P<stop>[,!?])\s+(?:(?:(?:[A-Z][\w.’'-]*\s+){{1,4}}|(?:he|she|they)\s+){_SAID}\b|{_SAID}\s+(?:[A-Z]|the\b|an?\b|he\b|she\b))"
)
_REPORTS = re.compile(rf"(?:[^.!?\n]{{0,40}}?,\s+)?(?:the|an?|[A-Z])[^,.!?\n]{{2,120}}?\s{_SAID}\b")
_OWN_WORDS = re.compile(r"\b(?:I|we|you|my|our|me|us|your)\b", re.IGNORECASE)


def mend_marks(
    text: str, marked: Sequence[Marked], sentences: Sequence[Sentence], paragraphs: Sequence[tuple[int, int]]
) -> tuple[Marked, ...]:
    """The marked stretches, outermost ones cut back where their closing mark is missing or plainly misplaced."""
    starts = [sentence.start for sentence in sentences]
    ends = [end for _, end in paragraphs]
    mended: list[Marked] = []
    cut_at, cut_until = 0, 0
    for one in marked:
        if one.nested:
            # What lay inside a stretch that was cut back lies outside it now.
            mended.append(replace(one, nested=False) if cut_at <= one.open < cut_until else one)
            continue
        new = one
        if one.opened and not one.closed and not one.continued:
            new = _before_attribution(text, one)
        elif one.opened and one.closed:
            paragraph_end = ends[min(bisect_right(ends, one.open), len(ends) - 1)]
            if not text[one.close : paragraph_end].strip(" .,;"):
                new = _before_report(text, one, sentences, bisect_right(starts, one.start) - 1)
        if new is not one:
            cut_at, cut_until = new.end, one.end
        mended.append(new)
    return tuple(mended)


def _before_attribution(text: str, marked: Marked) -> Marked:
    inside = _OWN_ATTRIBUTION.search(text, marked.start, min(marked.end, marked.start + 2000))
    if inside is None or inside.start() <= marked.start:
        return marked
    end = inside.start() + (inside["stop"] in "!?")
    return replace(marked, end=end, close=end)


def _before_report(text: str, marked: Marked, sentences: Sequence[Sentence], first: int) -> Marked:
    """Cut where a piece breaks off without a full stop and the next one reports somebody in the third person."""
    for index in range(max(first, 0), len(sentences) - 1):
        before, following = sentences[index], sentences[index + 1]
        if following.start >= marked.end:
            return marked
        if text[before.end - 1] in ".!?…\"”’'»“":
            continue
        report = _REPORTS.match(text, following.start, min(marked.end, following.end))
        if report is not None and not _OWN_WORDS.search(report.group()):
            return replace(marked, end=before.end, close=before.end, misplaced=marked.close)
    return marked
