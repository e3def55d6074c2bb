"""Propositions without a parser: what the clauses of a sentence say, each with its subject and the words that say it.

A sentence is cut where a conjunction, a relative pronoun or a subordinator opens a clause with a finite verb. A clause
whose subject is that of the clause before it ("… and closed in May") borrows it; a relative clause borrows the noun
phrase before it; a name followed by a description of its bearer says what he is. Each look ahead or back is bounded,
so a text is read in time that grows with its length only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from extractor.backends.rules.verbs import AUXILIARIES, finite_verbs, verbs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.text.words import Word

Stretch = tuple[int, int]

Form = Literal["clause", "shared", "relative", "apposition", "tail", "entry"]
"""A clause with its own subject; with the subject of the one before; a relative clause; a description beside a name; a
figure behind a comma; a line of a table."""

AHEAD = 14
"""Words in which a clause that is opened has to have its verb."""
BACK = 8
"""Words of a noun phrase before a relative clause, at most."""
LONGEST = 60
"""Words of a proposition, at most: what is longer was not cut well."""

_RELATIVES = frozenset("which who whose".split())
_COORDINATORS = frozenset("and but or yet so nor".split())
_CONTRASTING = frozenset("while whereas although though".split())
_SUBORDINATORS = _CONTRASTING | frozenset("after before because since as until when once where if unless".split())
_HYPOTHETICAL = frozenset("if unless".split())
_CONDITIONS = frozenset("if unless because".split())
_ADVERBS = frozenset(
    "also then now still already later never not only just even again soon finally once twice always often ever".split()
)
_PREPOSITIONS = frozenset(
    "in on at by for from with of to under over among after before since during according".split()
)
_DETERMINERS = frozenset("a an the this that these those his her its their our my your some any each every no".split())
_PRONOUNS = frozenset("he she it they we i you there this that these those nobody everybody someone none".split())
_SUBJECT_PRONOUNS = frozenset("he she it they we i you there".split())
_HARD = re.compile(r";|:\s|\s[-–—]{1,2}\s|—|…\s|\n")
_CAUSES = re.compile(r"\b(?:because of|due to|owing to|thanks to|as a result of|on account of|in protest at)\b")
_FIGURE_TAIL = re.compile(
    r",?\s(?:(?:compared with|against|up|down|from|more than|less than|about|around|nearly|almost|roughly|some|"
    r"amounting to|representing|in both cases|the equivalent of|equivalent to|accounting for)\s[^,;:()]*\d[^,;:()]*|"
    r"(?:(?:a|an|the|its|his|her|their)\s)?(?!(?:on|at|by|in|of|for|to|until|since|according|and|or|end)\s)"
    r"(?:\w+[ -](?!(?:on|at|by|in|of|until|since)\s)){0,3}"
    r"(?:\d(?!\d{3}\b)|half\s|third\s|quarter\s|tenth\s|fifth\s|double\s|twice\s)[^,;:()]*)"
)


@dataclass(frozen=True)
class Proposition:
    """Something said, and by which words."""

    form: Form
    pieces: tuple[Stretch, ...]
    """What says it, in order, half-open: one stretch, two where something stands between."""
    subject: Stretch | None
    """The words that name what it is said of; None where it is in none."""
    predicate: Stretch
    """The words that say it, from the verb on."""
    words: tuple[Word, ...]
    """Subject and predicate."""
    verb: int
    """Index of its first verb in `words`; -1 where it has none."""
    causal: bool = False
    """Whether it says what brought it about."""


def propositions(text: str, words: Sequence[Word], end: int) -> Iterator[Proposition]:
    """What a sentence, or a part of it, says.

    Args:
        text: The whole article.
        words: The words of the part.
        end: Offset where the part ends.
    """
    finite = finite_verbs(words)
    commas = [False, *("," in text[one.end : other.start] for one, other in pairwise(words))]
    first = 0
    carried: Stretch | None = None
    for index in range(1, len(words) + 1):
        if index < len(words) and not _HARD.search(text, words[index - 1].end, words[index].start):
            continue
        if index < len(words) and not any(finite[first:index]) and _is_entry(text, words, first, index):
            continue  # "Tampere: +3.1%"
        part = _Part(text, words, finite, commas, first, index, words[index].start if index < len(words) else end)
        found = list(part.read(carried))
        yield from found
        subjects = [one.subject for one in found if one.form == "clause" and one.subject is not None]
        carried = subjects[-1] if subjects else carried or part.noun_phrase()
        first = index


def _is_entry(text: str, words: Sequence[Word], first: int, index: int) -> bool:
    gap = text[words[index - 1].end : words[index].start]
    figure = any(word.value is not None for word in words[index : index + 3])
    return gap.startswith(":") and "\n" not in gap and index - first <= BACK and figure


@dataclass(frozen=True)
class _Opening:
    """Where a clause opens."""

    at: int
    """Index of its first word, behind what opens it."""
    by: int
    """Index of what opens it."""
    how: Literal["first", "coordinated", "shared", "relative", "subordinate"]


@dataclass(frozen=True)
class _Part:
    """A part of a sentence between semicolons, colons and dashes."""

    text: str
    words: Sequence[Word]
    finite: Sequence[bool]
    comma_before: Sequence[bool]
    """For each word, whether a comma stands before it."""
    first: int
    last: int
    end: int

    def read(self, carried: Stretch | None) -> Iterator[Proposition]:
        """Its propositions. `carried` is the subject of the part before it."""
        if not any(self.finite[self.first : self.last]):
            yield from self._entries()
            return
        subject = carried
        openings = list(self._openings())
        main: Stretch | None = None
        for at, opening in enumerate(openings):
            stop = openings[at + 1].by if at + 1 < len(openings) else self.last
            if opening.how == "relative":
                stop = self._relative_end(opening.at, stop)
                antecedent = self._antecedent(opening.by)
                yield from self._clause("relative", opening.by, stop, antecedent, opening.at)
                rest = openings[at + 1].by if at + 1 < len(openings) else self.last
                if stop < rest and main is not None:
                    # What goes on behind "…, which closed in May, …" has the subject before it.
                    yield from self._clause("shared", stop, rest, main, stop)
                continue
            if opening.how == "shared":
                yield from self._clause("shared", opening.at, stop, subject, opening.at)
                continue
            own = self._subject(opening.at, stop)
            if opening.how == "subordinate" and self.words[opening.by].form in _CONDITIONS:
                # What holds under a condition is asserted with the condition only.
                if at:
                    yield from self._conditioned(openings[at - 1].at, stop, subject)
                elif at + 1 < len(openings):
                    after = openings[at + 2].by if at + 2 < len(openings) else self.last
                    yield from self._conditioned(opening.by, after, subject)
                if self.words[opening.by].form in _HYPOTHETICAL:
                    continue
            if own is not None:
                conditional = at + 1 < len(openings) and self._is_hypothetical(openings[at + 1])
                conditional = conditional or (at == 1 and self._is_hypothetical(openings[0]))
                if opening.how in ("first", "coordinated"):
                    subject = main = self._head_of(own, opening.at) or own
                if not conditional:
                    yield from self._clause("clause", opening.at, stop, own, opening.at)
            elif opening.how == "first":
                # "Holm, who lives in Lyon, …": the verb is behind the relative clause.
                main = subject = self.noun_phrase() or subject
                if carried is not None and self.finite[opening.at]:
                    yield from self._clause("shared", opening.at, stop, carried, opening.at)
        yield from self._appositions()

    def _is_hypothetical(self, opening: _Opening) -> bool:
        return opening.how == "subordinate" and self.words[opening.by].form in _HYPOTHETICAL

    def noun_phrase(self) -> Stretch | None:
        """The words at its beginning up to the first comma or verb."""
        for index in range(self.first, min(self.last, self.first + 2 * AHEAD)):
            comma = index > self.first and self.comma_before[index]
            if comma or self.finite[index]:
                return (self.words[self.first].start, self.words[index - 1].end) if index > self.first else None
        return self.words[self.first].start, self.words[min(self.last, self.first + 2 * AHEAD) - 1].end

    def _openings(self) -> Iterator[_Opening]:
        words = self.words
        begin = self.first
        if words[begin].form in _COORDINATORS and begin + 1 < self.last:
            begin += 1
        if words[begin].form in _SUBORDINATORS and begin + 1 < self.last:
            main = self._behind_comma(begin)
            if main is not None:
                yield _Opening(begin + 1, begin, "subordinate")
                begin = main
        yield _Opening(begin, begin, "first")
        seen = self.finite[begin]
        index = begin + 1
        inside_relative = subordinate = False
        while index < self.last:
            opening = self._opening(index, seen or inside_relative, subordinate=subordinate)
            if opening is None:
                seen = seen or (self.finite[index] and not self._restrictive(begin, index))
                index += 1
                continue
            yield opening
            inside_relative = opening.how == "relative"
            subordinate = opening.how in ("relative", "subordinate")
            seen = seen or not inside_relative
            index = max(opening.at + 1, index + 1)

    def _opening(self, index: int, seen: bool, *, subordinate: bool) -> _Opening | None:
        """What opens at a word, if something does.

        `seen`: whether the clause so far has its verb; `subordinate`: whether it belongs to another one.
        """
        words, form = self.words, self.words[index].form
        comma = self.comma_before[index]
        if form in _RELATIVES and comma and self._verb_ahead(index + 1) is not None:
            return _Opening(index + 1, index, "relative")
        if form == "where" and comma and self._verb_ahead(index + 1) is not None:
            return _Opening(index + 1, index, "subordinate")
        if not seen:
            return None
        following = index + 1
        if form in _COORDINATORS and following < self.last:
            while following < self.last and (words[following].form in _ADVERBS or words[following].form.endswith("ly")):
                following += 1
            if following < self.last and (self.finite[following] or self._is_base(following)):
                return _Opening(following, index, "shared")
            verb = self._verb_ahead(index + 1)
            if verb is not None and self._may_be_subject(index + 1, verb):
                return _Opening(index + 1, index, "coordinated")
            return None
        if comma and self.finite[index] and subordinate:
            return _Opening(index, index, "shared")
        if comma and self.finite[index] and self._is_listed(form):
            return _Opening(index, index, "shared")
        if comma and words[index].form in _SUBJECT_PRONOUNS and self._verb_ahead(index) == index + 1:
            return _Opening(index, index, "coordinated")
        if form in _SUBORDINATORS and index + 1 < self.last:
            verb = self._verb_ahead(index + 1)
            if verb is not None and verb > index + 1 and words[index - 1].form not in ("such", "as", "even", "or"):
                return _Opening(index + 1, index, "subordinate")
        return None

    def _is_listed(self, form: str) -> bool:
        """Whether a form behind a comma goes on with a list: "has made three, quarrelled with two and …"."""
        return form not in AUXILIARIES | {"said", "says"} and (form.endswith("ed") or form in verbs().past)

    def _is_base(self, index: int) -> bool:
        """Whether "last" in "is expected to start in May and last for 14 weeks" is a verb: behind a bare infinitive."""
        words = self.words
        if words[index].form not in verbs().base or not words[index].text[0].islower():
            return False
        bare = any(
            words[at].form in ("to", "will", "would", "can", "could", "may", "might")
            or (self.finite[at] and words[at].form in verbs().base)
            for at in range(max(self.first, index - AHEAD), index - 1)
        )
        return (
            bare and index + 1 < self.last and words[index + 1].form in _DETERMINERS | {"for", "in", "to", "at", "on"}
        )

    def _verb_ahead(self, index: int) -> int | None:
        """Index of the first finite verb from `index` on with no comma before it."""
        for at in range(index, min(index + AHEAD, self.last)):
            if at > index and self.comma_before[at]:
                return None
            if self.finite[at]:
                return at
        return None

    def _may_be_subject(self, first: int, verb: int) -> bool:
        """Whether the words before a verb may be its subject, and not the second half of what stands before them."""
        if verb <= first:
            return False
        word = self.words[first]
        comma = first > 0 and self.comma_before[first - 1]
        if word.form in _SUBJECT_PRONOUNS or comma:
            return True
        return word.form in _DETERMINERS or word.form in _PRONOUNS or word.value is not None

    def _behind_comma(self, begin: int) -> int | None:
        """Index of the main clause behind an opening subordinate clause."""
        for index in range(begin + 2, min(self.last, begin + 2 * AHEAD)):
            if self.comma_before[index]:
                return index if any(self.finite[begin + 1 : index]) else None
        return None

    def _restrictive(self, begin: int, index: int) -> bool:
        """Whether a verb belongs to a relative clause without commas ("the man who shouted …")."""
        for at in range(index - 1, max(begin, index - 5), -1):
            if self.words[at].form in ("who", "which", "that", "whose"):
                return at > begin
            if self.finite[at]:
                return False
        return False

    def _relative_end(self, first: int, stop: int) -> int:
        """Where a relative clause ends: at the comma behind its verb, if a verb follows there."""
        verb = self._verb_ahead(first)
        if verb is None:
            return stop
        for index in range(verb + 1, stop):
            comma = self.comma_before[index]
            if comma and (self.finite[index] or (index + 1 < stop and self.finite[index + 1])):
                return index
        return stop

    def _antecedent(self, relative: int) -> Stretch | None:
        """The noun phrase before a relative pronoun."""
        words = self.words
        first = relative
        while first > self.first and relative - first < BACK:
            before = words[first - 1]
            gap = self.text[before.end : words[first].start]
            if first < relative and ("," in gap or self.finite[first - 1]):
                break
            if before.form in ("to", "with", "by", "from", "for", "at", "on", "in", "that", "and", "said", "about"):
                break
            first -= 1
        return (words[first].start, words[relative - 1].end) if first < relative else None

    def _subject(self, first: int, stop: int) -> Stretch | None:
        """The words before a clause's main verb; None where it has none."""
        for index in range(first, stop):
            if self.finite[index] and index > first and not self._restrictive(first, index):
                return self.words[first].start, self.words[index - 1].end
            if self.finite[index] and index == first:
                contracted = "'" in self.words[index].form and not self.words[index].form.endswith("n't")
                return (self.words[index].start, self.words[index].end) if contracted else None
        return None

    def _clause(self, form: Form, first: int, stop: int, subject: Stretch | None, begin: int) -> Iterator[Proposition]:
        """The proposition of the words from `first` to `stop`, and what hangs on it."""
        if stop <= first or stop - first > LONGEST:
            return
        words = self.words
        verb = next((at for at in range(begin, stop) if self.finite[at] and not self._restrictive(begin, at)), None)
        if verb is None:
            return
        cut = stop
        while cut > verb + 1 and words[cut - 1].form in _COORDINATORS | {"that"}:
            cut -= 1
        tails = [] if form == "relative" else list(self._tails(verb, cut))
        main_end = min([at for at, _ in tails] + [self._participle(verb, cut)])
        start, close = words[first].start, self._close(words[first].start, main_end)
        own = (
            words[begin:main_end]
            if subject is None or form == "clause"
            else [
                *(w for w in words[max(0, begin - 3 * BACK) : stop] if subject[0] <= w.start and w.end <= subject[1]),
                *words[begin:main_end],
            ]
        )
        at = next((i for i, word in enumerate(own) if word.start == words[verb].start), 0)
        predicate = (words[begin if form in ("shared", "relative") else verb].start, close)
        pieces: tuple[Stretch, ...] = ((start, close),)
        if form == "relative" and subject is not None:
            pieces = ((subject[0], close),)
        elif form == "clause" and subject is not None:
            head = self._head(begin, verb)
            if head is not None:
                pieces, subject = (head, (words[verb].start, close)), head
        elif form == "shared" and begin > self.first and self._is_interrupted(begin) and subject is not None:
            pieces = (subject, (start, close))
        yield Proposition(form, pieces, subject, predicate, tuple(own), at)
        cause = _CAUSES.search(self.text, words[verb].end, close)
        if cause is not None and form != "relative" and cause.start() - words[verb].start > 12:
            kept = tuple(word for word in own if word.end <= cause.start())
            stop_at = kept[-1].end
            yield Proposition(form, ((start, stop_at),), subject, (predicate[0], stop_at), kept, at)
        for begin_tail, end_tail in tails:
            tail = words[begin_tail:end_tail]
            place = (tail[0].start, self._close(tail[0].start, end_tail))
            yield Proposition("tail", (place,), (start, close), place, tuple(tail), -1)

    def _head(self, first: int, verb: int) -> Stretch | None:
        """The subject up to the first comma, where something between commas stands before its verb."""
        words = self.words
        commas = [at for at in range(first + 1, verb + 1) if self.comma_before[at]]
        if len(commas) < 2 or commas[-1] != verb or words[first].form in _PREPOSITIONS:
            return None
        return words[first].start, words[commas[0] - 1].end

    def _head_of(self, subject: Stretch, first: int) -> Stretch | None:
        """The subject up to the first comma, where it has a description between commas."""
        for at in range(first, self.last):
            if self.words[at].end >= subject[1]:
                return self._head(first, at + 1) if at + 1 < self.last else None
        return None

    def _is_interrupted(self, begin: int) -> bool:
        """Whether a predicate goes on behind a clause between commas, and not behind a conjunction."""
        return self.comma_before[begin] and self.finite[begin]

    def _participle(self, verb: int, stop: int) -> int:
        """Where "…, raising fears in Lyon" begins, which only adds to a clause; else its end."""
        words = self.words
        for at in range(verb + 2, stop):
            form = words[at].form
            comma = self.comma_before[at]
            if comma and form.endswith("ing") and len(form) > 5 and not any(w.negates for w in words[at:stop]):
                return at
        return stop

    def _tails(self, verb: int, stop: int) -> Iterator[tuple[int, int]]:
        """Stretches of words behind a comma, without a verb, that state a figure of their own."""
        words = self.words
        commas = [at for at in range(verb + 1, stop) if self.comma_before[at]]
        for number, at in enumerate(commas):
            until = commas[number + 1] if number + 1 < len(commas) else stop
            if any(self.finite[at:until]) or until - at > 2 * AHEAD:
                continue
            if _FIGURE_TAIL.match(self.text, words[at - 1].end, words[until - 1].end):
                yield at, until

    def _conditioned(self, first: int, stop: int, subject: Stretch | None) -> Iterator[Proposition]:
        """A clause with the condition or the cause behind it."""
        if stop - first > LONGEST or first >= stop:
            return
        words = self.words[first:stop]
        verb = next((at for at in range(first, stop) if self.finite[at]), first) - first
        start, close = words[0].start, self._close(words[0].start, stop)
        yield Proposition(
            "clause", ((start, close),), subject, (words[verb].start, close), tuple(words), verb, causal=True
        )

    def _entries(self) -> Iterator[Proposition]:
        """A part without a verb that states a figure: a line of a table."""
        words = self.words[self.first : self.last]
        if not words or len(words) > 2 * AHEAD:
            return
        labelled = next(
            (at for at in range(1, len(words)) if self.text[words[at - 1].end : words[at].start].startswith(":")), None
        )
        figure = next((at for at, word in enumerate(words) if word.value is not None), None)
        if labelled is None or figure is None or figure < labelled:
            return
        start, stop = words[0].start, self._close(words[0].start, self.last)
        yield Proposition("entry", ((start, stop),), None, (start, stop), tuple(words), -1)
        for at in range(labelled + 1, len(words)):
            gap = self.text[words[at - 1].end : words[at].start]
            if "," in gap or "(" in gap:
                place = (start, self._close(start, self.first + at))
                yield Proposition("entry", (place,), None, place, tuple(words[:at]), -1)
                break

    def _appositions(self) -> Iterator[Proposition]:
        """Descriptions beside names: "Holm, the mayor of Lyon,"; "its chair, Ada Holm,"; "Holm, 42,"."""
        words = self.words
        commas = [at for at in range(self.first + 1, self.last) if self.comma_before[at]]
        bounds = [self.first, *commas, self.last]
        for before, at, until in zip(bounds, bounds[1:], bounds[2:], strict=False):
            if until - at > 2 * BACK or any(self.finite[at:until]):
                # The description may be ended by the verb of the clause: "Ada Holm, the mayor of Lyon said".
                continue
            name = self._name_before(before, at)
            inside = words[at:until]
            if name is not None and _describes(inside):
                place = (words[name].start, self._close(words[name].start, until))
                whole = tuple(words[name:until])
                bearer = (words[name].start, words[at - 1].end)
                bracket = self.text.find(" (", *bearer)
                if bracket > 0:
                    bearer = (bearer[0], bracket)
                yield Proposition("apposition", (place,), bearer, (inside[0].start, place[1]), whole, -1)
            elif _is_name(inside):
                described = self._description_before(before, at)
                if described is not None:
                    place = (words[described].start, inside[-1].end)
                    yield Proposition(
                        "apposition",
                        (place,),
                        (inside[0].start, inside[-1].end),
                        (words[described].start, words[at - 1].end),
                        tuple(words[described:until]),
                        -1,
                    )

    def _name_before(self, first: int, at: int) -> int | None:
        """Index of the first word of the name that ends before `at`."""
        index = at
        while index > first and self.words[index - 1].text[0].isupper() and at - index < BACK:
            index -= 1
        return index if index < at else None

    def _description_before(self, first: int, at: int) -> int | None:
        """Index where "its chair" begins, if a description with a possessive or an article ends before `at`."""
        begin = None
        for index in range(at - 1, max(first - 1, at - 2 * BACK), -1):
            word = self.words[index]
            if self.finite[index] or (begin is not None and word.form in _PREPOSITIONS - {"of", "for"}):
                break
            if word.form in ("its", "his", "her", "their", "the") or word.text.endswith(("'s", "’s")):
                # "The Water Department, Ada Holm": a name beside a name describes nobody.
                begin = index if any(w.text[0].islower() for w in self.words[index + 1 : at]) else None
        return begin

    def _close(self, start: int, stop: int) -> int:
        """Behind the last of the words before `stop`, and the brackets and marks that close there."""
        limit = self.words[stop].start if stop < self.last else self.end
        return closing(self.text, start, self.words[stop - 1].end, limit)


