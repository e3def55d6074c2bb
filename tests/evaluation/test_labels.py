"""Hand labels are placed where they stand, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import SourceError
from extractor.evaluation.gold import labelled
from extractor.evaluation.labels import Labels, Placing, numbered, read_labels
from extractor.records.article import Article
from extractor.text.document import Document
from tests.articles import texts

TEXT = (
    "Ana Ruiz of the EU met Bo Ruiz.\r\n\r\n"
    "“We won’t go 😀, we won’t,” Ruiz said. “Not now.” Bo said he said no, EU or EU.\r\n\r\n"
    "Costs rose 3.5% in May, the EU said."
)
ARTICLE = Article(id="a", text=TEXT)


def placed(**labels: Any) -> tuple[dict[str, Any], list[str]]:
    placing = Placing(ARTICLE, Labels.model_validate(labels))
    return placing.gold(), placing.faults


def entity(name: str, mentions: dict[str, list[int | str]], type_: str = "person") -> dict[str, Any]:
    return {"type": type_, "name": name, "mentions": mentions}


def test_sentences_are_numbered() -> None:
    assert numbered(Document.of(ARTICLE)).splitlines() == [
        "[1] Ana Ruiz of the EU met Bo Ruiz.",
        "",
        "[2] “We won’t go 😀, we won’t,” Ruiz said.",
        "[3] “Not now.”",
        "[4] Bo said he said no, EU or EU.",
        "",
        "[5] Costs rose 3.5% in May, the EU said.",
    ]


def test_a_shorter_form_is_not_found_inside_a_longer_one() -> None:
    gold, faults = placed(
        entities=[entity("Ana Ruiz", {"Ana Ruiz": [1], "Ruiz": [2]}), entity("Bo Ruiz", {"Bo Ruiz": [1]})]
    )
    assert faults == []
    assert gold["entities"][0]["aliases"] == ["Ruiz"]
    assert [span["start"] for span in gold["entities"][0]["mentions"]] == [0, TEXT.index("Ruiz said")]


def test_a_form_given_as_often_as_it_stands_is_placed_at_each() -> None:
    gold, faults = placed(entities=[entity("EU", {"EU": [1, 4, 4, 5]}, "organization")])
    assert faults == []
    assert len({span["start"] for span in gold["entities"][0]["mentions"]}) == 4


@pytest.mark.parametrize("mentions", [[4], [4, 4, 4]])
def test_a_form_given_more_or_less_often_is_ambiguous(mentions: list[int | str]) -> None:
    _, faults = placed(entities=[entity("EU", {"EU": mentions}, "organization")])
    assert any("begins in sentence 4" in fault for fault in faults)


def test_the_second_place_of_a_sentence() -> None:
    gold, faults = placed(entities=[entity("EU", {"EU": ["4/2"]}, "organization")])
    assert faults == []
    assert gold["entities"][0]["mentions"][0]["start"] == TEXT.index("EU.")


def test_one_surname_of_two_people_in_one_sentence() -> None:
    text = Article(id="a", text="Ruiz met Ruiz.")
    labels = Labels.model_validate(
        {"entities": [entity("Ruiz", {"Ruiz": ["1/2"]}), entity("Ana Ruiz", {"Ruiz": ["1/1"]})]}
    )
    placing = Placing(text, labels)
    mentions = [one["mentions"][0]["start"] for one in placing.gold()["entities"]]
    assert mentions == [0, 9]
    assert placing.faults == ["entity 'Ana Ruiz': the name is none of its mentions"]


def quote(**changes: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "kind": "direct",
        "spans": [["We won’t [...] we won’t,", 2], ["Not now.", 3]],
        "cue": ["said", 2],
        "speaker": {"mention": ["Ruiz", 2], "name": "Ana Ruiz"},
        **changes,
    }


ENTITIES = [entity("Ana Ruiz", {"Ana Ruiz": [1], "Ruiz": [2]})]


def test_a_quote_with_what_is_elided() -> None:
    gold, faults = placed(entities=ENTITIES, quotes=[quote()])
    assert faults == []
    (found,) = gold["quotes"]
    assert found["id"] == "q1"
    assert [span["text"] for span in found["spans"]] == ["We won’t go 😀, we won’t,", "Not now."]
    assert found["speaker"]["entity"] == gold["entities"][0]["id"]
    assert labelled(gold).quotes is not None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"spans": [["We will go", 2]]}, "does not begin in sentence 2"),
        ({"spans": [["Not now.", 2]]}, "does not begin in sentence 2 (but in 3)"),
        ({"spans": [["Not now.", 9]]}, "there is no sentence 9"),
        ({"spans": [["won’t", 2]]}, "begins in sentence 2 2 times; say which"),
        ({"spans": [["We won’t go", 2], ["won’t go", 2]]}, "two of its spans overlap"),
        ({"cue": ["said", 4]}, "begins in sentence 4 2 times"),
        ({"cue": ["said", "4/3"]}, "begins in sentence 4 2 times, not 3"),
        ({"speaker": {"mention": ["Ruiz", 2], "name": "Eva"}}, "neither a labelled entity's name nor the mention"),
    ],
)
def test_a_label_that_cannot_be_placed_is_refused(changes: dict[str, Any], fault: str) -> None:
    _, faults = placed(entities=ENTITIES, quotes=[quote(**changes)])
    assert any(fault in one for one in faults), faults


def test_claims_name_their_quote_and_entities() -> None:
    claim = {
        "kind": "quantity",
        "text": "Costs rose 3.5% in May.",
        "evidence": [["Costs rose 3.5% in May", 5]],
        "claimant": {"mention": ["the EU", 5], "name": "EU"},
        "quote": "y",
    }
    indirect = quote(id="y", kind="indirect", spans=[["Costs rose 3.5% in May", 5]], cue=None, speaker=None)
    gold, faults = placed(
        entities=[entity("EU", {"EU": [1, 5]}, "organization")], quotes=[quote(speaker=None), indirect], claims=[claim]
    )
    assert faults == []
    assert gold["claims"][0]["quote"] == "q2"
    assert gold["claims"][0]["claimant"]["entity"] == "e1"
    _, faults = placed(quotes=[], claims=[claim])
    assert any("there is no quote y" in fault for fault in faults)


@pytest.mark.parametrize("text", ["{", "[]", '{"quotes": [{}]}', '{"entities": [{"type": "place"}]}', '{"colour": 1}'])
def test_a_file_that_is_none(text: str) -> None:
    with pytest.raises(SourceError, match=r"^labels\.json: "):
        read_labels(text, "labels.json")


@given(texts(), st.data())
def test_what_is_copied_from_a_sentence_is_placed_there(text: str, data: st.DataObject) -> None:
    article = Article(id="a", text=text)
    document = Document.of(article)
    if not document.sentences:
        return
    sentence = data.draw(st.sampled_from(document.sentences))
    string = article.text[sentence.start : sentence.end]
    if not any(map(str.isalnum, string)):
        return
    label = {"quotes": [quote(spans=[[string, sentence.number]], cue=None, speaker=None)]}
    placing = Placing(article, read_labels(json.dumps(label), "labels"))
    for found in placing.gold()["quotes"]:
        for span in found["spans"]:
            assert article.text[span["start"] : span["end"]] == span["text"]
            assert sentence.start <= span["start"] < sentence.end
    assert placing.faults == [] or "times" in placing.faults[0] or "does not begin" in placing.faults[0]
