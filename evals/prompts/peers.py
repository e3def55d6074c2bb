"""This tool and langextract on the same articles, with the same model: `python evals/prompts/peers.py` [--write].

The articles are those of the test part that langextract's replies were recorded for. Quality, and what it takes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from experiments import COST_COLUMNS, EVALS, METRICS, PAGE, VARIANTS, Cost, replay

from extractor.evaluation.gold import Gold, gold_of, predictions_of, read_gold, read_predictions
from extractor.evaluation.suite import compare, evaluate
from extractor.rendering.report import f1_cell

OURS = EVALS / "recordings" / "all.v5-whole.jsonl"
THEIRS = EVALS / "recordings" / "langextract"
SHIPS = replace(VARIANTS["v5"], settings={**VARIANTS["v5"].settings, "max_repairs": 2})
"""With follow-ups about items that fail, as it is by default."""
BEGIN, END = "<!-- peers -->", "<!-- end of peers -->"


def gold() -> Gold:
    """The articles that both have read, labelled."""
    read = set(read_predictions(THEIRS / "predictions.jsonl", "langextract").articles)
    labelled = read_gold([EVALS / "gold" / "test.jsonl"]).articles
    return gold_of([one for key, one in labelled.items() if key in read])


def cost_of_theirs() -> Cost:
    """What langextract took."""
    rows = [json.loads(line) for line in (THEIRS / "replies.jsonl").read_text(encoding="utf-8").splitlines()]
    parts = [sum(row["tokens"][part] for row in rows) for part in ("shared", "article", "completion")]
    return Cost(len({row["article"] for row in rows}), len(rows), *parts)


def table() -> str:
    """Scores and tokens of both, and of this tool without follow-ups; which differences between the two are real."""
    articles = gold()
    ships, took = replay(SHIPS, articles, OURS)
    once, took_once = replay(VARIANTS["v5"], articles, OURS)
    peer = read_predictions(THEIRS / "predictions.jsonl", "langextract")
    found = evaluate(articles, [predictions_of("this tool", ships), peer]).evaluation
    without = evaluate(articles, [predictions_of("this tool, no follow-ups", once)]).evaluation
    lines = ["| | " + " | ".join([*METRICS, *COST_COLUMNS]) + " |"]
    lines.append("|---|" + "---:|" * (len(METRICS) + len(COST_COLUMNS)))
    costs = (took, cost_of_theirs(), took_once)
    for system, cost in zip([*found.systems, *without.systems], costs, strict=True):
        cells = [f1_cell(system.scores.get(metric)) for metric in METRICS.values()]
        lines.append(f"| {system.name} | " + " | ".join([*cells, *cost.cells()]) + " |")
    verdicts = [f"- {one.metric}: {one.verdict}" for one in compare([found], list(METRICS.values()))]
    return "\n".join([*lines, "", *verdicts]) + "\n"


def main() -> int:
    """Print the table, or write it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="put the table into README.md")
    if options.parse_args().write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{table()}{END}{rest.split(END)[1]}", encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
