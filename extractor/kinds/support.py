"""Whether a claim's text says more than its evidence: the one text in a record that is not the article's own."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from extractor.kinds.kind import UnsupportedError
from extractor.text.place_names import country, opens_longer_name, people
from extractor.text.words import FUNCTION_WORDS, Word, find_words, opposites

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.records.span import Span
    from extractor.text.document import Document

ANTECEDENT_SENTENCES = 4
"""Sentences before the evidence from which dates, and numbers that it refers to, may come."""

NEW_WORDS = 0.25
"""Share of a text's common words that may be new, which is nowhere in the article; one may always be: "spending" for
what a country "uses on defence". Of 16 claims in `tests/recordings/seed.json` and 6 in the few-shot example none has a
new one. That a text says something else in the article's own words is not seen by this."""

_ADDRESS = re.compile(r"\w+://\S+|\bwww\.\S+|[\w.+-]+@[\w-]+\.\w+|\b[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE)

TOPIC_SENTENCES = 3
"""Sentences at the beginning whose names, like the title's, a claim may name wherever it is from.

By `evals/support.py` on 782 good claims of the development gold and false ones made of them: with these, with all that
was named before for what "he" or "the company" may be, and with periods and full names from anywhere, .963 of good
claims are let through, .400 of those with another name of the article, .005 with a name of another, .041 with another
number. With names of the four sentences before alone it was .714, .123, .011 (on the 651 that were settled then): more
than a quarter of what a reader writes was lost.
"""

_DEFINITE = frozenset("the this that these those its his her their our another both each such".split())
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
_CALENDAR = {name.lower(): names for names in (_MONTHS, _DAYS) for name in names}
"""Names of months and days, each with those of its sort."""
_PERIODS = frozenset({"quarter", "half"})
"""What years are parted into ("third quarter")."""
_BEFORE_YEARS = frozenset("in since of by until from before after during spring summer autumn winter".split())
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d\Z")
_TIME = re.compile(r"\d\d?:\d\d\Z")
_CURRENCIES = "$£€¥₹"
_FALLS = re.compile(r"(?:fall|fell|drop|declin|decreas|down|low|lost|loss|minus|negativ|shr[aiu]nk|shed|slid|cut|less)")
"""How words begin that say of a number what a minus says."""
_FAILING = ("fail", "fails", "failed", "failing")
_HONORIFICS = frozenset("mr mrs ms miss dr prof professor sir dame lord lady cllr rev judge sen gov rep".split())
_SCALES = {"m": "million", "k": "thousand", "b": "billion"}
_DESCRIBES = re.compile(r"-[a-z]+\Z")
"""The end of a word that describes by a name ("Columbus-based")."""
_PARTS_NAMES = re.compile(r"[^\s.’'\"“”()-]|\n")
_INSIDE_NAMES = frozenset("of the for de van von al bin".split())
_PLURAL = re.compile(r"(?:an|ian|ist|at|er|ive|ite|al)s\Z")
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "er", "ly")
_CONNECTIVES = frozenset(
    """
    about around approximately nearly almost roughly over under according compared following
    say says said saying tell tells told add adds added
    think thinks believe believes expect expects expected predict predicts predicted forecast forecasts
    """.split()
)


