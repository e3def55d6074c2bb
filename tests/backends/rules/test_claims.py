"""The offline rules for claims, each on a sentence of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.backends.rules.claims import find_claims
from extractor.backends.rules.quotes import find_quotes
from extractor.backends.rules.rules_backend import draft_by_rules
from extractor.grounding.ground import ground
from extractor.kinds.catalogue import KINDS
from extractor.kinds.claim import CLAIM
from extractor.text.chunks import split_chunks
from tests.articles import document, texts

if TYPE_CHECKING:
    from extractor.kinds.claim import AttributedClaimDraft
    from extractor.records.item import Claim

SEED = Path(__file__).parents[3] / "seeds" / "nato-defence-spending.txt"

Row = tuple[str, str, str]


def claims(text: str) -> list[Claim]:
    """What is drafted and grounded; a draft that does not ground fails the test."""
    doc = document(text)
    chunks = split_chunks(doc, chars=max(1, len(text)))
    if not chunks:
        return []
    grounded, rejected = ground(find_claims(doc), chunks[0], KINDS)
    assert rejected == []
    return [item.record for item in grounded]


def rows(text: str) -> list[Row]:
    return [(claim.kind, claim.text, " … ".join(span.text for span in claim.evidence)) for claim in claims(text)]


@pytest.mark.parametrize(
    ("text", "kind", "claim", "evidence"),
    [
        (
            "Ostland now pays 12 billion crowns for schools.",
            "quantity",
            "Ostland pays 12 billion crowns for schools.",
            "Ostland now pays 12 billion crowns for schools",
        ),
        (
            "However, sales of bread fell by 4.5 percent in 2019, raising fears in Quill.",
            "quantity",
            "Sales of bread fell by 4.5 percent in 2019.",
            "sales of bread fell by 4.5 percent in 2019",
        ),
        ("Rents in Quill doubled.", "quantity", "Rents in Quill doubled.", "Rents in Quill doubled"),
        ("Ada Holm was elected in 2014.", "event", "Ada Holm was elected in 2014.", "Ada Holm was elected in 2014"),
        (
            "Nine farms closed as a result of the drought.",
            "causal",
            "Nine farms closed as a result of the drought.",
            "Nine farms closed as a result of the drought",
        ),
        (
            "The Quill Fisheries Act prohibits nets in winter.",
            "rule",
            "The Quill Fisheries Act prohibits nets in winter.",
            "The Quill Fisheries Act prohibits nets in winter",
        ),
        (
            "Ostland will open 30 schools in 2031.",
            "prediction",
            "Ostland will open 30 schools in 2031.",
            "Ostland will open 30 schools in 2031",
        ),
        (
            "About 3,000 people did not vote in Quill.",
            "quantity",
            "About 3,000 people did not vote in Quill.",
            "About 3,000 people did not vote in Quill",
        ),
        (
            "If Ostland spent 40 million crowns, roads would improve.",
            "causal",
            "If Ostland spent 40 million crowns, roads would improve.",
            "If Ostland spent 40 million crowns, roads would improve",
        ),
        ("It spent 4 crowns on roads.", "quantity", "It spent 4 crowns on roads.", "It spent 4 crowns on roads"),
    ],
)
def test_a_fact_is_a_claim(text: str, kind: str, claim: str, evidence: str) -> None:
    assert rows(text) == [(kind, claim, evidence)]


@pytest.mark.parametrize(
    "text",
    [
        "Will Ostland spend 40 million crowns on roads?",
        "Ostland should spend 40 million crowns on roads.",
        "The mayor hopes that 40 schools are built.",
        "Ada Holm said a lot on Tuesday.",
        "Ada Holm asked members to spend 2 percent on roads.",
        "Ada Holm denied that Ostland had lost 40 islands.",
        '"You must close 40 schools," Ada Holm said.',
        '"I think it is beautiful," Ada Holm said.',
        "A town of bridges.",
        "(Reporting by Bo Ek; Editing by Ada Holm)",
        "Read more: how the bridge was closed",
    ],
)
def test_what_is_no_assertion_of_a_fact_is_none(text: str) -> None:
    assert rows(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "The mill, which employed 90 people, closed in May.",
            [
                ("quantity", "The mill employed 90 people.", "The mill, which employed 90 people"),
                ("event", "The mill closed in May.", "The mill … closed in May"),
            ],
        ),
        (
            "Ada Holm, the mayor of Quill, opened the bridge in May and closed the ferry.",
            [
                ("event", "Ada Holm is the mayor of Quill.", "Ada Holm, the mayor of Quill"),
                ("event", "Ada Holm opened the bridge in May.", "Ada Holm … opened the bridge in May"),
                ("event", "Ada Holm closed the ferry.", "closed the ferry"),
            ],
        ),
        (
            "Its chair, Ada Holm, resigned.",
            [
                ("event", "Ada Holm is its chair.", "Its chair, Ada Holm"),
                ("event", "Its chair resigned.", "Its chair … resigned"),
            ],
        ),
        (
            "Ada Holm, 42, is a mayor.",
            [
                ("quantity", "Ada Holm is 42.", "Ada Holm, 42"),
                ("event", "Ada Holm is a mayor.", "Ada Holm … is a mayor"),
            ],
        ),
        (
            "Quill: +3.1% (second quarter: +2.6%)",
            [
                ("quantity", "Quill: +3.1% (second quarter: +2.6%).", "Quill: +3.1% (second quarter: +2.6%)"),
                ("quantity", "Quill: +3.1%.", "Quill: +3.1%"),
            ],
        ),
        (
            "The old bridge in Quill was shut twice in a week because of ice.",
            [
                (
                    "causal",
                    "The old bridge in Quill was shut twice in a week because of ice.",
                    "The old bridge in Quill was shut twice in a week because of ice",
                ),
                (
                    "quantity",
                    "The old bridge in Quill was shut twice in a week.",
                    "The old bridge in Quill was shut twice in a week",
                ),
            ],
        ),
        (
            "The mill closed after the river flooded the town.",
            [
                ("event", "The mill closed.", "The mill closed"),
                ("event", "The river flooded the town.", "the river flooded the town"),
            ],
        ),
        (
            "Ada Holm has opened a bridge, closed a ferry and built two schools.",
            [
                ("event", "Ada Holm has opened a bridge.", "Ada Holm has opened a bridge"),
                ("event", "Ada Holm closed a ferry.", "Ada Holm … closed a ferry"),
                ("quantity", "Ada Holm built two schools.", "built two schools"),
            ],
        ),
    ],
)
def test_a_sentence_says_as_many_things_as_it_has_clauses(text: str, found: list[Row]) -> None:
    assert sorted(rows(text)) == sorted(found)


def test_a_pronoun_is_read_as_the_name_where_that_is_clear() -> None:
    text = "Mr. Bo Ek resigned in May. He had built 40 schools."
    drafts = draft_by_rules(document(text), [CLAIM])
    assert [drafted.draft.text for drafted in drafts] == [  # type: ignore[attr-defined]
        "Mr. Bo Ek resigned in May.",
        "Bo Ek had built 40 schools.",
    ]


def test_the_first_person_is_told_as_its_source_s_words() -> None:
    found = claims('"We lost 40 boats in the storm," Ada Holm said.')
    assert [claim.text for claim in found] == ["Ada Holm says: “We lost 40 boats in the storm”."]


def test_an_amount_that_is_given_twice_is_two_claims() -> None:
    text = "Ostland spends 12 billion crowns on schools, amounting to 3.5 percent of its budget."
    assert rows(text) == [
        ("quantity", "Ostland spends 12 billion crowns on schools.", "Ostland spends 12 billion crowns on schools"),
        (
            "quantity",
            "Ostland's schools spending amounts to 3.5 percent of its budget.",
            "amounting to 3.5 percent of its budget",
        ),
    ]


def test_clauses_with_subjects_of_their_own_are_claims_of_their_own() -> None:
    text = "Exports rose by 4 percent, and imports fell by 2 percent, while wages in Quill grew by 1 percent."
    assert [row[1] for row in rows(text)] == [
        "Exports rose by 4 percent.",
        "Imports fell by 2 percent.",
        "Wages in Quill grew by 1 percent.",
    ]


def test_what_is_reported_is_claimed_by_its_source() -> None:
    text = "The Quill Institute said in a report that exports had fallen by 4 percent."
    (claim,) = claims(text)
    assert claim.text == "Exports had fallen by 4 percent."
    assert claim.claimant is not None
    assert claim.claimant.mention is not None
    assert claim.claimant.mention.text == "The Quill Institute"


def test_what_is_claimed_between_marks_ends_before_the_closing_one() -> None:
    text = '"Exports fell by 4 percent last year," Ada Holm said. "I do not know why."'
    (claim,) = claims(text)
    assert (claim.evidence[0].text, claim.text) == (
        "Exports fell by 4 percent last year",
        "Exports fell by 4 percent last year.",
    )
    assert claim.claimant is not None
    assert claim.claimant.name == "Ada Holm"


def test_the_articles_own_voice_has_no_claimant() -> None:
    (claim,) = claims("Exports fell by 4 percent.")
    assert claim.claimant is None


def test_quotes_that_are_known_already_are_not_looked_for_again() -> None:
    doc = document("The Quill Institute said that exports had fallen by 4 percent.")
    assert find_claims(doc, find_quotes(doc)) == find_claims(doc)


def test_the_seed_article() -> None:
    found = {claim.text: claim for claim in claims(SEED.read_text(encoding="utf-8"))}
    evidence = {text: claim.evidence[0].text for text, claim in found.items()}
    assert evidence["Norway uses 49 billion kroner on defence."] == "Norway now uses 49 billion kroner on defence"
    assert (
        evidence["Norway's defence spending amounts to 1.56 percent of its GDP."]
        == "amounting to 1.56 percent of its GDP"
    )
    assert "Hitting the two percent target would require spending an additional 13 billion kroner." in found
    kingdom = found["United Kingdom defence spending had fallen to 1.98 per cent in 2016."]
    assert kingdom.claimant is not None
    assert "International Institute for Strategic Studies" in kingdom.claimant.name
    millions = next(claim for text, claim in found.items() if "ten million more" in text)
    assert millions.evidence[0].text == "Ten million more for defense in 2016 across Europe and Canada"
    assert millions.claimant is not None
    assert millions.claimant.name == "Stoltenberg"
    assert not any("must" in text or "good faith" in text for text in found)


@given(texts())
def test_every_draft_grounds(text: str) -> None:
    claims(text)


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    claims(text)


WORDS = (
    'Norway|spends|49|billion|percent|on|defence|,|amounting|to|its|GDP|.|said|that|"|and|but|the|fell|4|not|which|was|'
    "killed|in|2016|will|(|)|—|It|is|an|important|step|more|Ten|million|due|because of|[|\n\n|£|½|’s"
).split("|")


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_no_order_of_words_is_too_strange(words: list[str]) -> None:
    claims(" ".join(words))


@pytest.mark.parametrize(
    "piece",
    [
        "x and y rose, and ",
        "rose, ",
        "Norway uses 4, amounting to ",
        "due to ",
        "1 ",
        "( ",
        "Ada Holm, the mayor, ",
        "which was ",
        "if it fell, ",
        "the chair of the chair of ",
        ", raising ",
        "closed and opened ",
    ],
)
def test_time_grows_with_the_text_only(piece: str) -> None:
    # A rule of quadratic cost would take minutes here.
    find_claims(document(piece * (60_000 // len(piece))))


@pytest.mark.parametrize(
    "text",
    [
        "A treasurer stole £412,000 from a hospice in Leeds, a jury heard on Monday.",
        "At least 30 boats have sunk in Leeds, according to people there.",
        "Storm live: two dead as 140mph winds hit Leeds\n\nWill it rain?",
    ],
)
def test_what_somebody_else_says_or_a_headline_is_no_claim_of_the_article(text: str) -> None:
    for drafted in find_claims(document(text)):
        claim: AttributedClaimDraft = drafted.draft  # type: ignore[assignment]
        assert claim.claimant is not None


def test_an_interviewee_goes_on_behind_words_that_she_quotes() -> None:
    text = "\n\n".join(
        [
            "We met in May.",
            "LP: Why did the mill close?",
            "Holm: The river rose in 2019. My mother said: “The mill is lost.” Nine boats sank in the harbour.",
            "LP: And now?",
            "Holm: A school opened there in 2021.",
        ]
    )
    found = {claim.text: claim.claimant for claim in claims(text)}
    for said in ("The river rose in 2019.", "Nine boats sank in the harbour.", "A school opened there in 2021."):
        claimant = found[said]
        assert claimant is not None
        assert claimant.name == "Holm"
    assert found["We met in May."] is None
