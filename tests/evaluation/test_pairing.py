"""Pairing is optimal: compared with trying everything."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.evaluation.gold import Stretch
from extractor.evaluation.pairing import EXACT, Content, Letters, jaccard, pair
from tests.evaluation.brute_force import best
from tests.evaluation.data import TEXT

LETTERS = Letters(TEXT)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    parts = draw(st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 20)), min_size=1, max_size=2))
    return LETTERS.content([Stretch(start=a, end=min(len(TEXT), a + n)) for a, n in parts])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(contents(), max_size=4), st.lists(contents(), max_size=4), st.sampled_from([0.01, 0.3, 0.5, 0.8, EXACT])
)
def test_no_pairing_is_better(gold: list[Content], predicted: list[Content], threshold: float) -> None:
    def worth(pairs: object) -> tuple[float, ...] | None:
        alike = [jaccard(gold[g], predicted[p]) for g, p in pairs]  # type: ignore[attr-defined]
        if any(one < threshold for one in alike):
            return None
        return sum(one == EXACT for one in alike), len(alike), round(sum(alike), 9)

    found = pair(gold, predicted, threshold)
    assert len({one.gold for one in found}) == len({one.predicted for one in found}) == len(found)
    assert worth([(one.gold, one.predicted) for one in found]) == best(len(gold), len(predicted), worth)


@settings(max_examples=100, deadline=None)
@given(st.lists(contents(), max_size=5), st.lists(contents(), max_size=5), st.integers(0, 99))
def test_order_changes_nothing(gold: list[Content], predicted: list[Content], seed: int) -> None:
    def pairs(ours: list[Content], theirs: list[Content]) -> list[tuple[Content, Content]]:
        return sorted((ours[one.gold], theirs[one.predicted]) for one in pair(ours, theirs, 0.3))

    shuffled, others = list(gold), list(predicted)
    random.Random(seed).shuffle(shuffled)
    random.Random(seed + 1).shuffle(others)
    assert pairs(shuffled, others) == pairs(gold, predicted)


@given(st.lists(contents(), max_size=4), st.lists(contents(), max_size=4))
def test_lower_thresholds_find_no_less(gold: list[Content], predicted: list[Content]) -> None:
    counts = [len(pair(gold, predicted, threshold)) for threshold in (EXACT, 0.8, 0.5, 0.01)]
    assert counts == sorted(counts)


def content(text: str, *spans: tuple[int, int]) -> Content:
    return Letters(text).content([Stretch(start=a, end=b) for a, b in spans])


def test_marks_and_stops_at_the_ends_count_for_nothing() -> None:
    text = "He said “we turned, twice.” Then"
    assert content(text, (8, 27)) == content(text, (9, 26)) == content(text, (9, 25))
    assert content(text, (8, 27)) != content(text, (9, 17))


def test_pieces_are_one_content_however_they_are_cut() -> None:
    text = "“After years,” he said, “we turned.”"
    assert content(text, (1, 13), (25, 35)) == content(text, (25, 34), (0, 12))
    assert content(text, (1, 6), (7, 12)) == content(text, (1, 12))


def test_what_has_no_letters_is_only_like_itself() -> None:
    text = "“?!” … “?!”"
    assert content(text, (1, 3)) == content(text, (1, 3))
    assert jaccard(content(text, (1, 3)), content(text, (8, 10))) == 0


@pytest.mark.parametrize(("threshold", "pairs"), [(0.5, 1), (0.8, 1), (EXACT, 0)])
def test_one_character_less(threshold: float, pairs: int) -> None:
    assert len(pair([((0, 10),)], [((1, 10),)], threshold)) == pairs


def test_exact_pairs_come_before_more_pairs() -> None:
    long, short, other = ((0, 10),), ((0, 6),), ((4, 10),)
    found = pair([long, short], [long, other], 0.5)
    assert [(one.gold, one.predicted) for one in found] == [(0, 0)]


def test_ties_go_to_what_agrees() -> None:
    same = ((0, 5),)
    found = pair([same, same], [same, same], 0.5, agreement=lambda g, p: float(g != p))
    assert [(one.gold, one.predicted) for one in found] == [(0, 1), (1, 0)]
