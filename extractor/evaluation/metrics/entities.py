"""Entities: mentions as in SemEval-2013 task 9.1, things by name, and which mentions belong to one thing (B-cubed).

Mentions are compared by their offsets as they are. The four ways of SemEval (Segura-Bedmar et al. 2013): `strict` (ends
and type), `exact` (ends), `partial` (any overlap is worth a half), `type` (any overlap, and the type). B-cubed after
Bagga and Baldwin 1998, of the mentions that both have (`linking`), and of all, those that only one has counting nothing
(`linking_end_to_end`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from extractor.evaluation.counts import Matches, SemEval
from extractor.evaluation.gold import ENTITY_TYPES, forms
from extractor.evaluation.metrics.scored import Finding, Outcome, Scored
from extractor.evaluation.pairing import best_assignment, components

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.evaluation.gold import Labelled, LabelledEntity


class Mention(NamedTuple):
    """A place where a name stands."""

    start: int
    end: int
    type: str
    entity: int
    """Index of the entity."""


@dataclass(frozen=True)
class MentionPairs:
    """Which mentions of gold and prediction belong together, by their indices."""

    same: list[tuple[int, int]]
    """Equal ends and type."""
    same_ends: list[tuple[int, int]]
    """Of the rest, equal ends."""
    overlapping: list[tuple[int, int]]
    """Of the rest, whatever overlaps: the most pairs, and of those the most alike."""
    left: tuple[list[int], list[int]]
    """What the first of these leaves, of either side."""

    def all(self) -> list[tuple[int, int]]:
        """All pairs."""
        return [*self.same, *self.same_ends, *self.overlapping]


def score_entities(gold: Labelled, predicted: Labelled) -> Scored:
    """Count the entities of one article: mentions, names, linking."""
    scored_types = None if gold.scored_types is None else frozenset(gold.scored_types)
    ours = _mentions(gold.entities or (), gold, scored_types)
    theirs = _mentions(predicted.entities or (), gold, scored_types)
    pairs = pair_mentions(ours, theirs)
    scored = Scored(dict(_semeval(ours, theirs, pairs)))
    of_ours, of_theirs = Counter([one.type for one in ours]), Counter([one.type for one in theirs])
    right = Counter([ours[g].type for g, _ in pairs.same])
    for type_ in ENTITY_TYPES:
        scored.counts[f"entities.{type_}.strict"] = Matches(
            right[type_], of_theirs[type_], right[type_], of_ours[type_]
        )
    scored.counts.update(_names(gold, predicted, {one.entity for one in ours}, {one.entity for one in theirs}))
    scored.counts.update(b_cubed(ours, theirs, pairs.all()))
    scored.findings = _findings(gold, predicted, ours, theirs, pairs)
    return scored


def semeval(ours: Sequence[Mention], theirs: Sequence[Mention]) -> dict[str, SemEval]:
    """The counts of the four ways, of one article. Identical mentions are paired first, then the most of the rest."""
    return _semeval(ours, theirs, pair_mentions(ours, theirs))


def _semeval(ours: Sequence[Mention], theirs: Sequence[Mention], pairs: MentionPairs) -> dict[str, SemEval]:
    n, m, typed = len(ours), len(theirs), len(pairs.same)
    bounded, overlapping = typed + len(pairs.same_ends), len(pairs.overlapping)
    left_ours, left_theirs = ([side[i] for i in left] for side, left in zip((ours, theirs), pairs.left, strict=True))
    edges = _overlaps(left_ours, left_theirs)
    incorrect = len(_assigned(edges))
    by_type = {(g, p): 2.0 if left_ours[g].type == left_theirs[p].type else 0.0 for g, p in edges}
    chosen = _assigned(by_type, first=2.0)
    same_type = sum(by_type[edge] > 0 for edge in chosen)

    def counts(correct: int, wrong: int, partial: int = 0) -> SemEval:
        paired = correct + wrong + partial
        return SemEval(correct, wrong, partial, n - paired, m - paired)

    return {
        "entities.strict": counts(typed, incorrect),
        "entities.exact": counts(bounded, overlapping),
        "entities.partial": counts(bounded, 0, overlapping),
        "entities.type": counts(typed + same_type, len(chosen) - same_type),
    }


def pair_mentions(ours: Sequence[Mention], theirs: Sequence[Mention]) -> MentionPairs:
    """Pair the mentions that are the same, then those with the same ends, then whatever overlaps."""
    same, left_ours, left_theirs = _equal(ours, theirs, range(len(ours)), range(len(theirs)), 3)
    same_ends, rest_ours, rest_theirs = _equal(ours, theirs, left_ours, left_theirs, 2)
    mine, others = [ours[g] for g in rest_ours], [theirs[p] for p in rest_theirs]
    alike = {
        (g, p): _jaccard(mine[g], others[p]) + (mine[g].type == others[p].type) / 4 for g, p in _overlaps(mine, others)
    }
    overlapping = [(rest_ours[g], rest_theirs[p]) for g, p in _assigned(alike)]
    return MentionPairs(same, same_ends, overlapping, (left_ours, left_theirs))


def _equal(
    ours: Sequence[Mention], theirs: Sequence[Mention], of_ours: Sequence[int], of_theirs: Sequence[int], width: int
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pairs of mentions that are equal in their first fields, in order, and what is left of either side."""
    waiting: dict[tuple[object, ...], list[int]] = {}
    for p in reversed(of_theirs):
        waiting.setdefault(theirs[p][:width], []).append(p)
    pairs: list[tuple[int, int]] = []
    left = []
    for g in of_ours:
        candidates = waiting.get(ours[g][:width])
        if candidates:
            pairs.append((g, candidates.pop()))
        else:
            left.append(g)
    used = {p for _, p in pairs}
    return pairs, left, [p for p in of_theirs if p not in used]


