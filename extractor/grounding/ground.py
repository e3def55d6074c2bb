"""Drafts → records with spans, or rejections with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from extractor.errors import GroundingError
from extractor.grounding.locate import Haystack, find_all, find_in, shortened
from extractor.kinds.kind import Drafted, Kind, Placed, UnsupportedError
from extractor.records.extraction import Rejection
from extractor.records.span import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

    from pydantic import BaseModel

    from extractor.kinds.located import LocatedField, Outside
    from extractor.text.chunks import Chunk

_POSSESSIVE = re.compile(r"(?<=\w)[’']s?\Z")

_HAYSTACKS: WeakKeyDictionary[Chunk, Haystack] = WeakKeyDictionary()


@dataclass(frozen=True)
class Grounded:
    """A draft that the article bears out."""

    kind: Kind[Any, Any]
    draft: BaseModel
    record: Any
    """The kind's record, without an id."""
    chunk: Chunk
    absent: tuple[tuple[str, str], ...] = ()
    """Optional fields left out because their words do not stand there, each with what was not found."""


def ground(
    drafts: Iterable[Drafted], chunk: Chunk, kinds: Sequence[Kind[Any, Any]]
) -> tuple[list[Grounded], list[Rejection]]:
    """The records that a chunk's drafts amount to, and the drafts, or fields, that the article does not bear out."""
    by_name: Mapping[str, Kind[Any, Any]] = {kind.name: kind for kind in kinds}
    grounded: list[Grounded] = []
    rejected: list[Rejection] = []
    grounder = Grounder(chunk)
    for drafted in drafts:
        kind = by_name[drafted.kind]
        try:
            item = grounder.ground(kind, drafted)
        except GroundingError as error:
            rejected.append(rejection(kind, drafted.draft, error.reason, str(error), chunk))
            continue
        grounded.append(item)
        rejected.extend(fields_left_out([item]))
    return grounded, rejected


def fields_left_out(grounded: Iterable[Grounded]) -> Iterator[Rejection]:
    """The optional fields without which records are reported, as rejections."""
    for item in grounded:
        for field, detail in item.absent:
            yield rejection(item.kind, item.draft, "field_not_found", f"{field}: {detail}", item.chunk)


