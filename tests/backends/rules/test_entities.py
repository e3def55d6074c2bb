"""The offline rules for entities, each on a sentence or an article of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.backends.rules.entities import find_entities
from extractor.backends.rules.lexicon import given_names, sense
from extractor.grounding.ground import ground
from extractor.kinds.catalogue import KINDS
from extractor.linking.names import link_names
from extractor.text.chunks import split_chunks
from tests.articles import document, texts

if TYPE_CHECKING:
    from extractor.records.item import Entity

SEED = Path(__file__).parents[3] / "seeds" / "nato-defence-spending.txt"


def entities(text: str) -> list[Entity]:
    """What is drafted, grounded and linked."""
    doc = document(text)
    chunks = split_chunks(doc, chars=max(1, len(text)))
    if not chunks:
        return []
    grounded, rejected = ground(find_entities(doc), chunks[0], KINDS)
    assert rejected == []
    return list(link_names([item.record for item in grounded], doc))


def mentions(text: str) -> list[tuple[str, str]]:
    """Every mention with its entity's type, in document order."""
    found = [(mention, entity.type) for entity in entities(text) for mention in entity.mentions]
    return [(mention.text, type_) for mention, type_ in sorted(found, key=lambda pair: pair[0].start)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Titles and possessives are no part of a name; what stands before a title is a name of its own.
        (
            "On Monday U.S. Trade Secretary Ada Holm's plan failed.",
            [("U.S.", "location"), ("Ada Holm", "person")],
        ),
        ("He thanked British Defence Secretary Jan Berg.", [("British", "group"), ("Jan Berg", "person")]),
        ("They saw Mr. Berg and Dr. Holm.", [("Berg", "person"), ("Holm", "person")]),
        ("Ada Holm, the Secretary of State, spoke.", [("Ada Holm", "person")]),
        ("She was Supreme Allied Commander of Transformation.", []),
        # Particles, initials, generations.
        ("It was Ludwig van der Berg who won.", [("Ludwig van der Berg", "person")]),
        ("The idea came from J. K. Holm.", [("J. K. Holm", "person")]),
        ("A book on Catherine of Aragon sold well.", [("Catherine of Aragon", "person")]),
        ("The minister, Mohammed al-Amin, left.", [("Mohammed al-Amin", "person")]),
        # Bodies, over "of", "for", "and", "&", corporate endings.
        (
            "The Ministry of Health and Social Care paid.",
            [("Ministry of Health and Social Care", "organization")],
        ),
        ("He joined the Institute for Quiet Studies.", [("Institute for Quiet Studies", "organization")]),
        ("Shares in Holm & Berg Inc. fell.", [("Holm & Berg Inc.", "organization")]),
        ("They sued the US Coast Guard.", [("US Coast Guard", "organization")]),
        ("The carmaker Zonda closed.", [("Zonda", "organization")]),
        # Places by list, by form and by what stands beside them.
        ("A meeting in Brussels, Belgium ended.", [("Brussels", "location"), ("Belgium", "location")]),
        ("The town of Ostwick flooded.", [("Ostwick", "location")]),
        ("They crossed the Quill River.", [("Quill River", "location")]),
        ("South Africa are ahead.", [("South Africa", "location")]),
        # Peoples, faiths, parties' members.
        ("Two Norwegian hikers met Republicans and Muslims.", [
            ("Norwegian", "group"), ("Republicans", "group"), ("Muslims", "group"),
        ]),
        # Events and works by form.
        ("The Berlin Marathon began.", [("Berlin Marathon", "event")]),
        ("They signed the Treaty of Ostwick.", [("Treaty of Ostwick", "work")]),
        ('Her novel "The Glass Orchard" sold out.', [("The Glass Orchard", "work")]),
        # What is written with capitals and is no name.
        ("On Tuesday, 3 May, GDP grew and the CEO left on Friday.", []),
        ("Ten houses burned. Shortly after, it rained.", []),
        ("What they call Internet is not the Web.", []),
    ],
)  # fmt: skip
def test_names_and_their_types(text: str, expected: list[tuple[str, str]]) -> None:
    assert mentions(text) == expected


def test_a_capital_at_a_sentences_beginning_is_settled_by_the_rest_of_the_article() -> None:
    text = "Quill fell by half. Traders sold what they had of Quill.\n\nBread was dear. They wanted bread."
    assert [mention for mention, _ in mentions(text)] == ["Quill", "Quill"]


def test_a_word_that_the_article_writes_small_is_no_name() -> None:
    text = "They met at the Alliance headquarters. The alliance has grown, and so have alliance members."
    assert mentions(text) == []


