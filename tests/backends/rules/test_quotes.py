"""The offline rules for quotes, each on a sentence of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from extractor.backends.rules.cues import cues
from extractor.backends.rules.entities import find_entities
from extractor.backends.rules.quotes import find_quotes
from extractor.backends.rules.rules_backend import people_in
from extractor.grounding.ground import ground
from extractor.kinds.catalogue import KINDS
from extractor.records.span import Span
from extractor.text.chunks import split_chunks
from tests.articles import document, texts

if TYPE_CHECKING:
    from extractor.kinds.quote import QuoteDraft
    from extractor.records.item import Quote

Row = tuple[str, str | None, str | None, list[str]]


def quotes(text: str, people: tuple[str, ...] = ("Ada Holm", "Jan Berg")) -> list[Quote]:
    doc = document(text)
    mentions = sorted(
        (Span.of(text, m.start(), m.end()) for name in people for m in re.finditer(re.escape(name), text)),
        key=lambda span: span.start,
    )
    chunks = split_chunks(doc, chars=max(1, len(text)))
    if not chunks:
        return []
    grounded, rejected = ground(find_quotes(doc, mentions), chunks[0], KINDS)
    assert rejected == []
    return [item.record for item in grounded]


def rows(text: str) -> list[Row]:
    return [
        (q.kind, q.cue.text if q.cue else None, q.speaker.name if q.speaker else None, [s.text for s in q.spans])
        for q in quotes(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“It will hold,” Ada Holm said.", [("direct", "said", "Ada Holm", ["It will hold,"])]),
        ("“It will hold,” said Ada Holm, the mayor.", [("direct", "said", "Ada Holm", ["It will hold,"])]),
        ('"It will hold", she told reporters.', [("direct", "told", "she", ["It will hold"])]),
        ("Ada Holm said: “It will hold.”", [("direct", "said", "Ada Holm", ["It will hold."])]),
        ("Ada Holm told the paper, “It will hold.”", [("direct", "told", "Ada Holm", ["It will hold."])]),
        ("Ada Holm: “It will hold for years.”", [("direct", None, "Ada Holm", ["It will hold for years."])]),
        (
            "“After years,” he said, “we turned.”",
            [("direct", "said", "he", ["After years,", "we turned."])],
        ),
        (
            "“It will hold,” she said. “We checked it.”",
            [("direct", "said", "she", ["It will hold,", "We checked it."])],
        ),
        (
            "“First of all it rained.\n\n“Then it stopped,” Ada Holm said.",
            [("direct", "said", "Ada Holm", ["First of all it rained.", "Then it stopped,"])],
        ),
        (
            "“It is late,” a spokesman for the union, Jan Berg, said.",
            [("direct", "said", "Jan Berg", ["It is late,"])],
        ),
        (
            "“It is late,” a senior European diplomat said.",
            [("direct", "said", "a senior European diplomat", ["It is late,"])],
        ),
        ("Ada Holm said that the bridge was safe.", [("indirect", "said", "Ada Holm", ["the bridge was safe"])]),
        ("Ada Holm said the bridge was safe.", [("indirect", "said", "Ada Holm", ["the bridge was safe"])]),
        ("The bridge is safe, the mayor said.", [("indirect", "said", "the mayor", ["The bridge is safe"])]),
        (
            "According to the ministry, 40 people died.",
            [("indirect", "According to", "the ministry", ["40 people died"])],
        ),
        (
            "On Friday, the institute said in its report that costs had risen.",
            [("indirect", "said", "the institute", ["costs had risen"])],
        ),
        (
            "Ada Holm, who took office in June, has warned the council to hurry.",
            [("indirect", "warned", "Ada Holm", ["the council to hurry"])],
        ),
        (
            "The mayor told the council the bridge was unsafe.",
            [("indirect", "told", "The mayor", ["the bridge was unsafe"])],
        ),
        ("Ada Holm acknowledged difficulties.", [("indirect", "acknowledged", "Ada Holm", ["difficulties"])]),
        (
            "Ada Holm asked members to “show good faith” by paying.",
            [("mixed", "asked", "Ada Holm", ["members to “show good faith” by paying"])],
        ),
        (
            "Ada Holm called the bridge “a wonder” in a statement.",
            [("mixed", "called", "Ada Holm", ["the bridge “a wonder”"])],
        ),
        (
            "“We need to talk” about money, Ada Holm said.",
            [("mixed", "said", "Ada Holm", ["“We need to talk” about money"])],
        ),
        (
            "Ada Holm's spokesman said it was late, while Jan Berg tweeted that it was “early”.",
            [
                ("indirect", "said", "Ada Holm's spokesman", ["it was late"]),
                ("mixed", "tweeted", "Jan Berg", ["it was “early”"]),
            ],
        ),
        (
            "Ada Holm said it was late, adding that nobody had called.",
            [
                ("indirect", "said", "Ada Holm", ["it was late"]),
                ("indirect", "adding", "Ada Holm", ["nobody had called"]),
            ],
        ),
    ],
)
def test_content_cue_and_speaker(text: str, expected: list[Row]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Her novel “The Long Way Home” sold well.",
        "The “experts” were wrong.",
        "She did not say why.",
        "His claims that it failed are wrong.",
        "He was told to leave.",
        "Jan “Slim” Berg won the race.",
        "It is hard to say that.",
        "Jan Berg rejected reports that the mill had cut 300 jobs.",
        "Ada Holm dismissed claims that the bridge was unsafe.",
        "Sales were hurt by tariffs and weak demand from abroad.",
    ],
)
def test_what_is_no_quote(text: str) -> None:
    assert rows(text) == []


def test_a_speaker_is_not_carried_over_to_an_utterance_that_stands_apart() -> None:
    text = "Ada Holm attends a meeting.\n\n“No longer can we carry the whole of it.”\n\n“It is late,” Jan Berg said."
    assert [row[2] for row in rows(text)] == [None, "Jan Berg"]


def test_a_speaker_is_carried_on_from_a_quotation_in_the_paragraph_before() -> None:
    text = "“It is late,” Ada Holm said. “We must go.”\n\n“But I will come back next year.”"
    assert [row[2] for row in rows(text)] == ["Ada Holm", "Ada Holm"]


def test_a_misplaced_closer_parts_a_quote_from_the_report_behind_it() -> None:
    text = '"Many already meet the 2.0 [per cent] On Friday, the Harbour Institute said in a report that costs rose".'
    assert rows(text) == [
        ("direct", None, None, ["Many already meet the 2.0 [per cent]"]),
        ("indirect", "said", "the Harbour Institute", ["costs rose"]),
    ]


def test_every_cue_has_a_reason_and_its_forms_are_words() -> None:
    assert {"said", "says", "saying", "told", "denied", "vowed", "swore", "tweeted", "warned"} <= set(cues())
    assert all(form.isalpha() for form in cues())
    assert cues()["called"][0].particle


@given(texts())
def test_any_text_gives_spans_that_are_its_own(text: str) -> None:
    for quote in quotes(text):
        for span in (*quote.spans, *([quote.cue] if quote.cue else [])):
            assert text[span.start : span.end] == span.text


@pytest.mark.parametrize(
    ("text", "content", "speaker"),
    [
        ("Farmers say the river will rise.", "the river will rise", "Farmers"),
        ("Ada Holm, 27, a farmer in Lyon, said the river would rise.", "the river would rise", "Ada Holm"),
        ("Ada Holm, 22, of Flint, Mich., said she had not given up.", "she had not given up", "Ada Holm"),
        ("Holm said the reason is the fact that it rains.", "the reason is the fact that it rains", "Holm"),
        ("This has been a worry for years, Holm said.", "This has been a worry for years", "Holm"),
        ("Holm said the mill would close, raising fears in Lyon.", "the mill would close", "Holm"),
        ("Holm said he would open the mill but did not say when.", "he would open the mill", "Holm"),
        ("When Holm said that the mill would close, the price fell in a day.", "the mill would close", "Holm"),
        ("The plan, an aide said, is to close the mill.", "The plan … is to close the mill", "an aide"),
        ("On top of that, farmers say, the river will rise.", "On top of that … the river will rise", "farmers"),
    ],
)
def test_reports_and_what_stands_around_them(text: str, content: str, speaker: str) -> None:
    (found,) = find_quotes(document(text), people_in(find_entities(document(text))))
    draft: QuoteDraft = found.draft  # type: ignore[assignment]
    assert (" … ".join(draft.content), draft.speaker) == (content, speaker)


def test_the_turns_of_a_transcript_are_their_speakers_and_questions_are_not() -> None:
    text = "\n\n".join(
        [
            "We met in May.",
            "LP: Why did the mill close?",
            "Holm: It was old. Nobody came.",
            "LP: And now?",
            "Holm: Now it is a school.",
        ]
    )
    found = [drafted.draft for drafted in find_quotes(document(text))]
    assert [(draft.content, draft.speaker, draft.cue) for draft in found] == [  # type: ignore[attr-defined]
        (["It was old. Nobody came"], "Holm", None),
        (["Now it is a school"], "Holm", None),
    ]


def test_a_headline_with_a_name_and_a_colon_is_a_quote_and_a_list_of_figures_is_none() -> None:
    (found,) = find_quotes(document("Holm: Mill will close\n\nThe mayor, Ada Holm, spoke on Monday."))
    assert found.draft.content == ["Mill will close"]  # type: ignore[attr-defined]
    assert not find_quotes(document("Results\n\nHolm: 12\n\nEk: 14\n\nHolm: 3\n\nEk: 9"))


def test_a_speaker_is_named_without_the_house_and_an_apposition_s_name_is_the_speaker() -> None:
    for text, speaker in (
        ("Ada Holm of the Lyon Bank said the mill would close.", "Ada Holm"),
        ('"It will close," said the mill\'s owner, Ada Holm.', "Ada Holm"),
        ('At Ek Bank, Ada Holm said that the mill was old. "It is closed by May. It is too old."', "Ada Holm"),
    ):
        found = quotes(text)
        assert found[-1].speaker is not None
        assert found[-1].speaker.mention is not None
        assert found[-1].speaker.mention.text == speaker
