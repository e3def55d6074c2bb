"""Counts, and the ratios made of them. Counts of articles add up; a ratio is only ever computed from the sum."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self


def ratio(part: float, whole: float, *, empty: float | None) -> float | None:
    """`part / whole`, or `empty` of nothing."""
    return part / whole if whole else empty


@dataclass(frozen=True, slots=True)
class Counts:
    """The base: whatever adds up article by article, and becomes a precision, a recall and an F1."""

    def __add__(self, other: Self) -> Self:
        return type(self)(*(a + b for a, b in zip(self.values(), other.values(), strict=True)))

    def values(self) -> tuple[float, ...]:
        """The counts, in the order of the fields."""
        return tuple(getattr(self, one.name) for one in fields(self))

    def vector(self) -> tuple[float, float, float, float]:
        """(right among the predicted, predicted, found among gold, gold): all that a ratio needs."""
        raise NotImplementedError

    @property
    def support(self) -> float:
        """How much gold, or else prediction, there is to be scored; nothing is said of nothing."""
        _, predicted, _, gold = self.vector()
        return predicted + gold

    @property
    def precision(self) -> float | None:
        """Share of what was predicted that is right; 0 of no prediction, None where there is nothing to score."""
        right, predicted, _, _ = self.vector()
        return ratio(right, predicted, empty=0.0 if self.support else None)

    @property
    def recall(self) -> float | None:
        """Share of gold that was found; 0 of no gold, None where there is nothing to score."""
        _, _, found, gold = self.vector()
        return ratio(found, gold, empty=0.0 if self.support else None)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        precision, recall = self.precision, self.recall
        if precision is None or recall is None:
            return None
        return ratio(2 * precision * recall, precision + recall, empty=0.0)


@dataclass(frozen=True, slots=True)
class Matches(Counts):
    """Predicted and gold items, and how many of each are right. The two differ for B-cubed, whose counts are sums."""

    right: float = 0
    predicted: float = 0
    found: float = 0
    gold: float = 0
    possible: float = 0
    """Where only pairs are judged (cues, links): how many gold items could have been, had all been found."""

    def vector(self) -> tuple[float, float, float, float]:
        """The counts themselves."""
        return self.right, self.predicted, self.found, self.gold

    @property
    def support(self) -> float:
        """Predicted and gold, and what could have been judged."""
        return self.predicted + self.gold + self.possible


@dataclass(frozen=True, slots=True)
class SemEval(Counts):
    """The five counts of SemEval-2013 task 9.1; a partial match is worth a half."""

    correct: float = 0
    incorrect: float = 0
    partial: float = 0
    missed: float = 0
    spurious: float = 0

    def vector(self) -> tuple[float, float, float, float]:
        """(credit, actual, credit, possible)."""
        credit, paired = self.correct + self.partial / 2, self.correct + self.incorrect + self.partial
        return credit, paired + self.spurious, credit, paired + self.missed


@dataclass(frozen=True, slots=True)
class Share(Counts):
    """Of the pairs that were judged, how many are right, or how alike they are on average."""

    total: float = 0
    judged: float = 0
    gold: float = 0
    """How many gold items could have been judged."""

    def vector(self) -> tuple[float, float, float, float]:
        """(total, judged, total, judged): all of precision, recall and F1 are the share."""
        return self.total, self.judged, self.total, self.judged

    @property
    def support(self) -> float:
        """How many could have been judged."""
        return self.judged + self.gold
