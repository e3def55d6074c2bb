"""Entity: a thing with a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from extractor.kinds.kind import Draft, Kind, Placed, UnsupportedError
from extractor.kinds.located import Located
from extractor.records.item import Entity, EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.text.document import Document


class EntityDraft(Draft):
    """A thing with a name."""

    type: EntityType
    """person, organization, location, group, event, product or work"""
    forms: list[Annotated[str, Located(every=True)]]
    """Each form in which the text names it, copied as it stands, the fullest first"""


def _build(draft: EntityDraft, placed: Placed, document: Document) -> Entity:
    places = {location.start: location for location in placed["forms"]}
    mentions = [places[start].span for start in sorted(places)]
    forms = sorted({span.text for span in mentions}, key=lambda form: (-len(form), form))
    _refuse_what_is_no_name(forms)
    # The draft's first form is its fullest; it may have been given with a possessive.
    name = next((form for form in forms if draft.forms[0].startswith(form)), forms[0])
    return Entity(
        type=draft.type,
        name=name,
        aliases=tuple(form for form in forms if form != name),
        mentions=tuple(mentions),
    )


MOST_WORDS = 15
"""Words of a name, at most: titles of works and laws are the longest."""
_SENTENCE = re.compile(r"(?:\S+\s+){5,}\S+[.!?]\Z")


def _refuse_what_is_no_name(forms: Sequence[str]) -> None:
    """Raise `UnsupportedError` for a form that is a whole sentence."""
    for form in forms:
        if len(form.split()) > MOST_WORDS or _SENTENCE.match(form):
            raise UnsupportedError(f"“{form[:100]}” is no name but a sentence")


def _merge(one: Entity, other: Entity) -> Entity | None:
    """Two entities are one when they stand at one place; names are linked in `linking/names.py`."""
    if not {m.start for m in one.mentions} & {m.start for m in other.mentions}:
        return None
    mentions = sorted({m.start: m for m in (*other.mentions, *one.mentions)}.values(), key=lambda s: s.start)
    name = max((one.name, other.name), key=len)
    forms = {one.name, other.name, *one.aliases, *other.aliases} - {name}
    return Entity(type=one.type, name=name, aliases=tuple(sorted(forms)), mentions=tuple(mentions))


ENTITY = Kind(
    name="entities",
    singular="entity",
    prefix="e",
    draft=EntityDraft,
    record=Entity,
    template="entities",
    build=_build,
    anchor=lambda entity: entity.mentions[:1],
    merge=_merge,
)
