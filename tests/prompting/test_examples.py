"""Few-shot examples are looked up in their own text before anybody sees them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from extractor.errors import PromptError
from extractor.grounding.ground import ground_draft
from extractor.kinds.catalogue import KINDS, kinds_named
from extractor.kinds.kind import Drafted
from extractor.kinds.located import Verbatim
from extractor.prompting.examples import load_examples
from extractor.prompting.prompt import system_message
from extractor.prompting.templates import load_frame

if TYPE_CHECKING:
    from pathlib import Path


def write(tmp_path: Path, entries: Any) -> Path:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def quote(**fields: Any) -> dict[str, Any]:
    return {"sentence": 1, "content": ["No,"], "cue": "said", "speaker": "Ann", "speaker_name": None, **fields}


def test_shipped_examples_ground_exactly_and_show_every_sort() -> None:
    shipped = load_examples()
    assert shipped.name == "examples.v5"
    assert len(shipped.digest) == 12
    sorts = set()
    for example in shipped.examples:
        example.check(KINDS)
        for kind in KINDS:
            for item in example.items[kind.name]:
                draft = kind.draft.model_validate(item)
                record = ground_draft(kind, Drafted(kind.name, draft), example.chunk).record
                assert getattr(record, "grounding", "exact") == "exact"
                sorts.add((kind.singular, getattr(record, "kind", None)))
                number = example.chunk.document.sentence_at(kind.anchor(record)[0].start).number
                assert item["sentence"] == number
    assert {("quote", sort) for sort in ("direct", "mixed", "indirect")} <= sorts
    speakers = [item["speaker_name"] for item in shipped.examples[0].items["quotes"]]
    assert None in speakers
    assert any(len(item["content"]) == 2 for item in shipped.examples[0].items["quotes"])


def test_the_reply_shown_lists_only_what_is_asked_for() -> None:
    view = load_examples().examples[0].view(kinds_named(["quotes"]))
    assert view is not None
    assert list(json.loads(view.reply)) == ["quotes"]
    assert view.missing == ()
    assert view.article.startswith("<article ")


class Event(BaseModel):
    """Something that happened."""

    what: Verbatim


def test_a_kind_that_no_example_labels() -> None:
    example = load_examples().examples[0]
    assert example.view(kinds_named([Event])) is None
    view = example.view(kinds_named(["quotes", Event]))
    assert view is not None
    assert view.missing == ("event",)
    system = system_message(load_frame(), kinds_named(["quotes", Event]), load_examples().examples)
    assert "Example (without event)" in system
    assert "Example" not in system_message(load_frame(), kinds_named([Event]), load_examples().examples)


def test_none_and_own(tmp_path: Path) -> None:
    assert load_examples("none").examples == ()
    path = write(tmp_path, [{"text": "“No,” said Ann.", "event": [{"what": "No", "sentence": 1}]}])
    own = load_examples(path)
    assert own.name == "mine"
    own.examples[0].check(kinds_named([Event]))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (quote(content=["Never,"]), r"example 1, quotes\[0\]: content\[0\]: “Never,” does not stand in the text"),
        (quote(speaker="Bob"), r"example 1, quotes\[0\].speaker: “Bob” does not stand"),
        ({"sentence": 1}, r"example 1, quotes\[0\].content: Field required"),
        ("No", r"example 1, quotes\[0\]: Input should be"),
    ],
)
def test_an_example_that_does_not_ground_is_named(tmp_path: Path, item: Any, message: str) -> None:
    example = load_examples(write(tmp_path, [{"text": "“No,” said Ann.", "quotes": [item]}])).examples[0]
    with pytest.raises(PromptError, match=message):
        example.check(KINDS)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"text": "A."}, "not a JSON list"),
        ([{"quotes": []}], "example 1 has no text"),
        ([{"text": " \n "}], "example 1 has no text"),
        ([{"text": "A.", "quotes": {}}], "quotes is not a list"),
        ([{"text": "A.", "title": 3}], "title is not a string"),
    ],
)
def test_files_of_another_form(tmp_path: Path, entries: Any, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        load_examples(write(tmp_path, entries))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="cannot be read: no such file") as caught:
        load_examples(tmp_path / "none.json")
    assert "none" in str(caught.value.hint)
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"[\xff")
    with pytest.raises(PromptError, match="not JSON"):
        load_examples(broken)
