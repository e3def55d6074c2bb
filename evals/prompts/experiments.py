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
from forms import BARE, ENDS, LEAN, V1
from second_pass import SecondPass

from extractor import Extractor, Replies
from extractor.evaluation.gold import gold_of, predictions_of, read_gold
from extractor.evaluation.suite import compare, evaluate
from extractor.llm.events import ReplyReceived
from extractor.llm.prices import Prices
from extractor.llm.reply_store import ReplyStore
from extractor.llm.tokens import count_tokens
from extractor.records.usage import Usage
from extractor.rendering.report import f1_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extractor.evaluation.gold import Gold, Predictions
    from extractor.llm.events import Event
    from extractor.records.extraction import Extraction

HERE = Path(__file__).parent
EVALS = HERE.parent
PROMPTS = EVALS.parent / "prompts"
PAGE = HERE / "README.md"
BEGIN, END = "<!-- experiments -->", "<!-- end of experiments -->"
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
    twice: bool = False
    """Whether a second request asks about what the first one left, see `second_pass`."""


_V1 = {"prompt": "all.v1", "examples": PROMPTS / "examples.v1.json", "kinds": V1}
_V5 = {"prompt": "all.v5", "examples": PROMPTS / "examples.v5.json"}

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
        {"prompt": "all.v2", "examples": PROMPTS / "examples.v2.json", "kinds": LEAN},
    ),
    "v3": Variant(
        "all.v3: its example and its quotes mended, fewer claims",
        {"prompt": "all.v3", "examples": PROMPTS / "examples.v3.json", "kinds": LEAN},
    ),
    "v4": Variant(
        "all.v4: the claims of all.v1, the quotes of all.v3",
        {"prompt": "all.v4", "examples": PROMPTS / "examples.v4.json", "kinds": LEAN},
    ),
    "v5": Variant("all.v5: claims have their claimant again, every clause is to be read for them", _V5),
    "v5-twice": Variant("all.v5, and a second request about what the first one left", _V5, twice=True),
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
    if variant.twice:
        of_articles = {name: settings.pop(name) for name in ("kinds", "chunk_chars") if name in settings}
        return Extractor(MODEL, backend=SecondPass(MODEL, replies=replies, **settings), **of_articles)
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


def replay(variant: Variant, articles: Gold, recording: Path) -> tuple[list[Extraction], Cost]:
    """What comes of a variant's recorded replies about these articles, and what it took."""
    shared: list[int] = []
    of_articles: list[int] = []
    completion: list[int] = []

    def count(event: Event) -> None:
        if isinstance(event, ReplyReceived):
            prompt = event.prompt
            shared.append(count_tokens(prompt.system) + count_tokens(json.dumps(prompt.form.model_json_schema())))
            of_articles.append(count_tokens(prompt.user))
            completion.append(count_tokens(event.reply.text))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replies.sqlite"
        with ReplyStore(path) as store, recording.open(encoding="utf-8") as lines:
            store.take_in(lines)
        with reader(variant, Replies("replay", path), on_event=count) as extractor:
            found = list(extractor.extract_many_sync(one.to_read() for one in articles.articles.values()))
    requests = len(shared)
    return found, Cost(len(found), requests, sum(shared), sum(of_articles), sum(completion))


def replayed(name: str) -> tuple[Predictions, Cost]:
    """`replay` of a variant that has a recording, for scoring."""
    found, cost = replay(VARIANTS[name], gold(), recording(name))
    return predictions_of(name, found), cost


def table(names: Iterable[str]) -> str:
    """Scores, tokens, and which differences to the first are real."""
    names = list(names)
    replays = {name: replayed(name) for name in names}
    found = evaluate(gold(), [predictions for predictions, _ in replays.values()]).evaluation
    lines = ["| | " + " | ".join([*METRICS, *COST_COLUMNS]) + " |"]
    lines.append("|---|" + "---:|" * (len(METRICS) + len(COST_COLUMNS)))
    for system in found.systems:
        cells = [f1_cell(system.scores.get(metric)) for metric in METRICS.values()]
        lines.append(f"| {system.name} | " + " | ".join([*cells, *replays[system.name][1].cells()]) + " |")
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
