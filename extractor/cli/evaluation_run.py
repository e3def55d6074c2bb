"""One run of `evaluate`: gold and systems → scores → reports, a gate, and the exit code."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from extractor.backends.registry import OFFLINE
from extractor.cli.messages import say
from extractor.cli.run import FOR_ALL, NOTHING_DONE, SOME_INCOMPLETE, Watch, make_extractor, usage_line
from extractor.errors import OutputError, UsageError
from extractor.evaluation.baseline import falls, pin, read_baseline, write_baseline
from extractor.evaluation.conll import from_conll
from extractor.evaluation.gold import (
    KindName,
    Predictions,
    gold_of,
    labelled,
    predictions_of,
    read_gold,
    read_predictions,
    read_text,
)
from extractor.evaluation.judge import judgements_line
from extractor.evaluation.metrics.scored import Options
from extractor.evaluation.pairing import EXACT
from extractor.evaluation.suite import compare, evaluate, need_scipy, property_values
from extractor.files.destination import open_destination
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from extractor.cli.options import ReportFormat
    from extractor.cli.settings import Settings
    from extractor.evaluation.gold import Gold
    from extractor.evaluation.suite import Detailed, Evaluation
    from extractor.records.extraction import Extraction

GATE_FAILED = 4
COLUMNS = (".conll", ".bio", ".iob", ".iob2")
SUFFIXES: dict[str, ReportFormat] = {".json": "json", ".md": "markdown", ".html": "html", ".txt": "table"}


@dataclass(frozen=True)
class Request:
    """What `extractor evaluate` was asked for, but for the settings of extraction."""

    gold: list[str]
    models: list[str]
    predictions: list[str]
    out: list[str]
    format: ReportFormat | None
    force: bool
    thresholds: list[str]
    pair_at: float
    slices: list[str]
    where: list[str]
    gate: str | None
    pin: str | None
    lower: str | None
    noise: float
    resamples: int | None
    seed: int | None
    save: str | None
    judge: str | None
    judgements: str | None


def run_evaluation(request: Request, settings: Settings) -> int:
    """Score, write the reports, and return the exit code.

    Raises:
        ExtractorError: Wrong usage, gold that cannot be read, something missing, an output that cannot be written.
    """
    options = _options(request)
    kinds = scored_kinds(settings.kinds)
    # Whatever is wrong with the call is said before a model is asked.
    need_scipy()
    formats = {path: _format_of(path) for path in request.out}
    for path in formats:
        if Path(path).exists() and not request.force:
            raise OutputError(f"{path} exists", hint="--force replaces it")
    _check_judge(request)
    baseline = read_baseline(request.gate) if request.gate else None
    before = read_baseline(request.pin) if request.pin and Path(request.pin).exists() else None
    gold = _selected(_read_gold(request.gold), request.where)
    systems = [_read_system(one, gold) for one in request.predictions]
    complete = True
    models = request.models or ([] if systems else [OFFLINE])
    for model in models:
        predictions, done = _run_model(model, gold, settings, request)
        if done is None:
            return NOTHING_DONE
        complete = complete and done
        systems.append(predictions)
    complete = complete and not any(system.notes for system in systems)
    systems = _named_apart(systems)
    if request.judge:
        from extractor.cli.judging import judge_systems

        complete = judge_systems(request.judge, gold, systems, settings) and complete
        if request.judgements:
            lines = "".join(f"{judgements_line(one)}\n" for system in systems for one in system.judged.values())
            write_report(lines, request.judgements, force=request.force)
    detailed = evaluate(
        gold,
        systems,
        options,
        paths=request.gold,
        kinds=kinds,
        slices=request.slices,
        resamples=request.resamples,
        seed=request.seed,
    )
    if len(systems) > 1:
        evaluation = detailed.evaluation
        evaluation = evaluation.model_copy(update={"comparisons": compare([evaluation])})
        detailed = replace(detailed, evaluation=evaluation)
    if not settings.quiet:
        for system in detailed.evaluation.systems:
            for note in system.notes:
                say(f"{system.name}: {note}")
    _write(detailed, request, formats)
    code = 0 if complete else SOME_INCOMPLETE
    if request.pin:
        pinned = pin(detailed.evaluation, before, reason=request.lower, noise=request.noise)
        write_baseline(pinned, request.pin)
    if baseline is not None:
        fallen = falls(baseline, detailed.evaluation)
        for one in fallen:
            say(f"gate: {one}")
        if fallen:
            return GATE_FAILED
        if not settings.quiet:
            say(f"gate: {len(baseline.scores)} pinned scores hold")
    return code


def _check_judge(request: Request) -> None:
    if request.judge == OFFLINE:
        raise UsageError("the offline rules judge nothing", hint="--judge provider/model")
    if request.judgements and not request.judge:
        raise UsageError("--judgements goes with --judge")
    if request.judgements and Path(request.judgements).exists() and not request.force:
        raise OutputError(f"{request.judgements} exists", hint="--force replaces it")


def write_report(text: str, path: str, *, force: bool) -> None:
    """Write a report to a file that appears whole."""
    with open_destination(path, force=force) as sink:
        sink.write(text.encode("utf-8"))


def _options(request: Request) -> Options:
    thresholds = tuple(_threshold(one) for one in request.thresholds) or Options().thresholds
    if not 0 < request.pair_at <= EXACT:
        raise UsageError(f"--pair-at is {request.pair_at}, and has to be above 0 and at most 1")
    if request.resamples is not None and request.resamples < 100:
        raise UsageError("--resamples has to be at least 100")
    if not 0 <= request.noise <= 1:
        raise UsageError(f"--noise is {request.noise}, and has to be from 0 to 1")
    if request.lower is not None and not request.pin:
        raise UsageError("--lower goes with --pin")
    # What is said of pairs has to be found among the figures of their threshold.
    return Options(tuple(dict.fromkeys((*thresholds, request.pair_at))), request.pair_at)


def _threshold(text: str) -> float:
    if text == "exact":
        return EXACT
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= EXACT:
        raise UsageError(f"--threshold {text!r} is neither exact nor a number above 0 and at most 1")
    return value


def scored_kinds(names: list[str] | None) -> list[KindName] | None:
    """The kinds named, in the order in which they are scored; None for all. Raises UsageError for another."""
    if names is None:
        return None
    known = get_args(KindName)
    for name in names:
        if name not in known:
            raise UsageError(f"{name!r} cannot be scored", hint=", ".join(known))
    return [kind for kind in known if kind in names]


def _selected(gold: Gold, where: list[str]) -> Gold:
    """Only the articles that have each of the values."""
    articles = gold.articles
    for one in where:
        name, found, value = one.partition("=")
        if not found:
            raise UsageError(f"--where {one!r} is not PROPERTY=VALUE")
        articles = {key: article for key, article in articles.items() if value in property_values(article, name)}
    if not articles:
        raise UsageError(f"no article of the gold is left by {' '.join(f'--where {one}' for one in where)}")
    if where:
        import hashlib

        digest = hashlib.sha256("\n".join([gold.sha256, *sorted(articles)]).encode()).hexdigest()
        return replace(gold, articles=articles, sha256=digest)
    return gold


def _read_gold(paths: list[str]) -> Gold:
    if not any(Path(path).suffix.lower() in COLUMNS for path in paths):
        return read_gold(paths)
    if len(paths) > 1:
        raise UsageError("gold in CoNLL columns is read from one file", hint="`extractor gold from-conll` makes JSONL")
    records, notes = from_conll(read_text(paths[0]))
    for note in notes:
        say(note)
    return gold_of([labelled(record) for record in records], paths[0])


def _read_system(given: str, gold: Gold) -> Predictions:
    name, found, path = given.partition("=")
    if not found or not name or Path(given).exists():
        name, path = Path(given).stem, given
    if Path(path).suffix.lower() not in COLUMNS:
        return read_predictions(path, name)
    records, notes = from_conll(read_text(path), {key: one.text for key, one in gold.articles.items()})
    for note in notes:
        say(f"{name}: {note}")
    return Predictions(name, {one.id: one for one in map(labelled, records)})


def _run_model(model: str, gold: Gold, settings: Settings, request: Request) -> tuple[Predictions, bool | None]:
    """What a model extracts from gold's articles; whether from all; None if from none, for a reason common to all."""
    watch = Watch()
    articles = [one.to_read() for one in gold.articles.values()]
    usage, incomplete, for_all, said = Usage(), 0, False, set()
    records: list[Extraction] = []
    begun = time.perf_counter()
    with make_extractor(replace(settings, model=model), watch) as extractor:
        for extraction in extractor.extract_many_sync(articles, ordered=False):
            records.append(extraction)
            usage += extraction.usage
            error = extraction.error
            if extraction.coverage.status != "complete":
                incomplete += 1
                for_all = for_all or (error is not None and error.code in FOR_ALL)
                if error is not None and error.message not in said:
                    said.add(error.message)
                    say(f"{model}: {extraction.article.id}: {error.message}")
    predictions = predictions_of(model, records)
    predictions.seconds = time.perf_counter() - begun
    if watch.unstored is not None:
        say(f"{watch.unstored_count} replies could not be kept: {watch.unstored}", watch.unstored.hint)
    if request.save:
        _save(records, Path(request.save) / f"{model.replace('/', '_')}.jsonl", force=request.force)
    if not settings.quiet and model != OFFLINE:
        say(f"{model}: {usage_line(usage)}")
    read = any(extraction.coverage.status != "failed" for extraction in records)
    return predictions, None if for_all and not read else not incomplete


