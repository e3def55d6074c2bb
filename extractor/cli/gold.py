"""`extractor gold`: labels by hand: number an article's sentences, place labels in it, see how far annotators agree."""

# Annotations are values here (no `from __future__`): typer reads them.

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from extractor.records.article import Article

app = typer.Typer(
    name="gold",
    help="Label articles by hand, check gold, measure the agreement of annotators, read and write CoNLL columns.",
    no_args_is_help=True,
)

UNPLACED = 3

ArticleArgument = Annotated[str, typer.Argument(metavar="ARTICLE", help="A text file.")]


@app.command()
def number(article: ArticleArgument) -> int:
    """Print an article with its sentences numbered, as labels refer to them."""
    from extractor.evaluation.labels import numbered
    from extractor.text.document import Document

    text = numbered(Document.of(_article(article)))
    if sys.stdout.isatty():
        from extractor.rendering.visible import visible

        text = "\n".join(visible(line) for line in text.split("\n"))
    sys.stdout.write(text)
    return 0


@app.command()
def place(
    article: ArticleArgument,
    labels: Annotated[
        str,
        typer.Argument(metavar="LABELS", help="JSON: strings with sentence numbers, see extractor.evaluation.labels."),
    ],
    name: Annotated[str | None, typer.Option("--id", metavar="ID", help="The article's id. Default: its path.")] = None,
) -> int:
    """Place hand labels in their article and print its gold, a line of JSON.

    A label that stands nowhere, or at several places, is refused: each is named on standard error, and the exit code
    is 3.
    """
    from extractor.cli.messages import say
    from extractor.evaluation.gold import read_text
    from extractor.evaluation.labels import Placing, read_labels

    placing = Placing(_article(article, name), read_labels(read_text(labels), labels))
    gold = placing.gold()
    for fault in placing.faults:
        say(fault)
    if placing.faults:
        return UNPLACED
    typer.echo(json.dumps(gold, ensure_ascii=False))
    return 0


@app.command()
def check(
    gold: Annotated[list[str], typer.Argument(metavar="GOLD...", help="JSON Lines in the record's form.")],
) -> int:
    """Check that gold can be used: each label's text stands at its offsets, types are known, ids are there once."""
    from extractor.evaluation.gold import read_gold

    read = read_gold(gold)
    counts = {
        kind: sum(len(getattr(one, kind) or ()) for one in read.articles.values())
        for kind in ("entities", "quotes", "claims")
    }
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    typer.echo(f"{len(read.articles)} articles, {said}; digest {read.sha256[:12]}")
    return 0


@app.command()
def agreement(
    first: Annotated[str, typer.Argument(metavar="A", help="One annotator's labels, as gold.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The other's.")],
    format_: Annotated[
        str | None, typer.Option("--format", metavar="table|json", help="Default: table on a terminal, else json.")
    ] = None,
) -> int:
    """Measure how far two annotators agree: F1, Krippendorff's alpha over words, speakers."""
    from extractor.evaluation.agreement import agreement as measure
    from extractor.evaluation.gold import read_gold

    found = measure(read_gold([first]), read_gold([second]))
    if format_ == "table" or (format_ is None and sys.stdout.isatty()):
        from extractor.rendering.report import render_evaluation

        typer.echo(render_evaluation(found.scores.evaluation, width=120), nl=False)
        for kind, alpha in found.alpha.items():
            typer.echo(f"{kind}: Krippendorff's alpha {'undefined' if alpha is None else f'{alpha:.3f}'} over words")
    else:
        evaluation = found.scores.evaluation.model_dump(mode="json")
        typer.echo(json.dumps({"alpha": found.alpha, "words": found.words, "evaluation": evaluation}, indent=1))
    return 0


@app.command("judges")
def judges(
    first: Annotated[str, typer.Argument(metavar="A", help="Judgements, as `evaluate --judgements` writes them.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another judge's, of the same claims.")],
) -> int:
    """Measure how far two judges of claims agree (a model and a reader, two readers), question by question, as JSON."""
    from dataclasses import asdict

    from extractor.evaluation.judge import judges_agree, read_judgements

    found = judges_agree(read_judgements(first), read_judgements(second))
    typer.echo(json.dumps([{**asdict(one), "share": one.share} for one in found], indent=1))
    return 0


@app.command("to-conll")
def to_conll(
    gold: Annotated[str, typer.Argument(metavar="FILE", help="Gold or predictions, JSON Lines.")],
    misc: Annotated[
        bool, typer.Option("--misc", help="Only the four types of the shared task: others become MISC.")
    ] = False,
) -> int:
    """Write entities as CoNLL-2003 columns to standard output; what they do not hold is said on standard error."""
    from extractor.cli.messages import say
    from extractor.evaluation.conll import to_conll as write
    from extractor.evaluation.gold import read_gold

    text, notes = write(read_gold([gold]).articles.values(), misc=misc)
    for note in notes:
        say(note)
    sys.stdout.write(text)
    return 0


@app.command("from-conll")
def from_conll(
    columns: Annotated[str, typer.Argument(metavar="COLUMNS", help="CoNLL columns; - reads standard input.")],
    texts: Annotated[
        str | None,
        typer.Option("--texts", metavar="FILE", help="JSON Lines records with the texts, to find the offsets in."),
    ] = None,
) -> int:
    """Read CoNLL columns and write records, a line of JSON each."""
    from extractor.cli.messages import say
    from extractor.evaluation.conll import from_conll as read
    from extractor.evaluation.gold import read_gold, read_text

    known = {key: one.text for key, one in read_gold([texts]).articles.items()} if texts else None
    records, notes = read(sys.stdin.read() if columns == "-" else read_text(columns), known)
    for note in notes:
        say(note)
    for record in records:
        typer.echo(json.dumps(record, ensure_ascii=False))
    return 0


def _article(path: str, name: str | None = None) -> "Article":
    from extractor.evaluation.gold import read_text
    from extractor.records.article import Article

    return Article(id=name or path, text=read_text(path))
