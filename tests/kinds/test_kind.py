from __future__ import annotations

import pytest
from pydantic import BaseModel

from extractor.errors import UnknownKindError
from extractor.grounding.ground import ground_draft
from extractor.kinds.catalogue import KINDS, kinds_named
from extractor.kinds.kind import Drafted, kind_of
from extractor.kinds.located import Located, LocatedField, Verbatim, located_fields
from extractor.text.chunks import split_chunks
from tests.articles import document


class ProtestMarch(BaseModel):
    """A public protest that the article reports."""

    what: Verbatim
    """What was done"""
    places: list[Verbatim]
    crowd: Verbatim | None
    peaceful: bool | None


def test_located_fields_are_read_off_the_annotations() -> None:
    assert located_fields(ProtestMarch) == (
        LocatedField("what", outside="no", every=False, optional=False, many=False),
        LocatedField("places", outside="no", every=False, optional=False, many=True),
        LocatedField("crowd", outside="no", every=False, optional=True, many=False),
    )
    assert [field.name for field in KINDS[1].located] == ["content", "cue", "speaker"]
    assert KINDS[0].located[0].every
    assert Located(outside="yes") != Located()


def test_a_user_s_model_becomes_a_kind_that_grounds_like_the_others() -> None:
    kind = kind_of(ProtestMarch)
    assert (kind.name, kind.template) == ("protest_march", "custom")
    text = "Some 2,000 people marched through Lyon and Paris on Friday."
    draft = kind.draft(what="Marched through Lyon", places=["Lyon", "Paris"], crowd="3,000", peaceful=True, sentence=1)
    found = ground_draft(kind, Drafted(kind.name, draft), split_chunks(document(text))[0])
    item = found.record
    assert item.values == {"what": "marched through Lyon", "places": ["Lyon", "Paris"], "crowd": None, "peaceful": True}
    assert item.spans["places"][1].start == text.index("Paris")
    assert item.grounding == "normalised"
    assert found.absent[0][0] == "crowd"
    assert ProtestMarch.model_validate(item.values).peaceful


def test_a_model_without_a_required_verbatim_field_is_refused() -> None:
    class Mood(BaseModel):
        mood: str

    with pytest.raises(UnknownKindError, match="Mood"):
        kind_of(Mood)


def test_words_of_the_article_may_not_hide_where_they_are_not_looked_for() -> None:
    class Place(BaseModel):
        name: Verbatim

    class Nested(BaseModel):
        what: Verbatim
        place: Place | None

    class Mapped(BaseModel):
        what: Verbatim
        places: dict[str, Verbatim]

    for model in (Nested, Mapped):
        with pytest.raises(UnknownKindError, match="not looked for"):
            kind_of(model)


def test_the_anchor_is_the_first_required_field_wherever_it_stands() -> None:
    class March(BaseModel):
        where: Verbatim | None
        what: Verbatim

    assert [field.name for field in kind_of(March).located] == ["what", "where"]


def test_a_kind_of_one_s_own_has_a_name_of_its_own() -> None:
    class Quotes(BaseModel):
        what: Verbatim

    with pytest.raises(UnknownKindError, match="ships"):
        kind_of(Quotes)


def test_kinds_are_named_once_and_in_the_order_that_ships() -> None:
    assert [kind.name for kind in kinds_named(None)] == ["entities", "quotes", "claims"]
    assert [kind.name for kind in kinds_named(["claim", "entities", "claims", ProtestMarch])] == [
        "entities",
        "claims",
        "protest_march",
    ]
    for wrong in (["quots"], []):
        with pytest.raises(UnknownKindError):
            kinds_named(wrong)
