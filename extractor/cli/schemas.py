"""`extractor schemas`: the JSON Schemas of records and drafts, generated from the classes themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from extractor.cli.messages import say
from extractor.errors import OutputError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
STALE = 1


def json_schemas() -> dict[str, str]:
    """File name → JSON Schema, for each record, each form in which a backend drafts one, and evaluation's files."""
    import json

    from extractor.evaluation.gold import Labelled
    from extractor.evaluation.judge import Judgements
    from extractor.evaluation.labels import Labels
    from extractor.kinds.catalogue import KINDS
    from extractor.records.article import Article
    from extractor.records.extraction import Extraction

    models: dict[str, Any] = {
        "article": Article,
        "extraction": Extraction,
        "gold": Labelled,
        "labels": Labels,
        "judgements": Judgements,
    }
    for kind in KINDS:
        models[kind.singular] = kind.record
        models[f"{kind.singular}_draft"] = kind.draft
    return {
        f"{name}.json": json.dumps(
            # What may be read: the form that is written is narrower (a record's serialiser leaves kinds out).
            {"$schema": DIALECT, **model.model_json_schema(by_alias=True, mode="validation")},
            indent=2,
            sort_keys=True,
            ensure_ascii=False,
        )
        + "\n"
        for name, model in sorted(models.items())
    }


def schemas(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where they are written. Default: schemas.")] = Path(
        "schemas"
    ),
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit with 1 and name the files that are not up to date."),
    ] = False,
) -> int:
    """Write the JSON Schemas of the records.

    They are extraction, article, entity, quote and claim, and the drafts of the last three; and of evaluation gold (a
    line of it), labels by hand and judgements. All are generated from the program itself.
    """
    wanted = json_schemas()
    if check:
        stale = [name for name, schema in wanted.items() if not _holds(folder / name, schema)]
        stale += sorted(path.name for path in folder.glob("*.json") if path.name not in wanted)
        if stale:
            say(f"not up to date in {folder}: {', '.join(stale)}", "extractor schemas writes them")
            return STALE
        return 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, schema in wanted.items():
            (folder / name).write_text(schema, encoding="utf-8", newline="\n")
            typer.echo(folder / name)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {(error.strerror or 'unknown error').lower()}") from error
    return 0


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode("utf-8")
    except OSError:
        return False
