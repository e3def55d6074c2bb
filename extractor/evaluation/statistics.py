"""How sure a score is, and whether a difference is one: resampling over articles.

Articles, not items, are what is drawn anew: items of one article stand and fall together. Intervals are percentile
bootstrap (Efron 1979). Two systems are compared by paired approximate randomisation (Noreen 1989; for F1 Yeh 2000):
each article's two results are swapped at random, and the share of swaps that differ as much is the p-value; with so few
articles that all swaps can be tried, all are. Of many comparisons, p is corrected by Holm's method (1979). Seeds are
fixed, so the same data gives the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SEED = 20170215
RESAMPLES = 5000
"""Draws of the bootstrap: the ends of an interval then stand within about .002 of their limit for an F1 over 24
articles. Also swaps of the randomisation, so p is never below 1/5001."""
LEVEL = 0.95
ALPHA = 0.05


@dataclass(frozen=True)
class Interval:
    """A score with the ends of its interval; both None where there are fewer than two articles to draw from."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Difference:
    """Whether one system is better than another by one metric."""

    difference: float
    """Of the second's score less the first's."""
    low: float
    high: float
    p: float
    """How often chance alone gives a difference as large, in either direction."""
    effect_size: float | None
    """Mean over articles of the difference, in its standard deviations (Cohen's d for pairs); None where the articles
    do not differ in it."""
    articles: int

    def distinguishable(self, p: float | None = None) -> bool:
        """Whether it is larger than chance would make it, at a level of 5%."""
        return (self.p if p is None else p) < ALPHA


def scores(vectors: Array) -> Array:
    """F1 of counts of shape (..., 4), as `Counts.vector` gives them; NaN where there is nothing to score."""
    import numpy as np

    right, predicted, found, gold = (vectors[..., index] for index in range(4))
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(predicted > 0, right / predicted, 0.0)
        recall = np.where(gold > 0, found / gold, 0.0)
        f1 = np.where(precision + recall > 0, 2 * precision * recall / (precision + recall), 0.0)
    nothing: Array = np.where(predicted + gold > 0, f1, np.nan)
    return nothing


class Resampling:
    """Draws of articles, the same for all metrics and systems of an evaluation.

    Args:
        articles: How many there are.
        resamples: How many draws.
        seed: Of the generator.
    """

    def __init__(self, articles: int, resamples: int = RESAMPLES, seed: int = SEED) -> None:
        import numpy as np

        self.articles, self.resamples, self.seed = articles, resamples, seed
        generator = np.random.default_rng(seed)
        # Drawing with replacement is choosing how often each article is there.
        self._weights: Array = generator.multinomial(
            articles, np.full(articles, 1 / max(1, articles)), size=resamples
        ).astype(float)

    def totals(self, vectors: Array) -> Array:
        """Counts of each draw, (resamples, 4), from those of each article, (articles, 4)."""
        drawn: Array = self._weights @ vectors
        return drawn

    def interval(self, vectors: Array) -> Interval:
        """The F1 of all articles, and the middle 95% of those of the draws."""
        import numpy as np

        value = float(scores(vectors.sum(axis=0)))
        if np.isnan(value):
            return Interval(None)
        if self.articles < 2:
            return Interval(value)
        drawn = scores(self.totals(vectors))
        tail = (1 - LEVEL) / 2 * 100
        low, high = np.nanpercentile(drawn, [tail, 100 - tail])
        return Interval(value, float(low), float(high))

    def difference(self, one: Array, other: Array, seed: int = SEED) -> Difference:
        """Whether `other` scores better than `one` on the same articles; arrays of shape (articles, 4)."""
        import numpy as np

        observed = _score(other.sum(axis=0)) - _score(one.sum(axis=0))
        drawn = np.nan_to_num(scores(self.totals(other))) - np.nan_to_num(scores(self.totals(one)))
        tail = (1 - LEVEL) / 2 * 100
        low, high = np.percentile(drawn, [tail, 100 - tail]) if self.articles > 1 else (observed, observed)
        by_article = np.nan_to_num(scores(other)) - np.nan_to_num(scores(one))
        spread = float(by_article.std(ddof=1)) if self.articles > 1 else 0.0
        return Difference(
            observed,
            float(low),
            float(high),
            randomisation(one, other, resamples=len(self._weights), seed=seed),
            float(by_article.mean()) / spread if spread > 0 else None,
            self.articles,
        )


def randomisation(one: Array, other: Array, *, resamples: int = RESAMPLES, seed: int = SEED) -> float:
    """Two-sided p of the difference in F1 when each article's results are swapped at random; exact if few."""
    import numpy as np

    articles = len(one)
    observed = abs(_score(other.sum(axis=0)) - _score(one.sum(axis=0)))
    exact = 2**articles <= resamples
    if exact:
        swaps = (np.arange(2**articles)[:, None] >> np.arange(articles)) & 1
    else:
        swaps = np.random.default_rng(seed).integers(0, 2, size=(resamples, articles))
    difference = swaps.astype(float) @ (other - one)
    first, second = one.sum(axis=0) + difference, other.sum(axis=0) - difference
    swapped = np.abs(np.nan_to_num(scores(second)) - np.nan_to_num(scores(first)))
    # What is equal but for rounding counts as equal.
    as_large = int((swapped >= observed - 1e-12).sum())
    return as_large / len(swaps) if exact else (as_large + 1) / (len(swaps) + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for being many, in the order given (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def _score(vector: Any) -> float:
    import numpy as np

    return float(np.nan_to_num(scores(vector)))
