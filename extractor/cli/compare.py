"""`extractor compare`: two results on the same gold: is the difference real?"""

# Annotations are values here (no `from __future__`): typer reads them.

import json
import sys
from typing import Annotated

import typer

from extractor.cli.options import OnlyOption
from extractor.errors import UsageError


def compare(
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULTS...",
            help="What `extractor evaluate … -o result.json` wrote; or, with --gold, files of predictions.",
        ),
    ],
    gold: Annotated[
        list[str] | None, typer.Option("--gold", metavar="GOLD", help="Score files of predictions on this first.")
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", metavar="NAME", help="Compare by this, e.g. quotes.direct@0.5. Default: the headlines."
        ),
    ] = None,
    only: OnlyOption = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="table|json", help="Default: table on a terminal, else json.")
    ] = None,
    resamples: Annotated[int | None, typer.Option("--resamples", metavar="N", help="Draws. Default: 5000.")] = None,
) -> int:
    """Compare systems on the same gold by paired approximate randomisation over articles.

    Says "not distinguishable" where chance alone would often give a difference as large. With many comparisons, p is
    corrected by Holm's method.
    """
    from extractor.cli.evaluation_run import scored_kinds
    from extractor.evaluation.gold import read_gold, read_predictions
    from extractor.evaluation.suite import compare as compare_systems
    from extractor.evaluation.suite import evaluate, read_evaluation

    if format_ not in (None, "table", "json"):
        raise UsageError(f"--format {format_!r} is neither table nor json")
    if gold:
        read = [read_predictions(path) for path in results]
        kinds = scored_kinds(None if only is None else [name.strip() for name in only.split(",")])
        evaluations = [evaluate(read_gold(gold), [one], kinds=kinds, resamples=resamples).evaluation for one in read]
    else:
        evaluations = [read_evaluation(path) for path in results]
        if resamples:
            evaluations = [one.model_copy(update={"resamples": resamples}) for one in evaluations]
    found = compare_systems(evaluations, metrics)
    if format_ == "table" or (format_ is None and sys.stdout.isatty()):
        import shutil

        from extractor.rendering.report import render_comparisons

        width = shutil.get_terminal_size((120, 24)).columns
        typer.echo(render_comparisons(found, width=width, color=sys.stdout.isatty()), nl=False)
    else:
        typer.echo(json.dumps([one.model_dump() for one in found], ensure_ascii=False, indent=1))
    return 0
