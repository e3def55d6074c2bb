"""Entity figures: against trying everything, against nervaluate, and by hand."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nervaluate.entities import Entity
from nervaluate.strategies import (
    EntityTypeEvaluation,
    ExactEvaluation,
    PartialEvaluation,
    StrictEvaluation,
)

from extractor.evaluation.counts import SemEval
from extractor.evaluation.metrics.entities import Mention, b_cubed, pair_mentions, score_entities, semeval
from tests.evaluation.brute_force import best
from tests.evaluation.data import TEXT, TYPES, at, gold_of, span

if TYPE_CHECKING:
    from collections.abc import Sequence

NERVALUATE = {
    "entities.strict": StrictEvaluation(),
    "entities.exact": ExactEvaluation(),
    "entities.partial": PartialEvaluation(),
    "entities.type": EntityTypeEvaluation(),
}


@st.composite
def mentions(draw: st.DrawFn, most: int = 4) -> list[Mention]:
    places = st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from(TYPES), st.integers(0, 2))
    drawn = draw(st.lists(places, max_size=most))
    return sorted(Mention(start, start + length, type_, entity) for start, length, type_, entity in drawn)


def overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def worth_of(way: str, ours: Sequence[Mention], theirs: Sequence[Mention]) -> Any:
    """(correct first, then pairs) as `semeval` defines each way; identical mentions go first."""

    def worth(pairs: Sequence[tuple[int, int]]) -> tuple[float, ...] | None:
        both = [(ours[g], theirs[p]) for g, p in pairs]
        if not all(overlap(a, b) for a, b in both):
            return None
        same_ends = sum(a[:2] == b[:2] for a, b in both)
        same = sum(a[:3] == b[:3] for a, b in both)
        same_type = sum(a.type == b.type for a, b in both)
        if way == "entities.strict":
            return same, len(both)
        if way == "entities.type":
            return same, same_type, len(both)
        return same_ends, len(both)

    return worth


@settings(max_examples=200, deadline=None)
@given(mentions(), mentions())
def test_counts_are_those_of_the_best_of_all_pairings(ours: list[Mention], theirs: list[Mention]) -> None:
    counts = semeval(ours, theirs)
    for way, one in counts.items():
        expected = best(len(ours), len(theirs), worth_of(way, ours, theirs))
        pairs = one.correct + one.incorrect + one.partial
        if way == "entities.type":
            assert (one.correct, pairs) == expected[1:], way
        else:
            assert (one.correct, pairs) == expected, way
        assert one.missed == len(ours) - pairs
        assert one.spurious == len(theirs) - pairs


def nervaluate(way: str, ours: Sequence[Mention], theirs: Sequence[Mention]) -> SemEval:
    """Nervaluate's counts; it takes an end as the last character's own offset."""
    true, predicted = ([Entity(one.type, one.start, one.end - 1) for one in side] for side in (ours, theirs))
    result, _ = NERVALUATE[way].evaluate(true, predicted, list(TYPES))
    return SemEval(result.correct, result.incorrect, result.partial, result.missed, result.spurious)


def plain(side: Sequence[Mention]) -> bool:
    return all(not overlap(one, other) for one, other in itertools.combinations(side, 2))


def unambiguous(ours: Sequence[Mention], theirs: Sequence[Mention]) -> bool:
    """Whether no mention overlaps more than one of the other side: then there is only one pairing."""
    return all(sum(overlap(one, other) for other in theirs) <= 1 for one in ours) and all(
        sum(overlap(one, other) for other in ours) <= 1 for one in theirs
    )


@settings(max_examples=300, deadline=None)
@given(mentions(), mentions())
def test_nervaluate_agrees_where_there_is_only_one_pairing(ours: list[Mention], theirs: list[Mention]) -> None:
    assume(plain(ours) and plain(theirs) and unambiguous(ours, theirs))
    counts = semeval(ours, theirs)
    for way in NERVALUATE:
        assert counts[way] == nervaluate(way, ours, theirs), way


@settings(max_examples=300, deadline=None)
@given(mentions(), mentions())
def test_where_nervaluate_differs_its_pairing_is_no_better(ours: list[Mention], theirs: list[Mention]) -> None:
    """Its search takes the first overlap: it never finds more that is right, and often less.

    `type` apart, where giving up an identical pair can free two others; the most that is then possible bounds both.
    """
    counts = semeval(ours, theirs)
    for way in NERVALUATE:
        credit = nervaluate(way, ours, theirs).vector()[0]
        if way != "entities.type":
            assert credit <= counts[way].vector()[0], way
            continue

        def typed(pairs: Sequence[tuple[int, int]]) -> tuple[float, ...] | None:
            both = [(ours[g], theirs[p]) for g, p in pairs]
            return (len(both),) if all(overlap(a, b) and a.type == b.type for a, b in both) else None

        assert credit <= best(len(ours), len(theirs), typed)[0]


def test_nervaluate_lets_an_overlap_hide_an_exact_match() -> None:
    ours = [Mention(0, 4, "person", 0), Mention(2, 9, "person", 1)]
    theirs = [Mention(1, 9, "person", 0), Mention(2, 9, "person", 1), Mention(0, 4, "person", 2)]
    assert semeval(ours, theirs)["entities.strict"] == SemEval(2, 0, 0, 0, 1)
    assert nervaluate("entities.strict", ours, theirs).correct < 2


def test_a_shift_by_one_character() -> None:
    gold = {"article": {"id": "a", "text": TEXT}, "entities": [entity("person", "Ann Lee", at("Ann Lee"))]}
    shifted = {"article": {"id": "a", "text": TEXT}, "entities": [entity("person", "Ann Lee", span(0, 6))]}
    counts = score_entities(*(next(iter(gold_of([one]).articles.values())) for one in (gold, shifted))).counts
    f1 = {name: one.f1 for name, one in counts.items()}
    assert f1["entities.strict"] == f1["entities.exact"] == 0
    assert f1["entities.partial"] == 0.5
    assert f1["entities.type"] == 1


def entity(type_: str, name: str, *mentions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": type_, "name": name, "mentions": list(mentions), **more}


def scored(gold: dict[str, Any], predicted: list[dict[str, Any]]) -> dict[str, Any]:
    record = {"article": {"id": "a", "text": TEXT}, "entities": predicted}
    ours, theirs = (next(iter(gold_of([one]).articles.values())) for one in (gold, record))
    return dict(score_entities(ours, theirs).counts)


def test_types_that_were_not_labelled_are_neither_hit_nor_miss() -> None:
    gold = {
        "article": {"id": "a", "text": TEXT},
        "entities": [entity("person", "Bo", at("Bo"))],
        "scored_types": ["person"],
    }
    without = scored(gold, [entity("person", "Bo", at("Bo"))])
    assert scored(gold, [entity("person", "Bo", at("Bo")), entity("organization", "EU", at("EU"))]) == without
    assert without["entities.strict"].f1 == 1


def test_stretches_that_are_not_scored_are_neither_hit_nor_miss() -> None:
    gold = {
        "article": {"id": "a", "text": TEXT},
        "entities": [entity("person", "Bo", at("Bo")), entity("organization", "EU", at("EU"))],
        "not_scored": [[at("EU")["start"], at("EU")["end"]]],
    }
    counts = scored(gold, [entity("person", "Bo", at("Bo")), entity("location", "EU", at("EU"))])
    assert counts["entities.strict"] == SemEval(1, 0, 0, 0, 0)


def test_a_mention_whose_text_is_elsewhere_is_spurious() -> None:
    gold = {"article": {"id": "a", "text": TEXT}, "entities": [entity("person", "Bo", at("Bo"))]}
    wrong = {**at("Bo"), "text": "Al"}
    assert scored(gold, [entity("person", "Bo", wrong)])["entities.partial"] == SemEval(0, 0, 0, 1, 1)


def test_names_by_full_name_and_by_any_form() -> None:
    gold = {
        "article": {"id": "a", "text": TEXT},
        "entities": [entity("person", "Ann Lee", at("Ann Lee"), aliases=["Lee"])],
    }
    counts = scored(gold, [entity("person", "lee", span(4, 7))])
    assert counts["entities.names"].f1 == 0
    assert counts["entities.names_any"].f1 == 1


@settings(max_examples=200, deadline=None)
@given(mentions(6), mentions(6))
def test_b_cubed_is_the_mean_over_mentions(ours: list[Mention], theirs: list[Mention]) -> None:
    pairs = pair_mentions(ours, theirs).all()
    counts = b_cubed(ours, theirs, pairs)["entities.linking_end_to_end"]
    right = found = 0.0
    for g, p in pairs:
        together = sum(ours[a].entity == ours[g].entity and theirs[b].entity == theirs[p].entity for a, b in pairs)
        right += together / sum(one.entity == theirs[p].entity for one in theirs)
        found += together / sum(one.entity == ours[g].entity for one in ours)
    assert counts.vector() == pytest.approx((right, len(theirs), found, len(ours)))


def test_linking_of_mentions_that_are_all_there() -> None:
    # Bagga and Baldwin's way: one thing split in two halves the recall of its mentions and leaves precision.
    ours = [Mention(at, at + 1, "person", 0) for at in range(0, 8, 2)]
    theirs = [Mention(at, at + 1, "person", at // 4) for at in range(0, 8, 2)]
    counts = b_cubed(ours, theirs, pair_mentions(ours, theirs).all())["entities.linking"]
    assert (counts.precision, counts.recall) == (1, 0.5)
