"""How far the judge of claims agrees with readers: `python evals/judge/agreement.py`, `--write` puts it into README.md.

Two readers judged the same claims as the model; each pair of judges is a row for each question.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

from extractor.evaluation.judge import Agreed, judges_agree, read_judgements

HERE = Path(__file__).parent
README = HERE / "README.md"
BEGIN, END = "<!-- agreement -->", "<!-- end of agreement -->"
JUDGES = {"reader a": "reader-a.jsonl", "reader b": "reader-b.jsonl", "the model": "model.jsonl"}


def row(first: str, second: str, one: Agreed) -> str:
    """A row of the table."""
    alpha = "—" if one.alpha is None else f"{one.alpha:.2f}"
    interval = "" if one.low is None or one.high is None else f" [{one.low:.2f}, {one.high:.2f}]"
    share = "—" if one.share is None else f"{one.share:.2f}{interval}"
    question = one.question.replace("_", "-")
    return f"| {question} | {first}, {second} | {one.items} | {one.first_yes}, {one.second_yes} | {share} | {alpha} |"


def table() -> str:
    """The table in Markdown."""
    judged = {name: read_judgements(HERE / file) for name, file in JUDGES.items()}
    lines = [
        "| question | judges | judged by both | yes | same answer | Krippendorff's alpha |",
        "|---|---|---:|---:|---:|---:|",
    ]
    agreed = {(a, b): judges_agree(judged[a], judged[b]) for a, b in combinations(JUDGES, 2)}
    for index in range(4):
        lines += [row(first, second, found[index]) for (first, second), found in agreed.items()]
    return "\n".join(lines) + "\n"


def written(text: str, made: str) -> str:
    """The README with the table in its place."""
    before, _, rest = text.partition(f"{BEGIN}\n")
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{made}{END}{after}"


def main(arguments: list[str]) -> int:
    """Print the table, or write it."""
    made = table()
    if arguments == ["--write"]:
        README.write_text(written(README.read_text(encoding="utf-8"), made), encoding="utf-8")
    sys.stdout.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
