"""`extractor copies`: near-identical articles of an output, and the quotes that they share: a file beside the run."""

# Annotations are values here (no `from __future__`): typer reads them.

import contextlib
import os
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.messages import say
from extractor.errors import SourceError, UsageError


def copies(
    journal: Annotated[
        str, typer.Argument(metavar="FILE", help="What `extractor extract -o FILE.jsonl` wrote. It stays as it is.")
    ],
    out: Annotated[
        str | None,
        typer.Option("-o", "--out", metavar="FILE", help="Write to this file. Default: standard output."),
    ] = None,
    threshold: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="How alike two texts are, at least: the share of runs of five words that both have."
        ),
    ] = 0.7,
    force: Annotated[bool, typer.Option("--force", help="Replace the file that -o names if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing on standard error but errors.")] = False,
) -> int:
    """Group near-identical articles (wire copy in several outlets), a line of JSON each group.

    A quote that several of them have is one quote with several sources. Needs pip install 'extractor[copies]'.
    """
    from extractor.files.destination import open_destination
    from extractor.files.writers import encode
    from extractor.runs.copies import near_copies
    from extractor.runs.index import Index
    from extractor.runs.journal import Journal, Lock

    if not 0 < threshold <= 1:
        raise UsageError(f"--threshold is {threshold}, and has to be above 0 and at most 1")
    source = Path(os.path.realpath(journal))
    if not source.is_file():
        raise SourceError(f"there is no file {journal!r}", code="missing_file")
    groups = articles = shared = 0
    with (
        Lock(source, journal),
        contextlib.closing(Index()) as index,
        Journal(source, journal) as opened,
        open_destination(None if out == "-" else out, force=force) as sink,
    ):
        opened.read(index)
        for group in near_copies(opened, index, threshold):
            sink.write(encode(group.to_json() + "\n"))
            groups += 1
            articles += len(group.articles)
            shared += sum(len({source["article"] for source in quote["sources"]}) > 1 for quote in group.quotes)
    if not quiet:
        say(f"{groups:,} groups of {articles:,} articles; {shared:,} quotes stand in more than one")
    return 0
