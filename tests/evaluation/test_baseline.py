"""Gates fail when a score falls by more than its noise, and no floor is lowered in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import SourceError, UsageError
from extractor.evaluation.baseline import falls, pin, read_baseline, write_baseline
from extractor.evaluation.suite import Evaluation, evaluate
from tests.evaluation.data import ARTICLE, gold_of, predictions_of

if TYPE_CHECKING:
    from pathlib import Path


def reached(f1: float, *others: float, metric: str = "quotes.direct@0.5", digest: str = "one") -> Evaluation:
    evaluation = evaluate(gold_of([ARTICLE]), [predictions_of([ARTICLE], "offline")], resamples=200).evaluation
    system = evaluation.systems[0]
    systems = [
        system.model_copy(update={"scores": {metric: system.scores[metric].model_copy(update={"f1": value})}})
        for value in (f1, *others)
    ]
    gold = evaluation.gold.model_copy(update={"sha256": digest})
    return evaluation.model_copy(update={"systems": systems, "gold": gold})


@pytest.mark.parametrize(("now", "fallen"), [(0.9, 0), (0.95, 0), (0.891, 0), (0.89, 0), (0.889, 1), (0.0, 1)])
def test_a_fall_beyond_the_noise(now: float, fallen: int) -> None:
    baseline = pin(reached(0.9), noise=0.01)
    assert len(falls(baseline, reached(now))) == fallen


def test_a_score_that_is_gone_has_fallen() -> None:
    (fall,) = falls(pin(reached(0.9)), reached(0.9, metric="quotes.mixed@0.5"))
    assert fall.score is None
    assert "is not scored" in str(fall)


def test_noise_is_measured_over_runs() -> None:
    baseline = pin(reached(0.9, 0.85, 0.86))
    pinned = baseline.scores["quotes.direct@0.5"]
    assert pinned.f1 == pytest.approx(0.87)
    assert pinned.noise == pytest.approx(0.05)


@pytest.mark.parametrize("change", [{"f1": 0.8}, {"noise": 0.05}, {"metric": "quotes.mixed@0.5"}])
def test_no_floor_is_lowered_in_silence(change: dict[str, Any]) -> None:
    before = pin(reached(0.9))
    noise = change.pop("noise", 0.01)
    now = reached(change.pop("f1", 0.9), **change)
    with pytest.raises(UsageError, match="would be lowered"):
        pin(now, before, noise=noise)
    after = pin(now, before, noise=noise, reason="the gold was wrong")
    assert [one.reason for one in after.lowered] == ["the gold was wrong"]
    again = pin(now, after, noise=noise)
    assert again.lowered == after.lowered, "the reason stays"


def test_a_floor_is_raised_without_asking() -> None:
    assert pin(reached(0.95), pin(reached(0.9))).scores["quotes.direct@0.5"].f1 == 0.95


def test_other_gold_is_no_comparison() -> None:
    with pytest.raises(SourceError, match="pinned on other gold"):
        falls(pin(reached(0.9)), reached(0.9, digest="other"))


def test_the_baselines_system_is_looked_for() -> None:
    baseline = pin(reached(0.9)).model_copy(update={"system": "another"})
    assert falls(baseline, reached(0.9)) == [], "the only system is meant, whatever it is called"
    with pytest.raises(SourceError, match="'another', which was not scored"):
        falls(baseline, reached(0.9, 0.9))


def test_it_is_written_and_read(tmp_path: Path) -> None:
    baseline = pin(reached(0.9))
    write_baseline(baseline, tmp_path / "new" / "b.json")
    assert read_baseline(tmp_path / "new" / "b.json") == baseline
    (tmp_path / "b.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SourceError, match="is no baseline"):
        read_baseline(tmp_path / "b.json")
