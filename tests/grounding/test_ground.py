from __future__ import annotations

from typing import Any

import pytest

from extractor.errors import GroundingError
from extractor.grounding.ground import Grounded, ground, ground_draft
from extractor.kinds.catalogue import KINDS
from extractor.kinds.claim import CLAIM, AttributedClaimDraft
from extractor.kinds.entity import ENTITY, EntityDraft
from extractor.kinds.kind import Drafted
from extractor.kinds.quote import QUOTE, QuoteDraft
from extractor.text.chunks import Chunk, split_chunks
from tests.articles import document

TEXT = (
    "Ada Holm opened the bridge. “It will hold,” she said, “for 100 years.”\n\n"
    "She said it was safe. Jan Berg said it was safe.\n\n"
    "“It will hold,” Berg repeated."
)


def chunk(text: str = TEXT, **settings: Any) -> Chunk:
    return split_chunks(document(text), **settings)[0]


def quote(sentence: int, *content: str, cue: str | None = None, speaker: str | None = None) -> Drafted:
    return Drafted(
        "quotes", QuoteDraft(sentence=sentence, content=list(content), cue=cue, speaker=speaker, speaker_name=None)
    )


def refused(drafted: Drafted) -> GroundingError:
    with pytest.raises(GroundingError) as caught:
        ground_draft(QUOTE, drafted, chunk())
    return caught.value


def test_a_split_quote_has_a_span_for_each_piece_and_its_kind_comes_from_the_marks() -> None:
    found = ground_draft(QUOTE, quote(2, "It will hold,", "for 100 years.", cue="said", speaker="she"), chunk()).record
    assert [span.text for span in found.spans] == ["It will hold,", "for 100 years."]
    assert found.kind == "direct"
    assert found.cue.start == TEXT.index("said,")
    assert found.speaker.mention.text == "she"


def test_outer_marks_that_a_draft_carries_are_no_part_of_the_content() -> None:
    found = ground_draft(QUOTE, quote(2, "“It will hold,”"), chunk()).record
    assert found.spans[0].text == "It will hold,"


def test_a_report_partly_between_marks_is_mixed_and_one_without_is_indirect() -> None:
    text = "Holm called the bridge “a wonder” of the age. Berg said it was safe."
    mixed = ground_draft(QUOTE, quote(1, "the bridge “a wonder” of the age"), chunk(text)).record
    indirect = ground_draft(QUOTE, quote(2, "it was safe"), chunk(text)).record
    assert (mixed.kind, indirect.kind) == ("mixed", "indirect")


def test_the_sentence_number_tells_repeated_strings_apart() -> None:
    first = ground_draft(QUOTE, quote(3, "it was safe"), chunk()).record
    second = ground_draft(QUOTE, quote(4, "it was safe"), chunk()).record
    assert first.spans[0].start < second.spans[0].start
    assert (first.sentence, second.sentence) == (3, 4)


def test_a_repeated_string_without_a_helpful_sentence_is_ambiguous() -> None:
    assert refused(quote(99, "it was safe")).reason == "ambiguous"


def test_a_wrong_sentence_number_does_not_lose_what_stands_once() -> None:
    assert ground_draft(QUOTE, quote(99, "for 100 years."), chunk()).record.sentence == 2


def test_repeated_strings_in_one_sentence_are_given_out_in_order() -> None:
    text = "Yes, they said, and yes, they said."
    grounded, rejected = ground([quote(1, "they said"), quote(1, "they said")], chunk(text), KINDS)
    assert [item.record.spans[0].start for item in grounded] == [5, 25]
    assert rejected == []


@pytest.mark.parametrize(
    ("drafted", "reason", "words"),
    [
        (quote(2, "It will never hold,"), "not_found", "does not stand in the text"),
        (quote(2, "It will hold,", "for 200 years."), "not_found", "content[1]"),
        (quote(2, " "), "empty", "content is empty"),
        (quote(2), "empty", "content is empty"),
    ],
)
def test_what_does_not_stand_there_is_refused_in_words_that_a_model_can_act_on(
    drafted: Drafted, reason: str, words: str
) -> None:
    error = refused(drafted)
    assert error.reason == reason
    assert words in str(error)


def test_a_cue_or_speaker_that_does_not_stand_there_is_left_out_and_listed() -> None:
    grounded, rejected = ground([quote(2, "It will hold,", cue="exclaimed", speaker="Kim")], chunk(), KINDS)
    (item,) = grounded
    assert item.record.cue is None
    assert item.record.speaker is None
    assert {r.reason for r in rejected} == {"field_not_found"}
    assert [r.detail.split(":")[0] for r in rejected] == ["cue", "speaker"]


def test_a_cue_is_looked_for_outside_the_content_and_nearest_to_it() -> None:
    text = "He said hello. “I said so twice,” she said. He said bye."
    found = ground_draft(QUOTE, quote(2, "I said so twice,", cue="said"), chunk(text)).record
    assert found.cue.start == text.index("said. He")


def test_offsets_that_a_backend_knows_are_taken_only_where_the_words_stand() -> None:
    at = TEXT.rindex("It will hold")
    known = Drafted("quotes", quote(2, "It will hold").draft, {"content": (at,)})
    assert ground_draft(QUOTE, known, chunk()).record.spans[0].start == at
    wrong = Drafted("quotes", quote(2, "It will hold").draft, {"content": (at + 1,)})
    assert ground_draft(QUOTE, wrong, chunk()).record.spans[0].start == TEXT.index("It will hold")


def test_an_entity_has_a_mention_wherever_a_form_stands_as_a_word() -> None:
    draft = EntityDraft(sentence=1, type="person", forms=["Jan Berg", "Berg", "Iceberg"])
    found = ground_draft(ENTITY, Drafted("entities", draft), chunk())
    assert [m.text for m in found.record.mentions] == ["Jan Berg", "Berg"]
    assert found.absent[0][0] == "forms"


def test_items_that_stand_in_the_context_are_still_found_there() -> None:
    middle = split_chunks(document(TEXT), chars=60, context=3)[1]
    assert middle.start > TEXT.index("opened")
    draft = AttributedClaimDraft(
        sentence=1, evidence=["Ada Holm opened the bridge"], text="Ada Holm opened the bridge.", kind="event",
        claimant=None, claimant_name=None,
    )  # fmt: skip
    found: Grounded = ground_draft(CLAIM, Drafted("claims", draft), middle)
    assert found.record.evidence[0].start == 0


def test_a_claim_s_evidence_may_name_its_claimant_and_a_place_beside_it_goes_before() -> None:
    text = "Growers put their losses at 4 million euros. Growers spoke on Monday."
    draft = {"sentence": 1, "text": "Growers put their losses at 4 million euros.", "kind": "quantity"}
    for evidence, start in (
        ("Growers put their losses at 4 million euros", 45),
        ("their losses at 4 million euros", 0),
    ):
        fields = {**draft, "evidence": [evidence], "claimant": "Growers", "claimant_name": None}
        grounded, rejected = ground(
            [Drafted("claims", AttributedClaimDraft.model_validate(fields))], chunk(text), KINDS
        )
        assert rejected == []
        assert grounded[0].record.claimant.mention.start == start
    alone = "Growers put their losses at 4 million euros."
    fields = {**draft, "evidence": [alone[:-1]], "claimant": "Growers", "claimant_name": None}
    grounded, rejected = ground([Drafted("claims", AttributedClaimDraft.model_validate(fields))], chunk(alone), KINDS)
    assert rejected == []
    assert grounded[0].record.claimant.mention.start == 0
