"""`extractor extract --dry-run`: what a run would take, without asking anybody."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from extractor.api import Extractor
from extractor.backends.registry import OFFLINE, backend_for
from extractor.cli.messages import say
from extractor.cli.run import NOTHING_DONE, SOME_INCOMPLETE, read_inputs
from extractor.files.inputs import Unread
from extractor.llm.estimate import Estimate

if TYPE_CHECKING:
    from extractor.cli.options import Format
    from extractor.cli.settings import Settings


def dry_run(sources: list[str], format_: Format | None, settings: Settings) -> int:
    """Estimate a run over sources and return the exit code. No key is needed.

    The estimate goes to standard output: in words on a terminal, else as one line of JSON.
    """
    backend = None
    if settings.model != OFFLINE:
        backend = backend_for(
            settings.model,
            prompt=settings.prompt,
            examples=settings.examples,
            mode=settings.mode,
            per_kind=settings.per_kind,
            base_url=settings.base_url,
            replies=settings.replies,
            estimate_only=True,
        )
    estimate, unread = Estimate(), 0
    with Extractor(kinds=settings.kinds, chunk_chars=settings.chunk_chars, backend=backend) as extractor:
        for one in read_inputs(sources, settings):
            if isinstance(one, Unread):
                unread += 1
                say(str(one.error), one.error.hint)
            else:
                estimate += extractor.estimate(one)
    in_words = format_ == "table" or (format_ is None and sys.stdout.isatty())
    typer.echo(
        _in_words(estimate, settings.model) if in_words else json.dumps({"model": settings.model} | asdict(estimate))
    )
    if unread:
        return SOME_INCOMPLETE if estimate.articles else NOTHING_DONE
    return 0


def _in_words(estimate: Estimate, model: str) -> str:
    cost = "unknown" if estimate.cost_usd is None else f"${estimate.cost_usd:.4f}"
    rows = {
        "model": model,
        "articles": f"{estimate.articles:,}",
        "chunks": f"{estimate.chunks:,}",
        "requests": f"{estimate.requests:,}",
        "kept replies": f"{estimate.stored:,}",
        "tokens to send": f"about {estimate.prompt_tokens:,}",
        "tokens to receive": f"about {estimate.completion_tokens:,}",
        "cost": cost if not estimate.requests or estimate.cost_usd is None else f"about {cost}",
    }
    if not estimate.requests:
        rows["cost"] = "nothing"
    return "\n".join(f"{name:<20}{value}" for name, value in rows.items())
