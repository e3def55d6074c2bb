"""What a name is of: a person, a body, a place …, by all the evidence in the article.

Its own words, the words beside each of its mentions, the fuller names that it is a part of, and the names that it is
listed with. The weights were set by hand on public labelled news; they add up, and the strongest type wins.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from extractor.backends.rules.lexicon import (
    COMPASS,
    PARTICLES,
    PREFIXES,
    ROMAN,
    given_names,
    is_body,
    is_group,
    is_known,
    is_listed,
    is_ordinary,
    is_place,
    is_region,
    is_special,
    person_acts,
    sense,
    with_plurals,
)
from extractor.backends.rules.name_runs import Scores, give
from extractor.linking.names import acronym_of
from extractor.text.place_names import country
from extractor.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from extractor.backends.rules.capitals import Capitals, Token
    from extractor.backends.rules.name_runs import Candidate
    from extractor.records.item import EntityType

LEAST_SCORE = 1.8
"""Evidence that a name needs to be reported at all."""

_CORPORATE = frozenset(
    "inc ltd corp co llc plc llp gmbh ag sa nv spa pty incorporated limited corporation company".split()
)
_ROLE_ENDING = re.compile(r"(?:[a-z]{3,}(?:ist|man|woman)|[a-z]{2,}maker)\Z")
_PLACE_ENDING = re.compile(
    r"(?:ville|burgh?|stan|shire|grad|abad|polis|stadt|heim|bury|borough|istan|kirchen|hagen|mouth|chester|ovo|sk|wick|fjord)\Z"
)
_TEACHING_ENDING = re.compile(r"(?:logy|phobia|nomy|graphy|isms?|itis|ology)\Z")
_DESIGNATION = re.compile(r"[A-Z]{1,4}-?\d{1,4}[A-Za-z]?\Z")
_AGE = re.compile(r",\s+(?:aged\s+)?\d{1,2}(?:,|\.|\s+and\b|\)|\s*$)|\s+\(\d{1,2}\)")
_APPOSED = re.compile(r",\s+(?:an?|the|his|her|its|their|who)\s+(?:(?:[\w’'-]+)\s+){0,4}?([\w’'-]+)(?=[\s,.;])")
_PAREN_ACRONYM = re.compile(r"\s*\(\s*[\"“‘']?([A-Z][A-Za-z.&]{1,9})[\"”’']?\s*[);,]")
# Ends of street names that are surnames as well.
_SURNAME_HEADS = frozenset(
    "hill hills lane park parks wood woods field fields hall banks bank church street day cross bridge bridges "
    "pool court major bay rivers castle love post forest marsh waters wells wall mount tower bell page rice "
    "price shore star press peak force guard brothers law code eve".split()
)
_IN = frozenset("in near outside across throughout around toward towards inside off via beyond".split())
_AT_FROM = frozenset("from to through into over leaving visiting entering".split())


class Evidence:
    """Weighs the evidence of one article."""

    def __init__(self, capitals: Capitals) -> None:
        self.capitals = capitals
        self.text, self.tokens = capitals.text, capitals.tokens
        self.small, self.large = capitals.small, capitals.large

    def weigh(self, forms: Mapping[str, Sequence[Candidate]]) -> dict[str, Scores]:
        """The evidence for each form of a name, from all its places and from the other forms."""
        for group in forms.values():
            for candidate in group:
                if "work" not in candidate.scores:
                    self._read_context(candidate)
        scores = {key: self._score(key, group) for key, group in forms.items()}
        self._lend(forms, scores)
        self._share_lists(forms, scores)
        return scores

    def _read_context(self, candidate: Candidate) -> None:
        scores = candidate.scores
        before = self.tokens[candidate.first - 1] if candidate.first else None
        after = self.tokens[candidate.behind] if candidate.behind < len(self.tokens) else None
        if before is not None and before.kind in ("word", "number"):
            self._read_before(candidate, before)
        if after is not None:
            self._read_after(candidate, after)
        beside = self.text[candidate.end : candidate.end + 80]
        if _AGE.match(beside):
            give(scores, "person", 6)
        elif (apposed := _APPOSED.match(beside)) is not None:
            noun = apposed[1].lower()
            if noun in sense("role") or noun in sense("title"):
                give(scores, "person", 3)
            elif noun in sense("company_noun"):
                give(scores, "organization", 3)
            elif noun in sense("place_noun"):
                give(scores, "location", 3)

    def _is_home(self, candidate: Candidate, low: str, second: str) -> bool:
        """Whether what stands before a name says where somebody is ("born in", "chemist from", "Ada Pell, of")."""
        if second in ("born", "based", "lives", "lived", "raised"):
            return True
        if low == "from":
            return second in sense("role")
        return low == "of" and self.text[max(0, candidate.start - 5) : candidate.start] == ", of "

    def _read_before(self, candidate: Candidate, before: Token) -> None:
        scores = candidate.scores
        low = before.low
        if before.capital and not before.initial:
            if low in sense("title"):
                give(scores, "person", 4)
            return
        second = self.tokens[candidate.first - 2].low if candidate.first >= 2 else ""
        after = self.tokens[candidate.behind]
        if low in ("in", "of", "at") and second in ("shares", "stake", "stock", "investors", "analyst", "analysts"):
            give(scores, "organization", 5)
        elif low in ("in", "near", "from", "of") and self._is_home(candidate, low, second):
            give(scores, "location", 4)
        elif low in _IN:
            give(scores, "location", 0.8 if after.kind == "possessive" else 2.5 if low == "in" else 2)
        elif low == "at":
            give(scores, "organization", 1.5)
            give(scores, "location", 1)
        elif low in _AT_FROM:
            give(scores, "location", 0.7)
        elif low == "the":
            # In "the Holm video" the article belongs to the noun behind the name.
            own = after.kind != "word" or after.capital or after.low in FUNCTION_WORDS or after.low in person_acts()
            give(scores, "person", -3.5 if own else -1)
            single = len(candidate.words) == 1 and own and not self.tokens[candidate.first].acronym
            plural = single and candidate.words[0].endswith("s")
            # "The Lakers" and "the BBC" are bodies; what "the Rialto" is, the article does not say.
            give(scores, "organization", (1.0 if plural else -0.5) if single else 1.0 if own else 0.5)
            if second in _IN:
                give(scores, "location", 1.2)
        elif low in ("a", "an"):
            give(scores, "person", -1)
            give(scores, "product", 0.5)
        elif low in ("as", "like", "including") or (low == "," and second == "including"):
            self._read_examples(candidate, low, second)
        elif low in sense("company_noun"):
            give(scores, "organization", 3.5)
        elif low in sense("role") or low in sense("title") or _ROLE_ENDING.search(low):
            give(scores, "person", 4)
        elif low in sense("place_noun"):
            give(scores, "location", 3)
        elif low == "of" and second in sense("place_noun"):
            give(scores, "location", 5)
        elif low == "by" or low in ("with", "told", "asked", "thanked", "married", "met"):
            give(scores, "person", 0.7)

    def _read_examples(self, candidate: Candidate, low: str, second: str) -> None:
        """Learn from "companies such as X" and "towns like X"."""
        if low == "as" and second != "such":
            return
        at = candidate.first - (3 if low == "as" else 2)
        noun = self.tokens[at].low if at >= 0 else ""
        if noun == "," and at:
            noun = self.tokens[at - 1].low
        if noun in with_plurals("company_noun"):
            give(candidate.scores, "organization", 4)
        elif noun in with_plurals("place_noun") or noun in ("countries", "nations", "places"):
            give(candidate.scores, "location", 4)
        elif noun in with_plurals("role") or noun in ("people", "men", "women"):
            give(candidate.scores, "person", 4)

    def _read_after(self, candidate: Candidate, after: Token) -> None:
        scores = candidate.scores
        low = after.low
        if after.kind == "possessive":
            owned = self.capitals.next_low(candidate.behind)
            if owned in sense("kin"):
                give(scores, "person", 2.5)
            elif owned in sense("place_has"):
                give(scores, "location", 2.5)
            elif owned in sense("company_has"):
                give(scores, "organization", 2.5)
            else:
                give(scores, "person", 0.3)
        elif after.kind == "word" and not after.capital:
            if low in person_acts():
                give(scores, "person", 2)
            elif low in ("will", "can", "would", "could", "has", "had", "is", "was") and candidate.initial:
                give(scores, "person", 0.8)
                give(scores, "organization", 0.8)
            elif low in sense("company_acts"):
                give(scores, "organization", 1.5)
            elif low in sense("company_noun"):
                give(scores, "organization", 2.0)
            elif low in sense("place_noun"):
                give(scores, "location", 2.0)
        elif after.text == ",":
            following = self.capitals.next_low(candidate.behind)
            pair = f"{following} {self.capitals.next_low(candidate.behind + 1)}"
            if is_place(following) or is_place(pair):
                give(scores, "location", 3)
            elif following in ("who", "whose", "whom"):
                give(scores, "person", 4)
        elif after.text == "(":
            acronym = _PAREN_ACRONYM.match(self.text, candidate.end)
            if acronym is not None and acronym_of(acronym[1], self.text[candidate.start : candidate.end]):
                give(scores, "organization", 4)

    def _score(self, key: str, group: Sequence[Candidate]) -> Scores:
        """Evidence for each type: what the form itself says, and what its places say together."""
        tokens = [t for t in self.tokens[group[0].first : group[0].behind] if t.kind in ("word", "number")]
        total = _intrinsic(key, tokens)
        # Further mentions say ever less: a name in twenty sentences is not twenty times as surely one.
        context: dict[EntityType, list[float]] = defaultdict(list)
        for candidate in group:
            for name, value in candidate.scores.items():
                context[name].append(value)
        for name, values in context.items():
            values.sort(key=abs, reverse=True)
            give(total, name, sum(value / (1 + rank) for rank, value in enumerate(values[:6])))
        if "&" in self.text[group[0].start : group[0].end] and len(tokens) > 1:
            give(total, "organization", 4)
        if len(tokens) == 1:
            self._doubt(tokens[0], group, total)
        elif len(group) > 1 and max(total.values()) < LEAST_SCORE:
            give(total, "organization", 1)
        elif all(is_ordinary(t.low) or self.small[t.low] for t in tokens) and all(
            self.tokens[c.first].initial or self.tokens[c.first].heading for c in group
        ):
            for name in ("person", "organization"):
                give(total, name, -2)
        return total

    def _doubt(self, token: Token, group: Sequence[Candidate], total: Scores) -> None:
        """Evidence against a single word: the article writes it small, or it only ever begins sentences."""
        low = token.low
        if is_known(low) or low in sense("event"):
            return
        penalty = 0.0
        if not token.acronym:
            if self.small[low] or self.small[low.removesuffix("s")] or self.small[f"{low}s"]:
                penalty += 5
            common = is_ordinary(low) if not self.large[low] or self.small[low] else is_listed(low)
            if common or low in sense("title") or low in sense("role") or low in sense("title_modifier"):
                penalty += 6 if low not in given_names() else 0
            if (
                low in sense("org_head")
                or low in sense("place_head")
                or low in sense("work_head")
                or low in sense("topic")
            ):
                penalty += 2.5
            if low in sense("event_head") or low in sense("direction"):
                penalty += 4
        plain = low.replace(".", "")
        senator = re.match(r"[RDI]-[A-Z]", token.text) is not None  # (R-Ohio)
        if plain in sense("not_name") or senator or len(low) == 1 or token.text.split("-")[0].casefold() in PREFIXES:
            penalty += 20
        if token.acronym and token.text.endswith("s"):
            penalty += 4  # MLAs, GIFs
        if all(candidate.initial for candidate in group) and not self.large[low] and not token.acronym:
            penalty += 1.2 if low not in given_names() else 0.4
            if low.endswith("s") and not low.endswith("ss"):
                penalty += 1.5
        for name in list(total):
            total[name] -= penalty

    def _lend(self, forms: Mapping[str, Sequence[Candidate]], scores: dict[str, Scores]) -> None:
        """A part of a full name is what the name is; an acronym is what its long form is."""
        parts: dict[str, tuple[EntityType, float]] = {}
        initials: dict[str, EntityType] = {}
        for key, group in forms.items():
            words = group[0].words
            if len(words) < 2:
                continue
            best = max(scores[key], key=lambda name: scores[key][name])
            strength = scores[key][best]
            if strength < LEAST_SCORE:
                continue
            if best == "person":
                for word in (words[-1], words[0]):
                    if word not in parts or parts[word][1] < strength:
                        parts[word] = best, strength
            elif best in ("organization", "location", "event"):
                main = [word for word in words if word not in FUNCTION_WORDS]
                for letters in ("".join(w[0] for w in words), "".join(w[0] for w in main)):
                    initials[letters] = best
        for key, group in forms.items():
            if len(group[0].words) != 1:
                continue
            word = group[0].words[0]
            if word in parts and not is_place(word):
                give(scores[key], "person", 5)
            plain = word.replace(".", "")
            if plain in initials and self.tokens[group[0].first].acronym:
                give(scores[key], initials[plain], 5)

    def _share_lists(self, forms: Mapping[str, Sequence[Candidate]], scores: dict[str, Scores]) -> None:
        """Names in a list ("X, Y and Z") are mostly of one sort: the doubtful learn from the sure."""
        keyed = sorted(
            ((candidate, key) for key, group in forms.items() for candidate in group), key=lambda pair: pair[0].start
        )
        for chain in self._chains(keyed):
            sure = Counter(
                max(scores[key], key=lambda name: scores[key][name]) for key in chain if max(scores[key].values()) >= 4
            )
            best = sure.most_common(1)[0][0] if sure else None
            if best is None or best == "work":
                continue
            for key in chain:
                if max(scores[key].values()) < 4:
                    give(scores[key], best, 1.5)

    def _chains(self, keyed: Sequence[tuple[Candidate, str]]) -> Iterator[list[str]]:
        """The keys of names that a list with "and" or "or" joins."""
        chain: list[str] = []
        joined = False
        for (one, key), (other, other_key) in pairwise(keyed):
            gap = " ".join(self.text[one.end : other.start].split()) if 0 < other.start - one.end <= 9 else "?"
            if gap in (",", "and", "or", ", and", ", or", "&", "and the", ", the"):
                chain = chain or [key]
                chain.append(other_key)
                joined = joined or gap not in (",", ", the")
                continue
            if joined:
                yield list(dict.fromkeys(chain))
            chain, joined = [], False
        if joined:
            yield list(dict.fromkeys(chain))


def _intrinsic(key: str, tokens: Sequence[Token]) -> Scores:
    """What a form's own words say of what it names."""
    scores: Scores = {}
    words = [token.low for token in tokens]
    low = " ".join(words)
    code = country(low) or country(key)
    if code == "EU":
        return {"organization": 12.0}
    if is_group(low):
        give(scores, "group", 10)
    if code is not None or low in sense("place") or low.replace(".", "") in sense("place"):
        give(scores, "location", 9 if code is not None else 7)
    if is_body(low):
        give(scores, "organization", 7)
    if low in sense("event"):
        give(scores, "event", 8)
    if scores:
        return scores
    if len(words) == 1:
        return _of_one_word(tokens[0], scores)
    _of_words(words, tokens, scores)
    return scores


