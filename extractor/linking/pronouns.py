"""Pronouns → the person last spoken of, where the article leaves no doubt; else they stay open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records.item import Entity
    from extractor.records.span import Span
    from extractor.text.document import Document
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
_NOT_BEFORE_SUBJECT = frozenset("is was were to with by of for from at on told said met asked saw and or about".split())
_RELATIVE = re.compile(r"\s*,?\s*(?:'s|’s|s'|s’)")


def is_pronoun(text: str) -> bool:
    """Whether a mention is a bare pronoun."""
    return text.casefold() in PRONOUNS


def antecedent(pronoun: Span, entities: Sequence[Entity], document: Document) -> Entity | None:
    """The person that "he" or "she" is, or None where it is open.

    Sentences are read backwards from the pronoun's own. The first that names people outside quotation marks
    decides: the only one it names, or the one it begins with. Whose honorific has another gender is passed over.
    A sentence that begins with a name which is no entity leaves it open: that may be the one.
    """
    word = pronoun.text.casefold()
    if word not in PERSONAL or not document.sentences:
        return None
    gender = "m" if word in _MASCULINE else "f"
    own = document.sentence_at(pronoun.start)
    people = [entity for entity in entities if entity.type == "person"]
    candidates = [person for person in people if _gender(person, document) in (None, gender)]
    for number in range(own.number, max(0, own.number - SENTENCES_BACK - 1), -1):
        sentence = document.sentences[number - 1]
        end = pronoun.start if number == own.number else sentence.end
        named = _named(candidates, sentence.start, end, document)
        if not named and _begins_with_stranger(sentence, end, entities, document):
            return None
        if not named:
            continue
        first, mention = named[0]
        if len({id(person) for person, _ in named}) == 1 or _begins(mention, sentence, document):
            return first
        return None
    return None


def _named(people: Sequence[Entity], start: int, end: int, document: Document) -> list[tuple[Entity, Span]]:
    """The people named in a stretch, in order; not inside quotation marks, not as possessors ("Trump's spokesman")."""
    found = [
        (person, mention)
        for person in people
        for mention in person.mentions
        if start <= mention.start < end
        and not _RELATIVE.match(document.text, mention.end)
        and not _quoted(mention, document)
    ]
    return sorted(found, key=lambda pair: pair[1].start)


def _quoted(mention: Span, document: Document) -> bool:
    return any(m.start <= mention.start < m.end and not m.nested for m in document.marked)


def _begins(mention: Span, sentence: Sentence, document: Document) -> bool:
    """Whether a mention is where a sentence's subject stands: nothing before it but its titles or a short opening."""
    before = document.text[sentence.start : mention.start]
    opening = [word.form for word in find_words(before)]
    short = len(opening) <= 4 and not _NOT_BEFORE_SUBJECT.intersection(opening)
    return short or bool(re.search(r",\s+(?:[A-Z][\w.’'-]*\s+){0,3}\Z", before))


def _begins_with_stranger(sentence: Sentence, end: int, entities: Sequence[Entity], document: Document) -> bool:
    """Whether a sentence begins with a word that is a name elsewhere in the article, but no entity's."""
    words = find_words(document.text, sentence.start, end)
    if not words or not words[0].capitalised or words[0].value is not None:
        return False
    first = words[0]
    if any(m.start <= first.start < m.end for entity in entities for m in entity.mentions):
        return False
    # Inside a sentence a capital marks a name; at its beginning it marks nothing.
    return re.search(rf"[\w,] {re.escape(first.text)}(?!\w)", document.text) is not None


def _gender(person: Entity, document: Document) -> str | None:
    for mention in person.mentions:
        before = _HONORIFIC_BEFORE.search(document.text, max(0, mention.start - 16), mention.start)
        if before and (gender := _HONORIFICS.get(before[1].casefold())):
            return gender
    return None
