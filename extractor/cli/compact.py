"""`extractor compact`: the records that count in a journal: one line an id, or a file in another format."""

# Annotations are values here (no `from __future__`): typer reads them.

import contextlib
import os
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.messages import say
from extractor.errors import OutputError, SourceError, UsageError


def compact(
    journal: Annotated[
        str,
        typer.Argument(metavar="FILE", help="What `extractor extract -o FILE.jsonl` wrote."),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Leave FILE as it is, and write to this one, whose suffix sets the format: .jsonl .json .csv .md "
            ".parquet .sqlite, and .gz or .zst behind the first four.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file that -o names if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing on standard error but errors.")] = False,
) -> int:
    """Leave one line for each article of an output: the last one of its id, which is the one that counts.

    Damaged lines are dropped. The file is replaced in one step. With -o it stays, and what counts is written in another
    place or format.
    """
    from extractor.cli.formats import publisher
    from extractor.files.compressed import inner_suffix
    from extractor.files.destination import FORCE_HINT, kind_of
    from extractor.files.writers import SUFFIXES
    from extractor.runs.index import Index
    from extractor.runs.journal import Journal, Lock, publish_lines
    from extractor.runs.journal import compact as compact_in_place

    source = Path(os.path.realpath(journal))
    if not source.is_file():
        raise SourceError(f"there is no file {journal!r}", code="missing_file")
    make, target = None, None
    if out is not None:
        target = Path(os.path.realpath(out))
        wanted = SUFFIXES.get(inner_suffix(out))
        if wanted is None:
            raise UsageError(f"the name {out!r} does not say a format", hint=f"use one of {' '.join(SUFFIXES)}")
        if kind_of(target, out) != "absent" and not force:
            raise OutputError(f"{out} exists", hint=FORCE_HINT)
        if target == source:
            raise UsageError(f"{out} is the file itself", hint="leave -o off")
        make = publisher(out, wanted) or publish_lines
    with Lock(source, journal), contextlib.closing(Index()) as index, Journal(source, journal) as opened:
        opened.read(index)
        if make is not None and target is not None and out is not None:
            make(target, out, source, index)
            return 0
        records, gone = compact_in_place(opened, index)
    if not quiet:
        say(f"{journal}: {records:,} records, {gone / 1e6:,.1f} MB less")
    return 0
