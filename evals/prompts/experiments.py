"""Which prompt, which form, which chunk size, how many examples: each measured on a model's recorded replies.

    python evals/prompts/experiments.py                       # the table; --write puts it into README.md
    python evals/prompts/experiments.py --record NAME ... --replies FILE     # asks a server for what FILE lacks

Every variant reads the same articles of the development part. Tokens are counted by `extractor.llm.tokens`, prompt,
schema and reply alike, as no tokenizer comes with the package.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
from forms import BARE, ENDS, V1

from extractor import Extractor, Replies
from extractor.evaluation.gold import gold_of, predictions_of, read_gold
from extractor.evaluation.suite import compare, evaluate
from extractor.kinds.catalogue import kinds_named
from extractor.llm.prices import Prices
from extractor.llm.reply_store import ReplyStore
from extractor.llm.tokens import count_tokens
from extractor.prompting.examples import load_examples
from extractor.prompting.prompt import prompt_for, system_message
from extractor.prompting.reply_form import reply_form
from extractor.prompting.templates import load_frame
from extractor.records.usage import Usage
from extractor.rendering.report import f1_cell
from extractor.text.chunks import split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extractor.evaluation.gold import Gold, Predictions

HERE = Path(__file__).parent
EVALS = HERE.parent
PAGE = HERE / "README.md"
BEGIN, END = "<!-- experiments -->", "<!-- end of experiments -->"
REAL = "Differences that are real by a paired permutation test with Holm's correction:"
NONE_REAL = "By a paired permutation test with Holm's correction no difference is real."
MODEL = "openai/desk"
PRICED_AS = "gpt-4.1-mini"
"""Whose prices `$` is by: a small hosted model's, so that variants compare. The recorded model was not paid for."""
WHOLE = 6_000
"""Characters that hold every article here in one chunk."""

ARTICLES = (
    "bus-lane-vote",
    "conductor-interview",
    "copper-mine-spun",
    "dam-inquiry-testimony",
    "election-night-count",
    "nato-defence-spending",
    "rents-statistics",
    "theatre-row",
)
"""Eight of the twelve of the development part, of eight genres."""


@dataclass(frozen=True)
class Variant:
    """A way of asking."""

    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of `Extractor`, beside those that all variants have."""


_V1 = {"prompt": "all.v1", "examples": EVALS.parent / "prompts" / "examples.v1.json", "kinds": V1}

VARIANTS = {
    "base": Variant("all.v1: whole articles, all kinds at once, numbered sentences, one example", _V1),
    "per-kind": Variant("a request for each kind", {**_V1, "per_kind": True}),
    "unnumbered": Variant("sentences without numbers", {**_V1, "prompt": HERE / "unnumbered.j2", "kinds": BARE}),
    "no-example": Variant("no example", {**_V1, "examples": "none"}),
    "three-examples": Variant("three examples", {**_V1, "examples": HERE / "three.json"}),
    "chunks-1500": Variant("chunks of 1,500 characters, three sentences of context", {**_V1, "chunk_chars": 1_500}),
    "chunks-3000": Variant("chunks of 3,000 characters, three sentences of context", {**_V1, "chunk_chars": 3_000}),
    "ends": Variant("long strings by their first and last words", {**_V1, "prompt": HERE / "ends.j2", "kinds": ENDS}),
    "v2": Variant(
        "all.v2: more claims, fewer fields",
        {"prompt": "all.v2", "examples": EVALS.parent / "prompts" / "examples.v2.json"},
    ),
    "v3": Variant(
        "all.v3: its example and its quotes mended, fewer claims",
        {"prompt": "all.v3", "examples": EVALS.parent / "prompts" / "examples.v3.json"},
    ),
    "v4": Variant("all.v4: the claims of all.v1, the quotes of all.v3", {}),
}

METRICS = {
    "direct quotes": "quotes.direct@0.5",
    "all quotes": "quotes.content@0.5",
    "speaker": "quotes.speaker",
    "entities, strict": "entities.strict",
    "claims' evidence": "claims.evidence@0.5",
    "claim's text": "claims.text",
    "claimant": "claims.claimant_resolved",
}


def gold() -> Gold:
    """The articles of the experiments, labelled."""
    labelled = read_gold([EVALS / "gold" / "dev.jsonl"]).articles
    return gold_of([labelled[name] for name in ARTICLES])


def reader(variant: Variant, replies: Replies, **more: Any) -> Extractor:
    """An extractor that asks in the variant's way; nothing is asked again."""
    settings = {"chunk_chars": WHOLE, "max_repairs": 0, **variant.settings, **more}
    return Extractor(MODEL, replies=replies, **settings)


def record(names: Iterable[str], folder: Path) -> None:
    """Ask for what the stores lack, and write each variant's recording anew."""
    articles = [one.to_read() for one in gold().articles.values()]
    for name in names:
        store = folder / f"{name}.sqlite"
        with reader(VARIANTS[name], Replies(path=store), concurrency=64, timeout=20_000) as extractor:
            for extraction in extractor.extract_many_sync(articles, ordered=False):
                print(name, extraction.article.id, extraction.coverage.status, file=sys.stderr)
        with ReplyStore(store, read_only=True) as kept:
            recording(name).write_text("".join(f"{line}\n" for line in kept.export()), encoding="utf-8")


