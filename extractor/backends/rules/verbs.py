"""Verbs and their forms: which words may be the verb of a clause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.text.words import Word

BE = frozenset("is are was were be been being am".split())
AUXILIARIES = BE | frozenset("has have had does do did will would can could may might shall".split())
_NOT_BEFORE_VERB = frozenset(
    "a an the this that these those his her its their our my your of for in on at by from with without to "
    "about into over under between among per as than more most less very no any some each every all both such "
    "more's if when and or very too".split()
)
_CONTRACTED = frozenset("he's she's it's that's there's they're we're i'm you're we've i've they've you've".split())
_PRONOUNS = frozenset("he she it this that who which everybody everyone nobody somebody someone".split())
_PLURAL_SUBJECTS = frozenset(
    "people women men children they i we you who which police also still now both many most some others".split()
)
_ADVERBS = frozenset(
    "not now also already never just still only since yet then again even ever always often been".split()
)
_NO_PASTS = frozenset("need feed exceed proceed succeed embed shed speed bleed breed indeed hundred".split())
_SHORT_VOWEL = re.compile(r"[^aeiou][aeiou][bdgmnpt]\Z")


def _inflected(entry: str) -> tuple[str, set[str], set[str]]:
    """Base form, the finite forms in the present, and the past forms of an entry of `verbs.txt`."""
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
    nounlike: frozenset[str]
    """Those of the present that are as often a noun: "plans", "report"."""


@cache
def verbs() -> Verbs:
    """The verbs of `verbs.txt` in all their forms."""
    base: set[str] = set()
    third: set[str] = set()
    past: set[str] = set()
    nounlike: set[str] = set()
    section = ""
    text = files(__package__).joinpath("verbs.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            section = line[1 : line.index("]")]
        elif line and not line.startswith("#"):
            for entry in line.split():
                plain, thirds, pasts = _inflected(entry)
                base.add(plain)
                third |= thirds
                past |= pasts
                if section == "named":
                    nounlike |= {plain} | thirds
    return Verbs(frozenset(base), frozenset(third), frozenset(past), frozenset(nounlike))


def finite_verbs(words: Sequence[Word]) -> list[bool]:
    """For each word, whether it is a finite verb."""
    return [is_finite(words, index) for index in range(len(words))]


def is_finite(words: Sequence[Word], index: int) -> bool:
    """Whether a word is a finite verb, as far as its form and the words beside it tell."""
    word = words[index]
    form = word.form
    before = words[index - 1].form if index else ""
    after = words[index + 1].form if index + 1 < len(words) else ""
    if form in AUXILIARIES:
        if form == "am":
            return before == "i"
        month = form == "may" and word.text[0].isupper() and index > 0
        return form not in ("be", "been", "being") and before not in ("to", "the", "a", "an") and not month
    if form in ("must", "should", "ought") or form.endswith("n't") or form in _CONTRACTED:
        return True
    joined = before in ("and", "or") and form in verbs().past
    if (
        (before in _NOT_BEFORE_VERB and not joined)
        or not word.text[0].islower()
        or not index
        or _is_governed(words, index)
    ):
        return False
    known = verbs()
    if form in known.past or (form.endswith("ed") and len(form) > 4 and form not in _NO_PASTS):
        # "sold by Holm" is no verb of a clause, "fell by 4 percent" is.
        by_whom = (
            after == "by" and form not in known.base and all(w.value is None for w in words[index + 2 : index + 5])
        )
        return not by_whom and not (before.endswith("ly") and form not in known.past)
    named = words[index - 1].text[0].isupper() or before in _PRONOUNS
    if form in known.third:
        return named or form not in known.nounlike
    if form in known.base:
        if before in _PLURAL_SUBJECTS:
            return True
        several = words[index - 1].text[0].isupper() and any(w.form == "and" for w in words[max(0, index - 8) : index])
        plural = before.endswith("s") and not before.endswith(("ss", "'s", "us", "is"))
        return several or (plural and form not in known.nounlike)
    return False


def _is_governed(words: Sequence[Word], index: int) -> bool:
    """Whether a verb belongs to an auxiliary or a "to" before it, adverbs between them apart."""
    for at in range(index - 1, max(-1, index - 4), -1):
        form = words[at].form
        if form in AUXILIARIES or form in ("to", "must", "should") or form.endswith("n't"):
            return True
        if not (form in _ADVERBS or form.endswith("ly")):
            return False
    return False
