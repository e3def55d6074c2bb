"""CoNLL columns: what they hold comes back, and what they do not is said."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import SourceError
from extractor.evaluation.conll import from_conll, to_conll
from extractor.evaluation.gold import labelled
from extractor.records.article import Article
from tests.articles import texts
from tests.evaluation.data import ARTICLE, TEXT

Mention = tuple[int, int, str]


def record(text: str, mentions: list[Mention], name: str = "a") -> dict[str, Any]:
    entities = [
        {"type": type_, "name": text[a:b], "mentions": [{"start": a, "end": b, "text": text[a:b]}]}
        for a, b, type_ in mentions
    ]
    return {"article": {"id": name, "text": text}, "entities": entities}


def mentions_of(record: dict[str, Any]) -> list[Mention]:
    return sorted((m["start"], m["end"], one["type"]) for one in record["entities"] for m in one["mentions"])


@settings(max_examples=150, deadline=None)
@given(texts(), st.data())
def test_mentions_come_back_where_they_were(text: str, data: st.DataObject) -> None:
    text = Article(id="a", text=text).text
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    mentions = []
    for start, end in itertools.pairwise(cuts):
        stripped = text[start:end].strip()
        if stripped and data.draw(st.booleans()):
            first = start + text[start:end].index(stripped)
            mentions.append((first, first + len(stripped), data.draw(st.sampled_from(["person", "work", "group"]))))
    columns, _ = to_conll([labelled(record(text, mentions))])
    (back,), _ = from_conll(columns, {"a": text})
    assert back["article"]["text"] == text
    assert mentions_of(back) == sorted(mentions)


def test_what_it_looks_like() -> None:
    columns, notes = to_conll([labelled({**ARTICLE, "article": {"id": "a", "text": TEXT}})])
    lines = columns.splitlines()
    assert lines[:5] == ["-DOCSTART- -X- O O # id = a", "", "Ann -X- O B-PER", "Lee -X- O I-PER", "said -X- O O"]
    assert "CoNLL columns do not hold quotes and claims: 2 sets of them left out" in notes


def test_neighbours_of_one_type_stay_apart() -> None:
    text = "Ann Bo"
    columns, _ = to_conll([labelled(record(text, [(0, 3, "person"), (4, 6, "person")]))])
    assert "Ann -X- O B-PER\nBo -X- O B-PER" in columns


def test_what_overlaps_and_what_is_linked_is_said() -> None:
    nested = record("Bank of Oslo", [(0, 12, "organization"), (8, 12, "location")])
    nested["entities"][0]["aliases"] = ["Bank"]
    columns, notes = to_conll([labelled(nested)])
    assert columns.count("B-") == 1
    assert any("mentions inside others: 1 left out" in note for note in notes)
    assert any("1 entities have other forms" in note for note in notes)


def test_the_shared_tasks_own_types() -> None:
    columns, notes = to_conll([labelled(record("The Hague Times", [(0, 15, "work")]))], misc=True)
    assert "The -X- O B-MISC" in columns
    assert any("1 mentions are MISC" in note for note in notes)
    (back,), notes = from_conll(columns)
    assert back["entities"] == []
    assert back["scored_types"] == ["person", "organization", "location"]
    assert any("MISC" in note for note in notes)


def test_columns_of_others() -> None:
    """IOB1, as the shared task has it, without ids and with CRLF."""
    lines = [
        "-DOCSTART- -X- -X- O",
        "",
        "Ann NNP I-NP I-PER",
        "Lee NNP I-NP I-PER",
        "Bo NNP I-NP B-PER",
        "said VBD I-VP O",
    ]
    columns = "\r\n".join([*lines, ""])
    (back,), notes = from_conll(columns)
    assert back["article"]["id"] == "1"
    assert [one["name"] for one in back["entities"]] == ["Ann Lee", "Bo"]
    assert any("tokens with blanks" in note for note in notes)


@pytest.mark.parametrize(
    ("columns", "message"), [("Ann\n", "line 1: a token and its label"), ("Ann X O PER\n", "is no label")]
)
def test_columns_that_are_none(columns: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        from_conll(columns)


def test_tokens_of_another_text() -> None:
    columns, _ = to_conll([labelled(record("Ann went.", [(0, 3, "person")]))])
    with pytest.raises(SourceError, match="does not follow in the text"):
        from_conll(columns, {"a": "Bo went."})