def recording(name: str) -> Path:
    """Where a variant's replies are kept."""
    return EVALS / "recordings" / "experiments" / f"{name}.jsonl"


def recorded() -> list[str]:
    """The variants that have a recording."""
    return [name for name in VARIANTS if recording(name).exists()]


@dataclass(frozen=True)
class Cost:
    """Tokens over all articles, by `count_tokens`."""

    articles: int

    requests: int
    shared: int
    """Of system messages and schemas: the same in every request, so a provider may have kept them."""
    article: int
    """Of user messages."""
    completion: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.shared + self.article + self.completion

    @property
    def dollars(self) -> float:
        """Priced as `PRICED_AS`, what is the same in every request at the price of a kept prefix but for the first."""
        once = self.shared // max(1, self.requests)
        prompt = self.shared + self.article
        usage = Usage(prompt_tokens=prompt, cached_tokens=self.shared - once, completion_tokens=self.completion)
        return Prices("openai", PRICED_AS, None).cost(usage) or 0.0

    def cells(self) -> list[str]:
        """An article's requests, prompt tokens, completion tokens, all of them, and dollars for a thousand articles."""
        counts = [self.requests, self.shared + self.article, self.completion, self.total]
        return [*(f"{count / self.articles:,.1f}".removesuffix(".0") for count in counts[:1]),
                *(f"{count / self.articles:,.0f}" for count in counts[1:]),
                f"{1000 * self.dollars / self.articles:.2f}"]  # fmt: skip


COST_COLUMNS = ("requests", "prompt tokens", "completion tokens", "all tokens", "$ for 1,000")


def cost(name: str) -> Cost:
    """What a variant takes."""
    return cost_of(VARIANTS[name], gold(), recording(name))


def cost_of(variant: Variant, gold: Gold, recording: Path) -> Cost:
    """What it took to read these articles so, with the replies of a recording."""
    with recording.open(encoding="utf-8") as lines:
        replies = {row["fingerprint"]: row["text"] for row in map(json.loads, lines)}
    settings = {"chunk_chars": WHOLE, **variant.settings}
    kinds = kinds_named(settings.get("kinds"))
    names = {kind.name for kind in kinds}
    groups = [(kind,) for kind in kinds] if "per_kind" in settings else [tuple(kind.among(names) for kind in kinds)]
    frame, examples = load_frame(settings.get("prompt", "all")), load_examples(settings.get("examples"))
    requests = shared = of_articles = completion = 0
    for group in groups:
        system = system_message(frame, group, examples.examples)
        schema = json.dumps(reply_form(group).model_json_schema())
        for one in gold.articles.values():
            for chunk in split_chunks(Document.of(one.to_read()), chars=settings["chunk_chars"]):
                prompt = prompt_for(chunk, group, frame, system=system)
                requests += 1
                shared += count_tokens(system) + count_tokens(schema)
                of_articles += count_tokens(prompt.user)
                completion += count_tokens(replies[prompt.fingerprint(*MODEL.split("/"), "json_schema", {})])
    return Cost(len(gold.articles), requests, shared, of_articles, completion)


def predictions(name: str) -> Predictions:
    """What comes of a variant's recorded replies."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replies.sqlite"
        with ReplyStore(path) as store, recording(name).open(encoding="utf-8") as lines:
            store.take_in(lines)
        with reader(VARIANTS[name], Replies("replay", path)) as extractor:
            return predictions_of(name, extractor.extract_many_sync(a.to_read() for a in gold().articles.values()))


def table(names: Iterable[str]) -> str:
    """Scores, tokens, and which differences to the first are real."""
    names = list(names)
    found = evaluate(gold(), [predictions(name) for name in names]).evaluation
    lines = ["| | " + " | ".join([*METRICS, *COST_COLUMNS]) + " |"]
    lines.append("|---|" + "---:|" * (len(METRICS) + len(COST_COLUMNS)))
    for system in found.systems:
        cells = [f1_cell(system.scores.get(metric)) for metric in METRICS.values()]
        lines.append(f"| {system.name} | " + " | ".join([*cells, *cost(system.name).cells()]) + " |")
    lines += ["", *(f"- {name}: {VARIANTS[name].about}" for name in names)]
    if len(names) > 1:
        different = [one for one in compare([found], list(METRICS.values())) if one.distinguishable]
        lines += [
            "",
            "Differences that are real (paired permutation, Holm):"
            if different
            else "By a paired permutation test with Holm's correction, no difference is real.",
        ]
        lines += [f"- {one.metric}: {one.first} against {one.second}: {one.verdict}" for one in different]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the table, or record replies."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--record", nargs="+", choices=sorted(VARIANTS), help="ask the server for these variants")
    options.add_argument("--replies", type=Path, help="the folder in which replies are kept meanwhile")
    options.add_argument("--write", action="store_true", help="put the table into README.md")
    given = options.parse_args()
    if given.record:
        if given.replies is None:
            options.error("--record wants --replies FOLDER")
        record(given.record, given.replies)
        return 0
    names = recorded()
    if given.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{table(names)}{END}{rest.split(END)[1]}", encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(table(names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
