"""An evaluation: systems scored on one gold, with intervals, by slices, and compared with each other.

This is what `extractor evaluate` writes as JSON and what `extractor compare`, gates and reports read. It keeps each
article's counts, so that intervals and comparisons can be made later without the articles.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import MissingExtraError, SourceError
from extractor.evaluation.gold import MISPLACED, Gold, Labelled, Predictions, aligned, missing, unknown
from extractor.evaluation.metrics.claims import score_claims
from extractor.evaluation.metrics.entities import score_entities
from extractor.evaluation.metrics.quotes import score_quotes
from extractor.evaluation.metrics.scored import Finding, Options, Scored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.evaluation.counts import Counts
    from extractor.evaluation.gold import KindName
    from extractor.evaluation.statistics import Resampling

FORMAT = 1


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Score(_Data):
    """One metric of one system over some articles."""

    precision: float | None
    recall: float | None
    f1: float | None
    """For a share (how many speakers are right) all three are the share."""
    low: float | None = None
    high: float | None = None
    """Ends of the 95% interval of `f1`."""
    counts: dict[str, float]
    """What adds up: the fields of `Matches`, `SemEval` or `Share`."""


class Totals(_Data):
    """What a system did and took, whatever its quality."""

    articles: int
    missing: int
    """Gold's articles of which it predicts nothing."""
    failed: int
    rejected: dict[str, int]
    """Drafts that did not stand in the article, by reason."""
    grounding: dict[str, int]
    """Items by how literally they stand in the article; `misplaced` do not stand where they say."""
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    seconds: float | None
    """Wall time, where it ran here."""


class System(_Data):
    """One system's results."""

    name: str
    scores: dict[str, Score]
    articles: dict[str, dict[str, tuple[float, float, float, float]]]
    """Each article's counts, metric by metric, as (right, predicted, found, gold)."""
    slices: dict[str, dict[str, dict[str, Score]]] = {}
    """Property → value → metric → score."""
    totals: Totals
    notes: list[str] = []


class Compared(_Data):
    """Two systems by one metric."""

    metric: str
    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    effect_size: float | None
    articles: int
    distinguishable: bool
    verdict: str


class GoldUsed(_Data):
    """The gold that was scored against."""

    paths: list[str]
    sha256: str
    articles: int


class Evaluation(_Data):
    """Systems scored on one gold."""

    format: int = FORMAT
    extractor: str
    gold: GoldUsed
    thresholds: list[float]
    main_threshold: float
    resamples: int
    seed: int
    systems: list[System]
    comparisons: list[Compared] = []


@dataclass(frozen=True)
class Detailed:
    """An evaluation with what a person looks at: each article's findings, by system."""

    evaluation: Evaluation
    articles: dict[str, Labelled]
    findings: dict[str, dict[str, list[Finding]]] = field(default_factory=dict)


def score_article(
    gold: Labelled,
    predicted: Labelled,
    options: Options | None = None,
    kinds: Iterable[KindName] = ("entities", "quotes", "claims"),
    *,
    unvoiced: bool = False,
) -> Scored:
    """Score one article: the kinds that gold has, of those that are asked for."""
    options = options or Options()
    scored = Scored()
    wanted = [kind for kind in kinds if getattr(gold, kind) is not None]
    if "entities" in wanted:
        scored.update(score_entities(gold, predicted))
    if "quotes" in wanted:
        scored.update(score_quotes(gold, predicted, options, unvoiced=unvoiced))
    if "claims" in wanted:
        scored.update(score_claims(gold, predicted, options))
    return scored


def evaluate(
    gold: Gold,
    systems: Sequence[Predictions],
    options: Options | None = None,
    *,
    paths: Sequence[str] = (),
    kinds: Sequence[KindName] | None = None,
    slices: Sequence[str] = (),
    resamples: int | None = None,
    seed: int | None = None,
) -> Detailed:
    """Score systems on gold.

    Args:
        gold: What is right.
        systems: What each says; names differ.
        options: Thresholds.
        paths: Where gold came from, for the record.
        kinds: Only these; all that gold has and the system predicts if None.
        slices: Properties of articles ("genre", "language", "length") to score by value.
        resamples: Draws of the bootstrap.
        seed: Of the draws.

    Raises:
        SourceError: A prediction was made of another text.
        MissingExtraError: scipy is not installed.
    """
    need_scipy()
    from extractor.evaluation.statistics import RESAMPLES, SEED, Resampling

    options = options or Options()
    resamples, seed = resamples or RESAMPLES, SEED if seed is None else seed
    draws = Resampling(len(gold.articles), resamples, seed)
    found: dict[str, dict[str, list[Finding]]] = {}
    results = []
    for predictions in systems:
        asked = [kind for kind in kinds or gold.kinds() if kind in predictions.kinds()]
        counts: dict[str, dict[str, Counts]] = {}
        findings = found[predictions.name] = {}
        for one, predicted in aligned(gold, predictions):
            scored = score_article(one, predicted, options, asked, unvoiced=gold.has_unvoiced)
            judged = predictions.judged.get(one.id)
            if judged is not None and "claims" in asked:
                scored.update(Scored(judged.counts(), judged.findings(one, predicted)))
            counts[one.id] = scored.counts
            findings[one.id] = scored.findings
        results.append(_system(gold, predictions, counts, slices, draws))
    evaluation = Evaluation(
        extractor=version("extractor"),
        gold=GoldUsed(paths=list(paths), sha256=gold.sha256, articles=len(gold.articles)),
        thresholds=list(options.thresholds),
        main_threshold=options.main,
        resamples=resamples,
        seed=seed,
        systems=results,
    )
    return Detailed(evaluation, gold.articles, found)


