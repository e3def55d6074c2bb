"""Hand labels → gold: strings with sentence numbers, as a person writes them, placed in the article.

A file of labels is one JSON object with the kinds that were labelled:

    {"entities": [{"type": "person", "name": "Jim Mattis", "mentions": {"Jim Mattis": [2], "Mattis": [4, "7/2"]}}],
     "quotes":   [{"id": "q1", "kind": "direct", "spans": [["No longer [...] western values", 3]],
                   "cue": ["told", 3], "speaker": {"mention": ["he", 3], "name": "Jim Mattis"}}],
     "claims":   [{"kind": "quantity", "text": "Norway spends …", "evidence": [["Norway now uses …", 7]],
                   "claimant": null, "quote": null}]}

`["words", 7]` stand in sentence 7 and may run on behind it; where they begin there more than once, `"7/2"` is the
second place. ` [...] ` stands for whatever lies between its two sides, the second of them at its next place. Nothing is
guessed: what stands nowhere, or at more than one place, is refused with the reason.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import SourceError
from extractor.grounding.locate import Haystack, find_in, shortened
from extractor.records.item import ClaimKind, EntityType, QuoteKind
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extractor.records.article import Article

ELISION = " [...] "

Sentence = Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=r"^\d+/\d+$")]
Placed = tuple[str, Sentence]
"""A string and the sentence that it begins in; "7/2" where it begins there more than once."""

Stretch = tuple[int, int]


class _Label(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class EntityLabel(_Label):
    """A thing with a name."""

    type: EntityType
    """What it is."""
    name: str
    """The fullest form; one of those below."""
    mentions: dict[str, list[Sentence]] = Field(min_length=1)
    """Each form of the name, and the sentences in which it stands; a sentence is given as often as it stands there."""
    note: str | None = None
    """What the annotator was unsure of."""


class SourceLabel(_Label):
    """A speaker or a claimant."""

    mention: Placed | None
    """The nearest place where the source is named, described or referred to."""
    name: str
    """A labelled entity's name, or else the mention's own words."""


class QuoteLabel(_Label):
    """What a source said."""

    id: str
    """By which claims name it."""
    kind: QuoteKind
    """direct, mixed or indirect."""
    spans: list[Placed] = Field(min_length=1)
    """Its content; a long one may leave out its middle as ` [...] `."""
    cue: Placed | None
    """The reporting expression."""
    speaker: SourceLabel | None
    """Whose words they are."""
    note: str | None = None
    """What the annotator was unsure of."""


class ClaimLabel(_Label):
    """One factual assertion."""

    kind: ClaimKind
    """What sort of assertion."""
    text: str
    """The claim in words that stand alone."""
    evidence: list[Placed] = Field(min_length=1)
    """The words that say it."""
    claimant: SourceLabel | None
    """Who asserts it; none where the article does."""
    quote: str | None
    """Id of the quote that it is made in."""
    note: str | None = None
    """What the annotator was unsure of."""


class Labels(_Label):
    """What one annotator wrote of one article; a kind that is absent was not labelled."""

    entities: list[EntityLabel] | None = None
    """All of them."""
    quotes: list[QuoteLabel] | None = None
    """All of them, in order."""
    claims: list[ClaimLabel] | None = None
    """All of them."""
    notes: list[str] = []
    """What was decided, and why: how differences between two annotators were settled."""


def read_labels(text: str, name: str) -> Labels:
    """Parse a file of labels.

    Raises:
        SourceError: It is no JSON, or not of the form above; the message names the first fault.
    """
    try:
        return Labels.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SourceError(f"{name}: {place + ': ' if place else ''}{first['msg']}", hint="see LABELLING") from None


class Placing:
    """The labels of one article, placed; what cannot be placed is gathered in `faults`.

    Args:
        article: What was labelled.
        labels: What the annotator wrote.
    """

    def __init__(self, article: Article, labels: Labels) -> None:
        self.document = Document.of(article)
        self.labels = labels
        self.faults: list[str] = []
        """One line for each label that cannot be placed."""
        self._haystack = Haystack(article.text, 0, len(article.text))
        self._names: dict[str, str] = {}

    def gold(self, properties: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The article's gold in the record's form, items in document order; only what could be placed."""
        article = self.document.article
        entities = None if self.labels.entities is None else self._entities(self.labels.entities)
        quotes = None if self.labels.quotes is None else self._quotes(self.labels.quotes)
        claims = None if self.labels.claims is None else self._claims(self.labels.claims, quotes or [], entities or [])
        record: dict[str, Any] = {"article": article.model_dump(exclude_none=True)}
        if entities is not None:
            record["entities"] = entities
        if quotes is not None:
            record["quotes"] = [{key: value for key, value in quote.items() if key != "label"} for quote in quotes]
        if claims is not None:
            record["claims"] = claims
        if properties:
            record["properties"] = dict(properties)
        return record

    def _entities(self, labels: list[EntityLabel]) -> list[dict[str, Any]]:
        wanted = [
            (form, place, index)
            for index, label in enumerate(labels)
            for form, sentences in label.mentions.items()
            for place in sentences
        ]
        # The longest first: what lies inside a longer mention is no place of a shorter one. "7/2" before plain 7.
        wanted.sort(key=lambda one: (-len(one[0]), isinstance(one[1], int)))
        taken: list[tuple[int, Stretch]] = []
        mentions: dict[int, list[Stretch]] = {index: [] for index in range(len(labels))}
        # Of a form that is given for a sentence as often as it stands there, each place is meant once.
        unsaid = Counter((form, place) for form, place, _ in wanted if isinstance(place, int))
        for form, place, index in wanted:
            free = [
                (start, end)
                for start, end in self._places(form, _number(place))
                if not any(len(form) < length and start < stop and begin < end for length, (begin, stop) in taken)
            ]
            if isinstance(place, int):
                used = {other for _, other in taken}
                free = [one for one in free if one not in used]
                if unsaid[form, place] == len(free):
                    unsaid[form, place] -= 1
                    free = free[:1]
            stretch = self._only(form, place, free, f"entity {labels[index].name!r}")
            if stretch and any(stretch == other for _, other in taken):
                self.faults.append(f"entity {labels[index].name!r}: “{form}” in sentence {place} is labelled twice")
            elif stretch:
                taken.append((len(form), stretch))
                mentions[index].append(stretch)
        found: list[tuple[list[Stretch], EntityLabel]] = []
        for index, label in enumerate(labels):
            if label.name not in label.mentions:
                self.faults.append(f"entity {label.name!r}: the name is none of its mentions")
            if label.name in self._names:
                self.faults.append(f"entity {label.name!r}: two entities have this name")
            if spans := sorted(mentions[index]):
                found.append((spans, label))
                self._names.setdefault(label.name, "")
        placed = []
        for number, (spans, label) in enumerate(sorted(found, key=lambda one: one[0]), start=1):
            self._names[label.name] = f"e{number}"
            texts = [self._span(stretch) for stretch in spans]
            placed.append(
                {
                    "id": f"e{number}",
                    "type": label.type,
                    "name": label.name,
                    "aliases": list(dict.fromkeys(span["text"] for span in texts if span["text"] != label.name)),
                    "mentions": texts,
                }
            )
        return placed

    def _quotes(self, labels: list[QuoteLabel]) -> list[dict[str, Any]]:
        quotes: list[dict[str, Any]] = []
        for label in labels:
            if any(label.id == other["label"] for other in quotes):
                self.faults.append(f"quote {label.id}: two quotes have this id")
            spans = self._stretches(label.spans, f"quote {label.id}")
            if not spans:
                continue
            near = spans[0][0]
            quotes.append(
                {
                    "label": label.id,
                    "kind": label.kind,
                    "text": " ".join(self._span(stretch)["text"] for stretch in spans),
                    "spans": [self._span(stretch) for stretch in spans],
                    "cue": self._mention(label.cue, f"cue of quote {label.id}", outside=spans),
                    "speaker": self._source(label.speaker, f"speaker of quote {label.id}", outside=spans),
                    "sentence": self.document.sentence_at(near).number,
                }
            )
        quotes.sort(key=lambda quote: [(span["start"], span["end"]) for span in quote["spans"]])
        return [{"id": f"q{number}", **quote} for number, quote in enumerate(quotes, start=1)]

    def _claims(
        self, labels: list[ClaimLabel], quotes: list[dict[str, Any]], entities: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        ids = {quote["label"]: quote["id"] for quote in quotes}
        claims: list[dict[str, Any]] = []
        for label in labels:
            about = f"claim “{shortened(label.text, 60)}”"
            if label.quote is not None and label.quote not in ids:
                self.faults.append(f"{about}: there is no quote {label.quote}")
            evidence = self._stretches(label.evidence, about)
            if not evidence:
                continue
            claims.append(
                {
                    "kind": label.kind,
                    "text": label.text,
                    "evidence": [self._span(stretch) for stretch in evidence],
                    "claimant": self._source(label.claimant, f"claimant of {about}"),
                    "quote": ids.get(label.quote or ""),
                    "entities": [
                        entity["id"]
                        for entity in entities
                        if any(
                            start <= mention["start"] and mention["end"] <= end
                            for mention in entity["mentions"]
                            for start, end in evidence
                        )
                    ],
                    "sentence": self.document.sentence_at(evidence[0][0]).number,
                }
            )
        claims.sort(key=lambda claim: ([(span["start"], span["end"]) for span in claim["evidence"]], claim["text"]))
        return [{"id": f"c{number}", **claim} for number, claim in enumerate(claims, start=1)]

    def _source(self, label: SourceLabel | None, about: str, outside: Iterable[Stretch] = ()) -> dict[str, Any] | None:
        if label is None:
            return None
        mention = self._mention(label.mention, about, outside=outside)
        entity = self._names.get(label.name)
        named = mention is not None and label.mention is not None and label.name == label.mention[0]
        if entity is None and not named and self.labels.entities is not None:
            self.faults.append(f"{about}: {label.name!r} is neither a labelled entity's name nor the mention")
        return {"name": label.name, "entity": entity or None, "mention": mention}

    def _mention(self, placed: Placed | None, about: str, outside: Iterable[Stretch] = ()) -> dict[str, Any] | None:
        if placed is None:
            return None
        string, place = placed
        found = self._places(string, _number(place))
        if not isinstance(place, str):
            # "said" inside the quotation is not its cue.
            spans = list(outside)
            beside = [one for one in found if not any(start <= one[0] and one[1] <= end for start, end in spans)]
            found = beside or found
        stretch = self._only(string, place, found, about)
        return self._span(stretch) if stretch else None

    def _stretches(self, labels: list[Placed], about: str) -> list[Stretch]:
        found = [self._only(string, place, self._places(string, _number(place)), about) for string, place in labels]
        stretches = sorted(stretch for stretch in found if stretch is not None)
        for one, other in itertools.pairwise(stretches):
            if other[0] < one[1]:
                self.faults.append(f"{about}: two of its spans overlap")
                return []
        return stretches if len(stretches) == len(labels) else []

    def _places(self, string: str, number: int) -> list[Stretch]:
        """Where a string stands that begins in the sentence of that number."""
        sentence = self.document.sentence(number)
        if sentence is None:
            return []
        head, elided, tail = string.partition(ELISION)
        heads = [(at.start, at.end) for at in find_in(head, self._haystack, sentence.start, sentence.end)]
        if not elided:
            return heads
        places = []
        for start, end in heads:
            behind = find_in(tail, self._haystack, end, len(self.document.text))
            if behind:
                places.append((start, min(behind, key=lambda at: at.start).end))
        return places

    def _only(self, string: str, place: Sentence, found: list[Stretch], about: str) -> Stretch | None:
        shown = shortened(string, 60)
        number = _number(place)
        if self.document.sentence(number) is None:
            self.faults.append(f"{about}: there is no sentence {number}")
            return None
        if isinstance(place, str):
            index = int(place.split("/")[1])
            if 1 <= index <= len(found):
                return found[index - 1]
            self.faults.append(f"{about}: “{shown}” begins in sentence {number} {len(found)} times, not {index}")
            return None
        if len(found) == 1:
            return found[0]
        elsewhere = "" if found else self._elsewhere(string)
        how_often = f"begins in sentence {number} {len(found)} times; say which: {number}/1, {number}/2 …"
        self.faults.append(
            f"{about}: “{shown}” {how_often if found else f'does not begin in sentence {number}{elsewhere}'}"
        )
        return None

    def _elsewhere(self, string: str) -> str:
        head = string.partition(ELISION)[0]
        numbers = [s.number for s in self.document.sentences if find_in(head, self._haystack, s.start, s.end)]
        return f" (but in {', '.join(map(str, numbers[:5]))})" if numbers else ""

    def _span(self, stretch: Stretch) -> dict[str, Any]:
        start, end = stretch
        return {"start": start, "end": end, "text": self.document.text[start:end]}


def numbered(document: Document) -> str:
    """The article as an annotator reads it: a numbered sentence a line, a blank line between paragraphs."""
    lines: list[str] = []
    previous = None
    for sentence in document.sentences:
        paragraph = document.paragraph_at(sentence.start)
        if previous is not None and paragraph != previous:
            lines.append("")
        previous = paragraph
        lines.append(f"[{sentence.number}] {' '.join(document.text[sentence.start : sentence.end].split())}")
    return "\n".join(lines) + "\n"


def _number(place: Sentence) -> int:
    return place if isinstance(place, int) else int(place.split("/")[0])
