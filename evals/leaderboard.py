"""The tables in README.md and prompts/README.md: `python evals/leaderboard.py` prints them, `--write` puts them there.

Two parts of the gold, and in each the offline rules, a model whose replies are recorded, and langextract with the same
model where it was recorded, against the settled labels; and the second annotator against the first: how far two readers
agree by the same measure. Beside the prompts: the same model with each version of them. A test compares.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent / "prompts"))
from forms import V1

from extractor import Extractor, Replies
from extractor.evaluation.agreement import agreement
from extractor.evaluation.gold import Gold, gold_of, predictions_of, read_gold, read_predictions
from extractor.evaluation.suite import Score, evaluate
from extractor.llm.reply_store import ReplyStore
from extractor.rendering.report import f1_cell

if TYPE_CHECKING:
    from collections.abc import Mapping

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


@dataclass(frozen=True)
class Version:
    """A version of the prompts, and a model's replies to it: whole articles, and with the newest also follow-ups."""

    recording: str
    settings: Mapping[str, Any] = field(default_factory=dict)


VERSIONS = {
    "all.v1": Version(
        "all.v1-whole.jsonl", {"prompt": "all.v1", "examples": PROMPTS / "examples.v1.json", "kinds": V1}
    ),
    "all.v5": Version("all.v5-whole.jsonl", {"prompt": "all.v5", "examples": PROMPTS / "examples.v5.json"}),
}
NEWEST = VERSIONS[list(VERSIONS)[-1]]


def rules(gold: Gold) -> dict[str, Score]:
    """The offline rules' scores."""
    with Extractor() as extractor:
        return scores(gold, extractor, "offline")


def recorded(gold: Gold, version: Version = NEWEST, *, max_repairs: int = 0) -> dict[str, Score]:
    """The scores of the model whose replies are recorded."""
    recording = HERE / "recordings" / version.recording
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replies.sqlite"
        with ReplyStore(path) as store, recording.open(encoding="utf-8") as lines:
            store.take_in(lines)
        replies = Replies("replay", path)
        with Extractor("openai/desk", max_repairs=max_repairs, replies=replies, **version.settings) as extractor:
            return scores(gold, extractor, "recorded model")


def peer(gold: Gold) -> dict[str, Score] | None:
    """The scores of langextract with the same model, on a part that it has read; see `prompts/langextract_peer.py`."""
    predictions = read_predictions(HERE / "recordings" / "langextract" / "predictions.jsonl", "langextract")
    if not gold.articles.keys() <= predictions.articles.keys():
        return None
    return evaluate(gold, [predictions]).evaluation.systems[0].scores


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
        lines += [row(f"{part}: {name}", recorded(gold, version)) for name, version in VERSIONS.items()]
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
