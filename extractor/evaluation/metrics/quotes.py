"""Quotes: content by kind, cue, speaker given the quote, and both together.

By kind as in the published figures for PolNeAR: a predicted quote that is paired with gold of another kind leaves its
own kind's precision and is found for gold's. "End to end" is a quote that is found and has its speaker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.evaluation.counts import Matches
from extractor.evaluation.metrics.scored import (
    Contents,
    Finding,
    Options,
    Outcome,
    Pairing,
    Scored,
    characters,
    pair_scored,
    same_mention,
    same_source,
    share,
    threshold_name,
    union,
    without,
)
from extractor.evaluation.pairing import EXACT, Content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.evaluation.gold import Labelled, LabelledQuote

QUOTE_KINDS = ("direct", "mixed", "indirect")


def score_quotes(gold: Labelled, predicted: Labelled, options: Options, *, unvoiced: bool = False) -> Scored:
    """Count the quotes of one article.

    Args:
        gold: What was labelled.
        predicted: What a system says.
        options: Thresholds.
        unvoiced: Whether gold has attributions that nobody voiced; then all are scored together too.
    """
    ours, theirs = gold.quotes or (), predicted.quotes or ()
    contents = Contents(gold)
    our_contents = [contents.of(quote.spans) for quote in ours]
    their_contents = [
        contents.of(quote.spans, (quote.cue, quote.speaker.mention if quote.speaker else None)) for quote in theirs
    ]
    outside = [contents.is_left_out(content) for content in our_contents]
    voiced = [quote.speech and not out for quote, out in zip(ours, outside, strict=True)]

    def paired(threshold: float, scored: Sequence[bool]) -> Pairing:
        return pair_scored(
            our_contents,
            their_contents,
            threshold,
            scored=scored,
            left_out=contents.is_left_out,
            agreement=lambda g, p: _agreement(ours[g], theirs[p]),
            order=lambda p: _order(theirs[p]),
        )

    scored = Scored()
    main = paired(options.main, voiced)
    for threshold in options.thresholds:
        name = threshold_name(threshold)
        pairing = main if threshold == options.main else paired(threshold, voiced)
        scored.counts[f"quotes.content@{name}"] = _matches(pairing, ours, theirs)
        for kind in QUOTE_KINDS:
            scored.counts[f"quotes.{kind}@{name}"] = _matches(pairing, ours, theirs, kind)
        if unvoiced:
            everything = paired(threshold, [not out for out in outside])
            scored.counts[f"quotes.attributions@{name}"] = _matches(everything, ours, theirs)
    aside = union(
        [
            *contents.left_out,
            *(c for c, quote, out in zip(our_contents, ours, outside, strict=True) if out or not quote.speech),
        ]
    )
    scored.counts["quotes.characters"] = _characters(our_contents, voiced, their_contents, aside)
    resolvable = gold.entities is not None
    _speakers(scored, "quotes", main, ours, theirs, options, resolvable=resolvable)
    for kind in QUOTE_KINDS:
        _speakers(scored, f"quotes.{kind}", main, ours, theirs, options, kind=kind, resolvable=resolvable)
    scored.counts["quotes.kind"] = share(
        sum(ours[one.gold].kind == theirs[one.predicted].kind for one in main.pairs), len(main.pairs), sum(voiced)
    )
    cues = [(ours[one.gold].cue, theirs[one.predicted].cue) for one in main.pairs]
    right = sum(a is not None and b is not None and a.overlaps(b) for a, b in cues)
    scored.counts["quotes.cue"] = Matches(
        right,
        sum(b is not None for _, b in cues),
        right,
        sum(a is not None for a, _ in cues),
        sum(counts and quote.cue is not None for counts, quote in zip(voiced, ours, strict=True)),
    )
    if predicted.audit is not None:
        scored.counts["quotes.marks"] = _marks(gold, predicted)
    scored.findings = _findings(main, ours, theirs)
    return scored


def _matches(
    pairing: Pairing, ours: Sequence[LabelledQuote], theirs: Sequence[LabelledQuote], kind: str | None = None
) -> Matches:
    found = sum(kind is None or ours[one.gold].kind == kind for one in pairing.pairs)
    missed = sum(kind is None or ours[g].kind == kind for g in pairing.missed)
    spurious = sum(kind is None or theirs[p].kind == kind for p in pairing.spurious)
    return Matches(found, found + spurious, found, found + missed)


def _speakers(
    scored: Scored,
    name: str,
    main: Pairing,
    ours: Sequence[LabelledQuote],
    theirs: Sequence[LabelledQuote],
    options: Options,
    *,
    kind: str | None = None,
    resolvable: bool,
) -> None:
    pairs = [
        (ours[one.gold], theirs[one.predicted]) for one in main.pairs if kind is None or ours[one.gold].kind == kind
    ]
    counts = _matches(main, ours, theirs, kind)
    right = sum(same_mention(a.speaker, b.speaker) for a, b in pairs)
    scored.counts[f"{name}.speaker"] = share(right, len(pairs), int(counts.gold))
    scored.counts[f"{name}.end_to_end@{threshold_name(options.main)}"] = Matches(
        right, counts.predicted, right, counts.gold
    )
    if resolvable:
        resolved = sum(same_source(a.speaker, b.speaker) for a, b in pairs)
        scored.counts[f"{name}.speaker_resolved"] = share(resolved, len(pairs), int(counts.gold))


def _characters(ours: Sequence[Content], scored: Sequence[bool], theirs: Sequence[Content], aside: Content) -> Matches:
    gold = union([content for content, counts in zip(ours, scored, strict=True) if counts])
    predicted = without(union(theirs), without(aside, gold))
    return Matches(*characters(gold, predicted))


def _marks(gold: Labelled, predicted: Labelled) -> Matches:
    """Stretches between quotation marks that a prediction makes part of a quote or lists in its audit, of all."""
    from extractor.evaluation.gold import Stretch
    from extractor.records.article import Article
    from extractor.text.document import Document

    document = Document.of(Article(id=gold.id, text=gold.text))
    accounted = [span for quote in predicted.quotes or () for span in quote.spans]
    accounted += [Stretch.model_validate(entry["span"]) for entry in predicted.audit or ()]
    accounted.sort(key=lambda span: span.start)
    marked = [Stretch(start=one.start, end=one.end) for one in document.marked if one.start < one.end]
    covered = sum(any(span.overlaps(one) for span in accounted) for one in marked)
    return Matches(covered, covered, covered, len(marked))


def _agreement(one: LabelledQuote, other: LabelledQuote) -> float:
    cues = (one.cue is None) == (other.cue is None) and (
        one.cue is None or other.cue is None or one.cue.overlaps(other.cue)
    )
    named = same_source(one.speaker, other.speaker)
    return (4 * same_mention(one.speaker, other.speaker) + 2 * named + (one.kind == other.kind) + cues / 2) / 8


def _order(quote: LabelledQuote) -> tuple[str, ...]:
    return quote.kind, str(quote.speaker), str(quote.cue)


def _findings(main: Pairing, ours: Sequence[LabelledQuote], theirs: Sequence[LabelledQuote]) -> list[Finding]:
    findings = [Finding("quotes", "miss", gold=ours[g]) for g in main.missed]
    findings += [Finding("quotes", "spurious", predicted=theirs[p]) for p in main.spurious]
    for one in main.pairs:
        a, b = ours[one.gold], theirs[one.predicted]
        wrong: list[Outcome] = []
        if one.alike < EXACT:
            wrong.append("boundary")
        if a.kind != b.kind:
            wrong.append("kind")
        if not same_mention(a.speaker, b.speaker):
            wrong.append("speaker")
        if wrong:
            findings.append(Finding("quotes", wrong[-1], a, b, one.alike, tuple(wrong[:-1])))
    return findings
