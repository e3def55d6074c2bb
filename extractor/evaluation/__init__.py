"""Scoring against gold: what was found, how well, how surely, and whether one system is better than another.

    from extractor.evaluation import evaluate, predictions_of, read_gold
    scores = evaluate(read_gold(["gold.jsonl"]), [predictions_of("mine", extractions)]).evaluation.systems[0].scores

What is listed here is for other programs, and loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.evaluation.gold import (
        Gold,
        Labelled,
        Predictions,
        gold_of,
        labelled,
        predictions_of,
        read_gold,
        read_predictions,
    )
    from extractor.evaluation.metrics.scored import Options
    from extractor.evaluation.suite import Evaluation, compare, evaluate, headlines, read_evaluation

__all__ = [
    "Evaluation",
    "Gold",
    "Labelled",
    "Options",
    "Predictions",
    "compare",
    "evaluate",
    "gold_of",
    "headlines",
    "labelled",
    "predictions_of",
    "read_evaluation",
    "read_gold",
    "read_predictions",
]

_HOMES = dict.fromkeys(__all__, "gold") | {
    "Evaluation": "suite",
    "Options": "metrics.scored",
    "compare": "suite",
    "evaluate": "suite",
    "headlines": "suite",
    "read_evaluation": "suite",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'extractor.evaluation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"extractor.evaluation.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
