"""Claims: where the evidence stands, and given that, what is said, by whom, and of what kind.

Claims of the same sentence often share their evidence: which belongs to which is settled by how alike their texts are.
"""

from __future__ import annotations

from functools import lru_cache
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
from extractor.evaluation.pairing import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.evaluation.gold import Labelled, LabelledClaim


def score_claims(gold: Labelled, predicted: Labelled, options: Options) -> Scored:
    """Count the claims of one article."""
    ours, theirs = gold.claims or (), predicted.claims or ()
    contents = Contents(gold)
    our_contents = [contents.of(claim.evidence) for claim in ours]
    their_contents = [
        contents.of(claim.evidence, (claim.claimant.mention if claim.claimant else None,)) for claim in theirs
    ]
    counted = [not contents.is_left_out(content) for content in our_contents]

    def paired(threshold: float) -> Pairing:
        return pair_scored(
            our_contents,
            their_contents,
            threshold,
            scored=counted,
            left_out=contents.is_left_out,
            agreement=lambda g, p: _agreement(ours[g], theirs[p]),
            order=lambda p: (theirs[p].text, theirs[p].kind, str(theirs[p].claimant)),
        )

    scored = Scored()
    main = paired(options.main)
    for threshold in options.thresholds:
        pairing = main if threshold == options.main else paired(threshold)
        right = len(pairing.pairs)
        scored.counts[f"claims.evidence@{threshold_name(threshold)}"] = Matches(
            right, right + len(pairing.spurious), right, right + len(pairing.missed)
        )
    everything = union([content for content, counts in zip(our_contents, counted, strict=True) if counts])
    aside = without(
        union([*contents.left_out, *(c for c, counts in zip(our_contents, counted, strict=True) if not counts)]),
        everything,
    )
    scored.counts["claims.characters"] = Matches(*characters(everything, without(union(their_contents), aside)))
    pairs = [(ours[one.gold], theirs[one.predicted]) for one in main.pairs]
    possible, judged = sum(counted), len(pairs)
    scored.counts["claims.text"] = share(sum(alike_texts(a.text, b.text) for a, b in pairs), judged, possible)
    scored.counts["claims.kind"] = share(sum(a.kind == b.kind for a, b in pairs), judged, possible)
    scored.counts["claims.claimant"] = share(
        sum(same_mention(a.claimant, b.claimant) for a, b in pairs), judged, possible
    )
    if gold.entities is not None:
        scored.counts["claims.claimant_resolved"] = share(
            sum(same_source(a.claimant, b.claimant) for a, b in pairs), judged, possible
        )
    scored.findings = _findings(main, ours, theirs)
    return scored


def alike_texts(one: str, other: str) -> float:
    """How alike two claims' texts are, from 0 to 1: normalised indel similarity of the folded texts (rapidfuzz)."""
    return _alike(one, other)


@lru_cache(maxsize=4096)
def _alike(one: str, other: str) -> float:
    from rapidfuzz import fuzz

    from extractor.grounding.fold import fold

    return float(fuzz.ratio(fold(one).lower, fold(other).lower)) / 100


def _agreement(one: LabelledClaim, other: LabelledClaim) -> float:
    who = same_mention(one.claimant, other.claimant)
    return (8 * alike_texts(one.text, other.text) + 2 * who + (one.kind == other.kind)) / 11


def _findings(main: Pairing, ours: Sequence[LabelledClaim], theirs: Sequence[LabelledClaim]) -> list[Finding]:
    findings = [Finding("claims", "miss", gold=ours[g]) for g in main.missed]
    findings += [Finding("claims", "spurious", predicted=theirs[p]) for p in main.spurious]
    for one in main.pairs:
        a, b = ours[one.gold], theirs[one.predicted]
        wrong: list[Outcome] = []
        if one.alike < EXACT:
            wrong.append("boundary")
        if a.kind != b.kind:
            wrong.append("kind")
        if not same_mention(a.claimant, b.claimant):
            wrong.append("claimant")
        if wrong:
            findings.append(Finding("claims", wrong[-1], a, b, one.alike, tuple(wrong[:-1])))
    return findings