def compare(evaluations: Sequence[Evaluation], metrics: Sequence[str] | None = None) -> list[Compared]:
    """Compare all pairs of systems of one or several evaluations of the same gold; p is corrected over all of them.

    Args:
        evaluations: Of the same gold.
        metrics: Which; `HEADLINES` that both have if None.

    Raises:
        SourceError: The gold differs, there are fewer than two systems, or a metric is unknown.
    """
    need_scipy()
    import numpy as np

    from extractor.evaluation.statistics import Resampling, holm

    if len({one.gold.sha256 for one in evaluations}) > 1:
        raise SourceError("the results were scored on different gold", hint="compare results of the very same articles")
    systems = named_apart([system for one in evaluations for system in one.systems])
    if len(systems) < 2:
        raise SourceError("there is only one system to compare")
    ids = sorted(systems[0].articles)
    if any(sorted(system.articles) != ids for system in systems):
        raise SourceError("the results are of different articles")
    known = {name for system in systems for name in system.scores}
    for name in metrics or ():
        if name not in known:
            raise SourceError(f"no metric is called {name!r}", hint=", ".join(sorted(known)))
    draws = Resampling(len(ids), evaluations[0].resamples, evaluations[0].seed)
    found = []
    for at, first in enumerate(systems):
        for second in systems[at + 1 :]:
            for metric in metrics or headlines(first):
                if metric not in first.scores or metric not in second.scores:
                    continue
                one, other = (
                    np.array([system.articles[key].get(metric, (0, 0, 0, 0)) for key in ids], dtype=float)
                    for system in (first, second)
                )
                found.append((metric, first.name, second.name, draws.difference(one, other)))
    adjusted = holm([one[3].p for one in found])
    return [
        Compared(
            metric=metric,
            first=first_name,
            second=second_name,
            difference=one.difference,
            low=one.low,
            high=one.high,
            p=one.p,
            p_adjusted=p,
            effect_size=one.effect_size,
            articles=one.articles,
            distinguishable=one.distinguishable(p),
            verdict=_verdict(first_name, second_name, one.difference, better=one.distinguishable(p)),
        )
        for (metric, first_name, second_name, one), p in zip(found, adjusted, strict=True)
    ]


def headlines(system: System) -> list[str]:
    """The metrics that sum a system up, of those that it has."""
    threshold = next((name.split("@")[1] for name in system.scores if name.startswith("quotes.end_to_end@")), "0.5")
    evidence = f"claims.evidence@{threshold}"
    wanted = [
        "entities.strict",
        "entities.partial",
        "entities.names",
        "entities.linking",
        f"quotes.direct@{threshold}",
        f"quotes.content@{threshold}",
        "quotes.speaker",
        "quotes.speaker_resolved",
        f"quotes.end_to_end@{threshold}",
        evidence if evidence in system.scores else "claims.evidence@0.5",
        "claims.text",
        "claims.claimant",
        "claims.judged",
    ]
    return [name for name in wanted if name in system.scores]


def read_evaluation(path: str | Path) -> Evaluation:
    """Read what `extractor evaluate` wrote as JSON.

    Raises:
        SourceError: It cannot be read, or is something else.
    """
    try:
        return Evaluation.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    except ValidationError:
        raise SourceError(
            f"{path} is no evaluation", hint="`extractor evaluate GOLD … -o result.json` writes one"
        ) from None


def named_apart(systems: Sequence[System]) -> list[System]:
    """The same systems, those of one name numbered."""
    names = Counter(system.name for system in systems)
    seen: Counter[str] = Counter()
    apart = []
    for system in systems:
        seen[system.name] += 1
        several = names[system.name] > 1
        name = f"{system.name} ({seen[system.name]})" if several else system.name
        apart.append(system.model_copy(update={"name": name}))
    return apart