def check_support(text: str, evidence: Sequence[Span], document: Document, *, source: str = "") -> None:
    """Refuse a claim whose text has a number, a negation or a name that the article does not give it.

    Numbers and negations have to stand in the evidence itself. Where it refers back, a number may also stand before
    it with the same word beside it ("that price tag": "the two percent target"); a number inside a name of the article
    belongs to it. A period (a year, a month, a day, the third quarter) may come from anywhere before it or from the
    article's date, unless its sentence has another, and a time of day from the sentences before it. A name has to
    stand in the evidence, in its sentence, in the title or the first sentences, or, where the evidence refers back
    ("he", "the alliance"), anywhere before it; a fuller form of such a name is the same name. A text that brings a name
    from elsewhere may not lose all those of its evidence: it would be about somebody else. A negation in the evidence
    may not be lost either. Of the other words few may be new (`NEW_WORDS`), and an address none.

    Args:
        text: The claim in words of its own.
        evidence: The article's words for it.
        document: The article.
        source: Who asserts it, as the article names them: the text may do so too.

    Raises:
        UnsupportedError: naming the word.
    """
    said = find_words(text)
    if not said:
        raise UnsupportedError("the text has no words")
    if len(evidence) == 1 and evidence[0].text.rstrip(".") == text.rstrip("."):
        return
    given = [word for span in evidence for word in find_words(span.text)]
    context = _Context(evidence, given, document, find_words(source))
    _check_numbers(said, given, context)
    _check_negations(said, given)
    _check_words(text, said, context)
    placed: dict[int, str] | None = None
    brought = None
    for index, word in enumerate(said):
        if not word.capitalised or word.value is not None:
            continue
        if context.names(word):
            brought = brought or (word if not context.is_at_hand(word) else None)
            continue
        if index == 0 and context.knows_as_common_word(word):
            continue
        if placed is None:
            placed = _country_words(said)
        if placed.get(index) not in context.countries and not context.completes(said, index):
            raise UnsupportedError(f"the evidence does not name “{word.text}”")

    if brought is not None and (lost := context.lost_name(said)) is not None:
        raise UnsupportedError(f"the evidence names “{lost.text}” and not “{brought.text}”")


def _country_words(words: Sequence[Word]) -> dict[int, str]:
    """For the index of each word in a country's name or adjective, that country's code."""
    found: dict[int, str] = {}
    capitals = [index for index, word in enumerate(words) if word.capitalised]
    openings = [index for index in capitals if opens_longer_name(words[index].form)]
    for length in (4, 3, 2, 1):
        for index in capitals if length == 1 else openings:
            if index in found or index + length > len(words):
                continue
            name = " ".join(word.form for word in words[index : index + length])
            code = country(name) or (people(name) if length < 3 else None)
            if code is None and length == 1 and "-" in name:  # Hungarian-born
                code = country(name.split("-")[0]) or people(name.split("-")[0])
            if code is not None:
                found.update(dict.fromkeys(range(index, index + length), code))
    return found


def _values(words: Sequence[Word]) -> set[str]:
    return _parts(_value_of_each(words))


def _parts(each: Iterable[str | None]) -> set[str]:
    """The values among these, and what those joined by a hyphen are joined of."""
    values: set[str] = set()
    for value in each:
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
    if all(word.value is None for word in said):
        return
    each = _value_of_each(given)
    values = _value_of_each(said)
    if any(value and value[0] in "+-" for value in each):
        each += _unsigned(each, falls=any(_FALLS.match(word.form) for word in said))
    there, figures = _parts(each), _figures(each)
    for index, word in enumerate(said):
        value = values[index]
        if value is None:
            continue
        following = said[index + 1] if index + 1 < len(said) else None
        behind = values[index + 1] if following else None
        unit = _unit(behind)
        if value in there and value[0].isdigit():
            # "49 billion" is no figure of "49 million, and 3 billion"; nor is "5" one of "5 million".
            if (value, unit) in figures:
                continue
            shown = f"{word.text} {following.text}" if unit and following else word.text
            raise UnsupportedError(f"the evidence does not give “{shown}”")
        if value in there or (not value.startswith("-") and set(value.split("-")) <= there):
            continue
        if context.refers_to(said, index) or context.gives_period(said, index):
            continue
        day = value.isdigit() and len(value) <= 2 and _beside_month(said, index)
        date_like = day or _YEAR.match(value) or _TIME.match(value)
        if (date_like and value in context.dates) or (_as_a_date(said, index) and context.gives_year(value)):
            continue
        if word.form == "one" and not (following and (following.value is not None or following.form.endswith("s"))):
            continue  # "one of the …", "one could see" are no figures
        if context.is_in_a_name(said, index):
            continue
        raise UnsupportedError(f"the evidence does not give “{word.text}”")


def _figures(values: Sequence[str | None]) -> set[tuple[str, str | None]]:
    """Each number with the scale or percent right behind it ("49", "billion"), or with None."""
    return {
        (value, _unit(behind)) for value, behind in zip(values, [*values, None][1:], strict=True) if value is not None
    }


def _as_a_date(said: Sequence[Word], index: int) -> bool:
    """Whether a text has a number where a year stands ("in 2017", "March 2017")."""
    before = said[index - 1].form if index else ""
    return before in _BEFORE_YEARS or before in _CALENDAR


