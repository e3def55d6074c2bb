"""Pairing: predicted and gold items, one to one, by optimal assignment.

What two items are compared by is their content: the letters and digits that they cover, in however many spans. So outer
quotation marks, commas, stops and white space count for nothing, and "the same" means the same letters.

Of all pairings of items that are at least `threshold` alike (Jaccard index), the one is taken that has the most exact
pairs; of those, the one with the most pairs; of those, the one whose pairs are most alike, and agree best in what else
is scored of them. Equals are told apart by what they hold, never by their order, so shuffling changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from extractor.evaluation.gold import Stretch

Content = tuple[tuple[int, int], ...]
"""Stretches, in order and apart, counted in letters and digits from the article's beginning. What has neither letters
nor digits ("?!") is a single stretch of raw offsets, as negative numbers: it is like nothing else."""

EXACT = 1.0

NOWHERE: Content = ((-(10**12), 1 - 10**12),)
"""The content of what a prediction says to stand where it does not: like nothing that gold has."""


class Pair(NamedTuple):
    """A gold item and a predicted one, by their indices."""

    gold: int
    predicted: int
    alike: float
    """Jaccard index of their contents, from 0 to 1."""


class Letters:
    """The letters and digits of a text, counted."""

    def __init__(self, text: str) -> None:
        self._before = [0, *accumulate(map(str.isalnum, text))]

    def content(self, spans: Iterable[Stretch]) -> Content:
        """What spans cover, in letters and digits."""
        before = self._before
        raw = sorted((span.start, span.end) for span in spans)
        merged: list[tuple[int, int]] = []
        for start, end in raw:
            first, last = before[start], before[end]
            if first == last:
                continue
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        if not merged:
            return tuple((-end - 1, -start - 1) for start, end in reversed(raw))
        return tuple(merged)


def size(content: Content) -> int:
    """How many letters and digits it has."""
    return sum(end - start for start, end in content)


def shared(one: Content, other: Content) -> int:
    """How many letters and digits two contents share."""
    if len(one) == len(other) == 1:
        return max(0, min(one[0][1], other[0][1]) - max(one[0][0], other[0][0]))
    return sum(max(0, min(b, d) - max(a, c)) for a, b in one for c, d in other)


def jaccard(one: Content, other: Content) -> float:
    """How alike two contents are: what they share of what they cover together."""
    common = shared(one, other)
    return common / (size(one) + size(other) - common) if common else 0.0


def pair(
    gold: Sequence[Content],
    predicted: Sequence[Content],
    threshold: float,
    *,
    agreement: Callable[[int, int], float] | None = None,
    order: Callable[[int], Hashable] | None = None,
) -> list[Pair]:
    """The best pairing, in order of gold.

    Args:
        gold: What each gold item covers.
        predicted: The same of the predicted ones.
        threshold: Least Jaccard index of a pair; 1 for exact pairs only. Above 0.
        agreement: How well two items (indices into gold and predicted) agree otherwise, from 0 to 1: settles ties.
        order: Anything sortable about a predicted item that tells it from others of equal content.
    """
    agree = agreement or (lambda _gold, _predicted: 0.0)
    told_apart = order or (lambda _predicted: 0)
    pairs: list[Pair] = []
    by_content: dict[Content, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for index, content in enumerate(gold):
        by_content[content][0].append(index)
    for index, content in enumerate(predicted):
        by_content[content][1].append(index)
    left_gold: list[int] = []
    left_predicted: list[int] = []
    for ours, theirs in by_content.values():
        if len(ours) > 1 or len(theirs) > 1:
            theirs.sort(key=lambda p: (told_apart(p),))
        if ours and theirs:
            edges = {(g, p): EXACT for g in ours for p in theirs}
            matched = _assign(ours, theirs, edges, agree) if len(edges) > 1 else [Pair(ours[0], theirs[0], EXACT)]
            pairs += matched
            used_gold, used_predicted = {one.gold for one in matched}, {one.predicted for one in matched}
            left_gold += [g for g in ours if g not in used_gold]
            left_predicted += [p for p in theirs if p not in used_predicted]
        else:
            left_gold += ours
            left_predicted += theirs
    if threshold < EXACT and left_gold and left_predicted:
        left_predicted.sort(key=lambda p: (predicted[p], told_apart(p)))
        left_gold.sort(key=lambda g: gold[g])
        edges = {
            (g, p): alike
            for g in left_gold
            for p in left_predicted
            if predicted[p][0][0] < gold[g][-1][1]
            and gold[g][0][0] < predicted[p][-1][1]
            and (alike := jaccard(gold[g], predicted[p])) >= threshold
        }
        for ours, theirs, component in components(edges):
            pairs += _assign(ours, theirs, component, agree)
    return sorted(pairs)


def components(
    edges: dict[tuple[int, int], float],
) -> list[tuple[list[int], list[int], dict[tuple[int, int], float]]]:
    """The parts of a bipartite graph that hang together: their gold items, their predicted ones, their edges."""
    of_gold: dict[int, list[int]] = defaultdict(list)
    of_predicted: dict[int, list[int]] = defaultdict(list)
    for g, p in edges:
        of_gold[g].append(p)
        of_predicted[p].append(g)
    seen: set[int] = set()
    found = []
    for first in of_gold:
        if first in seen:
            continue
        seen.add(first)
        ours, theirs, waiting = [first], [], [first]
        reached: set[int] = set()
        while waiting:
            for p in of_gold[waiting.pop()]:
                if p in reached:
                    continue
                reached.add(p)
                theirs.append(p)
                for g in of_predicted[p]:
                    if g not in seen:
                        seen.add(g)
                        ours.append(g)
                        waiting.append(g)
        found.append((ours, theirs, {(g, p): edges[g, p] for g in ours for p in of_gold[g]}))
    return found


def _assign(
    ours: list[int],
    theirs: list[int],
    edges: dict[tuple[int, int], float],
    agree: Callable[[int, int], float],
) -> list[Pair]:
    """The most pairs; of those the most alike in all; of those the ones that agree best."""
    if len(edges) == 1:
        ((g, p), alike) = next(iter(edges.items()))
        return [Pair(g, p, alike)]
    chosen = best_assignment(
        ours, theirs, {(g, p): 1.0 + alike / (len(ours) + 1) + agree(g, p) * 1e-9 for (g, p), alike in edges.items()}
    )
    return [Pair(g, p, edges[g, p]) for g, p in chosen]


_FEW = 5
"""Edges of which all matchings are tried sooner than a matrix is built: most components are as small."""


def _best_of_few(
    edges: Sequence[tuple[int, int]], weights: dict[tuple[int, int], float]
) -> tuple[float, list[tuple[int, int]]]:
    if not edges:
        return 0.0, []
    (g, p), *rest = edges
    without = _best_of_few(rest, weights)
    worth, chosen = _best_of_few([(a, b) for a, b in rest if a != g and b != p], weights)
    worth += weights[g, p]
    return (worth, [(g, p), *chosen]) if worth > without[0] else without


def best_assignment(
    ours: Sequence[int], theirs: Sequence[int], weights: dict[tuple[int, int], float]
) -> list[tuple[int, int]]:
    """The one-to-one assignment of the greatest total weight (scipy's modified Jonker-Volgenant algorithm)."""
    if len(ours) == 1 or len(theirs) == 1:
        return [max(weights, key=weights.__getitem__)]
    if len(weights) <= _FEW:
        return _best_of_few(sorted(weights), weights)[1]
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    rows, columns = {g: i for i, g in enumerate(ours)}, {p: j for j, p in enumerate(theirs)}
    matrix = np.zeros((len(ours), len(theirs)))
    for (g, p), weight in weights.items():
        matrix[rows[g], columns[p]] = weight
    chosen = zip(*linear_sum_assignment(matrix, maximize=True), strict=True)
    return [(ours[i], theirs[j]) for i, j in chosen if (ours[i], theirs[j]) in weights]
