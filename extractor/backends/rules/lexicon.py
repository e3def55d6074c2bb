"""What words say of a name: word lists, ISO's countries and provinces, endings.

The lists are `lexicon.txt`, where each has its reason, and `given_names.txt`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

from extractor.backends.rules.cues import cues
from extractor.text.place_names import country, people
from extractor.text.words import FUNCTION_WORDS

_ORDINARY_ENDING = re.compile(
    r"(?:ly|ing|tion|tions|ment|ments|ness|ity|ities|isms?|able|ible|ful|ous|less|ship|ances?|ences?|cy)\Z"
)
_NO_REGIONS = frozenset(
    "central centre center capital coast highlands islands eastern western northern southern".split()
)
REMEMBERED = 1 << 15
"""Words whose answers are kept: a corpus has no end of them."""

PARTICLES = frozenset(
    "de del della di da dos das do du des van von der den ter ten zu bin ibn ben al el la le st y".split()
)
PREFIXES = frozenset("pro anti non mid ex pre post un sub trans inter neo pan".split())
ROMAN = frozenset("ii iii iv vi vii viii ix xi xii xiii xiv xv xvi xvii xviii xix xx xxi".split())
COMPASS = frozenset("north south east west".split())


def _lines(name: str) -> list[str]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def _senses() -> dict[str, frozenset[str]]:
    words: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in _lines("lexicon.txt"):
        if line.startswith("["):
            current = words.setdefault(line[1 : line.index("]")], set())
        else:
            current.update(word.replace("_", " ").strip(".") for word in line.split())
    return {sense: frozenset(found) for sense, found in words.items()}


def sense(name: str) -> frozenset[str]:
    """The words of one sense, in lower case; several parts joined by spaces. Raises KeyError for no sense."""
    return _senses()[name]


@cache
def given_names() -> frozenset[str]:
    """Given names, in lower case."""
    return frozenset(word for line in _lines("given_names.txt") for word in line.split())


@lru_cache(maxsize=REMEMBERED)
def is_special(word: str) -> bool:
    """Whether a word alone names a place or a people."""
    return word in sense("place") or word in sense("group") or country(word) is not None or people(word) is not None


@lru_cache(maxsize=REMEMBERED)
def is_group(words: str) -> bool:
    """Whether words name a people, a faith or a party's members."""
    return words in sense("group") or people(words) is not None


@lru_cache(maxsize=REMEMBERED)
def is_place(words: str) -> bool:
    """Whether words name a country or a place that every reader knows."""
    plain = words.replace(".", "")
    code = country(words)
    return words in sense("place") or plain in sense("place") or (code is not None and code != "EU")


def _bare(word: str) -> str:
    """A word without its diacritics."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).replace("ł", "l")


@cache
def _subdivisions() -> frozenset[str]:
    """Names of provinces, counties and the like (ISO 3166-2), without diacritics and without common words."""
    import pycountry

    names = set()
    for subdivision in pycountry.subdivisions:
        for name in re.split(r"[\[\]();/,]", subdivision.name):
            plain = _bare(name.strip().casefold())
            if len(plain) > 3 and not is_listed(plain) and plain not in given_names() and plain not in _NO_REGIONS:
                names.add(plain)
    return frozenset(names)


@lru_cache(maxsize=REMEMBERED)
def is_region(words: str) -> bool:
    """Whether words name a province, a county or the like."""
    return _bare(words) in _subdivisions()


@lru_cache(maxsize=REMEMBERED)
def is_body(words: str) -> bool:
    """Whether words name a body that needs no explanation."""
    return words in sense("org") or words in sense("company")


@lru_cache(maxsize=REMEMBERED)
def is_known(words: str) -> bool:
    """Whether words are a name that needs no further evidence."""
    return is_place(words) or is_group(words) or is_body(words)


@cache
def with_plurals(name: str) -> frozenset[str]:
    """The words of a sense and their plurals."""
    return sense(name) | {f"{word[:-1]}ies" if word.endswith("y") else f"{word}s" for word in sense(name)}


@cache
def person_acts() -> frozenset[str]:
    """What people do, reporting verbs included."""
    return sense("person_acts") | cues().keys()


@lru_cache(maxsize=REMEMBERED)
def is_listed(word: str) -> bool:
    """Whether a list says that a word is a common one."""
    return word in FUNCTION_WORDS or any(word in sense(name) for name in ("ordinary", "not_name", "opener", "mass"))


@lru_cache(maxsize=REMEMBERED)
def is_ordinary(word: str) -> bool:
    """Whether a word is a common one, as far as lists and endings tell."""
    return is_listed(word) or (len(word) > 5 and _ORDINARY_ENDING.search(word) is not None)
