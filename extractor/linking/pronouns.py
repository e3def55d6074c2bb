"""Pronouns → the person last spoken of, where the article leaves no doubt; else they stay open."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from extractor.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records.item import Entity
    from extractor.records.span import Span
    from extractor.text.document import Document
    from extractor.text.intervals import Intervals
    from extractor.text.sentences import Sentence

PERSONAL = frozenset({"he", "she", "him", "her", "his", "hers"})
PRONOUNS = PERSONAL | frozenset(
    """
    i me my we us our they them their it its who whom which that this these those one you
    """.split()
)

SENTENCES_BACK = 4
"""Sentences before a pronoun's own in which its antecedent is looked for."""

_MASCULINE = frozenset({"he", "him", "his"})
_HONORIFICS = dict.fromkeys("mr sir lord king prince".split(), "m") | dict.fromkeys(
    "mrs ms miss lady dame queen princess baroness madame".split(), "f"
)
_HONORIFIC_BEFORE = re.compile(r"(\w+)\.?\s+\Z")
_GOVERNS = frozenset("for of to by with against about from on".split())
_AFTER_A_WORD = re.compile(r"(?<=[\w,] )[^\W\d_a-z][^\W\d_]*")
_NOT_BEFORE_SUBJECT = frozenset("is was were to with by of for from at on told said met asked saw and or about".split())
_POSSESSOR = re.compile(r"\s*,?\s*(?:'s|’s|s'|s’)")


def is_pronoun(text: str) -> bool:
    """Whether a mention is a bare pronoun."""
    return text.casefold() in PRONOUNS


class People:
    """The persons of an article, as pronouns may mean them."""

    def __init__(
        self, document: Document, entities: Sequence[Entity], mentions: Intervals[tuple[Span, Entity]]
    ) -> None:
        self.document = document
        self.mentions = mentions
        self.genders = {entity.id: _gender(entity, document) for entity in entities if entity.type == "person"}

    def may_be(self, pronoun: Span, entity: Entity) -> bool:
        """Whether "he" or "she" can mean an entity: a person, of no other gender than an honorific says."""
        gender = "m" if pronoun.text.casefold() in _MASCULINE else "f"
        return entity.type == "person" and self.genders.get(entity.id) in (None, gender)

    def antecedent(self, pronoun: Span) -> Entity | None:
        """The person that "he" or "she" is, or None where it is open.

        Sentences are read backwards from the pronoun's own. The first that names people outside quotation marks
        decides: the only one it names, or the one it begins with. Whose honorific has another gender is passed over.
        A sentence that begins with a name which is no entity leaves it open: that may be the one.
        """
        word = pronoun.text.casefold()
        if word not in PERSONAL or not self.document.sentences:
            return None
        gender = "m" if word in _MASCULINE else "f"
        own = self.document.sentence_at(pronoun.start)
        for number in range(own.number, max(0, own.number - SENTENCES_BACK - 1), -1):
            sentence = self.document.sentences[number - 1]
            end = pronoun.start if number == own.number else sentence.end
            named = self._named(sentence.start, end, gender)
            if not named:
                if self._begins_with_stranger(sentence, end):
                    return None
                continue
            first, mention = named[0]
            before = find_words(self.document.text, sentence.start, mention.start)
            if before and before[-1].form in _GOVERNS:
                return None  # "a spokesman for Holm"
            if len({person.id for person, _ in named}) == 1:
                return first
            between = self.document.text[mention.end : named[1][1].start].strip(" ,")
            together = between in ("and", "or", "&", "")
            return first if not together and _begins(mention, sentence, self.document) else None
        return None

    def _named(self, start: int, end: int, gender: str) -> list[tuple[Entity, Span]]:
        """The people named in a stretch; not inside quotation marks, not as possessors ("Holm's spokesman")."""
        return [
            (entity, mention)
            for mention, entity in self.mentions.within(start, end)
            if self.genders.get(entity.id, "none") in (None, gender)
            and not _POSSESSOR.match(self.document.text, mention.end)
            and not any(m.start <= mention.start < m.end for m in self.document.marked_in(mention.start, mention.end))
        ]

    def _begins_with_stranger(self, sentence: Sentence, end: int) -> bool:
        """Whether a sentence begins with a word that is a name elsewhere in the article, but no entity's."""
        words = find_words(self.document.text, sentence.start, end)
        if not words or not words[0].capitalised or words[0].value is not None:
            return False
        first = words[0]
        if any(True for _ in self.mentions.touching(first.start, first.end)):
            return False
        return first.text in self._names_inside

    @cached_property
    def _names_inside(self) -> frozenset[str]:
        """Words with a capital inside a sentence, where it marks a name; at its beginning it marks nothing."""
        return frozenset(_AFTER_A_WORD.findall(self.document.text))


def _begins(mention: Span, sentence: Sentence, document: Document) -> bool:
    """Whether a mention is where a sentence's subject stands: nothing before it but its titles or a short opening."""
    before = document.text[sentence.start : mention.start]
    opening = [word.form for word in find_words(before)]
    short = len(opening) <= 4 and not _NOT_BEFORE_SUBJECT.intersection(opening)
    return short or bool(re.search(r",\s+(?:[A-Z][\w.’'-]*\s+){0,3}\Z", before))


def _gender(person: Entity, document: Document) -> str | None:
    for mention in person.mentions:
        before = _HONORIFIC_BEFORE.search(document.text, max(0, mention.start - 16), mention.start)
        if before and (gender := _HONORIFICS.get(before[1].casefold())):
            return gender
    return None
