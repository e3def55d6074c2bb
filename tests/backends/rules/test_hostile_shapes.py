"""Texts of one shape, over and over: no rule may take longer than the text is long."""

from __future__ import annotations

import pytest

from extractor.backends.rules.rules_backend import draft_by_rules
from extractor.kinds.catalogue import KINDS
from tests.articles import document

PIECES = [
    "“a” ",
    "x said, ",
    "they say the ",
    "A: b\n\n",
    "On top, he said, it fell, ",
    "when he said that it fell, ",
    "said Holm of the Bank ",
    "Holm, 27, a ",
    "noting that ",
    "but did not say ",
    "Its chair, Ada Holm, ",
    "1, 2, ",
    "Holm: 1\n\nEk: two three four\n\n",
    "according to Holm, ",
    "‘“",
    "A.B. ",
    "the fact that ",
    "Ada Holm leads the Lyon Bank. She opened a branch in May. He said the company lost 40 boats. It sold the mill. ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_text_only(piece: str) -> None:
    # A rule of quadratic cost would take minutes here: it did, for the first of these.
    assert isinstance(draft_by_rules(document(piece * (100_000 // len(piece))), KINDS), list)
