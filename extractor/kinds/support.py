"""Whether a claim's text says more than its evidence: the one text in a record that is not the article's own."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from extractor.kinds.kind import UnsupportedError
from extractor.text.place_names import country, people
from extractor.text.words import FUNCTION_WORDS, Word, find_words, opposed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.records.span import Span
    from extractor.text.document import Document

ANTECEDENT_SENTENCES = 4
"""Sentences before the evidence in which what it refers to ("he", "the alliance") may be named."""

_ANAPHORS = frozenset(
    """
    he him his she her hers it its they them their theirs this that these those who which whose where there
    then both former latter one ones same such here we our us i my me you your
    """.split()
)
_MONTHS = """
    January February March April May June July August September October November December
    """.split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_CALENDAR = frozenset(name.lower() for name in (*_MONTHS, *_DAYS))
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d\Z")
_SCALES = {"m": "million", "k": "thousand", "b": "billion"}
_PLURAL = re.compile(r"(?:an|ian|ist|at|er|ive|ite|al)s\Z")
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "er", "ly")
_CONNECTIVES = frozenset(
    """
    about around approximately nearly almost roughly over under according compared following
    """.split()
)


def check_support(text: str, evidence: Sequence[Span], document: Document) -> None:
    """Refuse a claim whose text has a number, a negation or a name that the article does not give it.

    Numbers and negations have to stand in the evidence itself. Where it refers back, a number may also stand before
    it with the same word behind it ("that price tag": "the two percent target"); years and days may come from the
    sentences before it or from the article's date. A name has to stand in the evidence, in its sentence, or, where the
    evidence refers back ("he", "the alliance"), in the sentences before; a fuller form of a name in the evidence
    is the same name. A negation in the evidence may not be lost either.

    Raises:
        UnsupportedError: naming the word.
    """
    said = find_words(text)
    if not said:
        raise UnsupportedError("the text has no words")
    given = [word for span in evidence for word in find_words(span.text)]
    context = _Context(evidence, given, document)
    _check_numbers(said, given, context)
    _check_negations(said, given)
    placed = _country_words(said)
    for index, word in enumerate(said):
        if not word.capitalised or word.value is not None:
            continue
        if index in placed and context.names_country(placed[index]):
            continue
        if not (context.names(word) or (index == 0 and context.knows_as_common_word(word))):
            raise UnsupportedError(f"the evidence does not name “{word.text}”")


def _country_words(words: Sequence[Word]) -> dict[int, str]:
    """For the index of each word in a country's name or adjective, that country's code."""
    found: dict[int, str] = {}
    for length in (4, 3, 2, 1):
        for index in range(len(words) - length + 1):
            if index in found or not words[index].capitalised:
                continue
            name = " ".join(word.form for word in words[index : index + length])
            code = country(name) or (people(name) if length < 3 else None)
            if code is not None:
                found.update(dict.fromkeys(range(index, index + length), code))
    return found


def _values(words: Iterable[Word]) -> set[str]:
    values: set[str] = set()
    for value in _value_of_each(list(words)):
        if value is not None:
            values.update((value,) if value.startswith("-") else (value, *value.split("-")))
    return values


def _value_of_each(words: Sequence[Word]) -> list[str | None]:
    """Each word's value; the "m" of "49m" is a million, which alone it is not."""
    values = [word.value for word in words]
    for index in range(1, len(words)):
        word = words[index]
        if word.form in _SCALES and words[index - 1].end == word.start and values[index - 1] is not None:
            values[index] = _SCALES[word.form]
    return values


def _check_numbers(said: Sequence[Word], given: Sequence[Word], context: _Context) -> None:
    there, figures = _values(given), _figures(given)
    for index, word in enumerate(said):
        value = word.value
        if value is None:
            continue
        following = said[index + 1] if index + 1 < len(said) else None
        unit = following.value if following and following.value and not following.value[0].isdigit() else None
        if value in there and value[0].isdigit():
            # "49 billion" is no figure of "49 million, and 3 billion"; nor is "5" one of "5 million".
            if (value, unit) in figures:
                continue
            shown = f"{word.text} {following.text}" if unit and following else word.text
            raise UnsupportedError(f"the evidence does not give “{shown}”")
        if value in there or (not value.startswith("-") and set(value.split("-")) <= there):
            continue
        if context.refers_to(word, following):
            continue
        date_like = _YEAR.match(value) or (value.isdigit() and len(value) <= 2 and _beside_month(said, word))
        if date_like and value in context.dates:
            continue
        if word.form == "one" and following and following.form == "of":
            continue  # "one of the …" is no figure
        raise UnsupportedError(f"the evidence does not give “{word.text}”")


def _figures(words: Sequence[Word]) -> set[tuple[str, str | None]]:
    """Each number with the scale or percent right behind it ("49", "billion"), or with None."""
    values = _value_of_each(words)
    return {
        (value, behind if behind and not behind[0].isdigit() else None)
        for value, behind in zip(values, [*values[1:], None], strict=True)
        if value is not None
    }


def _beside_month(said: Sequence[Word], word: Word) -> bool:
    index = said.index(word)
    return any(other.form in _CALENDAR for other in said[max(0, index - 1) : index + 2])


def _check_negations(said: Sequence[Word], given: Sequence[Word]) -> None:
    spoken = next((word for word in said if word.negates), None)
    written = next((word for word in given if word.negates), None)
    written_forms = {word.form for word in given}
    for word in said:
        if word.form not in written_forms and any(opposed(word, other) for other in given):
            raise UnsupportedError(f"the evidence says the opposite of “{word.text}”")
    if spoken is not None and written is None:
        raise UnsupportedError(f"the evidence does not say “{spoken.text}”")
    if written is not None and spoken is None:
        raise UnsupportedError(f"the text leaves out “{written.text}”")


