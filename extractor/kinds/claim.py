"""Claim: one factual assertion that could be checked against the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from extractor.kinds.kind import Draft, Kind, Placed, overlap, sentence_of
from extractor.kinds.located import Located, Verbatim
from extractor.kinds.support import check_support
from extractor.records.item import Claim, ClaimKind
from extractor.records.source import Source
from extractor.records.span import loosest
from extractor.text.words import find_words

if TYPE_CHECKING:
    from extractor.text.document import Document


class ClaimDraft(Draft):
    """One factual assertion that could be checked."""

    # As it is asked for beside quotes, which have their speakers' full names.

    evidence: list[Verbatim]
    """The shortest clause that carries the whole fact, copied as it stands; several strings where it is interrupted"""
    text: str
    """The fact in one sentence that stands alone: names for pronouns, every number and hedge kept, nothing added"""
    kind: ClaimKind
    """quantity, causal, rule, prediction or event"""
    claimant: Annotated[str, Located(outside="first")] | None
    """The nearest mention of who asserts it, as it stands, or null where the article itself does"""


class AttributedClaimDraft(ClaimDraft):
    """One factual assertion that could be checked, and who makes it."""

    claimant_name: str | None
    """The claimant's full name as the text gives it anywhere, or null"""


def _build(draft: ClaimDraft, placed: Placed, document: Document) -> Claim:
    evidence = tuple(sorted((location.span for location in placed["evidence"]), key=lambda span: span.start))
    claimant = placed.get("claimant")
    name = draft.claimant_name if isinstance(draft, AttributedClaimDraft) else None
    named = [location.text for location in claimant or ()]
    if name and name in document.text:
        named.append(name)
    check_support(draft.text, evidence, document, source=" ".join(named))
    return Claim(
        kind=draft.kind,
        text=draft.text,
        evidence=evidence,
        claimant=Source(name=name or claimant[0].text, mention=claimant[0].span) if claimant else None,
        sentence=sentence_of(placed, "evidence", document),
        grounding=loosest(location.grounding for location in placed["evidence"]),
    )


def _merge(one: Claim, other: Claim) -> Claim | None:
    """Two claims are one when the same words say the same; two facts in one clause differ in their text."""
    if overlap(one.evidence, other.evidence) < 0.8:
        return None
    if [word.form for word in find_words(one.text)] != [word.form for word in find_words(other.text)]:
        figures = [{word.value for word in find_words(claim.text)} for claim in (one, other)]
        if figures[0] != figures[1] or one.kind != other.kind or one.evidence == other.evidence:
            return None
    return one if one.claimant or not other.claimant else other


CLAIM: Kind[ClaimDraft, Claim] = Kind(
    name="claims",
    singular="claim",
    prefix="c",
    draft=AttributedClaimDraft,
    record=Claim,
    template="claims",
    build=_build,
    anchor=lambda claim: claim.evidence,
    merge=_merge,
    beside=("quotes", ClaimDraft),
)