def _unit(behind: str | None) -> str | None:
    """The scale or percent that a value right behind a number is; a currency's sign may be written as its name."""
    return None if not behind or behind[0].isdigit() or behind in _CURRENCIES else behind


def _unsigned(values: Sequence[str | None], *, falls: bool) -> list[str | None]:
    """Signed numbers as words say them: "up 3.1%" is +3.1%, and "fell by 0.2%" is -0.2%; each with what is behind."""
    plain: list[str | None] = []
    for value, behind in zip(values, [*values, None][1:], strict=True):
        if value is not None and (value[0] == "+" or (falls and value[0] == "-")) and value[1:2].isdigit():
            plain += [None, value[1:], behind]
    return plain


def _beside_month(said: Sequence[Word], index: int) -> bool:
    return any(other.form in _CALENDAR for other in said[max(0, index - 1) : index + 2])


def _check_negations(said: Sequence[Word], given: Sequence[Word]) -> None:
    spoken, written = _negation(said), _negation(given)
    written_forms = {word.form for word in given}
    for word in said:
        if word.form not in written_forms and not written_forms.isdisjoint(opposites(word.form)):
            raise UnsupportedError(f"the evidence says the opposite of “{word.text}”")
    if spoken is not None and written is None:
        raise UnsupportedError(f"the evidence does not say “{spoken.text}”")
    if written is not None and spoken is None:
        raise UnsupportedError(f"the text leaves out “{written.text}”")


def _negation(words: Sequence[Word]) -> Word | None:
    """The first word that negates; what fails is negated only with a verb ("failed to agree")."""
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word.negates and (word.form not in _FAILING or (following is not None and following.form == "to")):
            return word
    return None


def _check_words(text: str, said: Sequence[Word], context: _Context) -> None:
    for address in _ADDRESS.findall(text) if "." in text[:-1] or "/" in text else ():
        if address.rstrip(".,;:)") not in context.document.text:
            raise UnsupportedError(f"the evidence does not give the address “{address}”")
    common = [
        word
        for word in said
        if word.value is None
        and not word.capitalised
        and len(word.form) > 2
        and word.form not in FUNCTION_WORDS
        and word.form not in _CONNECTIVES
    ]
    given = {word.form for word in context.given}
    new = [word for word in common if word.form not in given]
    if len(new) < 2:
        return
    there = _all_words(context.document)
    new = [word for word in new if not any(_akin(word.form, other) for other in there.get(word.form[:_BEGINNING], ()))]
    if len(new) > max(1, NEW_WORDS * len(common)):
        raise UnsupportedError("the article does not say " + ", ".join(f"“{word.text}”" for word in new))


_BEGINNING = 4
"""Letters that forms of one word have in common, at least."""

_ALL: WeakKeyDictionary[Document, dict[str, set[str]]] = WeakKeyDictionary()


def _all_words(document: Document) -> dict[str, set[str]]:
    """The forms of the document's words and its title's, by how they begin; read once."""
    if document not in _ALL:
        by_beginning: dict[str, set[str]] = defaultdict(set)
        for words in (document.words, find_words(document.article.title or "")):
            for word in words:
                for form in (word.form, *(word.form.split("-") if "-" in word.form else ())):
                    by_beginning[form[:_BEGINNING]].add(form)
        _ALL[document] = dict(by_beginning)
    return _ALL[document]


