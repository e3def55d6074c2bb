"""The kinds in other forms than those that ship, for the experiments.

`V1` is what went with the prompts `all.v1`; made of it are `BARE`, without sentence numbers, and `ENDS`, where long
strings are given by their ends. `LEAN` went with `all.v2` to `all.v4`: its claims have no claimant. Names of classes
are part of the schemas that were sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from extractor.errors import GroundingError
from extractor.grounding.locate import Haystack, find_all
from extractor.kinds.claim import CLAIM, AttributedClaimDraft
from extractor.kinds.entity import ENTITY
from extractor.kinds.kind import Draft
from extractor.kinds.located import Located, Verbatim
from extractor.kinds.quote import QUOTE, QuoteDraft
from extractor.llm.validate import CHUNK
from extractor.records.item import ClaimKind, EntityType

if TYPE_CHECKING:
    from extractor.kinds.kind import Kind

ELLIPSIS = " … "
LONGEST = 2_000
"""Characters between the ends of a string, at most."""


def whole(string: Any) -> Any:
    """A string that is given by its ends, as it stands in the chunk; any other as it is."""
    if not isinstance(string, str) or ELLIPSIS not in string:
        return string
    first, last = string.split(ELLIPSIS, 1)
    chunk = CHUNK.get()
    text = chunk.document.text
    hay = Haystack(text, chunk.start, chunk.end)
    try:
        begins, ends = find_all(first, hay, fuzzy=False), find_all(last, hay, fuzzy=False)
    except GroundingError:
        return string
    pairs = [(b.start, e.end) for b in begins for e in ends if b.end <= e.start < b.start + LONGEST]
    if not pairs:
        return string
    start, end = min(pairs, key=lambda pair: pair[1] - pair[0])
    return text[start:end]


Ends = Annotated[str, Located(), BeforeValidator(whole)]


class EntityDraft(Draft):
    """A thing with a name."""

    name: str
    """The fullest form of the name in the text, without title"""
    type: EntityType
    """person, organization, location, group, event, product or work"""
    forms: list[Annotated[str, Located(every=True)]]
    """Each form in which the text names it, copied as it stands, the fullest first"""


class ClaimDraft(AttributedClaimDraft):
    """One factual assertion that could be checked."""


class EndsQuote(QuoteDraft):
    """What a source said or wrote."""

    content: list[Ends]
    """The words reported, copied as they stand: one string, or several where the attribution interrupts them"""


class EndsClaim(ClaimDraft):
    """One factual assertion that could be checked."""

    evidence: list[Ends]
    """The shortest clause that carries the whole fact, copied as it stands; several strings where it is interrupted"""


class _Bare(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class BareEntity(_Bare):
    """A thing with a name."""

    name: str
    """The fullest form of the name in the text, without title"""
    type: EntityType
    """person, organization, location, group, event, product or work"""
    forms: list[Annotated[str, Located(every=True)]]
    """Each form in which the text names it, copied as it stands, the fullest first"""


class BareQuote(_Bare):
    """What a source said or wrote."""

    content: list[Verbatim]
    """The words reported, copied as they stand: one string, or several where the attribution interrupts them"""
    cue: Annotated[str, Located(outside="yes")] | None
    """The reporting expression as it stands (said, according to), or null"""
    speaker: Annotated[str, Located(outside="yes")] | None
    """The nearest mention of who said it, as it stands (a name, he, a senior official), or null"""
    speaker_name: str | None
    """The speaker's full name as the text gives it anywhere, or null"""


class BareClaim(_Bare):
    """One factual assertion that could be checked."""

    evidence: list[Verbatim]
    """The shortest clause that carries the whole fact, copied as it stands; several strings where it is interrupted"""
    text: str
    """The fact in one sentence that stands alone: names for pronouns, every number and hedge kept, nothing added"""
    kind: ClaimKind
    """quantity, causal, rule, prediction or event"""
    claimant: Annotated[str, Located(outside="first")] | None
    """The nearest mention of who asserts it, as it stands, or null where the article itself does"""
    claimant_name: str | None
    """The claimant's full name as the text gives it anywhere, or null"""


def _as(*drafts: type[BaseModel]) -> tuple[Kind[Any, Any], ...]:
    shipped: tuple[Kind[Any, Any], ...] = (ENTITY, QUOTE, CLAIM)
    return tuple(
        replace(kind, draft=draft, template=f"{kind.template}.v1", beside=None)
        for kind, draft in zip(shipped, drafts, strict=True)
    )


V1 = _as(EntityDraft, QuoteDraft, ClaimDraft)
ENDS = _as(EntityDraft, EndsQuote, EndsClaim)
BARE = _as(BareEntity, BareQuote, BareClaim)

_EVIDENCE, _TEXT = (CLAIM.draft.model_fields[name].description for name in ("evidence", "text"))
_UNCLAIMED = create_model(
    "ClaimDraft",
    __base__=Draft,
    __doc__="One factual assertion that could be checked.",
    evidence=(list[Verbatim], Field(description=_EVIDENCE)),
    text=(str, Field(description=_TEXT)),
    kind=(ClaimKind, Field(description="quantity, causal, rule, prediction or event")),
)
LEAN: tuple[Kind[Any, Any], ...] = (ENTITY, QUOTE, replace(CLAIM, draft=_UNCLAIMED, beside=None))
