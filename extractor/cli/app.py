"""The program `extractor`: its commands, its exit codes, and every error on one line.

Exit codes: 0 all complete; 1 nothing could be done; 2 wrong usage; 3 some article partial or failed; 4 a gate
failed; 130 interrupted; 143 ended by SIGTERM; 141 the reader of the output went away (as a shell reports a program
that SIGPIPE ended).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from extractor.cli.compact import compact
from extractor.cli.compare import compare
from extractor.cli.copies import copies
from extractor.cli.evaluate import evaluate
from extractor.cli.extract import extract
from extractor.cli.gold import app as gold
from extractor.cli.messages import say
from extractor.cli.models import models
from extractor.cli.replies import app as replies
from extractor.cli.schemas import schemas
from extractor.errors import ExtractorError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
READER_GONE = 141
DEBUG = "EXTRACTOR_DEBUG"

# Rich help and completion would cost every `--help` an import; both are plain here.
app = typer.Typer(
    name="extractor",
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(extract)
app.command()(compact)
app.command()(copies)
app.command()(evaluate)
app.command()(compare)
app.command()(schemas)
app.command()(models)
app.add_typer(gold)
app.add_typer(replies)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"extractor {version('extractor')}")
        raise typer.Exit


@app.callback()
def extractor(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Who said what, what is asserted, and about whom, from news articles.

    Every quote, claim and entity stands, character for character, at a place in its article.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code.

    Args:
        arguments: What stands behind the program's name; the process's own unless given.
    """
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except ExtractorError as error:
        say(str(error), error.hint)
        return error.exit_code
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        say(f"a bug of extractor's own: {_place(error)}", f"please report it; {DEBUG}=1 shows the traceback")
        return 1
    return code


def _run(arguments: list[str]) -> int:
    command = get_command(app)
    try:
        # Not `command.main`: it would print usage errors over several lines and swallow a broken pipe.
        with command.make_context("extractor", list(arguments), obj=tuple(arguments)) as context:
            result = command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        return INTERRUPTED
    except TyperException as error:
        context_of_error = getattr(error, "ctx", None)
        path = context_of_error.command_path if context_of_error else "extractor"
        say(error.format_message().replace("Value error, ", "").rstrip("."), f"see {path} --help")
        return error.exit_code
    return result if isinstance(result, int) else 0


def _reader_gone() -> int:
    """Leave quietly: what is still buffered is thrown away, so that nothing fails when the process ends."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # A stream without a descriptor has nothing to fail later.
    finally:
        os.close(devnull)
    return READER_GONE


def _place(error: BaseException) -> str:
    """The error's type and place; its message is left out, since it may quote an article or a key."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = Path(trace.tb_frame.f_code.co_filename).name
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