def _akin(one: str, other: str) -> bool:
    """Whether two words are forms of one ("amounts", "amounting"), as far as their beginnings tell."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return one == other or (shared >= _BEGINNING and shared >= 0.6 * max(len(one), len(other)))


class _Context:
    """What a claim's text may take from around its evidence; worked out as far as it is asked for."""

    def __init__(
        self, evidence: Sequence[Span], given: Sequence[Word], document: Document, source: Sequence[Word]
    ) -> None:
        self.document = document
        self.given = given
        self._source_names = _Names([word for word in source if word.capitalised])
        self.start = min(span.start for span in evidence)
        self.end = max(span.end for span in evidence)
        self._given_names = _Names(given)

    @cached_property
    def sentence(self) -> list[Word]:
        """The words of the evidence's sentence; of all between, where it stands in several."""
        first, last = self.document.sentence_at(self.start), self.document.sentence_at(self.end - 1)
        return self.document.words_in(first.start, last.end)

    @cached_property
    def before(self) -> list[Word]:
        """The words of the sentences before it."""
        first = self.document.sentence_at(self.start)
        before = self.document.sentence(max(1, first.number - ANTECEDENT_SENTENCES)) or first
        return self.document.words_in(before.start, first.start)

    @cached_property
    def refers_back(self) -> bool:
        """Whether the evidence speaks of something named before it ("he", "the alliance"), or lacks a subject."""
        words = self.given
        if self.document.text[self.start].islower():
            # "was not re-enabled": what stands before it in its sentence is the subject.
            words = [*self.document.words_in(self._sentence_start, self.start), *words]
        if any(word.form in _ANAPHORS for word in words):
            return True
        # "The Columbus-based company", "its chair", "another post": a description of what was named before.
        described = any(
            one.form in _DEFINITE and not other.text[0].isupper() for one, other in pairwise([*words, *words[:1]])
        )
        return described or not any(word.capitalised and index for index, word in enumerate(self.given))

    def refers_to(self, said: Sequence[Word], index: int) -> bool:
        """Whether evidence that refers back may mean a number: it stands before it, with the same word beside it.

        The word behind it, or before it one that carries meaning (a currency, another number, "Flight").
        """
        if not self.refers_back:
            return False
        number = said[index]
        behind = said[index + 1].form if index + 1 < len(said) else None
        before = said[index - 1].form if index and said[index - 1].form not in FUNCTION_WORDS else None
        return any(
            (a.value == number.value and b.form == behind) or (b.value == number.value and a.form == before)
            for a, b in pairwise([*self.before, *self.sentence])
        )

    @cached_property
    def dates(self) -> set[str]:
        """Values of the years and days in reach: the sentence, those before it, the article's date."""
        published = self.document.article.published or ""
        parts = [part.lstrip("0") for part in (published[:4], published[8:10]) if part.isdigit()]
        return _values(self.sentence) | _values(self.before) | set(parts)

    def gives_period(self, said: Sequence[Word], index: int) -> bool:
        """Whether a number is in a period that the article gives before ("third quarter"), the evidence no other."""
        for first, second in pairwise(said[max(0, index - 1) : index + 2]):
            if second.form in _PERIODS and first.value is not None:
                others = any(b.form in _PERIODS for b in self.given)
                return not others and self._first_places.period(first, second) < self.end
        return False

    def gives_year(self, year: str) -> bool:
        """Whether a year stands before the evidence, and in its sentence none."""
        if not _YEAR.match(year) or any(_YEAR.match(word.value or "") for word in self.sentence):
            return False
        return self._first_places.year(year) < self.start

    def is_in_a_name(self, said: Sequence[Word], index: int) -> bool:
        """Whether a number belongs to a name that the article has so ("Exhibit 41", "Radio 4")."""
        before = said[index - 1] if index else None
        if before is None or not before.capitalised:
            return False
        return self._first_places.numbered(before, said[index]) < self.document.sentence_at(self.end - 1).end

    @cached_property
    def countries(self) -> set[str]:
        """Codes of the countries that the evidence or its sentence names, by their names or their people's."""
        words = [*self._topic_words, *self.sentence]
        return {*_country_words(self.given).values(), *_country_words(words).values()}

    def names(self, word: Word) -> bool:
        """Whether the article names `word` where the evidence may mean it."""
        if word in self._given_names or word in self._sentence_names or word in self._source_names:
            return True
        if word.form in _CALENDAR:
            return word in self._names_before or self._dated(word) or self._gives_day(word)
        if word in self._topic or self._fuller_form(word):
            return True
        return self.refers_back and self._first_places.names(word) < self._sentence_start

    def is_at_hand(self, word: Word) -> bool:
        """Whether a name stands in the evidence or its sentence, or is the source's or the fuller form of one there."""
        there = word in self._given_names or word in self._sentence_names or word in self._source_names
        return there or self._fuller_form(word)

    def completes(self, said: Sequence[Word], index: int) -> bool:
        """Whether the article has `said[index]` in one run of capitals with a name that the evidence may mean.

        "Jim" in "Jim Mattis", where only Mattis was named so far. A name that stands in full has no other first name.
        """
        runs = _runs(self.document).get(said[index].form)
        if not runs:
            return False
        full = self._in_full
        for step in (1, -1):
            at = index + step
            while 0 <= at < len(said) and said[at].capitalised:
                other = said[at]
                known = other.form not in full and any(other.form in forms for forms, _ in runs)
                if known and self.names(other):
                    return True
                at += step
        return False

    def lost_name(self, said: Sequence[Word]) -> Word | None:
        """A name of the evidence, where the text has none of them: then it speaks of somebody else.

        A people's name describes who is meant ("the Hungarians"), and an acronym names what it is made of.
        """
        named = [
            word
            for index, word in enumerate(self.given)
            if word.capitalised and word.value is None and word.form not in _CALENDAR
            if word.form.split("'")[0] not in FUNCTION_WORDS
            if not _DESCRIBES.search(word.text) and not people(word.form)
            if index or not self.knows_as_common_word(word)
        ]
        there = _Names(said)
        if not named or any(word in there for word in named):
            return None
        acronyms = {word.form.replace(".", "") for word in said if len(word.form) > 2 and word.text.isupper()}
        runs = _runs(self.document)
        if any(initials in acronyms for word in named for _, initials in runs.get(word.form, ())):
            return None
        return named[0]

    @cached_property
    def _sentence_names(self) -> _Names:
        return _Names(self.sentence)

    @cached_property
    def _names_before(self) -> _Names:
        return _Names(self.before)

    @cached_property
    def _first_places(self) -> _FirstPlaces:
        if self.document not in _FIRST_PLACES:
            _FIRST_PLACES[self.document] = _FirstPlaces(self.document)
        return _FIRST_PLACES[self.document]

    @cached_property
    def _sentence_start(self) -> int:
        return self.document.sentence_at(self.start).start

    @cached_property
    def _topic(self) -> _Names:
        """The names of the title and of the first sentences: what an article is about, it does not say each time."""
        return _Names([word for word in self._topic_words if word.capitalised])

    @cached_property
    def _topic_words(self) -> list[Word]:
        last = self.document.sentence(min(TOPIC_SENTENCES, len(self.document.sentences)))
        words = self.document.words_in(0, last.end) if last is not None else []
        return [*find_words(self.document.article.title or ""), *words]

    def _gives_day(self, word: Word) -> bool:
        """Whether a month or a day stands before the end of the evidence, and its sentence has no other."""
        others = {name.lower() for name in _CALENDAR[word.form]} - {word.form}
        if any(other.capitalised and other.form in others for other in self.sentence):
            return False
        return self._first_places.names(word) < self.end

    def _dated(self, word: Word) -> bool:
        published = self.document.article.published or ""
        month = re.match(r"\d{4}-(\d\d)", published)
        return month is not None and 1 <= int(month[1]) <= 12 and _MONTHS[int(month[1]) - 1].lower() == word.form

    def _fuller_form(self, word: Word) -> bool:
        """Whether the article has `word` in one run of capitals with a name of the evidence ("Jim" with "Mattis").

        So does an acronym of the evidence that the run spells out (NATO).
        """
        named = self._partly_named
        return bool(named) and any(
            forms & named or any(name.replace(".", "") in initials for name in named if len(name) > 2)
            for forms, initials in _runs(self.document).get(word.form, ())
        )

    @cached_property
    def _partly_named(self) -> set[str]:
        """The names of the evidence that stand there alone: one that stands in full has no other first name."""
        return {other.form for other in self.given if other.capitalised} - _surnames(self.given)

    @cached_property
    def _in_full(self) -> set[str]:
        """The surnames that stand in the evidence or its sentence behind a first name."""
        return _surnames([*self.given, *self.sentence])

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


