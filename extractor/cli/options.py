"""The options of `extract`, as the command line and its help know them.

Nothing is imported here beyond typer, and no default is set: what an option means where it is not given is said in
`settings`, after the environment and extractor.toml were asked.
"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Format = Literal["table", "json", "jsonl", "csv", "markdown", "parquet", "sqlite"]
InputFormat = Literal["text", "html", "jsonl", "parquet"]
ReportFormat = Literal["table", "json", "markdown", "html"]
OnChange = Literal["stop", "redo", "keep"]
Mode = Literal["tools", "json_schema", "json", "md_json"]

SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCES",
        help="Files (text, HTML, JSONL, Parquet; .gz and .zst too), folders, quoted patterns "
        '("news/**/*.txt"); - reads standard input.',
    ),
]
OutOption = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--out",
        metavar="FILE",
        help="Write to this file, whose suffix sets the format: .jsonl .json .csv .md .parquet .sqlite. A run that "
        "was stopped goes on when it is started again.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Start from nothing, and replace the file that -o names.")]
OnChangeOption = Annotated[
    OnChange | None,
    typer.Option(
        "--on-change",
        envvar="EXTRACTOR_ON_CHANGE",
        help="What becomes of records that other settings made: stop and say so (default), redo or keep them.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        envvar="EXTRACTOR_WORKERS",
        help="Processes that read with the offline rules. Default: one for each core.",
    ),
]
MaxArticleCharsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        envvar="EXTRACTOR_MAX_ARTICLE_CHARS",
        help="Articles of more characters are failed records (too_long). Default: 1000000.",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="EXTRACTOR_MODEL",
        help="offline (rules; no key, no network; the default) or provider/model: see `extractor models`.",
    ),
]
OnlyOption = Annotated[
    str | None,
    typer.Option(
        metavar="KINDS",
        envvar="EXTRACTOR_ONLY",
        help="Kinds to extract: quotes, claims, entities. Default: all.",
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", envvar="EXTRACTOR_FORMAT", help="Default: table on a terminal, jsonl in a pipe."),
]
LimitOption = Annotated[int | None, typer.Option(metavar="N", envvar="EXTRACTOR_LIMIT", help="Stop after N articles.")]
TextFieldOption = Annotated[
    str | None,
    typer.Option(
        metavar="FIELD",
        envvar="EXTRACTOR_TEXT_FIELD",
        help="JSONL: the field that holds the text. Default: text.",
    ),
]
IdFieldOption = Annotated[
    str | None,
    typer.Option(
        metavar="FIELD",
        envvar="EXTRACTOR_ID_FIELD",
        help="JSONL: the field that holds the id. Default: id.",
    ),
]
InputFormatOption = Annotated[
    InputFormat | None,
    typer.Option(
        envvar="EXTRACTOR_INPUT_FORMAT",
        help="Form of all sources. Default: by suffix; standard input by its content.",
    ),
]
PromptOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|PATH",
        envvar="EXTRACTOR_PROMPT",
        help="Prompt template, or a file of your own. Default: all.",
    ),
]
ExamplesOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        envvar="EXTRACTOR_EXAMPLES",
        help="Few-shot examples of your own, or none. Default: ours.",
    ),
]
ModeOption = Annotated[
    Mode | None,
    typer.Option(
        envvar="EXTRACTOR_MODE",
        help="How a model is asked for structure. Default: json_schema, md_json if refused.",
    ),
]
PerKindOption = Annotated[
    bool | None,
    typer.Option("--per-kind/--one-call", envvar="EXTRACTOR_PER_KIND", help="One request a kind, or one for all."),
]
ChunkCharsOption = Annotated[
    int | None,
    typer.Option(metavar="N", envvar="EXTRACTOR_CHUNK_CHARS", help="Characters that a model reads at a time."),
]
MaxRepairsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        envvar="EXTRACTOR_MAX_REPAIRS",
        help="Rounds in which a model may mend what does not stand in the text. Default: 2.",
    ),
]
ConcurrencyOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        envvar="EXTRACTOR_CONCURRENCY",
        help="Requests at a time, at most; fewer while the server is busy. Default: 8.",
    ),
]
RequestsPerMinuteOption = Annotated[
    float | None,
    typer.Option(metavar="N", envvar="EXTRACTOR_REQUESTS_PER_MINUTE", help="Requests begun in a minute, at most."),
]
TokensPerMinuteOption = Annotated[
    float | None,
    typer.Option(
        metavar="N", envvar="EXTRACTOR_TOKENS_PER_MINUTE", help="Tokens sent and received in a minute, at most."
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(
        metavar="USD", envvar="EXTRACTOR_MAX_COST", help="Ask no more once the run has cost this many dollars."
    ),
]
TokenBudgetOption = Annotated[
    int | None,
    typer.Option(metavar="N", envvar="EXTRACTOR_TOKEN_BUDGET", help="Ask no more once the run has used these tokens."),
]
CacheOption = Annotated[
    bool | None,
    typer.Option(
        "--cache/--no-cache",
        envvar="EXTRACTOR_KEEP_REPLIES",
        help="Keep a model's replies and take them again for the same prompt. Default: keep; see `extractor replies`.",
    ),
]
RefreshOption = Annotated[
    bool | None,
    typer.Option("--refresh", envvar="EXTRACTOR_REFRESH", help="Ask anew for replies that are kept."),
]
RecordOption = Annotated[
    str | None,
    typer.Option(metavar="FILE", envvar="EXTRACTOR_RECORD", help="Keep the replies in this file instead."),
]
ReplayOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", envvar="EXTRACTOR_REPLAY", help="Take all replies from this recording; nothing is ever sent."
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Send nothing; say how many chunks, requests, tokens and dollars it would take."),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", envvar="EXTRACTOR_TIMEOUT", help="For one request. Default: 120."),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="EXTRACTOR_BASE_URL",
        help="Address of a server that speaks OpenAI's protocol.",
    ),
]
QuietOption = Annotated[
    bool | None,
    typer.Option("-q", "--quiet", envvar="EXTRACTOR_QUIET", help="Say nothing on standard error but errors."),
]
