"""A judge's run over what systems predict: its model, its replies, and what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.backends.model_backend import ModelBackend
from extractor.background import run_sync
from extractor.cli.messages import say
from extractor.cli.run import Watch, replies_of, usage_line
from extractor.evaluation.judge import judge_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.cli.settings import Settings
    from extractor.evaluation.gold import Gold, Predictions


def judge_systems(model: str, gold: Gold, systems: Sequence[Predictions], settings: Settings) -> bool:
    """Have a model judge each system's claims; judgements are put into `systems`. Whether all could be judged.

    Replies come from the store and go there like those of any model, so a run that was stopped goes on where it was.

    Raises:
        ExtractorError: The judge cannot be asked at all: no key, no such model, no recording to replay.
    """
    settings = replace(settings, model=model)
    watch = Watch()
    backend = ModelBackend(
        model,
        mode=settings.mode,
        timeout=settings.timeout,
        concurrency=settings.concurrency,
        base_url=settings.base_url,
        limits=settings.limits,
        replies=replies_of(settings),
        on_event=watch,
    )
    asking = backend.asking()
    complete = True

    async def judged() -> None:
        nonlocal complete
        try:
            for system in systems:
                system.judged, errors = await judge_all(gold, system, asking, model)
                counted = Counter((str(error), error.hint) for error in errors.values())
                for (message, hint), count in counted.items():
                    say(f"{model} could not judge all of {count} articles of {system.name}: {message}", hint)
                complete = complete and not any(
                    len(one.claims) != one.asked_claims or len(one.facts) != one.asked_facts
                    for one in system.judged.values()
                )
        finally:
            await backend.close()

    run_sync(judged())
    if watch.unstored is not None:
        say(f"{watch.unstored_count} replies could not be kept: {watch.unstored}", watch.unstored.hint)
    if not settings.quiet:
        say(f"{model} as judge: {usage_line(asking.meter.usage)}")
    return complete