def _surnames(words: Sequence[Word]) -> set[str]:
    """The names that stand right behind another, which is no honorific."""
    return {
        b.form
        for a, b in pairwise(words)
        if a.capitalised and b.capitalised and b.start - a.end == 1 and a.form not in _HONORIFICS
    }


_COMMON: WeakKeyDictionary[Document, frozenset[str]] = WeakKeyDictionary()


def _common_words(document: Document) -> frozenset[str]:
    """The words that the document has in lower case; read once."""
    if document not in _COMMON:
        _COMMON[document] = frozenset(word.form for word in document.words if word.text[0].islower())
    return _COMMON[document]


_Run = tuple[frozenset[str], str]
"""A run of capitalised words: their forms, and their initials in one string."""

_RUNS: WeakKeyDictionary[Document, dict[str, set[_Run]]] = WeakKeyDictionary()


def _runs(document: Document) -> dict[str, set[_Run]]:
    """The document's runs of capitals by each form in them, each run once however often it stands there; read once."""
    if document not in _RUNS:
        by_form: dict[str, set[_Run]] = defaultdict(set)
        for words in _read_runs(document):
            run = (frozenset(word.form for word in words), "".join(word.text[0] for word in words).casefold())
            for form in run[0]:
                by_form[form].add(run)
        _RUNS[document] = dict(by_form)
    return _RUNS[document]


