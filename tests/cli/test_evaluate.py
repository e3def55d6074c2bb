"""`extractor evaluate`, `compare` and `gold`, as a shell calls them."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from extractor.cli.app import main
from tests.evaluation.data import ARTICLE, TEXT, at
from tests.model_server import ModelServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    second = {**ARTICLE, "article": {"id": "b", "text": TEXT}, "properties": {"genre": "sport"}}
    first = {**ARTICLE, "properties": {"genre": "wire"}}
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(first) + "\n" + json.dumps(second) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def worse(tmp_path: Path, gold: Path) -> Path:
    path = tmp_path / "worse.jsonl"
    records = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()]
    for record in records:
        del record["quotes"][1]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def score(data: Any, metric: str, system: int = 0) -> float:
    return float(data["systems"][system]["scores"][metric]["f1"])


def test_the_rules_are_scored_unless_told_otherwise(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(gold)]) == 0
    data = printed(capsys)
    assert [system["name"] for system in data["systems"]] == ["offline"]
    assert 0 < score(data, "quotes.content@0.5") <= 1
    assert data["systems"][0]["totals"]["seconds"] > 0


def test_predictions_of_others_are_scored(gold: Path, worse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(gold), "--predictions", str(worse), "--predictions", f"best={gold}"]) == 0
    data = printed(capsys)
    assert [system["name"] for system in data["systems"]] == ["worse", "best"]
    assert score(data, "quotes.mixed@exact", 0) == 0
    assert score(data, "quotes.mixed@exact", 1) == 1
    assert data["comparisons"]


def test_only_kinds_slices_and_selections(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["evaluate", str(gold), "--predictions", str(gold), "--only", "quotes"]
    assert main([*call, "--slice", "genre"]) == 0
    data = printed(capsys)
    assert {name.split(".")[0] for name in data["systems"][0]["scores"]} == {"quotes"}
    assert set(data["systems"][0]["slices"]["genre"]) == {"wire", "sport"}
    assert main([*call, "--where", "genre=wire"]) == 0
    assert printed(capsys)["gold"]["articles"] == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--threshold", "2"], "--threshold '2'"),
        (["--pair-at", "0"], "--pair-at is 0"),
        (["--only", "verbs"], "'verbs' cannot be scored"),
        (["--where", "genre"], "is not PROPERTY=VALUE"),
        (["--where", "genre=opera"], "no article of the gold is left"),
        (["-o", "report.pdf"], "does not say a format"),
        (["--lower", "why"], "goes with --pin"),
    ],
)
def test_wrong_usage(gold: Path, more: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(gold), *more]) == 2
    assert message in capsys.readouterr().err


def test_gold_that_is_wrong_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = copy.deepcopy(ARTICLE)
    record["quotes"][0]["spans"][0]["start"] += 1
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert main(["evaluate", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{path}:1: quote q1 of 'a'" in said


def test_bad_lines_of_predictions_are_said_and_the_rest_is_scored(
    gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "system.jsonl"
    path.write_text("{\n" + gold.read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["evaluate", str(gold), "--predictions", str(path)]) == 3
    captured = capsys.readouterr()
    assert "no JSON" in captured.err
    assert score(json.loads(captured.out), "quotes.content@exact") == 1


def test_reports_are_written_and_not_replaced(gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / f"report.{suffix}" for suffix in ("json", "md", "html", "txt")]
    call = ["evaluate", str(gold), *(word for file in files for word in ("-o", str(file)))]
    assert main(call) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(files[0].read_text(encoding="utf-8"))["gold"]["articles"] == 2
    assert files[1].read_text(encoding="utf-8").startswith("| system |")
    assert files[2].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "quotes: direct, at 0.5" in files[3].read_text(encoding="utf-8")
    assert main(call) == 1
    assert "exists" in capsys.readouterr().err
    assert main([*call, "--force"]) == 0


def test_a_gate_fails_and_no_floor_is_lowered_in_silence(
    gold: Path, worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = tmp_path / "best.json"
    good, bad = (["evaluate", str(gold), "--predictions", str(path)] for path in (gold, worse))
    assert main([*good, "--pin", str(baseline)]) == 0
    assert main([*good, "--gate", str(baseline)]) == 0
    assert main([*bad, "--gate", str(baseline)]) == 4
    assert "gate: quotes.content@0.5: 0.6667, pinned 1.0000 (noise 0.0100)" in capsys.readouterr().err
    before = baseline.read_bytes()
    assert main([*bad, "--pin", str(baseline)]) == 2
    assert "would be lowered" in capsys.readouterr().err
    assert baseline.read_bytes() == before
    assert main([*bad, "--pin", str(baseline), "--lower", "the marks were wrong"]) == 0
    assert "the marks were wrong" in baseline.read_text(encoding="utf-8")
    assert main([*bad, "--gate", str(baseline)]) == 0


def test_results_are_compared(gold: Path, worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = []
    for path in (gold, worse):
        results.append(str(tmp_path / f"{path.stem}-result.json"))
        assert main(["evaluate", str(gold), "--predictions", str(path), "-o", results[-1]]) == 0
    assert main(["compare", *results, "--metric", "quotes.content@0.5"]) == 0
    (one,) = printed(capsys)
    assert (one["first"], one["second"], one["verdict"]) == ("gold", "worse", "not distinguishable")
    assert one["difference"] == pytest.approx(-1 / 3)
    assert main(["compare", "--gold", str(gold), str(gold), str(worse), "--metric", "quotes.content@0.5"]) == 0
    assert printed(capsys) == [one]
    assert main(["compare", *results, "--format", "table"]) == 0
    assert "not distinguishable" in capsys.readouterr().out
    assert main(["compare", results[0]]) == 1
    assert "only one system" in capsys.readouterr().err


def test_a_model_is_run_and_its_replies_are_taken_again(
    gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "replies.sqlite"
    with ModelServer(lambda _: {"entities": [], "quotes": [], "claims": []}) as server:
        call = ["evaluate", str(gold), "--model", "openai/some", "--base-url", server.url, "--record", str(record)]
        assert main([*call, "--save", str(tmp_path / "runs")]) == 0
        captured = capsys.readouterr()
        data = json.loads(captured.out)
        assert score(data, "quotes.content@0.5") == 0
        assert data["systems"][0]["totals"]["requests"] == len(server.requests) > 0
        assert "openai/some: " in captured.err
        asked = len(server.requests)
        assert main(call) == 0
        assert len(server.requests) == asked
    assert (tmp_path / "runs" / "openai_some.jsonl").read_text(encoding="utf-8").count("\n") == 2
    capsys.readouterr()
    assert main(["evaluate", str(gold), "--model", "openai/some", "--replay", str(record)]) == 0


def test_labels_are_numbered_placed_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    article, labels = tmp_path / "a.txt", tmp_path / "labels.json"
    article.write_text(TEXT, encoding="utf-8")
    assert main(["gold", "number", str(article)]) == 0
    assert capsys.readouterr().out.startswith("[1] Ann Lee said")
    label: dict[str, Any] = {"entities": [{"type": "person", "name": "Bo", "mentions": {"Bo": [2]}}]}
    labels.write_text(json.dumps(label), encoding="utf-8")
    assert main(["gold", "place", str(article), str(labels), "--id", "a"]) == 0
    line = capsys.readouterr().out
    assert json.loads(line)["entities"][0]["mentions"] == [at("Bo")]
    path = tmp_path / "gold.jsonl"
    path.write_text(line, encoding="utf-8")
    assert main(["gold", "check", str(path)]) == 0
    assert capsys.readouterr().out.startswith("1 articles, 1 entities, 0 quotes, 0 claims; digest ")
    label["entities"][0]["mentions"]["Bo"] = [1]
    labels.write_text(json.dumps(label), encoding="utf-8")
    assert main(["gold", "place", str(article), str(labels)]) == 3
    assert "does not begin in sentence 1 (but in 2)" in capsys.readouterr().err


def test_agreement_and_columns(gold: Path, worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gold", "agreement", str(gold), str(worse)]) == 0
    found = printed(capsys)
    assert found["alpha"]["entities"] == 1
    assert found["alpha"]["quotes"] < 1
    assert main(["gold", "agreement", str(gold), str(worse), "--format", "table"]) == 0
    assert "Krippendorff's alpha" in capsys.readouterr().out
    assert main(["gold", "to-conll", str(gold)]) == 0
    captured = capsys.readouterr()
    assert "do not hold" in captured.err
    columns = tmp_path / "gold.conll"
    columns.write_text(captured.out, encoding="utf-8")
    assert main(["gold", "from-conll", str(columns), "--texts", str(gold)]) == 0
    back = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(record["entities"]) for record in back] == [3, 3]
    assert main(["evaluate", str(gold), "--predictions", str(columns), "--only", "entities"]) == 0
    assert score(printed(capsys), "entities.strict") == 1
