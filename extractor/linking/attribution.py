"""Sources → entities: whose name, description or pronoun a speaker's or a claimant's mention is."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from extractor.linking.pronouns import antecedent, is_pronoun
from extractor.records.source import Source
from extractor.text.words import FUNCTION_WORDS, find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records.item import Entity
    from extractor.records.span import Span
    from extractor.text.document import Document

# What may follow an organisation's name in a mention of it; "NATO diplomat" is not NATO, "the Ifo thinktank" is Ifo.
_ITSELF = frozenset(
    """
    thinktank think-tank newspaper paper daily weekly magazine agency news website site channel broadcaster
    group company firm party institute organisation organization charity union court bank university ministry
    government administration campaign team club council committee commission report survey study statement
    """.split()
)
_APPOSITION = re.compile(r"\s*[,(–—-]")
_POSSESSIVE = re.compile(r"[’']s?\s*\Z|[’']s?\s")
_DEFINITE = frozenset("the this that his her their its our my".split())


class Attribution:
    """Resolves the sources of one article."""

    def __init__(self, document: Document, entities: Sequence[Entity]) -> None:
        self.document = document
        self.entities = entities
        self.mentions = sorted(
            ((m, entity) for entity in entities for m in entity.mentions), key=lambda pair: pair[0].start
        )
        self.starts = [mention.start for mention, _ in self.mentions]

    def resolve(self, source: Source | None) -> Source | None:
        """The source with its entity and the entity's name; else its mention's own words and no entity.

        `source.name` may be a reading that a backend proposes ("Jim Mattis" for "he"); it is taken up only if it
        is the name of an entity, or stands in the article and the mention does not contradict it.
        """
        if source is None or source.mention is None:
            return None
        mention = source.mention
        entity = self._named_in(mention)
        if entity is None and not _indefinite(mention.text):
            entity = (
                self._proposed(source) or antecedent(mention, self.entities, self.document) or self._described(mention)
            )
        if entity is not None:
            return Source(name=entity.name, entity=entity.id or None, mention=mention)
        return Source(name=self._own_words(source), entity=None, mention=mention)

    def _named_in(self, mention: Span) -> Entity | None:
        """The entity whose name heads a mention: "Ada Holm" in "Defence Secretary Ada Holm, 65"."""
        first = max(0, bisect_right(self.starts, mention.start) - 1)
        for span, entity in self.mentions[first:]:
            if span.end <= mention.start:
                continue
            if span.start >= mention.end:
                return None
            if span.start < mention.start or span.end > mention.end:
                if span.start <= mention.start and span.end >= mention.end:
                    return entity
                continue
            rest = self.document.text[span.end : mention.end]
            if not rest or _APPOSITION.match(rest) or self._is_itself(rest, entity):
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
        wanted = source.name.casefold()
        fits = [entity for entity in self.entities if wanted in (f.casefold() for f in (entity.name, *entity.aliases))]
        if len(fits) != 1:
            return None
        if source.mention.text.casefold() in ("he", "she") and fits[0].type != "person":
            return None
        return fits[0]

    def _described(self, mention: Span) -> Entity | None:
        """The one entity that "the institute" or "the prime minister" is, by its own name or by the title before it."""
        words = [word.form for word in find_words(mention.text)]
        if len(words) < 2 or words[0] not in _DEFINITE or len(words) > 5 or any(w in FUNCTION_WORDS for w in words[1:]):
            return None
        title = words[1:]
        found = [
            entity
            for entity in self.entities
            if any(m.start < mention.start and self._bears(m, entity, title) for m in entity.mentions)
        ]
        return found[0] if len(found) == 1 else None

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
        if mention is None:
            return source.name
        words = {word.form for word in find_words(source.name)}
        holds = {word.form for word in find_words(mention.text)} <= words or is_pronoun(mention.text)
        stands = (
            re.search(rf"(?<!\w){re.escape(source.name)}(?!\w)", self.document.text) if source.name.strip() else None
        )
        return source.name if holds and stands and not self.entities else mention.text


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
