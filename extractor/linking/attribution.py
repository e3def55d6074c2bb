"""Sources → entities: whose name, description or pronoun a speaker's or a claimant's mention is."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from extractor.linking.pronouns import People, is_pronoun
from extractor.records.source import Source
from extractor.text.words import FUNCTION_WORDS, find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records.item import Entity
    from extractor.records.span import Span
    from extractor.text.document import Document
    from extractor.text.intervals import Intervals
    from extractor.text.words import Word

# What may follow an organisation's name in a mention of it; "NATO diplomat" is not NATO, "the Ifo thinktank" is Ifo.
_ITSELF = frozenset(
    """
    thinktank think-tank newspaper paper daily weekly magazine agency news website site channel broadcaster
    group company firm party institute organisation organization charity union court bank university ministry
    government administration campaign team club council committee commission report survey study statement
    """.split()
)
_APPOSITION = re.compile(r"\s*[,(–—]|\s+-")
_POSSESSIVE = re.compile(r"[’']s?\s*\Z|[’']s?\s")
_INSIDE_ANOTHER = frozenset("of for by at from in with to on".split())
_OF_SOMEWHERE = re.compile(r"\s+(?:of|from|at|for|with|in)\s")
_PREPOSITIONS = frozenset("of for by at from in with to on".split())
_DOCUMENTS = frozenset("report reports study survey analysis review estimate forecast letter memo statement".split())
_RELATIVES = frozenset(("who", "whose", "which", "that"))
_DESCRIBING = frozenset(("organization", "location", "group"))
"""Types of what somebody may be described by."""
_ARTICLES = frozenset("the a an its their his her".split())
_DEFINITE = frozenset("the this that his her their its our my".split())


class Attribution:
    """Resolves the sources of one article."""

    def __init__(
        self, document: Document, entities: Sequence[Entity], mentions: Intervals[tuple[Span, Entity]]
    ) -> None:
        self.document = document
        self.entities = entities
        self.mentions = mentions
        self.people = People(document, entities, mentions)
        self.by_form: dict[str, list[Entity]] = {}
        for entity in entities:
            for form in {entity.name.casefold(), *(alias.casefold() for alias in entity.aliases)}:
                self.by_form.setdefault(form, []).append(entity)

    def resolve(self, source: Source | None) -> Source | None:
        """The source with its entity and the entity's name; else its mention's own words and no entity.

        `source.name` may be a reading that a backend proposes ("Jim Mattis" for "he"); it is taken up only if it
        is the name of an entity, or stands in the article and the mention does not contradict it.
        """
        if source is None or source.mention is None:
            return None
        mention = source.mention
        entity = self._named_in(mention)
        if entity is not None and entity.type == "group":
            entity = self._proposed(source) or entity  # "the Norwegian" is one of them.
        if entity is None and not _indefinite(mention.text):
            entity = self._proposed(source) or self.people.antecedent(mention) or self._described(mention)
        if entity is not None:
            return Source(name=entity.name, entity=entity.id or None, mention=mention)
        return Source(name=self._own_words(source), entity=None, mention=mention)

    def _named_in(self, mention: Span) -> Entity | None:
        """The entity whose name heads a mention: "Ada Holm" in "Defence Secretary Ada Holm, 65"."""
        for span, entity in self.mentions.touching(mention.start, mention.end):
            if span.contains(mention):
                return entity
            if not mention.contains(span):
                continue
            before = [word.form for word in find_words(self.document.text, mention.start, span.start)]
            while before and before[-1] in _ARTICLES:
                before.pop()
            if before and (before[-1] in _PREPOSITIONS or _speaks_of_another(before)):
                continue  # "a spokesman for the World Bank"
            rest = self.document.text[span.end : mention.end]
            person_of = entity.type == "person" and _OF_SOMEWHERE.match(rest)
            if not rest or person_of or _APPOSITION.match(rest) or self._is_itself(rest, entity):
                return entity
        return None

    @staticmethod
    def _is_itself(rest: str, entity: Entity) -> bool:
        words = [word.form for word in find_words(rest)]
        if _POSSESSIVE.match(rest):
            return False
        return entity.type == "organization" and bool(words) and all(word in _ITSELF for word in words)

    def _proposed(self, source: Source) -> Entity | None:
        """The entity of the name that a backend read into a pronoun or a description."""
        if source.mention is None or source.name == source.mention.text:
            return None
        fits = self.by_form.get(source.name.casefold(), [])
        if len(fits) != 1:
            return None
        if is_pronoun(source.mention.text):
            personal = source.mention.text.casefold() in ("he", "she")
            return None if personal and not self.people.may_be(source.mention, fits[0]) else fits[0]
        # A description is taken up where it is one ("the minister") and names nobody else.
        words = self.document.words_in(source.mention.start, source.mention.end)
        own = {word.form for form in (fits[0].name, *fits[0].aliases) for word in find_words(form)}
        describing = [self._describes(word, fits[0]) for word in words]
        definite = bool(words) and (
            words[0].form in ("the", "this", "that") or (describing[0] and not words[-1].capitalised)
        )
        names_another = any(
            word.capitalised and word.form not in own and not describes
            for word, describes in zip(words[1:], describing[1:], strict=True)
        )
        if not definite or names_another or _POSSESSIVE.search(source.mention.text):
            return fits[0] if words and all(word.form in own for word in words) else None
        return fits[0]

    def _describes(self, word: Word, entity: Entity) -> bool:
        """Whether a word is of a name that may describe somebody: "the Norwegian", "the Lyon-based company"."""
        others = [other for _, other in self.mentions.touching(word.start, word.end)]
        return bool(others) and all(other.type in _DESCRIBING and other.type != entity.type for other in others)

    def _described(self, mention: Span) -> Entity | None:
        """The one entity that "the institute" or "the prime minister" is, by its own name or by the title before it."""
        words = [word.form for word in find_words(mention.text)]
        if len(words) < 2 or words[0] not in _DEFINITE or len(words) > 5 or any(w in FUNCTION_WORDS for w in words[1:]):
            return None
        title = words[1:]
        borne = self._titles.get(title[-1], []) + self._titles.get(title[0], [])
        fits = {entity.id for m, entity in borne if m.start < mention.start and self._bears(m, entity, title)}
        return next(e for _, e in borne if e.id in fits) if len(fits) == 1 else None

    @cached_property
    def _titles(self) -> dict[str, list[tuple[Span, Entity]]]:
        """Mentions by the words of a title that may stand beside them, or by the words of an organisation's name."""
        found: dict[str, list[tuple[Span, Entity]]] = {}
        text = self.document.text
        for entity in self.entities:
            for mention in entity.mentions:
                if entity.type == "organization":
                    words = [word.form for word in find_words(mention.text)]
                elif entity.type == "person":
                    before = find_words(text, max(0, mention.start - 40), mention.start)
                    after = find_words(text, mention.end, mention.end + 40)
                    words = [word.form for word in (*before[-1:], *after[:2])]
                else:
                    continue
                for word in words:
                    found.setdefault(word, []).append((mention, entity))
        return found

    def _bears(self, mention: Span, entity: Entity, title: list[str]) -> bool:
        if entity.type == "organization":
            return len(title) == 1 and title[0] in (word.form for word in find_words(mention.text))
        if entity.type != "person":
            return False
        text = self.document.text
        before = [word.form for word in find_words(text, max(0, mention.start - 60), mention.start)]
        if before[-len(title) :] == title:
            return True
        after = re.match(r",\s+(?:(?:the|a|an)\s+)?([^,.;]{1,60})", text[mention.end : mention.end + 80])
        return after is not None and [word.form for word in find_words(after[1])][: len(title)] == title

    def _own_words(self, source: Source) -> str:
        """A fuller name that a backend read, where it stands in the article and holds the mention; else the mention."""
        mention = source.mention
        if mention is None or self.entities or not source.name.strip():
            return mention.text if mention else source.name
        words = {word.form for word in find_words(source.name)}
        if not (is_pronoun(mention.text) or {word.form for word in find_words(mention.text)} <= words):
            return mention.text
        stands = re.search(rf"(?<!\w){re.escape(source.name)}(?!\w)", self.document.text)
        return source.name if stands else mention.text


def _speaks_of_another(before: list[str]) -> bool:
    """Whether words before a name make a mention one of another: "the man who left Lyon", "a report by its head, X"."""
    head = next((word for word in before if word not in _ARTICLES), None)
    written = head in _DOCUMENTS and not _PREPOSITIONS.isdisjoint(before)
    return written or not _RELATIVES.isdisjoint(before)


def _indefinite(text: str) -> bool:
    words = find_words(text)
    return bool(words) and words[0].form in (
        "a",
        "an",
        "one",
        "another",
        "some",
        "several",
        "many",
        "two",
        "three",
        "other",
    )