def _save(records: list[Extraction], path: Path, *, force: bool) -> None:
    from extractor.files.writers import JsonlWriter

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent} cannot be made: {(error.strerror or 'unknown error').lower()}") from None
    with open_destination(str(path), force=force) as sink:
        writer = JsonlWriter(sink)
        for record in records:
            writer.write(record)
        writer.finish()


def _named_apart(systems: list[Predictions]) -> list[Predictions]:
    seen: dict[str, int] = {}
    for system in systems:
        seen[system.name] = seen.get(system.name, 0) + 1
        if seen[system.name] > 1:
            system.name = f"{system.name} ({seen[system.name]})"
    return systems


def _format_of(path: str) -> ReportFormat:
    found = SUFFIXES.get(Path(path).suffix.lower())
    if found is None:
        raise UsageError(f"the name {path!r} does not say a format", hint=f"use one of {' '.join(SUFFIXES)}")
    return found


def _write(detailed: Detailed, request: Request, formats: dict[str, ReportFormat]) -> None:
    for path, wanted in formats.items():
        write_report(_rendered(detailed, wanted, width=120, color=False), path, force=request.force)
    if request.format or not formats:
        terminal = sys.stdout.isatty()
        wanted = request.format or ("table" if terminal else "json")
        width = shutil.get_terminal_size((120, 24)).columns
        with open_destination(None) as sink:
            sink.write(_rendered(detailed, wanted, width=width, color=terminal).encode("utf-8"))


def _rendered(detailed: Detailed, wanted: ReportFormat, *, width: int, color: bool) -> str:
    evaluation: Evaluation = detailed.evaluation
    if wanted == "json":
        return evaluation.model_dump_json(indent=1) + "\n"
    if wanted == "html":
        from extractor.rendering.report_page import render_page

        return render_page(detailed)
    from extractor.rendering.report import render_evaluation, render_leaderboard

    return (
        render_leaderboard(evaluation)
        if wanted == "markdown"
        else render_evaluation(evaluation, width=width, color=color)
    )
