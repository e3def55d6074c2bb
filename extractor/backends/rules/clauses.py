"""Clauses without a parser: where a sentence parts into them, and which word is the verb of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from extractor.text.words import Word, find_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Stretch = tuple[int, int]
LONGEST_CLAUSE = 45
"""Words in a claim's evidence, at most: what is longer was not cut well."""
SHORTEST_CLAUSE = 4
"""Words in a claim's evidence, at least."""
BE = frozenset("is are was were be been being am".split())
AUXILIARIES = BE | frozenset("has have had does do did will would can could may might shall".split())
_RELATIVES = frozenset("that which who whom whose where".split())
_NOT_BEFORE_VERB = frozenset(
    "a an the this that these those his her its their our my your of for in on at by from with without to "
    "about into over under between among per as than more most less very no any some each every all both "
    "more's if when and or".split()
)
_SPLITTERS = frozenset("and but while whereas".split())
_OPENING_CLAUSES = frozenset("after when before since as once until because while although though whereas".split())
_DASHES = re.compile(r"\s[-–—]{1,2}\s|—|;|:\s")
_SHORT_VOWEL = re.compile(r"[^aeiou][aeiou][bdgmnpt]\Z")


def _inflected(entry: str) -> tuple[str, set[str], set[str]]:
    """Base form, the finite forms in the present, and the past forms of an entry of `claim_verbs.txt`."""
    base, *past = entry.split("/")
    if base.endswith(("s", "sh", "ch", "x", "o")):
        third = f"{base}es"
    elif base.endswith("y") and base[-2] not in "aeiou":
        third = f"{base[:-1]}ies"
    else:
        third = f"{base}s"
    if past:
        return base, {third}, set(past)
    if base.endswith("e"):
        return base, {third}, {f"{base}d"}
    if base.endswith("y") and base[-2] not in "aeiou":
        return base, {third}, {f"{base[:-1]}ied"}
    if _SHORT_VOWEL.search(base) and len(base) < 6:
        return base, {third}, {f"{base}{base[-1]}ed", f"{base}ed"}
    return base, {third}, {f"{base}ed", f"{base}{base[-1]}ed"} if base.endswith("l") else {f"{base}ed"}


@dataclass(frozen=True)
class Verbs:
    """Which forms of verbs there are."""

    base: frozenset[str]
    third: frozenset[str]
    past: frozenset[str]
    senses: dict[str, frozenset[str]]
    """All forms of the verbs of one sense."""


@cache
def verbs() -> Verbs:
    """The verbs of `claim_verbs.txt` in all their forms."""
    base: set[str] = set()
    third: set[str] = set()
    past: set[str] = set()
    senses: dict[str, set[str]] = {}
    current: set[str] = set()
    text = files(__package__).joinpath("claim_verbs.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            current = senses.setdefault(line[1 : line.index("]")], set())
        elif line and not line.startswith("#"):
            for entry in line.split():
                plain, thirds, pasts = _inflected(entry)
                base.add(plain)
                third |= thirds
                past |= pasts
                current |= {plain} | thirds | pasts | {f"{plain.removesuffix('e')}ing"}
    return Verbs(
        frozenset(base), frozenset(third), frozenset(past), {name: frozenset(forms) for name, forms in senses.items()}
    )


def split_clauses(text: str, start: int, end: int) -> Iterator[Stretch]:
    """The clauses of a sentence that may stand alone, as half-open offsets."""
    if text[start:end].rstrip("\"”’') ").endswith("?"):
        return
    words = find_words(text, start, end)
    finite = finite_verbs(words)
    # How many finite verbs stand before each word, so that every test below is one subtraction.
    count = [0]
    for is_finite in finite:
        count.append(count[-1] + is_finite)
    first = 0
    for index in range(1, len(words)):
        if not _parts(text, words, finite, index):
            continue
        if words[first].text.isupper() and _DASHES.search(text, words[index - 1].end, words[index].start):
            first = index  # "OSLO, July 29 — "
            continue
        if count[index] > count[first]:
            yield words[first].start, words[index - 1].end
            first = index
    if first < len(words):
        yield words[first].start, closing(text, words[first].start, words[-1].end, end)


def closing(text: str, start: int, at: int, end: int) -> int:
    """Behind the brackets, signs and marks at `at` that close what was opened since `start`."""
    best = at
    while at < end and text[at] in ')]%”"»':
        at += 1
        if balanced(text, start, at):
            best = at
    return best


def balanced(text: str, start: int, end: int) -> bool:
    """Whether brackets and quotation marks in a stretch come in pairs."""
    stretch = text[start:end]
    even = stretch.count('"') % 2 == 0 and stretch.count("''") % 2 == 0
    return even and all(stretch.count(one) == stretch.count(other) for one, other in ("()", "[]", "“”", "«»"))