def _read_runs(document: Document) -> list[list[Word]]:
    """Runs of capitalised words in the article, small words between them included ("Marine Corps of the …")."""
    runs: list[list[Word]] = []
    run: list[Word] = []
    text = document.text
    for word in document.words:
        upper = word.text[0].isupper()
        if not (upper or run):
            continue
        joined = bool(run) and not _PARTS_NAMES.search(text, run[-1].end, word.start)
        if upper and joined:
            run.append(word)
        elif upper:
            if len(run) > 1:
                runs.append(run)
            run = [word]
        elif not (joined and word.form in _INSIDE_NAMES):
            if len(run) > 1:
                runs.append(run)
            run = []
    if len(run) > 1:
        runs.append(run)
    return runs


class _FirstPlaces:
    """Where each name of a document, and each number behind a name, stands first: all that was named before a place."""

    def __init__(self, document: Document) -> None:
        self._names: dict[str, int] = {}
        self._numbered: dict[tuple[str, str], int] = {}
        self._years: dict[str, int] = {}
        self._periods: dict[tuple[str, str], int] = {}
        words = document.words
        for word, following in pairwise([*words, Word.of("", len(document.text), len(document.text))]):
            if word.value is not None:
                if _YEAR.match(word.value):
                    self._years.setdefault(word.value, word.start)
                if following.form in _PERIODS:
                    self._periods.setdefault((word.value, following.form), word.start)
            if not word.capitalised:
                continue
            for form in _forms(word):
                self._names.setdefault(form, word.start)
            if following.value is not None:
                self._numbered.setdefault((word.form, following.value), word.start)
        # What the title names, it names before all.
        for word in find_words(document.article.title or ""):
            if word.capitalised:
                self._names.update(dict.fromkeys(_forms(word), -1))

    def names(self, word: Word) -> int:
        """Offset of the first place where a name stands, -1 for the title; behind all where it stands nowhere."""
        form = word.form.replace(".", "")
        places = [self._names[one] for one in (form, _other_number(form)) if one in self._names]
        return min(places, default=sys.maxsize)

    def year(self, year: str) -> int:
        """Offset of the first place where a year stands."""
        return self._years.get(year, sys.maxsize)

    def period(self, number: Word, period: Word) -> int:
        """Offset of the first place where a period stands ("third quarter")."""
        return self._periods.get((number.value or "", period.form), sys.maxsize)

    def numbered(self, name: Word, number: Word) -> int:
        """Offset of the first place where a name stands with that number behind it."""
        return self._numbered.get((name.form, number.value or ""), sys.maxsize)


_FIRST_PLACES: WeakKeyDictionary[Document, _FirstPlaces] = WeakKeyDictionary()


def _forms(word: Word) -> tuple[str, ...]:
    if word.form.isalpha():
        return (word.form,)
    form = word.form.replace(".", "")
    return (form, *(form.split("-") if "-" in form else ()))


def _other_number(form: str) -> str:
    """The plural of a people or a party, or its singular; the form itself where there is none (Jones is not Jone)."""
    other = form[:-1] if form.endswith("s") else f"{form}s"
    return other if _PLURAL.search(max(form, other, key=len)) else form


class _Names:
    """Words among which a name is looked for.

    Equal but for case, stops, and the plural of a people or a party ("Republicans"; Jones is not Jone).
    """

    def __init__(self, words: Sequence[Word]) -> None:
        self._forms = {form for word in words for form in _forms(word)}

    def __contains__(self, word: Word) -> bool:
        form = word.form.replace(".", "")
        return form in self._forms or _other_number(form) in self._forms
