"""Items are checked one by one against the chunk, and what is wrong is said so that a model can mend it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from extractor.kinds.catalogue import KINDS, kinds_named
from extractor.kinds.located import Verbatim
from extractor.llm.validate import CHUNK, Checked, check_items, validating
from extractor.records.article import Article
from extractor.text.chunks import Chunk, split_chunks
from extractor.text.document import Document

TEXT = (
    "“We can’t wait,” Ann Lee said on Monday. The town spent 12 million kroner. "
    "“No,” said Bob. “No,” said Carl. Nobody was hurt."
)


def chunk_of(text: str = TEXT) -> Chunk:
    return split_chunks(Document.of(Article(id="a", text=text)))[0]


def check(**lists: list[Any]) -> Checked:
    with validating(chunk_of()):
        return check_items(lists, KINDS)


def quote(**fields: Any) -> dict[str, Any]:
    return {
        "sentence": 1,
        "content": ["We can’t wait,"],
        "cue": "said",
        "speaker": "Ann Lee",
        "speaker_name": "Ann Lee",
        **fields,
    }


def claim(**fields: Any) -> dict[str, Any]:
    return {
        "sentence": 2,
        "evidence": ["The town spent 12 million kroner"],
        "text": "The town spent 12 million kroner.",
        "kind": "quantity",
        "claimant": None,
        "claimant_name": None,
        **fields,
    }


def test_one_bad_item_takes_no_other_with_it() -> None:
    checked = check(
        quotes=[quote(), quote(content=["We must never surrender"]), quote(sentence=3, content=["No,"], speaker="Bob")],
        claims=[claim(kind="guess"), claim()],
    )
    assert [grounded.kind.name for grounded in checked.good] == ["quotes", "quotes", "claims"]
    assert [(failing.where, failing.reason) for failing in checked.failing] == [
        ("quotes[1]", "not_found"),
        ("claims[0]", "invalid"),
    ]


@pytest.mark.parametrize(
    "item",
    [
        quote(),
        quote(content=['"We can\'t wait,"']),
        quote(content=["we  can't wait"]),
        quote(content="We can’t wait,"),
        quote(sentence=99),
        quote(sentence="1"),
        quote(cue="", speaker=" ", speaker_name=None),
        quote(confidence=0.9),
    ],
)
def test_what_passes(item: dict[str, Any]) -> None:
    checked = check(quotes=[item])
    assert len(checked.good) == 1
    assert not checked.failing


@pytest.mark.parametrize(
    ("kind", "item", "reason", "says"),
    [
        ("quotes", quote(content=["We will surrender now"]), "not_found", "“We will surrender now” does not stand"),
        ("quotes", quote(content=[]), "empty", "content"),
        ("quotes", quote(content=["…"]), "empty", "content"),
        ("quotes", {"sentence": 1}, "invalid", "content: Field required"),
        ("quotes", quote(content=[1]), "invalid", "content[0]: Input should be a valid string"),
        ("quotes", "We can’t wait", "invalid", "Input should be"),
        ("quotes", None, "invalid", "Input should be"),
        ("quotes", quote(cue="shouted"), "field_not_found", "cue: “shouted”"),
        ("claims", claim(evidence=["The town spent 13 million kroner"]), "altered", "number"),
        ("claims", claim(text="The town spent 13 million kroner."), "unsupported", "13"),
        ("claims", claim(text="The town did not spend 12 million kroner."), "unsupported", "not"),
        ("claims", claim(text="Oslo spent 12 million kroner."), "unsupported", "Oslo"),
        ("claims", claim(kind="fact"), "invalid", "kind: Input should be 'quantity'"),
    ],
)
def test_what_fails_and_why(kind: str, item: Any, reason: str, says: str) -> None:
    (failing,) = check(**{kind: [item]}).failing
    assert failing.reason == reason
    assert says in failing.detail
    rejection = failing.rejection()
    assert rejection.kind == kind.rstrip("s")
    assert rejection.chunk == (0, len(TEXT))
    assert rejection.draft == (item if isinstance(item, dict) else {"value": item})
    rejection.model_dump_json()


def test_an_optional_field_that_is_not_found_keeps_the_item() -> None:
    (failing,) = check(quotes=[quote(speaker="Dora")]).failing
    assert failing.kept is not None
    assert failing.kept.draft.model_dump()["speaker"] == "Dora"


def test_repeated_words_are_given_out_in_order() -> None:
    items = [quote(sentence=9, content=["No,"], cue="said", speaker=who) for who in ("Bob", "Carl")]
    reasons = [failing.reason for failing in check(quotes=items).failing]
    assert reasons == ["ambiguous", "ambiguous"], "nothing says which is meant"
    items = [quote(sentence=number, content=["No,"], speaker=who) for number, who in ((3, "Bob"), (9, "Carl"))]
    assert not check(quotes=items).failing, "only one is left for the second"


def test_concurrent_tasks_see_their_own_chunk() -> None:
    async def one(name: str) -> str:
        with validating(chunk_of(f"{name} left.")):
            await asyncio.sleep(0)
            item = {"sentence": 1, "name": name, "type": "person", "forms": [name]}
            assert len(check_items({"entities": [item]}, KINDS).good) == 1
            return CHUNK.get().document.text

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(one(f"Ann{letter}") for letter in "abcdef"))

    assert asyncio.run(all_of_them()) == [f"Ann{letter} left." for letter in "abcdef"]
    with pytest.raises(LookupError):
        CHUNK.get()


class Event(BaseModel):
    """Something that happened."""

    what: Verbatim

    @field_validator("what")
    @classmethod
    def _not_the_whole_chunk(cls, what: str) -> str:
        if what == CHUNK.get().document.text:
            raise ValueError("that is the whole text")
        return what


def test_a_users_model_may_look_at_the_chunk() -> None:
    with validating(chunk_of()):
        items = {"event": [{"sentence": 5, "what": "Nobody was hurt"}, {"sentence": 1, "what": TEXT}]}
        checked = check_items(items, kinds_named([Event]))
    assert len(checked.good) == 1
    assert "that is the whole text" in checked.failing[0].detail
