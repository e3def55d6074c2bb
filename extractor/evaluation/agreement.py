"""How far two annotators of the same articles agree, before their differences are settled.

F1 between the two treats one as gold and the other as prediction (it is the same either way round). Krippendorff's
alpha is nominal, over the words of the articles: a word's label is the type of the entity mention it stands in, the
kind of the quote, or whether it is evidence of a claim (Krippendorff 2011; the package `krippendorff`). Speakers and
claimants are compared where both annotators have the item.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from extractor.errors import MissingExtraError
from extractor.evaluation.gold import Gold, Predictions
from extractor.evaluation.suite import Detailed, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.evaluation.gold import KindName, Labelled, Stretch
    from extractor.evaluation.metrics.scored import Options

_WORD = re.compile(r"\w+")


class Agreement(NamedTuple):
    """What two annotators agree in."""

    scores: Detailed
    """The second annotator scored against the first."""
    alpha: dict[KindName, float | None]
    """Krippendorff's alpha of each kind, over words; None where it is not defined (nobody labelled anything)."""
    words: int


def agreement(first: Gold, second: Gold, options: Options | None = None) -> Agreement:
    """The agreement of two sets of labels of the same articles.

    Raises:
        SourceError: The texts differ.
        MissingExtraError: scipy or krippendorff is not installed.
    """
    detailed = evaluate(first, [Predictions("second annotator", dict(second.articles))], options)
    alpha: dict[KindName, float | None] = {}
    words = 0
    for kind, label in _LABELS.items():
        rows: tuple[list[str], list[str]] = ([], [])
        for key, one in first.articles.items():
            other = second.articles.get(key)
            if other is None or getattr(one, kind) is None or getattr(other, kind) is None:
                continue
            places = [(match.start(), match.end()) for match in _WORD.finditer(one.text)]
            for row, labelled in zip(rows, (one, other), strict=True):
                row.extend(_word_labels(places, label(labelled)))
        words = max(words, len(rows[0]))
        alpha[kind] = _alpha(rows)
    return Agreement(detailed, alpha, words)


def _entities(one: Labelled) -> list[tuple[Stretch, str]]:
    return [(span, entity.type) for entity in one.entities or () for span in entity.mentions]


def _quotes(one: Labelled) -> list[tuple[Stretch, str]]:
    return [(span, quote.kind) for quote in one.quotes or () for span in quote.spans]


def _claims(one: Labelled) -> list[tuple[Stretch, str]]:
    return [(span, "claim") for claim in one.claims or () for span in claim.evidence]


_LABELS: dict[KindName, Callable[[Labelled], list[tuple[Stretch, str]]]] = {
    "entities": _entities,
    "quotes": _quotes,
    "claims": _claims,
}


def _word_labels(places: list[tuple[int, int]], labels: list[tuple[Stretch, str]]) -> list[str]:
    """A label for each word: that of the stretch it stands in, the innermost of several, or "" for none."""
    found = [""] * len(places)
    starts = [start for start, _ in places]
    from bisect import bisect_left

    for span, label in sorted(labels, key=lambda one: one[0].start - one[0].end):
        for index in range(bisect_left(starts, span.start), len(places)):
            if places[index][0] >= span.end:
                break
            found[index] = label
    return found


def _alpha(rows: tuple[list[str], list[str]]) -> float | None:
    try:
        import krippendorff
    except ImportError:
        raise MissingExtraError("krippendorff", "eval", "agreement of annotators") from None
    values = sorted(set(rows[0]) | set(rows[1]))
    if len(values) < 2:
        return None
    number = {value: index for index, value in enumerate(values)}
    data = [[number[value] for value in row] for row in rows]
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))
