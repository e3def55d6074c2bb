"""Reading gold and predictions: gold is right or refused, predictions are counted as they are."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import SourceError
from extractor.evaluation.gold import folded_name, read_gold, read_predictions
from tests.evaluation.data import ARTICLE

if TYPE_CHECKING:
    from pathlib import Path


def lines(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def broken(change: Any) -> dict[str, Any]:
    record = copy.deepcopy(ARTICLE)
    change(record)
    return record


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["entities"][0]["mentions"][0].update(start=1), "does not stand at"),
        (lambda r: r["quotes"][0]["spans"][0].update(text="We will go, 😀 not now."), "does not stand at"),
        (lambda r: r["quotes"][0]["cue"].update(end=4000), "does not stand at"),
        (lambda r: r["quotes"][0]["speaker"]["mention"].update(text="Ann Lea"), "quote q1 of 'a'"),
        (lambda r: r["claims"][0]["evidence"][0].update(start=101, end=101, text=""), "does not stand at"),
        (lambda r: r["entities"][0].update(type="Person"), "unknown entity type 'Person'"),
        (lambda r: r["article"].update(sha256="0" * 64), "is not the digest"),
        (lambda r: r["article"].pop("text"), "has no text"),
        (lambda r: r["article"].pop("id"), "article.id: field required"),
        (lambda r: r["quotes"][0].update(spans=[]), "quotes.0.spans"),
    ],
)
def test_gold_that_is_wrong_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    path = lines(tmp_path / "gold.jsonl", broken(change))
    with pytest.raises(SourceError, match=message) as caught:
        read_gold([path])
    assert str(caught.value).startswith(f"{path}:1: ")


def test_an_id_is_there_once(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is there twice"):
        read_gold([lines(tmp_path / "gold.jsonl", ARTICLE, ARTICLE)])


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_gold_without_articles(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no article"):
        read_gold([path])


@pytest.mark.parametrize(
    ("content", "message"), [(b"{", "no JSON"), (b"[" * 100_000, "no JSON|too deep"), (b'"\xff"', "not UTF-8")]
)
def test_gold_that_is_no_json(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_gold([path])


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_gold([tmp_path / "none.jsonl"])


def test_the_digest_is_of_the_labels_whatever_their_order(tmp_path: Path) -> None:
    other = broken(lambda r: r["article"].update(id="b"))
    one = read_gold([lines(tmp_path / "a.jsonl", ARTICLE, other)]).sha256
    assert read_gold([lines(tmp_path / "b.jsonl", other, ARTICLE)]).sha256 == one
    assert read_gold([lines(tmp_path / "c.jsonl", other), lines(tmp_path / "d.jsonl", ARTICLE)]).sha256 == one
    changed = broken(lambda r: r["quotes"][0].update(kind="mixed"))
    assert read_gold([lines(tmp_path / "e.jsonl", changed, other)]).sha256 != one


def test_predictions_that_cannot_be_read_are_noted_and_the_others_count(tmp_path: Path) -> None:
    path = tmp_path / "system.jsonl"
    path.write_text("{\n" + json.dumps(ARTICLE) + "\n" + '{"article": {"id": "b"}, "quotes": 3}\n', encoding="utf-8")
    predictions = read_predictions(path)
    assert (predictions.name, set(predictions.articles)) == ("system", {"a"})
    assert [note.split(": ")[0] for note in predictions.notes] == [f"{path}:1", f"{path}:3"]


def test_the_last_line_of_an_id_counts(tmp_path: Path) -> None:
    later = broken(lambda r: r.update(quotes=[]))
    assert read_predictions(lines(tmp_path / "a.jsonl", ARTICLE, later)).articles["a"].quotes == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Guardian", "guardian"),
        ("Ann  Lee", "ann lee"),
        ("O’Neil", "O'Neil"),
        ("Josė", "Josė".replace("ė", "e\u0307")),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other)
