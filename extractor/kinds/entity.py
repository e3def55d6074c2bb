"""Entity: a thing with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from extractor.kinds.kind import Draft, Kind, Placed
from extractor.kinds.located import Located
from extractor.records.item import Entity, EntityType

if TYPE_CHECKING:
    from extractor.text.document import Document


class EntityDraft(Draft):
    """A thing with a name."""

    name: str
    """The fullest form of the name in the text, without title"""
    type: EntityType
    """person, organization, location, group, event, product or work"""
    forms: list[Annotated[str, Located(every=True)]]
    """Each form in which the text names it, copied as it stands, the fullest first"""


def _build(draft: EntityDraft, placed: Placed, document: Document) -> Entity:
    places = {location.start: location for location in placed["forms"]}
    mentions = [places[start].span for start in sorted(places)]
    forms = sorted({span.text for span in mentions}, key=lambda form: (-len(form), form))
    name = draft.name if draft.name in forms else forms[0]
    return Entity(
        type=draft.type,
        name=name,
        aliases=tuple(form for form in forms if form != name),
        mentions=tuple(mentions),
    )


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
