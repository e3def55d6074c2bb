"""`locate`: a string that somebody says is in a text → where it stands, and how literally.

Three stages, each tried only where the one before found nothing:

- `exact`: the very characters, beginning and ending at the ends of words.
- `normalised`: the same words; quotation marks, dashes, white space, case, ellipses, soft hyphens, Unicode forms and
  marks at the string's own ends may differ.
- `fuzzy`: at least `FUZZY_THRESHOLD` alike, and nothing differs but small words and spelling; never a number, a
  negation or a name. Words are aligned one by one, so a slip is told from a changed fact.

The same function places few-shot examples, model replies and gold labels.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from extractor.errors import GroundingError
from extractor.grounding.fold import Folded, fold
from extractor.records.span import Location
from extractor.text.characters import INVISIBLE, QUOTATION_MARKS, without_spaces
from extractor.text.words import Word, find_words, opposed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FUZZY_THRESHOLD = 92.0
"""Least likeness of a fuzzy match, from 0 to 100 (normalised indel similarity).

Chosen by `evals/grounding.py` on 400 sentences of political news (PolNeAR's train part): at 92, 87.6% of copying
slips are found in place (the others change a word that may matter, mostly "and") and no sentence with other content
words is found; at 95 it is 86.5%, at 98 70.5%. Below 92 nothing is gained: what may differ at all is settled word
by word.
"""

FUZZY_LONGEST = 1500
"""Characters of a string that is looked for by likeness, at most: the search takes time by the square of its length
(4,400 characters 1.6 s), and what is longer is no slip of copying."""

FUZZY_WORDS = 4
"""A string of fewer words is found word for word or not at all."""

SPELLING_LETTERS = 6
"""A word of fewer letters is another word when a letter of it changes."""

SLIPS = frozenset(
    "a an the of to in on at for by with from that which it its be been is are was were has have had "
    "also just really very quite so then there here".split()
)
"""Words that may be missing, added or exchanged in a fuzzy match."""

_SIGNS = "-−–+‐‑﹣－"
_IN_NUMBERS = ".,:/·٫٬’'"
_GROUP = re.compile(r"\d{3}(?!\d)")
_HYPHENS = "-‐‑"
_FIRST_COMBINING = "\u0300"
_NEGATING_PREFIX = re.compile(r"(?<![^\W_])(?:non|un|not|anti|dis|mis|in|ex|pre|pro|self)[-‐‑]\Z", re.IGNORECASE)
_NEGATING_ENDING = re.compile(rf"[{INVISIBLE}]*(?:(?<=[nN])[’'‘´`＇][tT]|\s[nN][’'‘´`＇][tT])(?![^\W_])")
_EDGES = QUOTATION_MARKS + ".,;:…!? \t\r\n\u00a0" + INVISIBLE
# Lower-case words that an acronym turns into another word.
_ACRONYM_TRAPS = frozenset(
    """
    us it who am is or in me he as at an do go so to be my we no on of if by up aids un may will
    """.split()
)


@dataclass(frozen=True, eq=False)
class Haystack:
    """A stretch of a text to look in; what it folds to is worked out once."""

    text: str
    start: int
    end: int

    exact: dict[str, list[Location]] = field(default_factory=dict, repr=False)
    normalised: dict[str, list[Location]] = field(default_factory=dict, repr=False)
    """What was found before: names, pronouns and "said" are asked for again and again."""

    @cached_property
    def folded(self) -> Folded:
        """The stretch, folded; its offsets count from `start`."""
        return fold(self.text[self.start : self.end])


def find_all(needle: str, haystack: Haystack, *, fuzzy: bool = True) -> list[Location]:
    """Every place where a string stands, in order, all of the first stage that finds one.

    Raises:
        GroundingError: `empty`, `not_found`, or `altered` (it nearly stands there, but a number, a negation or a
            name differs).
    """
    if not any(map(str.isalnum, needle)):
        raise GroundingError("there are no words to look for", reason="empty")
    found = _exact(needle, haystack) or _normalised(needle, haystack)
    if found:
        return found
    shown = shortened(needle)
    if not fuzzy:
        raise GroundingError(f"“{shown}” does not stand in the text", reason="not_found")
    return [_fuzzy(needle, haystack)]


def locate(needle: str, haystack: Haystack, *, sentence: tuple[int, int] | None = None) -> Location:
    """The one place where a string stands; of several, the only one that begins in `sentence`.

    Raises:
        GroundingError: as `find_all`, or `ambiguous` where several places remain.
    """
    found = find_all(needle, haystack)
    if sentence is not None:
        inside = [location for location in found if sentence[0] <= location.start < sentence[1]]
        found = inside or found
    if len(found) > 1:
        raise GroundingError(
            f"“{shortened(needle)}” stands at {len(found)} places and nothing says which is meant",
            reason="ambiguous",
        )
    return found[0]


def find_in(needle: str, haystack: Haystack, start: int, end: int) -> list[Location]:
    """The places that begin in `[start, end)` where a string stands exactly or normalised; none is no error."""
    if not any(map(str.isalnum, needle)):
        return []
    found = _exact(needle, haystack)
    inside = [location for location in found if start <= location.start < end]
    if not inside:
        inside = [location for location in _normalised(needle, haystack) if start <= location.start < end]
    return inside


def shortened(string: str, length: int = 100) -> str:
    """A string on one line, cut to at most `length` characters, for a message."""
    flat = " ".join(string.split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"


def bounded(text: str, start: int, end: int) -> bool:
    """Whether `[start, end)` begins and ends where words, numbers and contractions of the text do."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before in INVISIBLE:  # or none at all
        before_at = _visible_before(text, start)
        before = text[before_at] if before_at >= 0 else ""
    if after in INVISIBLE:
        after_at = _visible_after(text, end)
        after = text[after_at : after_at + 1]
    first, last = text[start], text[end - 1]
    if before.isalnum() and first.isalnum() and not (without_spaces(before) and without_spaces(first)):
        return False
    if after.isalnum() and last.isalnum() and not (without_spaces(after) and without_spaces(last)):
        return False
    if text[end : end + 1] >= _FIRST_COMBINING and unicodedata.category(text[end])[0] == "M":
        return False
    # "violent" in "non-violent", and "they can" in "they can't": what stands beside it negates it.
    if before in _HYPHENS and first.isalnum() and _NEGATING_PREFIX.search(text, max(0, start - 8), start):
        return False
    if not after.isalnum() and last.isalnum() and _NEGATING_ENDING.match(text, end):
        return False
    return not (first.isdigit() or first in _SIGNS or last.isdigit()) or _bounded_number(text, start, end)


def _bounded_number(text: str, start: int, end: int) -> bool:
    """Whether no part of a number is cut off at the ends: neither digits, nor a decimal point, nor a sign."""
    first, last = text[start], text[end - 1]
    at = _visible_before(text, start)
    before, further = text[at : at + 1] if at >= 0 else "", text[max(0, at - 1) : at] if at > 0 else ""
    if first.isdigit():
        if before and before in _IN_NUMBERS and further.isdigit():
            return False  # 56 in 1.56
        if before.isspace() and further.isdigit() and _GROUP.match(text, start):
            return False  # 000 in 10 000
        if before == "." and not further.isalnum():
            return False  # 5 in .5
        if before and before in _SIGNS and (not further or further.isspace() or further in "(["):
            return False  # 5 in -5
    if first in _SIGNS and text[start + 1 : start + 2].isdigit() and before.isalnum():
        return False  # -5 in 4-5
    if last.isdigit():
        after = _visible_after(text, end)
        if text[after : after + 1] and text[after] in _IN_NUMBERS + _SIGNS and text[after + 1 : after + 2].isdigit():
            return False  # 1 in 1.56, 3 in 3-1
        if text[after : after + 1].isspace() and _GROUP.match(text, after + 1):
            return False  # 10 in 10 000
    return True


def _visible_before(text: str, at: int) -> int:
    at -= 1
    while at >= 0 and text[at] in INVISIBLE:
        at -= 1
    return at


def _visible_after(text: str, at: int) -> int:
    while at < len(text) and text[at] in INVISIBLE:
        at += 1
    return at


def _occurrences(needle: str, text: str, start: int, end: int) -> Iterator[int]:
    at = text.find(needle, start, end)
    while at >= 0:
        yield at
        at = text.find(needle, at + 1, end)


def _exact(needle: str, haystack: Haystack) -> list[Location]:
    stripped = needle.strip()
    found = haystack.exact.get(stripped)
    if found is None:
        found = haystack.exact[stripped] = [
            Location(haystack.text, at, at + len(stripped), "exact")
            for at in _occurrences(stripped, haystack.text, haystack.start, haystack.end)
            if bounded(haystack.text, at, at + len(stripped))
        ]
    return found


def _normalised(needle: str, haystack: Haystack) -> list[Location]:
    found = haystack.normalised.get(needle)
    if found is None:
        found = haystack.normalised[needle] = _find_normalised(needle, haystack)
    return found


def _find_normalised(needle: str, haystack: Haystack) -> list[Location]:
    for candidate in dict.fromkeys((needle.strip(), needle.strip(_EDGES))):
        target = fold(candidate)
        if not target.lower.strip():
            continue
        folded = haystack.folded
        found = []
        for at in _occurrences(target.lower, folded.lower, 0, len(folded.lower)):
            original = folded.original(at, at + len(target.lower))
            if original is None:
                continue
            start, end = haystack.start + original[0], haystack.start + original[1]
            same_words = _same_but_for_case(target.cased, folded.cased[at : at + len(target.lower)])
            if same_words and bounded(haystack.text, start, end) and not _cut_from(needle, haystack.text, start, end):
                start, end = _trimmed(haystack.text, start, end)
                found.append(Location(haystack.text, start, end, "normalised"))
        if found:
            return found
    return []


def _cut_from(needle: str, text: str, start: int, end: int) -> bool:
    """Whether a string that poses as a whole sentence leaves out a negation or a number right beside it.

    "Members came." is not said by "No members came", nor "Others were." by "others were not".
    """
    opening, closing = needle.strip().lstrip(_EDGES)[:1], needle.rstrip()[-1:]
    if opening.isupper() and text[start].islower():
        before = find_words(text, max(0, start - 30), start)
        if before and (before[-1].negates or before[-1].value is not None):
            return True
    if closing in (".", "!", "?") and text[end - 1] != closing and text[end : end + 1] != closing:
        behind = find_words(text, end, min(len(text), end + 30))
        return bool(behind) and behind[0].negates and not text[end : behind[0].start].strip()
    return False


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while end - start > 1 and (text[end - 1].isspace() or text[end - 1] in INVISIBLE):
        end -= 1
    while end - start > 1 and (text[start].isspace() or text[start] in INVISIBLE):
        start += 1
    return start, end


def _same_but_for_case(one: str, other: str) -> bool:
    """Whether no acronym stands for a common word ("US", "us") in two strings that are equal but for case."""
    if one == other or (min(len(one.split()), len(other.split())) > 2 and (one.isupper() or other.isupper())):
        return True
    return all(_same_word(a, b) for a, b in zip(find_words(one), find_words(other), strict=False) if a.form == b.form)


def _same_word(one: Word, other: Word) -> bool:
    """Whether two words are equal but for case, and not an acronym and a common word ("US", "us")."""
    if one.form != other.form:
        return False
    trap = one.text != other.text and one.form in _ACRONYM_TRAPS and len(one.text) > 1
    return not (trap and (one.text.isupper() or other.text.isupper()))


def _fuzzy(needle: str, haystack: Haystack) -> Location:
    from rapidfuzz import fuzz

    if len(needle) > FUZZY_LONGEST:
        raise GroundingError(f"“{shortened(needle)}” does not stand in the text", reason="not_found")
    target, folded = fold(needle.strip(_EDGES)), haystack.folded
    wanted = find_words(target.cased)
    shown = shortened(needle)
    not_found = GroundingError(f"“{shown}” does not stand in the text", reason="not_found")
    if len(wanted) < FUZZY_WORDS or not folded.lower:
        raise not_found
    # A window a little below the threshold: its ends are refined by words before the threshold is applied.
    alignment = fuzz.partial_ratio_alignment(target.lower, folded.lower, score_cutoff=FUZZY_THRESHOLD - 15)
    if alignment is None or alignment.score == 0:
        raise not_found
    margin = 40
    region_start = max(0, alignment.dest_start - margin)
    region_end = min(len(folded.lower), alignment.dest_end + margin)
    there = find_words(folded.cased, region_start, region_end)
    matched = align_words(wanted, there)
    if matched is None:
        raise not_found
    first, last, changes = matched
    original = folded.original(there[first].start, there[last].end)
    if original is None:
        raise not_found
    start, end = haystack.start + original[0], haystack.start + original[1]
    closest = shortened(haystack.text[start:end])
    similarity = float(fuzz.ratio(target.lower, folded.lower[there[first].start : there[last].end]))
    if similarity < FUZZY_THRESHOLD - 15:
        raise not_found
    cased = not folded.cased.islower()
    if reason := _fact_changed(changes, names_are_seen=cased):
        raise GroundingError(f"“{shown}” differs from the text in {reason}; the text has “{closest}”", reason="altered")
    if similarity < FUZZY_THRESHOLD:
        raise GroundingError(
            f"“{shown}” does not stand in the text; the nearest words are “{closest}”", reason="not_found"
        )
    if _cut_from(needle, haystack.text, start, end):
        raise GroundingError(
            f"“{shown}” leaves out the negation or number beside “{closest}” in the text", reason="altered"
        )
    if not bounded(haystack.text, start, end):
        raise not_found
    return Location(haystack.text, start, end, "fuzzy", similarity)


Change = tuple[Word | None, Word | None]
"""A word asked for and the word that stands there instead; None where one of them has no counterpart."""


def align_words(wanted: Sequence[Word], there: Sequence[Word]) -> tuple[int, int, list[Change]] | None:
    """Align all wanted words with a run of the words that are there, at least cost.

    Semi-global alignment (Sellers 1980): what stands before and behind the run is free.

    Returns:
        Index of the first and the last word of the run, and the changes within; None where no word agrees.
    """
    columns = len(there) + 1
    cost = [[0] * columns]
    for row, word in enumerate(wanted, 1):
        above, current = cost[-1], [row]
        for column, other in enumerate(there, 1):
            substitution = above[column - 1] + (0 if _same_word(word, other) else 1)
            current.append(min(substitution, above[column] + 1, current[column - 1] + 1))
        cost.append(current)
    # Of equal costs the longest run: a last word that differs is another word there, not a missing one.
    column = min(range(columns), key=lambda index: (cost[-1][index], -index))
    row = len(wanted)
    run: list[int] = []
    changes: list[Change] = []
    while row:
        word = wanted[row - 1]
        same = column > 0 and _same_word(word, there[column - 1])
        if column and cost[row][column] == cost[row - 1][column - 1] + (not same):
            run.append(column - 1)
            if not same:
                changes.append((word, there[column - 1]))
            row, column = row - 1, column - 1
        elif cost[row][column] == cost[row - 1][column] + 1:
            changes.append((word, None))
            row -= 1
        else:
            run.append(column - 1)
            changes.append((None, there[column - 1]))
            column -= 1
    if len(changes) >= len(wanted) or not run:
        return None
    return run[-1], run[0], changes[::-1]


def _fact_changed(changes: Sequence[Change], *, names_are_seen: bool) -> str | None:
    """Which sort of word differs that never may, if any.

    What may differ is what a copyist slips on: small words without a meaning of their own, and the spelling of a
    long common word. Whether another word is a number, a negation or a name is not known in every language, so any
    other change counts as one; and where no capitals tell names, so does spelling.
    """
    for one, other in changes:
        words = [word for word in (one, other) if word is not None]
        if any(word.value is not None for word in words):
            return "a number"
        if any(word.negates for word in words) or (one and other and opposed(one, other)):
            return "a negation"
        if any(word.capitalised for word in words):
            return "a name"
        if not all(word.form in SLIPS for word in words) and not (
            names_are_seen and one and other and _respelled(one.form, other.form)
        ):
            return "a word"
    return None


def _respelled(one: str, other: str) -> bool:
    """Whether two words are one with a slip of the pen ("cooperation", "co-operation"; "defence", "defense")."""
    from rapidfuzz.distance import DamerauLevenshtein

    one, other = one.replace("-", ""), other.replace("-", "")
    shorter = min(len(one), len(other))
    if shorter < SPELLING_LETTERS or one[0] != other[0] or not (one.isascii() and other.isascii()):
        return False
    return int(DamerauLevenshtein.distance(one, other)) <= (1 if shorter < 9 else 2)