def _of_one_word(token: Token, scores: Scores) -> Scores:
    low = token.low
    if token.acronym:
        give(scores, "organization", 3.5)
        give(scores, "person", -3)
        return scores
    give(scores, "person", 2.0)
    give(scores, "organization", 1.7)
    give(scores, "location", 1.0)
    if low in given_names():
        give(scores, "person", 3)
    elif _TEACHING_ENDING.search(low):
        give(scores, "person", -2)
    if is_region(low):
        give(scores, "location", 3)
    elif _PLACE_ENDING.search(low):
        give(scores, "location", 1.5)
    if _DESIGNATION.match(token.text) or token.text[0].islower():
        give(scores, "product", 3)
    elif (
        any(character.isupper() for character in token.text[1:])
        and "-" not in token.text
        and not re.match(r"(?:Mc|Mac|O[’']|D[’']|De|Le|La|Di|Du|Van)[A-Z]", token.text)
    ):
        give(scores, "organization", 2)
    return scores


def _of_words(words: Sequence[str], tokens: Sequence[Token], scores: Scores) -> None:
    last, first = words[-1], words[0]
    small = next((index for index, word in enumerate(words) if word in ("of", "for", "on", "against") and index), None)
    head = words[small - 1] if small else last
    if first in ("storm", "hurricane", "typhoon", "cyclone"):
        give(scores, "event", 7)
        return
    if last in _CORPORATE:
        give(scores, "organization", 10)
    if head in sense("work_head"):
        give(scores, "work", 6)
    elif head in sense("event_head"):
        give(scores, "event", 6)
    elif head in sense("org_head"):
        give(scores, "organization", 7)
    elif head in sense("place_head"):
        give(scores, "location", 7)
    if small == 1 and first in given_names() and not scores:
        give(scores, "person", 6)
    if small and head in sense("of_head") and not scores:
        give(scores, "organization", 4)
    if scores:
        if last in _SURNAME_HEADS and first in given_names() and not small:
            give(scores, "person", 8)
        return
    if first in sense("place_start"):
        give(scores, "location", 3 if first in ("saint", "st") else 6)
    elif first in sense("direction") and len(words) == 2:
        give(scores, "location", 7 if is_special(last) else 3.5 if first in COMPASS else 2)
    elif (first in sense("direction") and is_place(" ".join(words[1:]))) or last in COMPASS:
        give(scores, "location", 4)
    elif first not in given_names() and is_region(" ".join(words)):
        give(scores, "location", 6)
    plain = [word for word in words if word not in PARTICLES]
    if first in given_names():
        give(scores, "person", 6)
    if any(word in PARTICLES for word in words[:-1]) and len(words) > 2:
        give(scores, "person", 3)
    if any(len(word) == 1 for word in words[:-1]) or last in ROMAN or last in ("jr", "sr"):
        give(scores, "person", 4)
    if first in sense("company") and len(plain) == 2 and not is_place(last):
        give(scores, "product", 3)  # a company's name and one word more
    ordinary = sum(is_ordinary(word) or word in sense("topic") or word in sense("org_head") for word in plain)
    if len(plain) <= 4 and not ordinary and not any(token.acronym for token in tokens):
        give(scores, "person", 3.5)
        give(scores, "organization", 1.5)
        give(scores, "location", 1)
    elif scores.get("location", 0) < 4:
        # A phrase of common words is a body only if its places say so (Human Rights Now), not a term (the Big Bang).
        give(scores, "organization", 0.8)
    if "location" not in scores and any(
        is_group(word) or is_place(word) or token.acronym for word, token in zip(words, tokens, strict=True)
    ):
        give(scores, "organization", 1.5)
        give(scores, "person", -1)
    if last.endswith("s") and not last.endswith(("ss", "is", "us", "as", "es")) and first not in given_names():
        give(scores, "organization", 1)
        give(scores, "person", -1)
    if any(character.isdigit() for character in last):
        give(scores, "product", 3)
        give(scores, "person", -3)
