"""Intervals and p-values, beside scipy's on the same data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from extractor.evaluation.counts import Matches, SemEval, Share
from extractor.evaluation.statistics import Resampling, holm, randomisation, scores

RNG = np.random.default_rng(7)


def counts(articles: int, quality: float) -> np.ndarray:
    gold = RNG.integers(3, 20, articles)
    found = RNG.binomial(gold, quality)
    predicted = found + RNG.poisson(2, articles)
    return np.stack([found, predicted, found, gold], axis=1).astype(float)


def f1(found: np.ndarray, predicted: np.ndarray, gold: np.ndarray, axis: int = -1) -> np.ndarray:
    result: np.ndarray = 2 * found.sum(axis=axis) / (predicted.sum(axis=axis) + gold.sum(axis=axis))
    return result


@pytest.mark.parametrize("articles", [12, 40])
def test_the_interval_is_scipys(articles: int) -> None:
    data = counts(articles, 0.7)
    ours = Resampling(articles, 20_000).interval(data)
    theirs = stats.bootstrap(
        (data[:, 0], data[:, 1], data[:, 3]),
        f1,
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert ours.value == pytest.approx(f1(data[:, 0], data[:, 1], data[:, 3]))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.005)


@pytest.mark.parametrize("articles", [8, 30])
@pytest.mark.parametrize("better", [0.0, 0.15])
def test_the_p_value_is_scipys(articles: int, better: float) -> None:
    one, other = counts(articles, 0.6), counts(articles, 0.6 + better)
    other[:, 3] = one[:, 3]

    # scipy swaps single numbers: an article's counts go as one complex number, gold being the same for both.
    def packed(data: np.ndarray) -> np.ndarray:
        result: np.ndarray = data[:, 0] + 1j * data[:, 1]
        return result

    gold = one[:, 3].sum()

    def difference(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        first, second = a.sum(axis=axis), b.sum(axis=axis)
        result: np.ndarray = np.abs(2 * second.real / (second.imag + gold) - 2 * first.real / (first.imag + gold))
        return result

    theirs = stats.permutation_test(
        (packed(one), packed(other)),
        difference,
        permutation_type="samples",
        alternative="greater",
        n_resamples=20_000,
        rng=np.random.default_rng(3),
    ).pvalue
    assert randomisation(one, other, resamples=20_000) == pytest.approx(theirs, abs=0.015)


def test_few_articles_are_swapped_in_every_way() -> None:
    one = np.array([[1.0, 2, 1, 2], [0, 2, 0, 2], [1, 2, 1, 2]])
    other = np.array([[2.0, 2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2]])
    # Of the eight ways to swap, only none and all differ as much.
    assert randomisation(one, other) == 0.25


def test_the_same_data_gives_the_same_figures() -> None:
    data = counts(20, 0.7)
    assert Resampling(20).interval(data) == Resampling(20).interval(data)
    assert randomisation(data, counts(20, 0.5)[:, :]) <= 1


def test_no_difference_is_not_distinguishable() -> None:
    data = counts(25, 0.7)
    difference = Resampling(25).difference(data, data.copy())
    assert (difference.difference, difference.p, difference.effect_size) == (0, 1, None)
    assert not difference.distinguishable()


def test_a_single_article_has_no_interval() -> None:
    assert Resampling(1).interval(np.array([[1.0, 2, 1, 2]])).low is None


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1, 1]


numbers = st.integers(0, 9)


@settings(max_examples=200)
@given(numbers, numbers, numbers, numbers, numbers)
def test_one_ratio_whichever_way_it_is_computed(a: int, b: int, c: int, d: int, e: int) -> None:
    found = [
        SemEval(a, b, c, d, e),
        Matches(min(a, b), b, min(a, c), c),
        Share(min(a, b), b, c),
    ]
    for one in found:
        by_array = float(scores(np.array(one.vector(), dtype=float)))
        if sum(one.vector()[1::2]) == 0:
            assert np.isnan(by_array)
        else:
            assert by_array == pytest.approx(one.f1)