def need_scipy() -> None:
    """Raise MissingExtraError where scipy is not installed."""
    try:
        import scipy.optimize  # noqa: F401
    except ImportError:
        raise MissingExtraError("scipy", "eval", "evaluation") from None


def _system(
    gold: Gold,
    predictions: Predictions,
    counts: dict[str, dict[str, Counts]],
    slices: Sequence[str],
    draws: Resampling,
) -> System:
    articles = {key: {name: one.vector() for name, one in by_name.items()} for key, by_name in counts.items()}
    notes = list(predictions.notes)
    absent, extra = missing(gold, predictions), unknown(gold, predictions)
    if absent:
        notes.append(f"nothing is predicted of {len(absent)} of {len(gold.articles)} articles; they count as empty")
    if extra:
        notes.append(f"{len(extra)} predicted articles are not in the gold")
    return System(
        name=predictions.name,
        scores=_scores(counts, list(gold.articles), draws),
        articles=articles,
        slices={one: _slices(gold, counts, one, draws) for one in slices},
        totals=_totals(gold, predictions),
        notes=notes,
    )


def _scores(counts: dict[str, dict[str, Counts]], ids: Sequence[str], draws: Resampling | None) -> dict[str, Score]:
    import numpy as np

    summed: dict[str, Counts] = {}
    for key in ids:
        for name, one in counts[key].items():
            summed[name] = summed[name] + one if name in summed else one
    found = {}
    for name, total in summed.items():
        if not total.support:
            continue
        low = high = None
        if draws is not None:
            none = (0.0, 0.0, 0.0, 0.0)
            vectors = np.array([counts[key][name].vector() if name in counts[key] else none for key in ids])
            interval = draws.interval(vectors)
            low, high = interval.low, interval.high
        fields = dict(zip(type(total).__dataclass_fields__, total.values(), strict=True))
        found[name] = Score(
            precision=total.precision, recall=total.recall, f1=total.f1, low=low, high=high, counts=fields
        )
    return found


def _slices(
    gold: Gold, counts: dict[str, dict[str, Counts]], name: str, draws: Resampling
) -> dict[str, dict[str, Score]]:
    from extractor.evaluation.statistics import Resampling

    groups: dict[str, list[str]] = {}
    for key, one in gold.articles.items():
        for value in property_values(one, name):
            groups.setdefault(value, []).append(key)
    if not groups:
        raise SourceError(f"no article has a property {name!r}", hint="properties stand in the gold's `properties`")
    return {
        value: _scores(counts, ids, Resampling(len(ids), draws.resamples, draws.seed))
        for value, ids in sorted(groups.items())
    }


LENGTHS = ((1_000, "under 1,000"), (3_000, "1,000 to 2,999"), (6_000, "3,000 to 5,999"))


def property_values(article: Labelled, name: str) -> list[str]:
    """The values of an article's property; `length` (characters) is worked out, `language` and `source` are its own."""
    value = article.properties.get(name)
    if value is None and name == "length":
        value = next((label for limit, label in LENGTHS if len(article.text) < limit), "6,000 and more")
    if value is None and name in ("language", "source"):
        value = getattr(article.article, name)
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _totals(gold: Gold, predictions: Predictions) -> Totals:
    rejected: Counter[str] = Counter()
    grounding: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    cost: float | None = None
    failed = 0
    for key, one in predictions.articles.items():
        if key not in gold.articles:
            continue
        text = gold.articles[key].text
        failed += one.coverage.get("status") == "failed"
        rejected.update(str(entry.get("reason")) for entry in one.rejected)
        for name in ("requests", "prompt_tokens", "completion_tokens"):
            sums[name] += int(one.usage.get(name) or 0)
        if (spent := one.usage.get("cost_usd")) is not None:
            cost = (cost or 0.0) + float(spent)
        for _, spans, beside in one.items():
            if not all(span.stands_in(text) for span in (*spans, *beside)):
                grounding[MISPLACED] += 1
        grounding.update(quote.grounding for quote in one.quotes or () if quote.grounding)
        grounding.update(claim.grounding for claim in one.claims or () if claim.grounding)
    return Totals(
        articles=len(gold.articles),
        missing=len(missing(gold, predictions)),
        failed=failed,
        rejected=dict(sorted(rejected.items())),
        grounding=dict(sorted(grounding.items())),
        requests=sums["requests"],
        prompt_tokens=sums["prompt_tokens"],
        completion_tokens=sums["completion_tokens"],
        cost_usd=cost,
        seconds=predictions.seconds,
    )


def _verdict(first: str, second: str, difference: float, *, better: bool) -> str:
    if not better:
        return "not distinguishable"
    return f"{second if difference > 0 else first} is better"
