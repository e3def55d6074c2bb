"""Baselines: scores that are pinned, and a gate that fails when one of them falls by more than its noise.

The noise of a score is what it may differ by from one run to the next without anything being worse: measured where
several runs are pinned together (the range of their scores), and never less than what the caller says (0.01 unless told
otherwise: one item of a hundred). A pinned score is lowered only with a reason, which stays in the file.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import OutputError, SourceError, UsageError
from extractor.evaluation.suite import headlines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.evaluation.suite import Evaluation, System

NOISE = 0.01


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pinned(_Data):
    """A score and what it may vary by."""

    f1: float
    noise: float = Field(ge=0)


class Lowered(_Data):
    """A pinned score that was lowered, and why."""

    metric: str
    before: float
    after: float
    reason: str


class Baseline(_Data):
    """What a system has to reach on a gold."""

    system: str
    gold: str
    """Digest of the gold that was scored against."""
    scores: dict[str, Pinned]
    lowered: tuple[Lowered, ...] = ()


@dataclass(frozen=True)
class Fall:
    """A score that is below what is pinned by more than its noise."""

    metric: str
    pinned: float
    noise: float
    score: float | None
    """None where it is not scored at all any more."""

    def __str__(self) -> str:
        now = "is not scored" if self.score is None else f"{self.score:.4f}"
        return f"{self.metric}: {now}, pinned {self.pinned:.4f} (noise {self.noise:.4f})"


def read_baseline(path: str | Path) -> Baseline:
    """Read a baseline. Raises SourceError where it cannot be read or is something else."""
    try:
        return Baseline.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}",
            hint="--pin FILE writes a baseline",
        ) from None
    except ValidationError:
        raise SourceError(f"{path} is no baseline", hint="--pin FILE writes one") from None


def falls(baseline: Baseline, evaluation: Evaluation) -> list[Fall]:
    """The pinned scores that the baseline's system does not reach any more.

    Raises:
        SourceError: Another gold was scored against, or the baseline's system is not among those that were scored.
    """
    if baseline.gold != evaluation.gold.sha256:
        raise SourceError("the baseline was pinned on other gold", hint="pin it anew with --pin, and say so")
    named = [system for system in evaluation.systems if system.name == baseline.system]
    if not named and len(evaluation.systems) == 1:
        named = evaluation.systems
    if not named:
        raise SourceError(f"the baseline is of {baseline.system!r}, which was not scored")
    found = []
    for metric, pinned in baseline.scores.items():
        score = named[0].scores.get(metric)
        value = score.f1 if score else None
        # The last digits of a float are nobody's noise.
        if value is None or value < pinned.f1 - pinned.noise - 1e-9:
            found.append(Fall(metric, pinned.f1, pinned.noise, value))
    return found


def pin(
    evaluation: Evaluation,
    before: Baseline | None = None,
    *,
    reason: str | None = None,
    noise: float = NOISE,
    metrics: Sequence[str] | None = None,
) -> Baseline:
    """A baseline of an evaluation; several systems count as runs of one, whose mean is pinned.

    Args:
        evaluation: What was reached.
        before: The baseline that it replaces.
        reason: Why scores may be lowered.
        noise: The least that a score may vary by.
        metrics: Which scores; those of `before`, else `headlines`, if None.

    Raises:
        UsageError: A score would be lowered, or dropped, or its noise raised, and no reason is given.
    """
    runs = evaluation.systems
    wanted = list(metrics or (before.scores if before else headlines(runs[0])))
    scores: dict[str, Pinned] = {}
    for metric in wanted:
        values = [value for value in (_f1(run, metric) for run in runs) if value is not None]
        if len(values) == len(runs):
            spread = max(values) - min(values)
            scores[metric] = Pinned(f1=sum(values) / len(values), noise=max(noise, spread))
    lowered = list(before.lowered) if before else []
    for metric, was in (before.scores if before else {}).items():
        now = scores.get(metric)
        floor = was.f1 - was.noise
        if now is None or now.f1 < was.f1 - 1e-9 or now.f1 - now.noise < floor - 1e-9:
            if not reason:
                after = "not scored" if now is None else f"{now.f1:.4f}, noise {now.noise:.4f}"
                raise UsageError(
                    f"{metric} would be lowered from {was.f1:.4f}, noise {was.noise:.4f}, to {after}",
                    hint='--lower "why" lowers it, and keeps the reason in the file',
                )
            lowered.append(
                Lowered(metric=metric, before=was.f1, after=now.f1 if now is not None else 0.0, reason=reason)
            )
    return Baseline(
        system=before.system if before else runs[0].name,
        gold=evaluation.gold.sha256,
        scores=scores,
        lowered=tuple(lowered),
    )


def write_baseline(baseline: Baseline, path: str | Path) -> None:
    """Write a baseline; the file is replaced as a whole. Raises OutputError."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(baseline.model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")
        os.replace(beside, target)  # noqa: PTH105 - replaces what is there in one step
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {(error.strerror or 'unknown error').lower()}") from None


def _f1(system: System, metric: str) -> float | None:
    score = system.scores.get(metric)
    return score.f1 if score else None
