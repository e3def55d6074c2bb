"""Runs of capitalised words → candidates: where a name begins and ends.

A run is joined over "of", "for", "and" and particles where its words ask for it, and cut at titles, nationalities and
possessives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor.backends.rules.lexicon import (
    PARTICLES,
    ROMAN,
    given_names,
    is_group,
    is_known,
    is_ordinary,
    is_place,
    is_special,
    sense,
)
from extractor.text.place_names import country
from extractor.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.backends.rules.capitals import Capitals, Token
    from extractor.records.item import EntityType

Scores = dict["EntityType", float]
"""Evidence for each type; it adds up, and may be negative."""

Stretch = tuple[int, int]

LONGEST_NAME = 14
"""Words in a name, at most: what is longer is a line of capitals."""

_LEADING_PARTICLES = frozenset("de del della di du van von bin ibn al el".split())
_EPITHETS = frozenset(
    "elder younger great terrible conqueror wise bold bald magnificent good pious confessor first".split()
)
_NUMBERED = frozenset(
    "channel route formula apollo highway interstate radio area group windows sputnik voyager soyuz gemini".split()
)
_POSSESSED = frozenset(
    "people women men children workers king queen veterans citizens farmers teachers writers world saint".split()
)
_POSSESSED_HEADS = frozenset(
    "college hospital university school church cathedral republic party court bench daily".split()
)
_FEAST_DAYS = frozenset("black bloody good ash palm cyber super easter maundy".split())
_WORK_BEFORE = re.compile(
    r"\b(?:book|novel|memoir|autobiography|film|movie|documentary|series|show|sitcom|play|musical|opera|album|song|single|track|"
    r"poem|painting|exhibition|report|study|essay|article|game|podcast|episode|drama|comedy|magazine|titled|entitled|called)"
    r"\s*[,:]?\s*\Z",
    re.IGNORECASE,
)
_BEFORE_MONTHS = frozenset("in on since until till by from last next this early late mid of between during to".split())


@dataclass(slots=True)
class Candidate:
    """A stretch that may be a name, as half-open token indices, with what its place says of it."""

    first: int
    behind: int
    start: int
    end: int
    words: tuple[str, ...]
    """Its words in lower case, small ones included."""
    initial: bool
    scores: Scores = field(default_factory=dict)


def find_candidates(capitals: Capitals) -> list[Candidate]:
    """The stretches of an article that may be names, in order but for the titled works, which come first."""
    return _Runs(capitals).gather()


class _Runs:
    """Reads the runs of one article."""

    def __init__(self, capitals: Capitals) -> None:
        self.capitals = capitals
        self.document = capitals.document
        self.text, self.tokens = capitals.text, capitals.tokens
        self.small, self.large, self.pairs = capitals.small, capitals.large, capitals.pairs

    def gather(self) -> list[Candidate]:
        """Every candidate; a run inside a titled work is none."""
        found = list(self._quoted_works())
        taken = [(work.start, work.end) for work in found]
        at = 0
        for first, behind in self._runs():
            start = self.tokens[first].start
            while at < len(taken) and taken[at][1] <= start:
                at += 1
            if at < len(taken) and taken[at][0] <= start:
                continue
            found.extend(self._run_candidates(first, behind))
        return found

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Runs of words that may be in names, as half-open token indices."""
        tokens = self.tokens
        at = 0
        while at < len(tokens):
            begin = self._run_begin(at)
            if begin is None:
                at += 1
                continue
            behind = begin + 1
            while (step := self._goes_on(begin, behind)) is not None:
                behind = step
            yield (at, behind)
            at = behind

    def _run_begin(self, at: int) -> int | None:
        """Index of the first capitalised word of a run that begins at `at`, with or without a particle."""
        token = self.tokens[at]
        if token.kind != "word":
            return None
        if token.low in _LEADING_PARTICLES and not token.capital:
            following = at + 1
            if following < len(self.tokens) and self.tokens[following].kind == "joint":
                following += 1
            if following < len(self.tokens) and self._nameable(following) and self.capitals.adjacent(at, following):
                return following
            return None
        return at if self._nameable(at) else None

    def _nameable(self, index: int) -> bool:
        token = self.tokens[index]
        if token.kind != "word" or not token.capital:
            return False
        low = token.low
        if low in sense("calendar"):
            return self._name_like_month(index)
        if token.acronym and low in sense("not_name") and low not in ROMAN:
            return False
        if len(token.text) == 1 and low in ("i", "a", "o"):
            return False
        if token.shouted:
            return (
                is_special(low)
                or low in given_names()
                or self.large[low] > 0
                or (low, self.capitals.next_low(index)) in self.pairs
            )
        if token.heading:
            known = self.large[low] > 0 or is_special(low) or low in given_names()
            return (
                known
                or (token.acronym and low not in sense("not_name"))
                or is_known(f"{low} {self.capitals.next_low(index)}")
            )
        if token.initial:
            return self._initial_nameable(index)
        return True

    def _initial_nameable(self, index: int) -> bool:
        """Whether a sentence's first word may belong to a name."""
        token = self.tokens[index]
        low = token.low
        following = self.capitals.next_low(index)
        if (low, following) in self.pairs or is_known(f"{low} {following}"):
            return True
        if token.acronym and low not in FUNCTION_WORDS:
            return True
        if low in FUNCTION_WORDS or low in sense("opener"):
            return False
        if not (is_ordinary(low) or self.small[low]):
            return True
        if index + 1 >= len(self.tokens) or not (
            self.tokens[index + 1].kind == "word" and self.tokens[index + 1].capital
        ):
            return self.large[low] > 0 and not is_ordinary(low)
        # "Red Cross" may be a name, "Officials Ada Holm" is not.
        return not (following in given_names() or is_special(following) or following in sense("calendar"))

    def _name_like_month(self, index: int) -> bool:
        """Whether "May" or "Friday" is a part of a name here (Theresa May, Black Friday)."""
        token = self.tokens[index]
        before = self.tokens[index - 1] if index else None
        if token.low.endswith("day") or token.low.endswith("days"):
            return before is not None and before.low in _FEAST_DAYS and before.capital
        if token.low not in ("may", "april", "june", "august", "jan"):
            return False
        if before is not None and before.kind == "word" and before.capital and before.low in given_names():
            return True
        if index + 1 >= len(self.tokens) or (before is not None and before.low in _BEFORE_MONTHS):
            return False
        after = self.tokens[index + 1]
        named = (
            after.kind == "word" and after.capital and after.low not in sense("calendar") and not is_ordinary(after.low)
        )
        return named and not is_known(after.low) and self.capitals.adjacent(index, index + 1)

    def _goes_on(self, begin: int, behind: int) -> int | None:
        """Index behind the run if it takes in what stands at `behind`, small words and all."""
        tokens = self.tokens
        if behind >= len(tokens) or behind - begin >= LONGEST_NAME:
            return None
        token = tokens[behind]
        previous = tokens[behind - 1]
        if token.kind == "joint":
            following = behind + 1
            joined = following < len(tokens) and tokens[following].kind == "word" and tokens[following].capital
            return following + 1 if joined else None
        if token.kind == "possessive":
            return self._after_possessive(behind)
        if (
            token.text == ","
            and behind + 1 < len(tokens)
            and tokens[behind + 1].low in ("inc", "ltd", "llc", "jr", "sr")
        ):
            return behind + 2 if tokens[behind + 1].capital else None
        if token.text == "&" and behind + 1 < len(tokens) and self._nameable(behind + 1):
            return behind + 2
        if not self.capitals.adjacent(behind - 1, behind):
            return None
        if token.kind == "number":
            return behind + 1 if previous.low in _NUMBERED and token.text.isdigit() else None
        if token.kind != "word":
            return None
        if self._nameable(behind):
            return behind + 1
        return self._over_small_word(begin, behind)

    def _after_possessive(self, behind: int) -> int | None:
        """Index behind a name that goes on over a possessive: "King's College" is one, "Norway's Parliament" is not."""
        tokens = self.tokens
        following = behind + 1
        if following >= len(tokens) or not self._nameable(following):
            return None
        owner, head = tokens[behind - 1].low, tokens[following].low
        saint = behind >= 2 and tokens[behind - 2].low in ("st", "saint")
        if owner in _POSSESSED or (
            (saint or not is_special(owner)) and head in _POSSESSED_HEADS and head not in ("party", "court")
        ):
            return following + 1
        return None

    def _over_small_word(self, begin: int, behind: int) -> int | None:
        tokens = self.tokens
        low = tokens[behind].low
        following = behind + 1
        if following >= len(tokens):
            return None
        if low in PARTICLES and low != "st":
            while (
                following < len(tokens)
                and tokens[following].low in PARTICLES | {"joint"}
                and not tokens[following].capital
            ):
                following += 1
            if following < len(tokens) and tokens[following].kind == "joint":
                following += 1
            fits = following < len(tokens) and self._nameable(following) and self.capitals.adjacent(behind, behind + 1)
            return following + 1 if fits and not tokens[behind].capital else None
        if low in ("of", "for", "on", "against", "the", "and", "in", "to"):
            if tokens[following].low == "the" and low in ("of", "for", "on", "and"):
                following += 1
            if following >= len(tokens) or not (tokens[following].kind == "word" and self._nameable(following)):
                return None
            words = [token.low for token in tokens[begin:behind]]
            if self._joins(low, words, tokens[following].low, following):
                return following + 1
        return None

    def _joins(self, small: str, words: Sequence[str], following: str, at: int) -> bool:
        """Whether a small word stands inside a name."""
        previous = words[-1]
        headed = any(word in sense("org_head") for word in words)
        if small == "of":
            if len(words) == 1 and previous in given_names():
                return True  # Catherine of Aragon
            return previous in sense("of_head") and previous not in sense("title")
        if small == "for":
            return previous in sense("of_head") and previous in sense("org_head")
        if small == "on":
            return previous in (
                "committee",
                "commission",
                "council",
                "conference",
                "subcommittee",
                "institute",
                "treaty",
                "panel",
            )
        if small == "against":
            return previous in ("campaign", "coalition", "mothers", "alliance")
        if small == "the":
            return following in _EPITHETS and words[0] in given_names()
        if small == "and":
            topical = previous in sense("topic") and following in sense("topic")
            behind_of = any(word in ("of", "for", "on") for word in words) and headed and following in sense("topic")
            before_head = (
                previous in sense("topic")
                and at + 1 < len(self.tokens)
                and self.tokens[at + 1].low in sense("org_head")
            )
            return (topical or behind_of or before_head) and not is_special(previous)
        return False

    def _cut(self, first: int, behind: int) -> Iterator[tuple[int, int, str]]:
        """A run cut at its titles: half-open token indices, with its side of a title: `before`, `behind` or none."""
        tokens = self.tokens
        last = tokens[behind - 1].low
        solid = (
            last in sense("place_head")
            or last in sense("event_head")
            or (last in sense("org_head") and last not in sense("title"))
        )
        titles = (
            list(self._titles(first, behind))
            if not (solid and behind - first <= 4 and not self._titled_person(first, behind))
            else []
        )
        at = first
        side = ""
        for begin, stop in titles:
            if begin > at:
                yield at, begin, "behind" if side else "before"
            at, side = stop, "behind"
        if at < behind:
            yield at, behind, side

    def _titled_person(self, first: int, behind: int) -> bool:
        words = [token.low for token in self.tokens[first:behind]]
        return any(word in ("mr", "mrs", "ms", "dr", "sen", "rep", "gov") for word in words)

    def _titles(self, first: int, behind: int) -> Iterator[tuple[int, int]]:
        """Titles in a run, with their modifiers and what "of" adds to them."""
        tokens = self.tokens
        index = first
        while index < behind:
            low = tokens[index].low
            named_so = index > first and index + 1 < behind and tokens[index - 1].low in given_names()
            if (
                low in sense("title")
                and not named_so
                and not (index + 1 < behind and tokens[index + 1].low in sense("org_head") and low not in ("mr", "mrs"))
            ):
                begin = index
                while begin > first and tokens[begin - 1].low in sense("title_modifier"):
                    begin -= 1
                stop = index + 1
                while stop < behind and (
                    tokens[stop].low in sense("title")
                    or tokens[stop].kind == "joint"
                    or (tokens[stop].low in ("general", "elect", "executive", "officer", "emeritus", "designate"))
                    or (
                        tokens[stop].low in sense("title_modifier")
                        and any(t.low in sense("title") for t in tokens[stop + 1 : behind])
                    )
                ):
                    stop += 1
                yield begin, stop
                index = stop
            else:
                index += 1

    def _trimmed(self, first: int, behind: int) -> Stretch | None:
        """A piece of a run without small words, marks and left-over modifiers at its ends."""
        tokens = self.tokens
        droppable = FUNCTION_WORDS | {"former", "then", "late", "ex"}
        while first < behind and (
            tokens[first].kind in ("joint", "possessive", "mark", "number")
            or (
                tokens[first].low in droppable
                and not (tokens[first].acronym and tokens[first].low in ("us", "who"))
                and tokens[first].low not in _LEADING_PARTICLES
            )
            or (tokens[first].initial and tokens[first].low in sense("opener"))
        ):
            first += 1
        while behind > first and (
            tokens[behind - 1].kind in ("joint", "possessive", "mark")
            or (
                tokens[behind - 1].low in FUNCTION_WORDS
                and not tokens[behind - 1].acronym
                and tokens[behind - 1].low != "may"
            )
        ):
            behind -= 1
        return (first, behind) if first < behind else None

    def _pieces(self, first: int, behind: int) -> Iterator[Stretch]:
        """A piece cut behind a nationality or a country that only stands before a name ("Australian Ada Holm")."""
        tokens = self.tokens
        if behind - first >= 2:
            for length in (3, 2, 1):
                if behind - first <= length:
                    continue
                words = " ".join(token.low for token in tokens[first : first + length])
                if not (is_group(words) or is_place(words)):
                    continue
                rest = tokens[first + length : behind]
                if rest[0].kind == "joint":
                    return
                if self._splits(words, rest):
                    yield first, first + length
                    yield from self._pieces(first + length, behind)
                    return
                break
        yield first, behind

    def _splits(self, words: str, rest: Sequence[Token]) -> bool:
        """Whether a name begins anew behind a nationality or a place."""
        head, last = rest[0].low, rest[-1].low
        heads = (
            last in sense("org_head")
            or last in sense("place_head")
            or last in sense("event_head")
            or last in sense("work_head")
        )
        if heads or any(token.low in ("of", "for") for token in rest):
            return False
        if head in given_names() and len(rest) > 1:
            return True
        if is_group(words):
            if rest[0].acronym and len(rest) == 1:
                return True
            return (
                not (is_ordinary(head) or self.small[head])
                and words not in ("south", "north")
                and len(rest) <= 3
                and (head in given_names() or is_special(head))
            )
        if (
            len(rest) > 1
            and not any(is_ordinary(token.low) or self.small[token.low] for token in rest)
            and country(words)
        ):
            return True
        return (
            is_group(head)
            or (rest[0].acronym and len(rest) == 1)
            or (is_place(head) and not is_place(f"{words} {head}"))
        )

    def _run_candidates(self, first: int, behind: int) -> Iterator[Candidate]:
        for begin, stop, side in self._cut(first, behind):
            trimmed = self._trimmed(begin, stop)
            if trimmed is None:
                continue
            pieces = list(self._pieces(*trimmed))
            for number, (one, other) in enumerate(pieces):
                clean = self._trimmed(one, other)
                if clean is None or self._completes_title(*clean):
                    continue
                beside = side if number == (len(pieces) - 1 if side == "before" else 0) else ""
                candidate = self._candidate(*clean, beside)
                if candidate is not None:
                    yield candidate

    def _completes_title(self, first: int, behind: int) -> bool:
        """Whether a name is only what "of" adds to the title before it ("Secretary of State")."""
        at = first - 1
        if at > 0 and self.tokens[at].low == "the":
            at -= 1
        if at < 1 or self.tokens[at].low not in ("of", "for"):
            return False
        title, last = self.tokens[at - 1], self.tokens[behind - 1].low
        return title.capital and title.low in sense("title") and (last in sense("topic") or is_ordinary(last))

    def _candidate(self, first: int, behind: int, side: str) -> Candidate | None:
        tokens = self.tokens[first:behind]
        start, end = tokens[0].start, tokens[-1].end
        sentence_end = self.tokens[behind].kind == "break" if behind < len(self.tokens) else True
        if sentence_end and tokens[-1].text.endswith(".") and not re.match(r"(?:[^\W\d_]\.){2,}", tokens[-1].text):
            end -= 1
        words = tuple(token.low for token in tokens if token.kind in ("word", "number"))
        if self.text[end : end + 1] in ("$", "€", "£"):
            return None  # US$ 20
        candidate = Candidate(first, behind, start, end, words, tokens[0].initial and len(tokens) == 1)
        if side == "behind":
            give(candidate.scores, "person", 6)
        elif side == "before":
            give(candidate.scores, "organization", 2)
        return candidate

    def _quoted_works(self) -> Iterator[Candidate]:
        """Titles between quotation marks behind "the book", "the film", all their main words capitalised."""
        starts = {token.start: index for index, token in enumerate(self.tokens)}
        for marked in self.document.marked:
            if not (marked.opened and marked.closed) or marked.end - marked.start > 80:
                continue
            announced = _WORK_BEFORE.search(self.text, max(0, marked.open - 40), marked.open) is not None
            first = starts.get(marked.start)
            if first is None:
                continue
            behind = first
            while behind < len(self.tokens) and self.tokens[behind].end <= marked.end:
                behind += 1
            words = [token for token in self.tokens[first:behind] if token.kind == "word"]
            main = [token for token in words if token.low not in FUNCTION_WORDS]
            if (
                not main
                or (len(words) < 2 and not announced)
                or not all(token.capital for token in main)
                or self.tokens[behind - 1].text in ".!?"
            ):
                continue
            end = self.tokens[behind - 1].end
            if self.tokens[behind - 1].text == ",":
                end = self.tokens[behind - 2].end
            if end <= marked.start:
                continue
            yield Candidate(
                first,
                behind,
                marked.start,
                end,
                tuple(t.low for t in words),
                False,
                {"work": 12.0 if announced else 6.0},
            )


def give(scores: Scores, name: EntityType, value: float) -> None:
    """Add to the evidence for a type."""
    scores[name] = scores.get(name, 0.0) + value
