"""Linking as a whole: chunks and repetitions merged, sources resolved, marks accounted for."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.grounding.ground import ground
from extractor.kinds.catalogue import KINDS
from extractor.kinds.claim import AttributedClaimDraft
from extractor.kinds.entity import EntityDraft
from extractor.kinds.kind import Drafted
from extractor.kinds.quote import QuoteDraft
from extractor.linking.link import Linked, link
from extractor.text.chunks import split_chunks
from tests.articles import document


def quote(
    content: str, speaker: str | None = None, name: str | None = None, *, cue: str | None = None, sentence: int = 1
) -> Drafted:
    draft = QuoteDraft(sentence=sentence, content=[content], cue=cue, speaker=speaker, speaker_name=name)
    return Drafted("quotes", draft)


def entity(type_: Any, *forms: str) -> Drafted:
    return Drafted("entities", EntityDraft(sentence=1, type=type_, forms=list(forms)))


def claim(text: str, evidence: str, *, sentence: int = 1) -> Drafted:
    draft = AttributedClaimDraft(
        sentence=sentence, evidence=[evidence], text=text, kind="event", claimant=None, claimant_name=None
    )
    return Drafted("claims", draft)


def linked(text: str, *drafts: Drafted, kinds: Any = KINDS, chars: int = 4000) -> Linked:
    doc = document(text)
    grounded = []
    for chunk in split_chunks(doc, chars=chars):
        found, _ = ground([d for d in drafts if d.kind in {k.name for k in kinds}], chunk, kinds)
        grounded += found
    return link(doc, grounded, kinds)


def speaker_of(text: str, *drafts: Drafted) -> tuple[str, str | None]:
    source = linked(text, *drafts).records["quotes"][0].speaker
    return source.name, source.entity


TEXT = "Ada Holm opened the bridge. “It will hold,” she said. A senior official said it was late."


def test_a_pronoun_is_the_person_last_spoken_of() -> None:
    assert speaker_of(TEXT, entity("person", "Ada Holm"), quote("It will hold,", "she", sentence=2)) == (
        "Ada Holm",
        "e1",
    )


def test_a_pronoun_stays_open_where_two_people_fit() -> None:
    text = "It was left to Ada Holm and Jan Berg. “It will hold,” she said."
    found = speaker_of(
        text, entity("person", "Ada Holm"), entity("person", "Jan Berg"), quote("It will hold,", "she", sentence=2)
    )
    assert found == ("she", None)


def test_an_honorific_that_has_another_gender_is_passed_over() -> None:
    text = "Mrs Holm spoke after Mr Berg had left the room for good. “It will hold,” he said."
    found = speaker_of(
        text, entity("person", "Holm"), entity("person", "Berg"), quote("It will hold,", "he", sentence=2)
    )
    assert found[0] == "Berg"


def test_a_description_without_a_name_has_no_entity() -> None:
    drafts = [entity("person", "Ada Holm"), quote("it was late", "A senior official", "Ada Holm", sentence=3)]
    assert speaker_of(TEXT, *drafts) == ("A senior official", None)


def test_a_title_is_not_the_organisation_that_it_names() -> None:
    text = "A NATO diplomat said it was late. The NATO newspaper said so too."
    drafts = [entity("organization", "NATO"), quote("it was late", "A NATO diplomat")]
    assert speaker_of(text, *drafts) == ("A NATO diplomat", None)
    assert speaker_of(text, entity("organization", "NATO"), quote("so too", "The NATO newspaper", sentence=2)) == (
        "NATO",
        "e1",
    )


def test_the_article_before_a_name_does_not_hide_it_and_a_spokesman_for_it_is_not_it() -> None:
    text = "The World Bank said it was late. A spokesman for the World Bank said it was early."
    drafts = [entity("organization", "World Bank")]
    assert speaker_of(text, *drafts, quote("it was late", "The World Bank")) == ("World Bank", "e1")
    spokesman = quote("it was early", "A spokesman for the World Bank", sentence=2)
    assert speaker_of(text, *drafts, spokesman) == ("A spokesman for the World Bank", None)


def test_a_person_of_some_place_is_the_person() -> None:
    text = "Jan Berg of the Harbour Tribune said it was late."
    drafts = [entity("person", "Jan Berg"), entity("organization", "Harbour Tribune")]
    assert speaker_of(text, *drafts, quote("it was late", "Jan Berg of the Harbour Tribune"))[0] == "Jan Berg"


def test_someone_s_spokesman_is_not_someone() -> None:
    text = "Holm's spokesman said it was late."
    assert speaker_of(text, entity("person", "Holm"), quote("it was late", "Holm's spokesman")) == (
        "Holm's spokesman",
        None,
    )


def test_a_definite_description_is_whom_the_article_gave_that_title() -> None:
    text = "Prime Minister Ada Holm met Jan Berg. The prime minister said it was late."
    drafts = [
        entity("person", "Ada Holm"),
        entity("person", "Jan Berg"),
        quote("it was late", "The prime minister", sentence=2),
    ]
    assert speaker_of(text, *drafts)[0] == "Ada Holm"


def test_a_name_that_a_model_reads_is_taken_up_only_if_the_article_has_it() -> None:
    drafts = [entity("person", "Ada Holm"), quote("it was late", "she", "Marie Curie", sentence=3)]
    assert speaker_of("It rained. She left. She said it was late. Ada Holm came.", *drafts) == ("She", None)


def test_without_entities_a_name_is_still_the_article_s_own_words() -> None:
    only_quotes = linked(TEXT, quote("It will hold,", "she", "Ada Holm", sentence=2), kinds=KINDS[1:2])
    source = only_quotes.records["quotes"][0].speaker
    assert (source.name, source.entity) == ("Ada Holm", None)
    assert "entities" not in only_quotes.records


def test_two_facts_in_one_clause_stay_two_claims() -> None:
    text = "Lyon spends 9 million euros, 4 percent of its budget."
    both = [claim("Lyon spends 9 million euros.", text[:-1]), claim("Lyon spends 4 percent of its budget.", text[:-1])]
    assert len(linked(text, *both, *both).records["claims"]) == 2


def test_a_reading_that_contradicts_the_mention_is_not_taken_up() -> None:
    text = "Ada Holm came. Vik said it was late. Her aide said it was early. She left."
    drafts = [entity("person", "Ada Holm")]
    assert speaker_of(text, *drafts, quote("it was late", "Vik", "Ada Holm", sentence=2)) == ("Vik", None)
    assert speaker_of(text, *drafts, quote("it was early", "Her aide", "Ada Holm", sentence=3)) == ("Her aide", None)


@pytest.mark.parametrize(
    ("mention", "name", "resolved"),
    [
        ("The Norwegian", "Ada Holm", "Ada Holm"),
        ("The Norwegian", None, "Norwegian"),
        ("The Lyon-based company", "Quay Bank", "Quay Bank"),
        ("The Lyon-based company", None, "The Lyon-based company"),
        ("The man who closed Lyon Bridge", "Jan Berg", "Jan Berg"),
        ("Quay Bank head", "Jan Berg", "Jan Berg"),
        ("The Holm aide", "Jan Berg", "The Holm aide"),
        ("A report to the board by its chair, Ada Holm", None, "A report to the board by its chair, Ada Holm"),
    ],
)
def test_what_describes_somebody_is_not_that_somebody(mention: str, name: str | None, resolved: str) -> None:
    text = f"Ada Holm, Jan Berg and the Norwegians met Quay Bank in Lyon at Lyon Bridge. {mention} said it was late."
    drafts = [
        entity("person", "Ada Holm", "Holm"),
        entity("person", "Jan Berg"),
        entity("organization", "Quay Bank"),
        entity("location", "Lyon"),
        entity("location", "Lyon Bridge"),
        entity("group", "Norwegians", "Norwegian"),
    ]
    assert speaker_of(text, *drafts, quote("it was late", mention, name, sentence=2))[0].removesuffix("s") == resolved


def test_a_pronoun_behind_somebody_s_spokesman_stays_open() -> None:
    text = "A spokesman for Ada Holm arrived in Lyon. “It is late,” he said."
    assert speaker_of(text, entity("person", "Ada Holm"), quote("It is late,", "he", sentence=2)) == ("he", None)


def test_the_same_quote_from_two_chunks_or_twice_in_a_reply_is_one() -> None:
    drafts = [quote("It will hold,", cue="said", sentence=2), quote("It will hold,", "she", sentence=2)]
    records = linked(TEXT, *drafts, *drafts, chars=40).records["quotes"]
    assert len(records) == 1
    assert records[0].cue.text == "said"
    assert records[0].speaker.mention.text == "she"
    assert records[0].id == "q1"


def test_ids_count_in_document_order() -> None:
    drafts = [quote("it was late", sentence=3), quote("It will hold,", sentence=2)]
    assert [(q.id, q.text) for q in linked(TEXT, *drafts).records["quotes"]] == [
        ("q1", "It will hold,"),
        ("q2", "it was late"),
    ]


def test_a_claim_names_its_quote_its_claimant_and_its_entities() -> None:
    text = "“Lyon built 40 bridges,” said Ada Holm. Lyon is old."
    result = linked(
        text, entity("location", "Lyon"), entity("person", "Ada Holm"), quote("Lyon built 40 bridges,", "Ada Holm"),
        claim("Lyon built 40 bridges.", "Lyon built 40 bridges"), claim("Lyon is old.", "Lyon is old", sentence=2),
    )  # fmt: skip
    first, second = result.records["claims"]
    assert (first.quote, first.claimant.name, first.entities) == ("q1", "Ada Holm", ("e1",))
    assert (second.quote, second.claimant, second.entities) == (None, None, ("e1",))


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Her novel “The Long Way Home” sold well.", "title"),
        ("Jan “Slim” Berg won.", "nickname"),
        ("The so-called “bad bank” failed.", "term"),
        ("The “experts” were wrong.", "scare"),
        ("They met and “nobody in the whole room could tell who had won” that day.", "unknown"),
        ("It fell, he heard. Nobody knows why” and left.", "misplaced"),
    ],
)
def test_every_stretch_between_marks_that_no_quote_covers_is_accounted_for(text: str, role: str) -> None:
    audit = linked(text).audit
    assert audit is not None
    assert [entry.role for entry in audit] == [role]


def test_a_stretch_in_a_quote_is_not_in_the_audit() -> None:
    assert linked(TEXT, quote("It will hold,", sentence=2)).audit == ()
