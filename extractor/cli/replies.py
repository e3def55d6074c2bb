"""`extractor replies`: what is kept of models' replies: look at it, carry it elsewhere, throw it away."""

# Annotations are values here (no `from __future__`): typer reads them.

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.errors import SourceError, UsageError

if TYPE_CHECKING:
    from extractor.llm.reply_store import ReplyStore

app = typer.Typer(
    name="replies",
    help="Look at, export and prune the replies that are kept (the cache, or a recording).",
    no_args_is_help=True,
)

FileOption = Annotated[
    str | None, typer.Option("--file", metavar="FILE", help="The file of replies. Default: the cache.")
]
ModelOption = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Only those of this provider/model.")]

_AGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhdw])\Z")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
SHOWN = 12
"""Characters of a fingerprint that tell it from others in a list."""


@app.command()
def info(file: FileOption = None) -> int:
    """Say where replies are kept, how many, of which models, and what they cost."""
    with _store(file) as store:
        typer.echo(f"{store.path}: {len(store):,} replies, {store.path.stat().st_size / 1e6:.1f} MB")
        for name, count, usage in store.models():
            typer.echo(
                f"    {_line(name)}: {count:,} replies, {usage.prompt_tokens:,} tokens sent, "
                f"{usage.completion_tokens:,} received"
            )
    return 0


@app.command("list")
def list_(
    file: FileOption = None,
    model: ModelOption = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="The newest N.")] = None,
) -> int:
    """List replies, oldest first: fingerprint, time, model, what was asked for, how it ended, tokens."""
    with _store(file) as store:
        for reply in store.find(model=model, limit=limit):
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(reply.created))
            ending = f"{reply.finish}, in vain" if reply.in_vain else reply.finish
            tokens = f"{reply.prompt_tokens:,} + {reply.completion_tokens:,} tokens"
            name = _line(f"{reply.provider}/{reply.model}")
            typer.echo(f"{reply.fingerprint[:SHOWN]}  {when}Z  {name}  {_line(reply.about)}  {ending}  {tokens}")
    return 0


@app.command()
def show(
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="Or what it begins with.")],
    file: FileOption = None,
) -> int:
    """Print the text of a reply as it came; on a terminal, with what would act on it made visible."""
    with _store(file) as store:
        found = list(store.find(prefix=fingerprint, limit=2)) if fingerprint else []
    if len(found) != 1:
        how_many = "several replies begin" if found else "no reply begins"
        raise UsageError(f"{how_many} with {fingerprint!r}", hint="see `extractor replies list`")
    if sys.stdout.isatty():
        from extractor.rendering.visible import visible

        typer.echo(visible(found[0].text))
    else:
        sys.stdout.write(found[0].text)
    return 0


@app.command()
def export(file: FileOption = None) -> int:
    """Write all replies to standard output, one line of JSON each."""
    with _store(file) as store:
        for line in store.export():
            sys.stdout.write(line + "\n")
    return 0


@app.command("import")
def import_(
    lines: Annotated[str, typer.Argument(metavar="LINES", help="A file that `export` wrote; - reads standard input.")],
    file: FileOption = None,
) -> int:
    """Take exported replies in; those with the same fingerprint are replaced."""
    from extractor.llm.reply_store import ReplyStore, default_path

    with ReplyStore(file or default_path()) as store:
        try:
            if lines == "-":
                count = store.take_in(sys.stdin)
            else:
                with Path(lines).open(encoding="utf-8") as stream:
                    count = store.take_in(stream)
        except OSError as error:
            raise SourceError(f"{lines} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
        except UnicodeDecodeError:
            raise SourceError(f"{lines} is not UTF-8 text") from None
        typer.echo(f"{count:,} replies taken in; {store.path} has {len(store):,}")
    return 0


@app.command()
def prune(
    file: FileOption = None,
    model: ModelOption = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only those that are older: 90m, 12h, 30d, 8w.")
    ] = None,
    in_vain: Annotated[bool, typer.Option("--in-vain", help="Only those of which nothing came.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> int:
    """Remove replies, and give their space back."""
    if not (all_ or in_vain or model or older_than):
        raise UsageError("nothing says which replies to remove", hint="--older-than, --model, --in-vain or --all")
    before = None if older_than is None else time.time() - _age(older_than)
    if not _path(file).exists():
        raise SourceError(f"there are no replies at {_path(file)}")
    from extractor.llm.reply_store import ReplyStore

    with ReplyStore(_path(file)) as store:
        removed = store.prune(before=before, model=model, in_vain=in_vain)
        typer.echo(f"{removed:,} replies removed; {store.path} has {len(store):,}")
    return 0


def _age(text: str) -> float:
    match = _AGE.match(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no age", hint="a number and a unit: 90m, 12h, 30d, 8w")
    return float(match[1]) * _SECONDS[match[2]]


def _path(file: str | None) -> Path:
    from extractor.llm.reply_store import default_path

    return Path(file) if file else default_path()


def _store(file: str | None) -> "ReplyStore":
    from extractor.llm.reply_store import ReplyStore

    path = _path(file)
    if not path.exists():
        raise SourceError(f"there are no replies at {path}", hint="they are kept from the first run with a model on")
    return ReplyStore(path, read_only=True)


def _line(text: str) -> str:
    from extractor.rendering.visible import one_line

    return one_line(text)