def test_a_line_in_title_case_names_only_what_the_article_names() -> None:
    text = "Angry Farmers Block Road to Ostwick\n\nThe road to Ostwick was closed for hours. Police came from Ostwick."
    assert mentions(text) == [("Ostwick", "location")] * 3


def test_a_line_of_capitals_names_only_what_the_article_names() -> None:
    text = "HOLM WINS RARE SEAT IN NORWAY\n\nThe vote was close, said Ada Holm. Nobody disputes that Holm won it."
    assert [entity.name for entity in entities(text) if entity.type == "location"] == ["NORWAY"]
    assert not any("WINS" in mention or "SEAT" in mention for mention, _ in mentions(text))


def test_surnames_and_acronyms_take_the_type_of_the_full_name() -> None:
    text = (
        "The Society for Unheard Music (SUM) met. Ada Holm, its head, resigned. SUM thanked her. "
        "Critics welcomed the news, and Holm went home."
    )
    found = {entity.name: (entity.type, len(entity.mentions)) for entity in entities(text)}
    assert found == {"Society for Unheard Music": ("organization", 3), "Ada Holm": ("person", 2)}


def test_each_form_is_one_draft_with_the_offset_of_every_mention() -> None:
    text = "Oslo and Bergen differ. People in Oslo say so."
    drafts = {drafted.draft.forms[0]: drafted for drafted in find_entities(document(text))}  # type: ignore[attr-defined]
    assert drafts["Oslo"].at == {"forms": (0, 34)}
    assert drafts["Oslo"].draft.forms == ["Oslo", "Oslo"]  # type: ignore[attr-defined]
    assert drafts["Bergen"].draft.sentence == 1  # type: ignore[attr-defined]


def test_the_seed_article() -> None:
    text = SEED.read_text(encoding="utf-8")
    found = {entity.name: entity for entity in entities(text)}
    types = {name: entity.type for name, entity in found.items()}
    assert types == {
        "North Atlantic Treaty Organisation": "organization",
        "International Institute for Strategic Studies": "organization",
        "European Union": "organization",
        "US Marine Corps": "organization",
        "Jens Stoltenberg": "person",
        "Jim Mattis": "person",
        "Michael Fallon": "person",
        "Donald Trump": "person",
        "Theresa May": "person",
        "United States": "location",
        "United Kingdom": "location",
        "Russian Federation": "location",
        "Brussels": "location",
        "Belgium": "location",
        "Italy": "location",
        "Norway": "location",
        "Canada": "location",
        "Europe": "location",
        "Crimea": "location",
        "Ukraine": "location",
        "British": "group",
        "European": "group",
        "American": "group",
        "Norwegian": "group",
    }
    assert found["United Kingdom"].aliases == ("Britain",)
    assert set(found["United States"].aliases) == {"America", "US", "U.S."}
    assert len(found["Jim Mattis"].mentions) == text.count("Mattis")
    assert len(found["Donald Trump"].mentions) == text.count("Trump")


def test_the_word_lists_are_clean() -> None:
    for name in ("title", "place", "group", "org_head", "ordinary", "not_name"):
        words = sense(name)
        assert words
        assert all(word == word.lower().strip() for word in words)
    assert all(word == word.lower() for word in given_names())
    with pytest.raises(KeyError):
        sense("no such sense")


def _grounds(text: str) -> None:
    doc = document(text)
    for drafted in find_entities(doc):
        forms: list[str] = drafted.draft.forms  # type: ignore[attr-defined]
        offsets = drafted.at["forms"]
        assert len(forms) == len(offsets)
        assert all(form and text[at : at + len(form)] == form for form, at in zip(forms, offsets, strict=True))
    entities(text)


@given(texts())
def test_every_mention_stands_where_it_is_said_to(text: str) -> None:
    _grounds(text)


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    _grounds(text)


ODD = (
    "Ada|HOLM|U.S.|al-|-|'s|of|the|President|St.|and|May|7|\"|(|J.|&|,|Bank|e\u0301e\u0301|O’Brien|\n\n|iPhone|"
    "\u0130|ß|Xx-y|’|pro-Xx"
).split("|")


@given(st.lists(st.sampled_from(ODD), max_size=60))
def test_no_run_of_capitals_is_too_strange(pieces: list[str]) -> None:
    _grounds(" ".join(pieces))
    _grounds("".join(pieces))


@pytest.mark.parametrize("piece", ["Aa ", "Bank of ", "A-", "A.", "O'B'", "President ", "British U.S. ", '" A b '])
def test_time_grows_with_the_text_only(piece: str) -> None:
    # A rule of quadratic cost would take minutes here.
    find_entities(document(piece * (60_000 // len(piece))))
