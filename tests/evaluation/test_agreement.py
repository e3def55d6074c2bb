"""Agreement of two annotators, by hand and beside the textbook's formula."""

from __future__ import annotations

import copy
from collections import Counter

import pytest

from extractor.evaluation.agreement import agreement
from tests.evaluation.data import ARTICLE, TEXT, at, gold_of


def test_the_same_labels_agree() -> None:
    found = agreement(gold_of([ARTICLE]), gold_of([ARTICLE]))
    assert found.alpha == {"entities": 1, "quotes": 1, "claims": 1}
    assert {score.f1 for score in found.scores.evaluation.systems[0].scores.values()} == {1}


def test_alpha_is_krippendorffs() -> None:
    """Nominal alpha of two annotators: 1 - observed / expected disagreement (Krippendorff 2011)."""
    other = copy.deepcopy(ARTICLE)
    other["entities"] = [{"type": "person", "name": "Ann", "mentions": [at("Ann")]}]
    found = agreement(gold_of([ARTICLE]), gold_of([other]))
    words = found.words
    one = ["person", "person", "person", "organization"] + [""] * (words - 4)
    two = ["person", "", "", ""] + [""] * (words - 4)
    observed = sum(a != b for a, b in zip(one, two, strict=True)) / words
    totals = Counter(one + two)
    n = 2 * words
    expected = 1 - sum(count * (count - 1) for count in totals.values()) / (n * (n - 1))
    assert found.alpha["entities"] == pytest.approx(1 - observed / expected)
    assert found.alpha["quotes"] == 1


def test_a_kind_that_nobody_found_has_no_alpha() -> None:
    empty = {"article": {"id": "a", "text": TEXT}, "entities": [], "quotes": []}
    assert agreement(gold_of([empty]), gold_of([empty])).alpha == {"entities": None, "quotes": None, "claims": None}
