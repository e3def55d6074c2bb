"""What all metrics have in common: options, which items count, and what comes of scoring one article."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from extractor.evaluation.counts import Counts, Share
from extractor.evaluation.gold import folded_name
from extractor.evaluation.pairing import EXACT, NOWHERE, Content, Letters, Pair, pair, shared, size

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from extractor.evaluation.gold import Labelled, LabelledEntity, LabelledSource, Stretch

Outcome = Literal[
    "miss",
    "spurious",
    "boundary",
    "type",
    "kind",
    "speaker",
    "claimant",
    "unentailed",
    "dependent",
    "compound",
    "uncovered",
]
"""What is wrong: not found, found though not there, found with other ends, of another type or kind, or with another
speaker or claimant; and what a judge finds: not entailed, not self-contained, not atomic, covered by no claim."""


@dataclass(frozen=True)
class Options:
    """How to score."""

    thresholds: tuple[float, ...] = (EXACT, 0.5, 0.8)
    """Least Jaccard indices at which contents are counted as found; each gives figures of its own."""
    main: float = 0.5
    """The one by which items are paired to score what else they say: speaker, cue, claimant, kind."""


@dataclass(frozen=True)
class Finding:
    """One item of gold, one of a prediction, or a pair of them, for people to look at."""

    kind: str
    outcome: Outcome
    gold: Any = None
    predicted: Any = None
    alike: float = 0.0
    also: tuple[Outcome, ...] = ()
    """What else is wrong with the pair."""


@dataclass
class Scored:
    """What came of scoring one article, or one kind of it."""

    counts: dict[str, Counts] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """What is wrong."""

    def update(self, other: Scored) -> None:
        """Take in another kind's."""
        self.counts.update(other.counts)
        self.findings += other.findings


def threshold_name(threshold: float) -> str:
    """How a threshold is written in a metric's name: "exact", "0.5"."""
    return "exact" if threshold >= EXACT else f"{threshold:g}"


class Contents:
    """The contents of an article's items, gold's and predicted."""

    def __init__(self, gold: Labelled) -> None:
        self.text = gold.text
        self.letters = Letters(gold.text)
        self.left_out = [self.letters.content(one) for one in _stretches(gold)]

    def of(self, spans: Sequence[Stretch], beside: Sequence[Stretch | None] = ()) -> Content:
        """What spans cover; `NOWHERE` if one of them, or of those beside them, is not in the text as it says."""
        if not all(span.stands_in(self.text) for span in (*spans, *(one for one in beside if one is not None))):
            return NOWHERE
        return self.letters.content(spans)

    def is_left_out(self, content: Content) -> bool:
        """Whether it reaches into a stretch that is not scored."""
        return any(shared(content, stretch) for stretch in self.left_out)


def _stretches(gold: Labelled) -> list[tuple[Stretch, ...]]:
    from extractor.evaluation.gold import Stretch

    length = len(gold.text)
    return [(Stretch(start=max(0, a), end=min(length, b)),) for a, b in gold.not_scored if max(0, a) < min(length, b)]


@dataclass(frozen=True)
class Pairing:
    """Which items belong together, and which of the others count."""

    pairs: list[Pair]
    missed: list[int]
    spurious: list[int]


def pair_scored(
    gold: Sequence[Content],
    predicted: Sequence[Content],
    threshold: float,
    *,
    scored: Sequence[bool],
    left_out: Callable[[Content], bool],
    agreement: Callable[[int, int], float],
    order: Callable[[int], Hashable],
) -> Pairing:
    """Pair what is scored; what is left over and may be neither hit nor miss is dropped.

    Args:
        gold: Contents of all gold items.
        predicted: Contents of all predicted items.
        threshold: As for `pair`.
        scored: Whether each gold item counts; one that does not takes a prediction away if no other gold item wants it.
        left_out: Whether a content lies where nothing is scored: unpaired predictions there are dropped.
        agreement: As for `pair`.
        order: As for `pair`.
    """
    ours = [g for g, counts in enumerate(scored) if counts]
    first = pair(
        [gold[g] for g in ours], predicted, threshold, agreement=lambda g, p: agreement(ours[g], p), order=order
    )
    pairs = [Pair(ours[one.gold], one.predicted, one.alike) for one in first]
    used = {one.predicted for one in pairs}
    rest = [p for p in range(len(predicted)) if p not in used]
    others = [g for g, counts in enumerate(scored) if not counts]
    if others and rest:
        second = pair(
            [gold[g] for g in others], [predicted[p] for p in rest], threshold, order=lambda p: order(rest[p])
        )
        dropped = {rest[one.predicted] for one in second}
        rest = [p for p in rest if p not in dropped]
    found = {one.gold for one in pairs}
    return Pairing(sorted(pairs), [g for g in ours if g not in found], [p for p in rest if not left_out(predicted[p])])


def union(contents: Sequence[Content]) -> Content:
    """What several contents cover together."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretch for content in contents for stretch in content):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def without(content: Content, taken: Content) -> Content:
    """What of a content lies outside another."""
    left: list[tuple[int, int]] = []
    for start, end in content:
        at = start
        for a, b in taken:
            if b <= at or a >= end:
                continue
            if a > at:
                left.append((at, a))
            at = max(at, b)
        if at < end:
            left.append((at, end))
    return tuple(left)


def characters(gold: Content, predicted: Content) -> tuple[int, int, int, int]:
    """Letters and digits: right among the predicted, predicted, found of gold, gold."""
    common = shared_of_unions(gold, predicted)
    return common, size(predicted), common, size(gold)


def shared_of_unions(one: Content, other: Content) -> int:
    """`shared` of two contents in time that grows with their length, not its square."""
    total = at = 0
    for start, end in one:
        while at < len(other) and other[at][1] <= start:
            at += 1
        index = at
        while index < len(other) and other[index][0] < end:
            total += min(end, other[index][1]) - max(start, other[index][0])
            index += 1
    return total


def same_mention(one: LabelledSource | None, other: LabelledSource | None) -> bool:
    """Whether two sources are mentioned at the same place (they share a character); or neither is there at all.

    Where one of the two gives no place, the names are compared.
    """
    if one is None or other is None:
        return one is other
    if one.mention is not None and other.mention is not None:
        return one.mention.overlaps(other.mention)
    return bool(one.name) and bool(other.name) and folded_name(one.name or "") == folded_name(other.name or "")


def same_source(one: LabelledSource | None, other: LabelledSource | None) -> bool:
    """Whether a predicted source (`other`) is resolved to the one that gold names.

    A source with a name has to be given that name, the fullest in the article. One without has to be mentioned at the
    same place, and not to be taken for a named one.
    """
    if one is None or other is None:
        return one is other
    if one.name and other.name and folded_name(one.name) == folded_name(other.name):
        return True
    return one.entity is None and other.entity is None and same_mention(one, other)


def share(right: float, judged: int, gold: int) -> Share:
    """A share, with the number of gold items it could have been of."""
    return Share(right, judged, gold)


def first_start(entity: LabelledEntity) -> int:
    """Where an entity is first mentioned."""
    return min((span.start for span in entity.mentions), default=0)
