"""`extractor extract`: articles in, evidence out. This is the call; `run` does the work."""

# Annotations are values here (no `from __future__`): typer reads them.

import typer

from extractor.cli.options import (
    BaseUrlOption,
    CacheOption,
    ChunkCharsOption,
    ConcurrencyOption,
    DryRunOption,
    ExamplesOption,
    ForceOption,
    FormatOption,
    IdFieldOption,
    InputFormatOption,
    LimitOption,
    MaxArticleCharsOption,
    MaxCostOption,
    MaxRepairsOption,
    ModelOption,
    ModeOption,
    OnChangeOption,
    OnlyOption,
    OutOption,
    PerKindOption,
    PromptOption,
    QuietOption,
    RecordOption,
    RefreshOption,
    ReplayOption,
    RequestsPerMinuteOption,
    SourcesArgument,
    TextFieldOption,
    TimeoutOption,
    TokenBudgetOption,
    TokensPerMinuteOption,
    WorkersOption,
)
from extractor.errors import UsageError


def extract(
    context: typer.Context,
    sources: SourcesArgument = None,
    out: OutOption = None,
    force: ForceOption = False,
    on_change: OnChangeOption = None,
    model: ModelOption = None,
    only: OnlyOption = None,
    format_: FormatOption = None,
    limit: LimitOption = None,
    text_field: TextFieldOption = None,
    id_field: IdFieldOption = None,
    input_format: InputFormatOption = None,
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
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    max_article_chars: MaxArticleCharsOption = None,
    base_url: BaseUrlOption = None,
    quiet: QuietOption = None,
) -> int:
    """Extract quotes, claims and entities from articles.

    Data goes to standard output, everything else to standard error. Settings are taken from flags, then from
    EXTRACTOR_* in the environment, then from extractor.toml in the working folder.

    A run that is stopped, whatever stopped it, goes on where it was when it is started again with the same -o:
    articles that are complete are passed over, partial and failed ones are read again. Ctrl-C once finishes what is
    in flight, twice stops at once.

    Exit codes: 0 all complete; 1 nothing could be done; 2 wrong usage; 3 some article partial or failed;
    130 interrupted, 143 by SIGTERM.
    """
    from extractor.cli.run import run
    from extractor.cli.settings import read_config, settings_from

    given = {
        "model": model,
        "only": only,
        "format": format_,
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
        "limit": limit,
        "text_field": text_field,
        "id_field": id_field,
        "input_format": input_format,
        "on_change": on_change,
        "workers": workers,
        "max_article_chars": max_article_chars,
        "quiet": quiet,
    }
    settings = settings_from(given, read_config())
    # A flag wins over the suffix of the output, the environment does not.
    origin = context.get_parameter_source("format_")
    flag = format_ if origin is not None and origin.name == "COMMANDLINE" else None
    if not sources:
        raise UsageError("no sources were named", hint="name files or folders, or - for standard input")
    if dry_run:
        from extractor.cli.dry_run import dry_run as say_estimate

        return say_estimate(sources, flag, settings)
    command = list(context.find_root().obj or ())
    return run(sources, None if out == "-" else out, force, flag, settings, command)
