"""The tables in README.md and prompts/README.md: `python evals/leaderboard.py` prints them, `--write` puts them there.

Two parts of the gold, and in each the offline rules, a model whose replies are recorded, and langextract with the same
model where it was recorded, against the settled labels; and the second annotator against the first: how far two readers
agree by the same measure. Beside the prompts: the same model with each version of them. A test compares.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent / "prompts"))
from experiments import VARIANTS, replay

from extractor import Extractor
from extractor.evaluation.agreement import agreement
from extractor.evaluation.gold import Gold, gold_of, predictions_of, read_gold, read_predictions
from extractor.evaluation.suite import Score, evaluate
from extractor.rendering.report import f1_cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.evaluation.gold import Predictions

HERE = Path(__file__).parent
PROMPTS = HERE.parent / "prompts"
BEGIN, END = "<!-- leaderboard -->", "<!-- end of leaderboard -->"
PARTS = ("dev", "test")
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


VERSIONS = {"all.v1": "base", "all.v5": "v5"}
"""The variant of the experiments that a version of the prompts is; `recordings/NAME-whole.jsonl` has its replies."""
NEWEST = list(VERSIONS)[-1]


def rules(gold: Gold) -> dict[str, Score]:
    """The offline rules' scores."""
    with Extractor() as extractor:
        articles = [one.to_read() for one in gold.articles.values()]
        return scores(gold, predictions_of("offline", extractor.extract_many_sync(articles)))


def recorded(gold: Gold, version: str = NEWEST, *, max_repairs: int = 0) -> dict[str, Score]:
    """The scores of the model whose replies are recorded: whole articles; with the newest also follow-ups."""
    variant = VARIANTS[VERSIONS[version]]
    variant = replace(variant, settings={**variant.settings, "max_repairs": max_repairs})
    found, _ = replay(variant, gold, HERE / "recordings" / f"{version}-whole.jsonl")
    return scores(gold, predictions_of("recorded model", found))


def peer(gold: Gold) -> dict[str, Score] | None:
    """The scores of langextract with the same model, on a part that it has read; see `prompts/langextract_peer.py`."""
    predictions = read_predictions(HERE / "recordings" / "langextract" / "predictions.jsonl", "langextract")
    if not gold.articles.keys() <= predictions.articles.keys():
        return None
    return scores(gold, predictions)


def scores(gold: Gold, predictions: Predictions) -> dict[str, Score]:
    """A system's scores on gold."""
    return evaluate(gold, [predictions]).evaluation.systems[0].scores


def annotators(part: Gold) -> tuple[dict[str, Score], dict[str, float | None]]:
    """The second annotator scored against the first, on the articles of a part; and Krippendorff's alpha."""
    sides = []
    for who in ("a", "b"):
        labels = read_gold([HERE / "gold" / f"annotator-{who}.jsonl"])
        sides.append(gold_of([one for key, one in labels.articles.items() if key in part.articles]))
    found = agreement(sides[0], sides[1])
    return found.scores.evaluation.systems[0].scores, {str(kind): value for kind, value in found.alpha.items()}


def header() -> list[str]:
    """The first lines of a table."""
    return ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]


def row(name: str, found: Mapping[str, Score]) -> str:
    """A line of a table."""
    return f"| {name} | " + " | ".join(f1_cell(found.get(metric)) for metric in COLUMNS.values()) + " |"


def by_version() -> str:
    """The scores of each version of the prompts as Markdown."""
    lines = header()
    for part in PARTS:
        gold = read_gold([HERE / "gold" / f"{part}.jsonl"])
        lines += [row(f"{part}: {name}", recorded(gold, name)) for name in VERSIONS]
    return "\n".join(lines) + "\n"


def table() -> str:
    """The leaderboard as Markdown."""
    lines = header()
    alphas = []
    for part in PARTS:
        gold = read_gold([HERE / "gold" / f"{part}.jsonl"])
        between, alpha = annotators(gold)
        rows = {
            "offline rules": rules(gold),
            "recorded model": recorded(gold, max_repairs=2),
            "recorded model, no follow-ups": recorded(gold),
            "langextract, same model": peer(gold),
            "one annotator by the other": between,
        }
        lines += [row(f"{part}: {name}", found) for name, found in rows.items() if found is not None]
        values = ", ".join(f"{kind} {value:.2f}" for kind, value in alpha.items() if value is not None)
        alphas.append(f"{part} ({len(gold.articles)} articles): {values}")
    lines += ["", f"Krippendorff's alpha of the annotators over words: {'; '.join(alphas)}."]
    return "\n".join(lines) + "\n"


TABLES = {HERE.parent / "README.md": table, PROMPTS / "README.md": by_version}


def written(page: Path) -> str:
    """The table as it stands on a page."""
    return page.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip() + "\n"


def main() -> int:
    """Print the tables, or write them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="put them into README.md and prompts/README.md")
    write = options.parse_args().write
    for page, make in TABLES.items():
        if not write:
            sys.stdout.write(f"{make()}\n")
            continue
        before, rest = page.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        page.write_text(f"{before}{BEGIN}\n{make()}{END}{after}", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