class Grounder:
    """Grounds the drafts of one chunk in order: a string repeated within a sentence is given out in turn."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self._taken: dict[tuple[str, ...], set[int]] = {}

    def ground(self, kind: Kind[Any, Any], drafted: Drafted) -> Grounded:
        """The next draft, grounded. Raises `GroundingError`."""
        words = getattr(drafted.draft, kind.located[0].name)
        taken = self._taken.setdefault((kind.name, *(words if isinstance(words, (list, tuple)) else (words,))), set())
        item = ground_draft(kind, drafted, self.chunk, taken=taken)
        taken.update(span.start for span in kind.anchor(item.record))
        return item


def rejection(kind: Kind[Any, Any], draft: BaseModel, reason: Any, detail: str, chunk: Chunk) -> Rejection:
    """The record of a draft, or a field of one, that is not reported."""
    return Rejection(
        kind=kind.singular,
        draft=draft.model_dump(mode="json"),
        reason=reason,
        detail=detail,
        chunk=(chunk.start, chunk.end),
    )


def ground_draft(kind: Kind[Any, Any], drafted: Drafted, chunk: Chunk, *, taken: Set[int] = frozenset()) -> Grounded:
    """Locate one draft in its chunk and build the record.

    Args:
        kind: What it is a draft of.
        drafted: The draft, with offsets where the backend knows them.
        chunk: The chunk that it was drafted from; its context is searched too, its content first.
        taken: Offsets where earlier drafts of the same words already stand: a string that is repeated within a
            sentence is given out in order.

    Raises:
        GroundingError: its message tells a language model what was not found.
    """
    haystack = _HAYSTACKS.get(chunk)
    if haystack is None:
        haystack = _HAYSTACKS[chunk] = Haystack(chunk.document.text, *chunk.window)
    search = _Search(drafted, chunk, haystack, taken)
    anchor = kind.located[0]
    placed: dict[str, tuple[Location, ...]] = {anchor.name: search.anchor(anchor)}
    absent: list[tuple[str, str]] = []
    for field in kind.located[1:]:
        try:
            placed[field.name] = search.beside(field, placed[anchor.name])
        except GroundingError as error:
            if not field.optional:
                raise GroundingError(f"{field.name}: {error}", reason=error.reason) from None
            placed[field.name] = ()
            absent.append((field.name, str(error)))
    absent.extend(search.lost)
    return Grounded(kind, drafted.draft, _built(kind, drafted.draft, placed, chunk), chunk, tuple(absent))


def _built(kind: Kind[Any, Any], draft: BaseModel, placed: Placed, chunk: Chunk) -> Any:
    try:
        return kind.build(draft, placed, chunk.document)
    except UnsupportedError as error:
        raise GroundingError(str(error), reason="unsupported") from None


class _Search:
    """Places the strings of one draft."""

    def __init__(self, drafted: Drafted, chunk: Chunk, haystack: Haystack, taken: Set[int]) -> None:
        self.drafted, self.chunk, self.haystack, self.taken = drafted, chunk, haystack, taken
        self.document = chunk.document
        self.lost: list[tuple[str, str]] = []
        number = getattr(drafted.draft, "sentence", None)
        self.number: int | None = number if isinstance(number, int) else None

    def strings(self, field: LocatedField) -> list[str]:
        value = getattr(self.drafted.draft, field.name)
        if value is None:
            return []
        return list(value) if isinstance(value, (list, tuple)) else [value]

    def anchor(self, field: LocatedField) -> tuple[Location, ...]:
        """Where the anchor's strings stand.

        Raises GroundingError when one of them does not; of a field that stands `every`where, when none does.
        """
        strings = self.strings(field)
        if not any(string.strip() for string in strings):
            raise GroundingError(f"{field.name} is empty", reason="empty")
        if field.every:
            return self._everywhere(field, strings)
        known = self._known(field, strings)
        if known is not None:
            return known
        located: list[Location] = []
        for index, string in enumerate(strings):
            name = f"{field.name}[{index}]" if field.many else field.name
            try:
                located.append(self._piece(string, located[-1] if located else None))
            except GroundingError as error:
                raise GroundingError(f"{name}: {error}", reason=error.reason) from None
        return tuple({location.start: location for location in located}.values())

    def beside(self, field: LocatedField, anchor: tuple[Location, ...]) -> tuple[Location, ...]:
        """Where a further field's strings stand nearest to the anchor; nothing where it has none."""
        strings = [string for string in self.strings(field) if string.strip()]
        if not strings:
            return ()
        known = self._known(field, strings)
        if known is not None:
            return known
        if field.every:
            return self._everywhere(field, strings)
        found: list[Location] = []
        for string in strings:
            try:
                found.append(self._nearest(string, anchor, outside=field.outside))
            except GroundingError as error:
                if not (field.many and field.optional):
                    raise
                self.lost.append((field.name, str(error)))
        return tuple(found)

    def _known(self, field: LocatedField, strings: Sequence[str]) -> tuple[Location, ...] | None:
        """The places that the backend itself names, if its strings do stand there."""
        offsets = self.drafted.at.get(field.name)
        if not offsets or len(offsets) != len(strings):
            return None
        text = self.document.text
        if not all(string and text.startswith(string, offset) for string, offset in zip(strings, offsets, strict=True)):
            return None
        return tuple(Location(text, at, at + len(string), "exact") for string, at in zip(strings, offsets, strict=True))

    def _everywhere(self, field: LocatedField, strings: Sequence[str]) -> tuple[Location, ...]:
        known = self._known(field, strings)
        if known is not None:
            return known
        found: dict[int, Location] = {}
        errors: list[tuple[str, GroundingError]] = []
        # Longest first: a form inside a longer one is no place of its own.
        for string in sorted({_POSSESSIVE.sub("", string) for string in strings}, key=lambda s: (-len(s), s)):
            try:
                places = find_all(string, self.haystack, fuzzy=False)
            except GroundingError as error:
                errors.append((string, error))
                continue
            if not string.islower():
                # A name has its capital wherever it stands: "US" is not "us".
                places = [place for place in places if not place.text.islower()]
            content = [place for place in places if self.chunk.start <= place.start < self.chunk.end]
            for place in content or places:
                if not any(place.overlaps(other) for other in found.values()):
                    found[place.start] = place
        if not found:
            lower = GroundingError("the name stands there in lower case only", reason="not_found")
            first = errors[0][1] if errors else lower
            raise GroundingError(f"{field.name}: {first}", reason=first.reason)
        self.lost.extend((field.name, str(error)) for _, error in errors)
        return tuple(found[start] for start in sorted(found))

    def _piece(self, string: str, previous: Location | None) -> Location:
        """The place of one of the anchor's strings: in the sentence named, behind the piece before it."""
        begin = previous.end if previous else self.haystack.start
        sentence = self.document.sentence(self.number) if self.number is not None else None
        if sentence is not None:
            here = [
                place for place in find_in(string, self.haystack, sentence.start, sentence.end) if place.start >= begin
            ]
            if here:
                return self._untaken(here)
        places = find_all(string, self.haystack)
        places = [place for place in places if place.start >= begin] or places
        if len(places) == 1:
            return places[0]
        content = [place for place in places if self.chunk.start <= place.start < self.chunk.end]
        untaken = [place for place in content or places if place.start not in self.taken]
        if previous is not None and untaken:
            return untaken[0]
        if len(untaken) == 1:
            return untaken[0]
        if self.number is not None and untaken:
            numbers = [abs(self.document.sentence_at(place.start).number - self.number) for place in untaken]
            # A count that is off by one still tells which of two far places is meant.
            if min(numbers) <= 1 and numbers.count(min(numbers)) == 1:
                return untaken[numbers.index(min(numbers))]
        raise GroundingError(
            f"“{shortened(string)}” stands at {len(places)} places, none of them in sentence {self.number}",
            reason="ambiguous",
        )

    def _untaken(self, places: Sequence[Location]) -> Location:
        return next((place for place in places if place.start not in self.taken), places[-1])

    def _nearest(self, string: str, anchor: Sequence[Location], *, outside: Outside) -> Location:
        places = find_all(string, self.haystack)
        if outside != "no":
            beside = [place for place in places if not any(place.overlaps(other) for other in anchor)]
            places = beside if beside or outside == "yes" else places
        if not places:
            raise GroundingError(
                f"“{shortened(string)}” stands only inside the words it belongs to", reason="not_found"
            )
        if len(places) == 1:
            return places[0]
        sentences = {self.document.sentence_at(offset).number for a in anchor for offset in (a.start, a.end - 1)}

        def distance(place: Location) -> tuple[bool, int]:
            same = self.document.sentence_at(place.start).number in sentences
            gaps = [max(place.start - a.end, a.start - place.end, 0) for a in anchor]
            return not same, min(gaps)

        return min(places, key=distance)
