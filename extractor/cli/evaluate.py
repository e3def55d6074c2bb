"""`extractor evaluate`: systems scored against gold. This is the call; `evaluation_run` does the work."""

# Annotations are values here (no `from __future__`): typer reads them.

from typing import Annotated

import typer

from extractor.cli.options import (
    BaseUrlOption,
    CacheOption,
    ChunkCharsOption,
    ConcurrencyOption,
    ExamplesOption,
    MaxCostOption,
    MaxRepairsOption,
    ModeOption,
    OnlyOption,
    PerKindOption,
    PromptOption,
    QuietOption,
    RecordOption,
    RefreshOption,
    ReplayOption,
    ReportFormat,
    RequestsPerMinuteOption,
    TimeoutOption,
    TokenBudgetOption,
    TokensPerMinuteOption,
)

GoldArgument = Annotated[
    list[str], typer.Argument(metavar="GOLD...", help="Labelled articles: JSON Lines in the record's form, or CoNLL.")
]
ModelsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Run and score this model: offline, or provider/model. May be given again. Default: offline.",
    ),
]
PredictionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--predictions",
        metavar="[NAME=]FILE",
        help="Score what another system, or an earlier run, predicts: JSON Lines, or CoNLL. May be given again.",
    ),
]
ReportOutOption = Annotated[
    list[str] | None,
    typer.Option("-o", "--out", metavar="FILE", help="Write .json, .md, .html or .txt. May be given again."),
]
ReportFormatOption = Annotated[
    ReportFormat | None,
    typer.Option("--format", help="On standard output. Default: table on a terminal, json in a pipe."),
]
ThresholdOption = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="T",
        help="Jaccard index at which spans count as found: exact, or above 0 to 1. Default: exact, 0.5 and 0.8.",
    ),
]
MainOption = Annotated[
    float,
    typer.Option("--pair-at", metavar="T", help="Pair items that are as alike to score speaker, cue, claimant, kind."),
]
SliceOption = Annotated[
    list[str] | None,
    typer.Option("--slice", metavar="PROPERTY", help="Score by a property of the articles too: genre, length …"),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="PROPERTY=VALUE", help="Score only the articles that have this value."),
]
SaveOption = Annotated[
    str | None, typer.Option("--save", metavar="FOLDER", help="Keep what each model extracts, a JSONL file a model.")
]
GateOption = Annotated[
    str | None,
    typer.Option("--gate", metavar="BASELINE", help="Exit with 4 if a pinned score falls by more than its noise."),
]
PinOption = Annotated[
    str | None,
    typer.Option(
        "--pin", metavar="BASELINE", help="Pin the scores reached; several systems count as runs of one system."
    ),
]
LowerOption = Annotated[
    str | None, typer.Option("--lower", metavar="WHY", help="Let --pin lower a score; the reason stays in the file.")
]
NoiseOption = Annotated[float, typer.Option("--noise", metavar="F1", help="What a pinned score may fall by, at least.")]
ResamplesOption = Annotated[
    int | None, typer.Option("--resamples", metavar="N", help="Draws for intervals and comparisons. Default: 5000.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", help="Of the draws.")]
JudgeOption = Annotated[
    str | None,
    typer.Option(
        "--judge",
        metavar="NAME",
        help="Ask this model of each claim: entailed, self-contained, atomic? And of each gold claim: covered?",
    ),
]
JudgementsOption = Annotated[
    str | None,
    typer.Option("--judgements", metavar="FILE", help="Keep what the judge says, JSON Lines; see `extractor gold`."),
]
ForceReportOption = Annotated[
    bool, typer.Option("--force", help="Replace the files that -o, --save and --judgements name.")
]


def evaluate(
    gold: GoldArgument,
    models: ModelsOption = None,
    predictions: PredictionsOption = None,
    out: ReportOutOption = None,
    format_: ReportFormatOption = None,
    force: ForceReportOption = False,
    only: OnlyOption = None,
    thresholds: ThresholdOption = None,
    pair_at: MainOption = 0.5,
    slices: SliceOption = None,
    where: SelectOption = None,
    gate: GateOption = None,
    pin: PinOption = None,
    lower: LowerOption = None,
    noise: NoiseOption = 0.01,
    resamples: ResamplesOption = None,
    seed: SeedOption = None,
    save: SaveOption = None,
    judge: JudgeOption = None,
    judgements: JudgementsOption = None,
    prompt: PromptOption = None,
    examples: ExamplesOption = None,
    mode: ModeOption = None,
    per_kind: PerKindOption = None,
    chunk_chars: ChunkCharsOption = None,
    max_repairs: MaxRepairsOption = None,
    concurrency: ConcurrencyOption = None,
    requests_per_minute: RequestsPerMinuteOption = None,
    tokens_per_minute: TokensPerMinuteOption = None,
    max_cost: MaxCostOption = None,
    token_budget: TokenBudgetOption = None,
    timeout: TimeoutOption = None,
    cache: CacheOption = None,
    refresh: RefreshOption = None,
    record: RecordOption = None,
    replay: ReplayOption = None,
    base_url: BaseUrlOption = None,
    quiet: QuietOption = None,
) -> int:
    """Score models, or files of predictions, against gold labels.

    F1 comes with a 95% interval by bootstrap over articles. Two systems or more are compared with each other. A model's
    replies are kept, so a run that was stopped goes on where it was.

    Exit codes: 0 scored; 1 nothing could be done; 2 wrong usage; 3 some article could not be read by a model, or some
    prediction not at all; 4 the gate failed.
    """
    from extractor.cli.evaluation_run import Request, run_evaluation
    from extractor.cli.settings import read_config, settings_from

    given = {
        "only": only,
        "prompt": prompt,
        "examples": examples,
        "mode": mode,
        "per_kind": per_kind,
        "chunk_chars": chunk_chars,
        "max_repairs": max_repairs,
        "concurrency": concurrency,
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "max_cost": max_cost,
        "token_budget": token_budget,
        "timeout": timeout,
        "cache": cache,
        "refresh": refresh or None,
        "record": record,
        "replay": replay,
        "base_url": base_url,
        "quiet": quiet,
    }
    settings = settings_from(given, read_config())
    return run_evaluation(
        Request(
            gold=gold,
            models=models or [],
            predictions=predictions or [],
            out=out or [],
            format=format_,
            force=force,
            thresholds=thresholds or [],
            pair_at=pair_at,
            slices=slices or [],
            where=where or [],
            gate=gate,
            pin=pin,
            lower=lower,
            noise=noise,
            resamples=resamples,
            seed=seed,
            save=save,
            judge=judge,
            judgements=judgements,
        ),
        settings,
    )
