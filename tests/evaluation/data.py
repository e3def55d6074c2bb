"""Labelled articles for tests: random ones by Hypothesis, and plain ones written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from extractor.evaluation import gold as reading
from extractor.evaluation.gold import Gold, Labelled, Predictions, labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "Ann Lee said: “We won’t go, 😀 not now.” But Bo, of the EU, called it “a plan”. Costs rose 3.5% in May…"
TYPES = ("person", "organization", "location")


def span(start: int, end: int, text: str = TEXT) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text[start:end]}


def at(words: str, text: str = TEXT) -> dict[str, Any]:
    """The only place where words stand."""
    assert text.count(words) == 1
    return span(text.index(words), text.index(words) + len(words), text)


@st.composite
def spans(draw: st.DrawFn, text: str = TEXT) -> dict[str, Any]:
    start = draw(st.integers(0, len(text) - 1))
    return span(start, min(len(text), start + draw(st.integers(1, 25))), text)


@st.composite
def sources(draw: st.DrawFn) -> dict[str, Any] | None:
    if draw(st.booleans()):
        return None
    mention = draw(spans())
    return {"name": draw(st.sampled_from(["Ann Lee", "Bo", mention["text"]])), "entity": None, "mention": mention}


@st.composite
def quotes(draw: st.DrawFn) -> dict[str, Any]:
    parts = draw(st.lists(spans(), min_size=1, max_size=2))
    return {
        "kind": draw(st.sampled_from(["direct", "mixed", "indirect"])),
        "spans": parts,
        "cue": draw(st.none() | spans()),
        "speaker": draw(sources()),
    }


@st.composite
def claims(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "kind": draw(st.sampled_from(["event", "quantity"])),
        "text": draw(st.sampled_from(["Costs rose.", "Bo left.", "It is a plan."])),
        "evidence": draw(st.lists(spans(), min_size=1, max_size=2)),
        "claimant": draw(sources()),
    }


@st.composite
def entities(draw: st.DrawFn) -> dict[str, Any]:
    mentions = draw(st.lists(spans(), min_size=1, max_size=3))
    return {"type": draw(st.sampled_from(TYPES)), "name": mentions[0]["text"], "mentions": mentions}


@st.composite
def records(draw: st.DrawFn, name: str = "a", most: int = 5) -> dict[str, Any]:
    return {
        "article": {"id": name, "text": TEXT},
        "entities": draw(st.lists(entities(), max_size=most)),
        "quotes": draw(st.lists(quotes(), max_size=most)),
        "claims": draw(st.lists(claims(), max_size=most)),
    }


def gold_of(records: Sequence[dict[str, Any]]) -> Gold:
    return reading.gold_of([labelled(record) for record in records])


def predictions_of(records: Sequence[dict[str, Any]], name: str = "system") -> Predictions:
    articles: list[Labelled] = [labelled(record) for record in records]
    return Predictions(name, {one.id: one for one in articles})


ARTICLE: dict[str, Any] = {
    "article": {"id": "a", "text": TEXT},
    "entities": [
        {"id": "e1", "type": "person", "name": "Ann Lee", "mentions": [at("Ann Lee")]},
        {"id": "e2", "type": "person", "name": "Bo", "mentions": [at("Bo")]},
        {"id": "e3", "type": "organization", "name": "EU", "mentions": [at("EU")]},
    ],
    "quotes": [
        {
            "id": "q1",
            "kind": "direct",
            "spans": [at("We won’t go, 😀 not now.")],
            "cue": at("said"),
            "speaker": {"name": "Ann Lee", "entity": "e1", "mention": at("Ann Lee")},
        },
        {
            "id": "q2",
            "kind": "mixed",
            "spans": [at("“a plan”")],
            "cue": at("called"),
            "speaker": {"name": "Bo", "entity": "e2", "mention": at("Bo")},
        },
    ],
    "claims": [
        {
            "id": "c1",
            "kind": "quantity",
            "text": "Costs rose 3.5% in May.",
            "evidence": [at("Costs rose 3.5% in May")],
            "claimant": None,
            "quote": None,
        }
    ],
}