def _describes(inside: Sequence[Word]) -> bool:
    """Whether words behind a name and a comma describe its bearer: an age, or a noun phrase with an article."""
    if not inside:
        return False
    head = inside[0]
    if len(inside) == 1:
        return head.value is not None and head.value.isdigit() and 1 < len(head.value) < 3
    if head.form in ("a", "an", "the", "its", "his", "her", "their", "one", "former"):
        return not (head.form == "one" and inside[1].form != "of")
    return head.text[0].islower() and head.form in _OFFICES


_OFFICES = frozenset(
    "chief head director president chairman chairwoman chair minister mayor governor secretary professor spokesman "
    "spokeswoman spokesperson leader member manager captain coach economist analyst senior deputy editor founder owner "
    "lawyer general partner vice judge author champions winner cabinet".split()
)


def _is_name(inside: Sequence[Word]) -> bool:
    """Whether words are a personal name in full: two to four capitalised ones."""
    return 2 <= len(inside) <= 4 and all(word.text[0].isupper() and word.value is None for word in inside)


def closing(text: str, start: int, at: int, end: int) -> int:
    """Behind the brackets, signs and marks at `at` that close what was opened since `start`."""
    best = at
    while at < end and text[at] in ')]%”"»’':
        single = text[at] == "’"
        at += 1
        if balanced(text, start, at) and (not single or text.rfind("‘", start, at) > text.rfind("’", start, at - 1)):
            best = at
    return best


def balanced(text: str, start: int, end: int) -> bool:
    """Whether brackets and quotation marks in a stretch come in pairs."""
    stretch = text[start:end]
    even = stretch.count('"') % 2 == 0 and stretch.count("''") % 2 == 0
    return even and all(stretch.count(one) == stretch.count(other) for one, other in ("()", "[]", "“”", "«»"))
