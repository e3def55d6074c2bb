"""The article this project started from, through the offline rules: what LABELLING.md finds in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extractor import Article, Extraction, extract_sync
from tests.articles import assert_verbatim

if TYPE_CHECKING:
    from extractor.records.item import Claim, Entity, Quote

SEED = Path(__file__).parents[1] / "seeds" / "nato-defence-spending.txt"


@pytest.fixture(scope="module")
def evidence() -> Extraction:
    with SEED.open(encoding="utf-8", newline="") as file:
        return extract_sync(Article(id=SEED.name, text=file.read()))


def quote(evidence: Extraction, beginning: str) -> Quote:
    found = [q for q in evidence.quotes or () if q.text.startswith(beginning)]
    assert len(found) == 1, [q.text for q in evidence.quotes or ()]
    return found[0]


def entity(evidence: Extraction, form: str) -> Entity:
    found = [e for e in evidence.entities or () if form in (e.name, *e.aliases)]
    assert len(found) == 1, found
    return found[0]


def claim(evidence: Extraction, text: str) -> Claim:
    found = [c for c in evidence.claims or () if c.text == text]
    assert len(found) == 1, [c.text for c in evidence.claims or ()]
    return found[0]


def test_everything_is_read_and_nothing_is_rejected(evidence: Extraction) -> None:
    assert_verbatim(evidence)
    assert evidence.coverage.status == "complete"
    assert evidence.coverage.read == ((0, len(evidence.article.text)),)
    assert evidence.rejected == ()


@pytest.mark.parametrize(
    ("beginning", "kind", "cue", "name", "mention"),
    [
        ("No longer can the American taxpayer", "direct", None, None, None),
        (
            "America can not care more for your children's security than you do",
            "direct",
            "told",
            "Jim Mattis",
            "Mattis",
        ),
        (
            "We need to be clear that the response to worldwide terrorism",
            "direct",
            "said",
            "a second senior European NATO diplomat",
            "a second senior European NATO diplomat",
        ),
        ("difficulties", "indirect", "acknowledged", "Jens Stoltenberg", "Stoltenberg"),
        ("The picture is still mixed", "direct", "said", "Jens Stoltenberg", "he"),
        (
            "more compliance from member states",
            "indirect",
            "urges",
            "the new US administration",
            "the new US administration",
        ),
        ("members that are now spending", "mixed", "asked", "Michael Fallon", "Michael Fallon"),
        ('the alliance the "fundamental bedrock"', "mixed", "called", "Jim Mattis", "Mattis"),
        ('"We need an open conversation on where we\'re going"', "mixed", "said", "Jim Mattis", "Mattis"),
        ("A number of European nations already meet the 2.0 [per cent]", "direct", None, None, None),
        ("Russian Federation must give back Crimea", "indirect", "said", "Trump's spokesman", "Trump's spokesman"),
        ("if the former United States administration", "mixed", "tweeted", "Donald Trump", "Trump"),
        ("Ten million more for defense", "direct", "noted", "Jens Stoltenberg", "Stoltenberg"),
        ("European Union leaders to raise", "indirect", "warned", "Theresa May", "Theresa May"),
        ("After many years of cuts", "direct", "said", "Jens Stoltenberg", "Stoltenberg"),
    ],
)
def test_quotes(
    evidence: Extraction, beginning: str, kind: str, cue: str | None, name: str | None, mention: str | None
) -> None:
    found = quote(evidence, beginning)
    assert found.kind == kind
    assert (found.cue.text if found.cue else None) == cue
    assert (found.speaker.name if found.speaker else None) == name
    assert (found.speaker.mention.text if found.speaker and found.speaker.mention else None) == mention


def test_the_misplaced_closing_mark_ends_no_quote(evidence: Extraction) -> None:
    assert quote(evidence, "A number of European nations").text.endswith("[per cent]")
    institute = quote(evidence, "United Kingdom defence spending had fallen")
    assert institute.kind == "indirect"
    assert institute.speaker is not None
    assert institute.speaker.name == "International Institute for Strategic Studies"
    assert {entry.role for entry in evidence.audit or ()} == {"misplaced"}


def test_an_unnamed_source_has_no_entity_and_named_ones_have_theirs(evidence: Extraction) -> None:
    diplomat = quote(evidence, "We need to be clear").speaker
    assert diplomat is not None
    assert diplomat.entity is None
    for found in evidence.quotes or ():
        if found.speaker and found.speaker.name in ("Jim Mattis", "Jens Stoltenberg", "Michael Fallon"):
            assert found.speaker.entity == entity(evidence, found.speaker.name).id


def test_one_entity_for_all_the_names_of_a_thing(evidence: Extraction) -> None:
    assert entity(evidence, "NATO") is entity(evidence, "North Atlantic Treaty Organisation")
    assert entity(evidence, "America") is entity(evidence, "U.S.")
    assert entity(evidence, "US") is entity(evidence, "United States")
    assert entity(evidence, "Mattis").name == "Jim Mattis"


def test_two_facts_in_one_sentence_are_two_claims(evidence: Extraction) -> None:
    sentence = "Norway now uses 49 billion kroner on defence, amounting to 1.56 percent of its GDP."
    start = evidence.article.text.index(sentence)
    for text in (
        "Norway uses 49 billion kroner on defence.",
        "Norway's defence spending amounts to 1.56 percent of its GDP.",
    ):
        found = claim(evidence, text)
        assert found.kind == "quantity"
        assert all(start <= span.start and span.end <= start + len(sentence) for span in found.evidence)