def _parts(text: str, words: Sequence[Word], finite: Sequence[bool], index: int) -> bool:
    """Whether a new clause with a subject and a verb of its own begins at a word."""
    gap = text[words[index - 1].end : words[index].start]
    form = words[index].form
    if _DASHES.search(gap):
        return True
    if form not in _SPLITTERS or (form == "and" and "," not in gap):
        return False
    following = index + 1
    if following < len(words) and words[following].form in ("as", "when", "if", "while", "since", "because", "after"):
        return True
    for at in range(following, min(following + 12, len(words))):
        if at > following and "," in text[words[at - 1].end : words[at].start]:
            return False
        if finite[at]:
            return at > following
    return False


def finite_verbs(words: Sequence[Word]) -> list[bool]:
    """For each word, whether it is a finite verb, as far as its form and the word before it tell."""
    known = verbs()
    marks = []
    for index, word in enumerate(words):
        form = word.form
        before = words[index - 1].form if index else ""
        after = words[index + 1].form if index + 1 < len(words) else ""
        if form in AUXILIARIES:
            marks.append(form not in ("be", "been", "being") and before not in ("to", "the", "a"))
        elif form.endswith("n't") or (form == "say" and index and before not in _NOT_BEFORE_VERB):
            marks.append(True)
        elif before in _NOT_BEFORE_VERB or (word.text[0].isupper() and index):
            marks.append(False)
        elif form in known.past:
            # "sold by Holm" is no verb of the clause, "fell by 4 percent" is.
            passive = after == "by" and before not in AUXILIARIES
            marks.append(index > 0 and not (passive and all(w.value is None for w in words[index + 2 : index + 5])))
        elif form in known.third:
            marks.append(index > 0)
        elif form in known.base:
            plural = before.endswith("s") and not before.endswith("ss")
            several = words[index - 1].text[0].isupper() and any(
                w.form == "and" for w in words[max(0, index - 8) : index]
            )
            marks.append(
                index > 0
                and (plural or several or before in ("people", "women", "men", "they", "already", "also", "now"))
            )
        else:
            marks.append(False)
    return marks


@dataclass(frozen=True)
class Clause:
    """A clause with its main verb; indices are into `words`."""

    text: str
    """The whole article."""
    words: list[Word]
    finite: list[bool]
    verb: int
    """The first word of its verb."""
    lexical: int
    """The word of its verb that carries the meaning."""
    end: int
    """Offset behind its last word and what closes with it."""

    @property
    def start(self) -> int:
        """Offset of its first word."""
        return self.words[0].start

    @property
    def subject(self) -> list[Word]:
        """The words before its verb."""
        return self.words[: self.verb]

    @property
    def form(self) -> str:
        """Its lexical verb in lower case."""
        return self.words[self.lexical].form

    def says(self, name: str) -> bool:
        """Whether its main verb has that sense."""
        return self.form in verbs().senses[name]


def read_clause(text: str, start: int, end: int) -> Clause | None:
    """The stretch as a clause; None where it has no subject with a finite verb, or is too short or too long."""
    words = find_words(text, start, end)
    if not SHORTEST_CLAUSE <= len(words) <= 2 * LONGEST_CLAUSE:
        return None
    finite = finite_verbs(words)
    verb = _main_verb(text, words, finite)
    known = verbs()
    if verb is None or verb == 0:
        return None
    if words[0].text[0].islower() and (words[0].form in known.past or (words[0].form in known.third and verb > 1)):
        return None  # the second half of "lost the case and pays 4 million"
    lexical = verb
    while lexical + 1 < len(words) and (
        words[lexical].form in AUXILIARIES
        or words[lexical].form.endswith(("ly", "n't"))
        or words[lexical].form
        in ("not", "now", "also", "already", "never", "just", "still", "only", "since", "to", "been")
    ):
        lexical += 1
    return Clause(text, words, finite, verb, lexical, closing(text, words[0].start, words[-1].end, end))


def _main_verb(text: str, words: Sequence[Word], finite: Sequence[bool]) -> int | None:
    """The first finite verb that belongs to no relative pronoun and to no opening clause ("After it fell, …")."""
    owed = 0
    begin = _behind_opening_clause(text, words, finite) if words[0].form in _OPENING_CLAUSES else 0
    for index, word in enumerate(words):
        if index < begin:
            continue
        if word.form in _RELATIVES and index and not finite[index]:
            owed = 1
        elif finite[index]:
            chained = index and finite[index - 1]
            if owed and not chained:
                owed = 0
                continue
            if chained and index >= 2 and owed == 0 and words[index - 2].form in _RELATIVES:
                continue
            return index
    return None


def _behind_opening_clause(text: str, words: Sequence[Word], finite: Sequence[bool]) -> int:
    """Index of the first word behind the comma that ends an opening clause."""
    for index in range(2, len(words)):
        if "," in text[words[index - 1].end : words[index].start]:
            return index
    return len(words) if any(finite) else 0
