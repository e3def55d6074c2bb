"""`extractor models`: what `--model` and `--mode` take, and what each still needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from extractor.cli.providers import Variable


def models() -> int:
    """List the models and modes, and what each needs.

    Of an environment variable it says whether it is set, never what it holds.
    """
    from importlib.metadata import entry_points

    from extractor.cli.providers import MODES, PROVIDERS

    for provider in PROVIDERS:
        typer.echo(f"{provider.name:<25}{provider.what}")
        for variable in provider.variables:
            need = "needed" if variable.required and not _spared(variable) else "optional"
            state = "yes" if _is_set(variable.name) else "no"
            typer.echo(f"    {variable.name:<24} {need:<9} set: {state}")
    for entry in sorted(entry_points(group="extractor.backends"), key=lambda entry: entry.name):
        typer.echo(f"{entry.name + '/…':<25}from the package {entry.dist.name if entry.dist else entry.value}")
    typer.echo()
    typer.echo("modes (--mode)")
    for mode, what in MODES.items():
        typer.echo(f"    {mode:<24} {what}")
    return 0


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name, "").strip())


def _spared(variable: Variable) -> bool:
    """Whether a server of one's own makes the key optional."""
    own_server = _is_set("OPENAI_BASE_URL") or _is_set("EXTRACTOR_BASE_URL")
    return variable.name == "OPENAI_API_KEY" and own_server
