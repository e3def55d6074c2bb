"""The table in the README: `python evals/leaderboard.py` prints it, `--write` puts it there; a test compares.

Two parts of the gold, and in each the offline rules and a model whose replies are recorded, against the settled labels;
and the second annotator against the first: how far two readers agree by the same measure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from extractor import Extractor, Replies
from extractor.evaluation.agreement import agreement
from extractor.evaluation.gold import Gold, gold_of, predictions_of, read_gold
from extractor.evaluation.suite import Score, evaluate
from extractor.llm.reply_store import ReplyStore
from extractor.rendering.report import f1_cell

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
RECORDING = HERE / "recordings" / "all.v1-whole.jsonl"
BEGIN, END = "<!-- leaderboard -->", "<!-- end of leaderboard -->"
COLUMNS = {
    "direct quotes": "quotes.direct@0.5",
    "all quotes": "quotes.content@0.5",
    "speaker": "quotes.speaker",
    "speaker, resolved": "quotes.speaker_resolved",
    "quote and speaker": "quotes.end_to_end@0.5",
    "entities, strict": "entities.strict",
    "entity names": "entities.names",
    "claims' evidence": "claims.evidence@0.5",
}


def rules(gold: Gold) -> dict[str, Score]:
    """The offline rules' scores."""
    with Extractor() as extractor:
        return scores(gold, extractor, "offline")


def recorded(gold: Gold) -> dict[str, Score]:
    """The scores of the model whose replies are recorded: whole articles, nothing asked again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replies.sqlite"
        with ReplyStore(path) as store, RECORDING.open(encoding="utf-8") as lines:
            store.take_in(lines)
        replies = Replies("replay", path)
        with Extractor("openai/desk", chunk_chars=6_000, max_repairs=0, replies=replies) as extractor:
            return scores(gold, extractor, "recorded model")


def scores(gold: Gold, extractor: Extractor, name: str) -> dict[str, Score]:
    """An extractor's scores on gold."""
    articles = [one.to_read() for one in gold.articles.values()]
    predictions = predictions_of(name, extractor.extract_many_sync(articles))
    return evaluate(gold, [predictions]).evaluation.systems[0].scores


def annotators(part: Gold) -> tuple[dict[str, Score], dict[str, float | None]]:
    """The second annotator scored against the first, on the articles of a part; and Krippendorff's alpha."""
    sides = []
    for who in ("a", "b"):
        labels = read_gold([HERE / "gold" / f"annotator-{who}.jsonl"])
        sides.append(gold_of([one for key, one in labels.articles.items() if key in part.articles]))
    found = agreement(sides[0], sides[1])
    return found.scores.evaluation.systems[0].scores, {str(kind): value for kind, value in found.alpha.items()}


def table() -> str:
    """The leaderboard as Markdown."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    alphas = []
    for part in ("dev", "test"):
        gold = read_gold([HERE / "gold" / f"{part}.jsonl"])
        between, alpha = annotators(gold)
        rows = {
            f"{part}: offline rules": rules(gold),
            f"{part}: recorded model": recorded(gold),
            f"{part}: one annotator by the other": between,
        }
        for name, scores in rows.items():
            lines.append(f"| {name} | " + " | ".join(f1_cell(scores.get(metric)) for metric in COLUMNS.values()) + " |")
        values = ", ".join(f"{kind} {value:.2f}" for kind, value in alpha.items() if value is not None)
        alphas.append(f"{part} ({len(gold.articles)} articles): {values}")
    lines += ["", f"Krippendorff's alpha of the annotators over words: {'; '.join(alphas)}."]
    return "\n".join(lines) + "\n"


def in_readme() -> str:
    """The table as it stands in the README."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip() + "\n"


def main() -> int:
    """Print the table, or write it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="put it into the README")
    if options.parse_args().write:
        before, rest = README.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        README.write_text(f"{before}{BEGIN}\n{table()}{END}{after}", encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