def b_cubed(ours: Sequence[Mention], theirs: Sequence[Mention], pairs: Sequence[tuple[int, int]]) -> dict[str, Matches]:
    """B-cubed over the mentions that were paired, and over all."""
    together = Counter((ours[g].entity, theirs[p].entity) for g, p in pairs)
    of_ours, of_theirs = Counter(ours[g].entity for g, _ in pairs), Counter(theirs[p].entity for _, p in pairs)
    all_ours, all_theirs = Counter(one.entity for one in ours), Counter(one.entity for one in theirs)
    right = found = all_right = all_found = 0.0
    for (g, p), count in together.items():
        right += count * count / of_theirs[p]
        found += count * count / of_ours[g]
        all_right += count * count / all_theirs[p]
        all_found += count * count / all_ours[g]
    return {
        "entities.linking": Matches(right, len(pairs), found, len(pairs), len(ours)),
        "entities.linking_end_to_end": Matches(all_right, len(theirs), all_found, len(ours)),
    }


def _mentions(entities: Iterable[LabelledEntity], gold: Labelled, scored_types: frozenset[str] | None) -> list[Mention]:
    """The mentions that count, in order of place; one that does not stand in the text stays, and matches nothing."""
    text, length, left_out = gold.text, len(gold.text), gold.not_scored
    found = []
    for index, entity in enumerate(entities):
        type_ = entity.type
        if scored_types is not None and type_ not in scored_types:
            continue
        for number, span in enumerate(entity.mentions):
            start, end, said = span.start, span.end, span.text
            if not (start < end <= length and (said is None or text[start:end] == said)):
                far = -2 * (index * 1_000_003 + number) - 2
                found.append(Mention(far, far + 1, type_, index))
            elif not left_out or not any(start < b and a < end for a, b in left_out):
                found.append(Mention(start, end, type_, index))
    return sorted(found)


def _names(gold: Labelled, predicted: Labelled, ours: set[int], theirs: set[int]) -> dict[str, Matches]:
    """Things by name, one to one: `names` by the full name, `names_any` by any form of it."""
    mine = [forms(one) for index, one in enumerate(gold.entities or ()) if index in ours]
    others = [forms(one) for index, one in enumerate(predicted.entities or ()) if index in theirs]
    full = sum((Counter(name for name, _ in mine) & Counter(name for name, _ in others)).values())
    by_form: dict[str, list[int]] = defaultdict(list)
    for p, (_, known) in enumerate(others):
        for form in known:
            by_form[form].append(p)
    edges = {
        (g, p): float(name == others[p][0])
        for g, (name, known) in enumerate(mine)
        for form in known
        for p in by_form.get(form, ())
    }
    anyhow = len(_assigned(edges))
    return {
        "entities.names": Matches(full, len(others), full, len(mine)),
        "entities.names_any": Matches(anyhow, len(others), anyhow, len(mine)),
    }


def _overlaps(ours: Sequence[Mention], theirs: Sequence[Mention]) -> dict[tuple[int, int], float]:
    """Which of two lists of mentions share a character; each list may overlap itself."""
    if not ours or not theirs:
        return {}
    order = sorted(range(len(theirs)), key=lambda p: theirs[p].start)
    starts = [theirs[p].start for p in order]
    longest = max(one.end - one.start for one in theirs)
    edges = {}
    for g, one in enumerate(ours):
        for at in range(bisect_left(starts, one.start - longest + 1), len(order)):
            other = theirs[order[at]]
            if other.start >= one.end:
                break
            if other.end > one.start:
                edges[g, order[at]] = 0.0
    return edges


def _assigned(edges: dict[tuple[int, int], float], *, first: float | None = None) -> list[tuple[int, int]]:
    """The most pairs, and of those the greatest total weight; edges of weight `first` go before the number of pairs."""
    if len({g for g, _ in edges}) == len(edges) == len({p for _, p in edges}):
        return list(edges)
    chosen: list[tuple[int, int]] = []
    for ours, theirs, component in components(edges):
        if len(component) == 1:
            chosen += component
            continue
        bound = 2.0 * (min(len(ours), len(theirs)) + 1)
        weights = {
            edge: bound * bound if first is not None and weight >= first else bound + weight
            for edge, weight in component.items()
        }
        chosen += best_assignment(ours, theirs, weights)
    return chosen


def _jaccard(one: Mention, other: Mention) -> float:
    common = min(one.end, other.end) - max(one.start, other.start)
    return common / (one.end - one.start + other.end - other.start - common)


def _findings(
    gold: Labelled,
    predicted: Labelled,
    ours: Sequence[Mention],
    theirs: Sequence[Mention],
    pairs: MentionPairs,
) -> list[Finding]:
    def shown(one: Mention, labelled: Labelled) -> dict[str, object]:
        entity = (labelled.entities or ())[one.entity]
        return {"start": one.start, "end": one.end, "type": one.type, "name": entity.name}

    found, right = {g for g, _ in pairs.all()}, {p for _, p in pairs.all()}
    findings = [Finding("entities", "miss", gold=shown(one, gold)) for g, one in enumerate(ours) if g not in found]
    findings += [
        Finding("entities", "spurious", predicted=shown(one, predicted))
        for p, one in enumerate(theirs)
        if p not in right
    ]
    for g, p in (*pairs.same_ends, *pairs.overlapping):
        a, b = ours[g], theirs[p]
        wrong: list[Outcome] = []
        if a[:2] != b[:2]:
            wrong.append("boundary")
        if a.type != b.type:
            wrong.append("type")
        findings.append(
            Finding("entities", wrong[-1], shown(a, gold), shown(b, predicted), _jaccard(a, b), tuple(wrong[:-1]))
        )
    return findings