class _Context:
    """What a claim's text may take from around its evidence; worked out as far as it is asked for."""

    def __init__(self, evidence: Sequence[Span], given: Sequence[Word], document: Document) -> None:
        self.document = document
        self.given = given
        self.given_forms = {word.form for word in given}
        start = min(span.start for span in evidence)
        end = max(span.end for span in evidence)
        first = document.sentence_at(start)
        last = document.sentence_at(end - 1)
        self.sentence = find_words(document.text, first.start, last.end)
        before = document.sentence(max(1, first.number - ANTECEDENT_SENTENCES)) or first
        self.before = find_words(document.text, before.start, first.start)

    @property
    def refers_back(self) -> bool:
        """Whether the evidence speaks of something named before it ("he", "the alliance"), or lacks a subject."""
        return bool(self.given_forms & _ANAPHORS) or self._lacks_subject()

    def refers_to(self, number: Word, behind: Word | None) -> bool:
        """Whether evidence that refers back may mean a number: it stands before it, with the same word behind it."""
        if behind is None or not self.refers_back:
            return False
        wanted = (number.value, behind.form)
        return any((a.value, b.form) == wanted for a, b in pairwise([*self.before, *self.sentence]))

    @property
    def dates(self) -> set[str]:
        """Values of the years and days in reach: the sentence, those before it, the article's date."""
        published = self.document.article.published or ""
        parts = [part.lstrip("0") for part in (published[:4], published[8:10]) if part.isdigit()]
        return _values(self.sentence) | _values(self.before) | set(parts)

    def names(self, word: Word) -> bool:
        """Whether the article names `word` where the evidence may mean it."""
        if self._among(word, self.given) or self._among(word, self.sentence):
            return True
        if word.form in _CALENDAR:
            return self._among(word, self.before) or self._dated(word)
        return (self.refers_back and self._among(word, self.before)) or self._fuller_form(word)

    def names_country(self, code: str) -> bool:
        """Whether the evidence or its sentence names that country, by its name or its people's."""
        return code in _country_words(self.given).values() or code in _country_words(self.sentence).values()

    def _lacks_subject(self) -> bool:
        return not any(word.capitalised for word in self.given)

    @staticmethod
    def _among(word: Word, words: Iterable[Word]) -> bool:
        return any(_same_name(word, other) for other in words)

    def _dated(self, word: Word) -> bool:
        published = self.document.article.published or ""
        month = re.match(r"\d{4}-(\d\d)", published)
        return month is not None and 1 <= int(month[1]) <= 12 and _MONTHS[int(month[1]) - 1].lower() == word.form

    def _fuller_form(self, word: Word) -> bool:
        """Whether the article has `word` in one run of capitals with a name of the evidence ("Jim" with "Mattis").

        So does an acronym of the evidence that the run spells out (NATO).
        """
        # A name that stands in full in the evidence has no other first name.
        full = {b.form for a, b in pairwise(self.given) if a.capitalised and b.capitalised and b.start - a.end == 1}
        named = {other.form for other in self.given if other.capitalised} - full
        if not named:
            return False
        for run in _runs(self.document):
            forms = {other.form for other in run}
            if word.form not in forms:
                continue
            initials = "".join(other.text[0] for other in run).casefold()
            if forms & named or any(name.replace(".", "") in initials for name in named if len(name) > 2):
                return True
        return False

    def knows_as_common_word(self, word: Word) -> bool:
        """Whether a capitalised first word is an ordinary one that the article, or any text, has in lower case."""
        if word.form in FUNCTION_WORDS or word.form in _CONNECTIVES:
            return True
        if any(character.isupper() for character in word.text[1:]):
            return False
        if word.form in _CALENDAR:
            return False
        common = _common_words(self.document)
        return any(word.form + ending in common for ending in _ENDINGS) or any(
            word.form.endswith(ending) and word.form.removesuffix(ending) in common for ending in _ENDINGS[1:]
        )


_COMMON: WeakKeyDictionary[Document, frozenset[str]] = WeakKeyDictionary()


def _common_words(document: Document) -> frozenset[str]:
    """The words that the document has in lower case; read once."""
    if document not in _COMMON:
        _COMMON[document] = frozenset(word.form for word in find_words(document.text) if word.text[0].islower())
    return _COMMON[document]


_RUNS: WeakKeyDictionary[Document, list[list[Word]]] = WeakKeyDictionary()


def _runs(document: Document) -> list[list[Word]]:
    """The document's runs of capitals, read once."""
    if document not in _RUNS:
        _RUNS[document] = _read_runs(document)
    return _RUNS[document]


def _read_runs(document: Document) -> list[list[Word]]:
    """Runs of capitalised words in the article, small words between them included ("Marine Corps of the …")."""
    runs: list[list[Word]] = []
    run: list[Word] = []
    text = document.text
    for word in find_words(text):
        joined = bool(run) and not re.search(r"[^\s.’'\"“”()-]|\n", text[run[-1].end : word.start])
        if word.text[0].isupper() and joined:
            run.append(word)
        elif word.text[0].isupper():
            if len(run) > 1:
                runs.append(run)
            run = [word]
        elif not (joined and word.form in ("of", "the", "for", "de", "van", "von", "al", "bin")):
            if len(run) > 1:
                runs.append(run)
            run = []
    if len(run) > 1:
        runs.append(run)
    return runs


def _same_name(one: Word, other: Word) -> bool:
    """Equal but for case, stops, and the plural of a people or a party ("Republicans"; Jones is not Jone)."""
    a, b = one.form.replace(".", ""), other.form.replace(".", "")
    if a == b or (a.rstrip("s") == b.rstrip("s") and _PLURAL.search(max(a, b, key=len))):
        return True
    return "-" in b and a in b.split("-")
