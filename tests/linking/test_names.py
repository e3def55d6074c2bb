from __future__ import annotations

import pytest

from extractor.linking.names import acronym_of, link_names
from extractor.records.item import Entity, EntityType
from extractor.records.span import Span
from tests.articles import document


def entity(text: str, type_: EntityType, *forms: str) -> Entity:
    """An entity draft as grounded: the first place of each form."""
    mentions = tuple(Span.of(text, text.index(form), text.index(form) + len(form)) for form in forms)
    return Entity(type=type_, name=forms[0], mentions=tuple(sorted(mentions, key=lambda m: m.start)))


def linked(text: str, *entities: Entity) -> dict[str, list[str]]:
    return {e.name: [m.text for m in e.mentions] for e in link_names(entities, document(text))}


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        ("NATO", "North Atlantic Treaty Organisation", True),
        ("U.N.", "United Nations", True),
        ("IISS", "International Institute for Strategic Studies", True),
        ("DoJ", "Department of Justice", True),
        ("US", "Universal Studios Japan", False),
        ("Nato", "North Atlantic Treaty Organisation", False),
        ("A", "Alpha Beta", False),
    ],
)
def test_acronyms(short: str, long: str, expected: bool) -> None:
    assert acronym_of(short, long) is expected


def test_an_acronym_and_its_long_form_are_one() -> None:
    text = "The North Atlantic Treaty Organisation met. NATO agreed. NATO left."
    found = linked(
        text, entity(text, "organization", "NATO"), entity(text, "organization", "North Atlantic Treaty Organisation")
    )
    assert found == {"North Atlantic Treaty Organisation": ["North Atlantic Treaty Organisation", "NATO", "NATO"]}


def test_common_names_of_one_country_are_one() -> None:
    text = "America voted. The U.S. and the United States are one; Britain and the UK too."
    found = linked(
        text, *(entity(text, "location", form) for form in ("America", "U.S.", "United States", "Britain", "UK"))
    )
    assert found == {"United States": ["America", "U.S.", "United States"], "Britain": ["Britain", "UK"]}


def test_surnames_are_found_and_go_to_the_person_last_named_where_two_bear_one() -> None:
    text = "Ada Holm met Jan Holm. Holm left. Ada Holm came back. Holm spoke."
    found = link_names([entity(text, "person", "Ada Holm"), entity(text, "person", "Jan Holm")], document(text))
    assert {e.name: [m.start for m in e.mentions] for e in found} == {
        "Ada Holm": [0, text.index("Ada Holm came"), text.index("Holm spoke")],
        "Jan Holm": [text.index("Jan Holm"), text.index("Holm left")],
    }


def test_two_people_whose_drafts_share_a_surname_stay_two() -> None:
    text = "Ada Holm spoke. Jan Holm left. Holm won."
    drafts = [entity(text, "person", "Ada Holm"), entity(text, "person", "Jan Holm")]
    bare = Entity(type="person", name="Holm", mentions=(Span.of(text, 31, 35),))
    assert set(linked(text, *drafts, bare)) == {"Ada Holm", "Jan Holm"}


def test_a_shorter_form_at_one_place_does_not_cut_the_longer() -> None:
    text = "Kim Jong Un met. Kim won."
    found = linked(text, entity(text, "person", "Kim Jong Un"), entity(text, "person", "Kim"))
    assert found == {"Kim Jong Un": ["Kim Jong Un", "Kim"]}


def test_a_name_inside_a_longer_name_is_no_mention() -> None:
    text = "Brussels Airlines flies from Brussels."
    found = linked(text, entity(text, "organization", "Brussels Airlines"), Entity(
        type="location", name="Brussels", mentions=(Span.of(text, 29, 37),)))  # fmt: skip
    assert found == {"Brussels Airlines": ["Brussels Airlines"], "Brussels": ["Brussels"]}


def test_a_month_is_no_surname() -> None:
    text = "Theresa May spoke in May. May 5 was cold. May left."
    assert linked(text, entity(text, "person", "Theresa May")) == {"Theresa May": ["Theresa May", "May"]}


def test_two_things_stay_two() -> None:
    text = "Ada Holm of Holm Industries met Ada Berg in Norway and the Norwegian Sea."
    found = linked(
        text,
        entity(text, "person", "Ada Holm"),
        entity(text, "organization", "Holm Industries"),
        entity(text, "person", "Ada Berg"),
        entity(text, "location", "Norway"),
        entity(text, "location", "Norwegian Sea"),
    )
    assert set(found) == {"Ada Holm", "Holm Industries", "Ada Berg", "Norway", "Norwegian Sea"}
