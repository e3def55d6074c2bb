"""Quote: what a source said or wrote, as the article reports it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from extractor.kinds.kind import Draft, Kind, Placed, overlap, sentence_of
from extractor.kinds.located import Located, Verbatim
from extractor.records.item import Quote, QuoteKind
from extractor.records.source import Source
from extractor.records.span import Span, loosest
from extractor.text.characters import DOUBLE_MARKS

if TYPE_CHECKING:
    from extractor.text.document import Document

Outside = Annotated[str, Located(outside="yes")]


class QuoteDraft(Draft):
    """What a source said or wrote."""

    content: list[Verbatim]
    """The words reported, copied as they stand: one string, or several where the attribution interrupts them"""
    cue: Outside | None
    """The reporting expression as it stands (said, according to), or null"""
    speaker: Outside | None
    """The nearest mention of who said it, as it stands (a name, he, a senior official), or null"""
    speaker_name: str | None
    """The speaker's full name as the text gives it anywhere, or null"""


def quote_kind(spans: tuple[Span, ...], document: Document) -> QuoteKind:
    """`direct` where every word stands between quotation marks, `indirect` where none does, else `mixed`."""
    letters = marked = 0
    for span in spans:
        inside = [
            (max(m.start, span.start), min(m.end, span.end))
            for m in document.marked_in(span.start, span.end)
            if m.start < span.end and m.end > span.start and not m.nested
        ]
        letters += _words(span.text)
        end = span.start
        for start, stop in sorted(inside):
            marked += _words(document.text[max(start, end) : stop])
            end = max(end, stop)
    return "indirect" if not marked else "direct" if marked == letters else "mixed"


def _words(text: str) -> int:
    return sum(map(str.isalnum, text))


def without_outer_marks(span: Span, document: Document) -> Span:
    """The span less the quotation marks that enclose it, and less white space and unpaired marks at its ends."""
    start, end, text = span.start, span.end, document.text
    for marked in document.marked_in(max(0, start - 2), end + 2):
        if marked.open <= start <= marked.start and marked.end <= end <= marked.close:
            start, end = max(start, marked.start), min(end, marked.end)
    paired = {offset for m in document.marked_in(start, end) for offset in (m.open, m.close - 1)}
    while start < end and (text[start].isspace() or (text[start] in DOUBLE_MARKS and start not in paired)):
        start += 1
    while start < end and (text[end - 1].isspace() or (text[end - 1] in DOUBLE_MARKS and end - 1 not in paired)):
        end -= 1
    return Span.of(text, start, end) if start < end and (start, end) != (span.start, span.end) else span


def _build(draft: QuoteDraft, placed: Placed, document: Document) -> Quote:
    spans = tuple(
        without_outer_marks(location.span, document)
        for location in sorted(placed["content"], key=lambda location: location.start)
    )
    cue = placed.get("cue")
    speaker = placed.get("speaker")
    return Quote(
        kind=quote_kind(spans, document),
        text=" ".join(span.text for span in spans),
        spans=spans,
        cue=cue[0].span if cue else None,
        speaker=Source(name=draft.speaker_name or speaker[0].text, mention=speaker[0].span) if speaker else None,
        sentence=sentence_of(placed, "content", document),
        grounding=loosest(location.grounding for location in placed["content"]),
    )


def _merge(one: Quote, other: Quote) -> Quote | None:
    """The same words in two chunks, or twice in a reply: the longer content, and every attribution known."""
    inside = all(any(span.contains(part) for span in one.spans) for part in other.spans) or all(
        any(span.contains(part) for span in other.spans) for part in one.spans
    )
    if not inside and overlap(one.spans, other.spans) < 0.5:
        return None
    # A report of a report holds a quote of its own: same words inside, but another cue and another speaker.
    if one.cue and other.cue and not one.cue.overlaps(other.cue) and overlap(one.spans, other.spans) < 0.9:
        return None
    length = {id(quote): sum(span.end - span.start for span in quote.spans) for quote in (one, other)}
    kept, spare = (one, other) if length[id(one)] >= length[id(other)] else (other, one)
    if kept.speaker is None or kept.cue is None:
        kept = kept.model_copy(update={"speaker": kept.speaker or spare.speaker, "cue": kept.cue or spare.cue})
    return kept


QUOTE = Kind(
    name="quotes",
    singular="quote",
    prefix="q",
    draft=QuoteDraft,
    record=Quote,
    template="quotes",
    build=_build,
    anchor=lambda quote: quote.spans,
    merge=_merge,
)
