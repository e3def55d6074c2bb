"""The words of a text, and which of them carry its facts: numbers, negations, names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from extractor.text.characters import INVISIBLE

_LETTERS = r"[^\W\d_]+"
_JOINT = rf"[{INVISIBLE}\u0300-\u036f]*(?:[’'ʼ.&\-‐‑][{INVISIBLE}]*(?=[^\W\d_]))?[{INVISIBLE}]*"
_WORD = re.compile(
    # At most places nothing begins, and nothing more is tried there; nor is a joint where none begins.
    r"(?=[\w.%‰°$£€¥₹⁰-⁹+−-])(?:"
    r"[pP](?i:er[ \u00a0-]cent)(?![^\W_])"
    r"|[A-Za-z]++(?![\w'.&-]|[^\x00-\x7f])"  # most words: what follows is no part of them
    rf"|{_LETTERS}(?:(?=[{INVISIBLE}\u0300-\u036f’'.&\-‐‑]){_JOINT}{_LETTERS})*[\u0300-\u036f]*"
    r"|(?:(?<![\w.,)\]])[-−+](?=[\d.]))?(?:\d+(?:[.,:/]\d+)*|(?<![\w.])\.\d+)"
    r"|[%‰°$£€¥₹½⅓⅔¼¾⅕⅛²³¹⁰-⁹₀-₉]|_)"
)
_CLEAN = {ord(character): None for character in INVISIBLE} | {
    ord("’"): "'",
    ord("ʼ"): "'",
    ord("‐"): "-",
    ord("‑"): "-",
}

_UNITS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
    """.split()
_TENS = {
    word: str(10 * tens) for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_ORDINALS = """
    zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    """.split()
_SCALES = {
    "bn": "billion",
    "bln": "billion",
    "mn": "million",
    "mln": "million",
    "m": "million",
    "tn": "trillion",
    "trn": "trillion",
    "k": "thousand",
    "hundreds": "hundred",
    "thousands": "thousand",
    "millions": "million",
    "billions": "billion",
    "trillions": "trillion",
    "dozens": "dozen",
    "halves": "half",
    "thirds": "third",
    "quarters": "quarter",
}
_OTHER_NUMBERS = frozenset(
    """
    hundred thousand million billion trillion dozen half quarter twice thrice double doubled doubling triple
    tripled tripling quadruple halved halving tenfold twofold threefold single percent pct
    """.split()
)
_VALUES: dict[str, str] = (
    {word: str(value) for value, word in enumerate(_UNITS)}
    | _TENS
    | {word: f"{value}th" for value, word in enumerate(_ORDINALS) if value}
    | {f"{word}th": f"{value}th" for value, word in enumerate(_UNITS) if value > 12}
    | {"%": "percent", "pct": "percent"}
)
_AMBIGUOUS_NUMBERS = frozenset({"m", "k"})

NEGATIONS = frozenset(
    """
    not no never none neither nor nobody nothing nowhere without cannot cant hardly barely scarcely seldom
    rarely non dont doesnt didnt isnt wasnt arent werent wont wouldnt shouldnt couldnt hasnt havent hadnt
    mustnt neednt ain't unless except excluding despite refuse refuses refused refusing deny denies denied
    denying fail fails failed failing lack lacks lacked lacking
    """.split()
)
_NEGATIVE_PREFIXES = ("un", "in", "im", "il", "ir", "non", "non-", "dis", "mis", "anti", "anti-", "de")

FUNCTION_WORDS = frozenset(
    """
    a an the this that these those he she it its it's they them their we us our you your i me my his her him
    who whom whose which what when where why how if in on at by for from with without to of off up down over
    under into onto about as than then there here and or but nor so yet because since while although though
    until unless after before during between among against through across per via is are was were be been
    being am has have had do does did will would shall should can could may might must not no all any both
    each every some such other another only also just even still already now once again more most less least
    many much few several very too
    """.split()
)


@dataclass(slots=True)
class Word:
    """A word, a number or a sign that belongs to one, with its half-open offsets into the text it was read from."""

    text: str
    start: int
    end: int
    form: str
    """What to compare it by: no case, no invisible characters, one apostrophe, no possessive."""
    value: str | None
    """Canonical form of a number, a percentage or a currency sign ("13000", "million"); None of other words."""
    negates: bool
    """Whether it turns a statement into its opposite."""
    capitalised: bool
    """Whether it holds a capital and is no function word: a name, as far as the word alone can tell.

    "US", "WHO" and "May" are none of the function words that they look like.
    """

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Word:
        """The word of that spelling."""
        return cls(text, start, end, *_read(text))


def _read(text: str) -> tuple[str, str | None, bool, bool]:
    """Form, value, `negates` and `capitalised` of a word, which its spelling alone decides."""
    form = _form(text)
    negates = form in NEGATIONS or form.endswith("n't")
    if form in FUNCTION_WORDS:
        capitalised = text == "May" or (len(text) > 1 and text.isupper())
    else:
        capitalised = any(character.isupper() for character in text)
    return form, _value(form), negates, capitalised


# An article has few spellings that the one before it did not have.
_read_once = lru_cache(maxsize=1 << 14)(_read)
_LONGEST_KEPT = 40
"""Letters of a spelling that is kept: so much text pinned in memory, whatever an article holds."""


def _form(text: str) -> str:
    form = text.translate(_CLEAN).casefold()
    if form.startswith("per") and form[4:] == "cent":
        return "percent"
    return (
        form[:-2] if form.endswith("'s") and len(form) > 2 and form not in ("it's", "he's", "she's", "that's") else form
    )


def _value(form: str) -> str | None:
    if any(character.isnumeric() for character in form):
        return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", form).replace("−", "-")
    if form in "$£€¥₹°‰%":
        return _VALUES.get(form, form)
    if form in _VALUES:
        return _VALUES[form]
    if form in _SCALES:
        return _SCALES[form] if form not in _AMBIGUOUS_NUMBERS else None
    if form in _OTHER_NUMBERS:
        return form
    if "-" in form:
        parts = [_value(_form(part)) for part in form.split("-") if part]
        tens, units = (parts[0], parts[1]) if len(parts) == 2 else (None, None)
        if tens in _TENS.values() and units is not None and units.isdigit() and len(units) == 1:
            return str(int(tens or 0) + int(units))  # twenty-one
        return "-".join(part for part in parts if part) or None
    return None


def find_words(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """The words of `text[start:end]`, with offsets into the whole text."""
    found = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        word = match.group()
        begin = match.start()
        form, value, negates, capitalised = _read_once(word) if len(word) <= _LONGEST_KEPT else _read(word)
        found.append(Word(word, begin, begin + len(word), form, value, negates, capitalised))
    return found


def has_more_words(text: str, count: int) -> bool:
    """Whether a text has more than so many words; it is read no further than that takes."""
    return next(islice(_WORD.finditer(text), count, None), None) is not None


def opposed(one: Word, other: Word) -> bool:
    """Whether one word is the other, negated by a prefix or an ending (likely, unlikely; careful, careless)."""
    return other.form in opposites(one.form)


def opposites(form: str) -> frozenset[str]:
    """The forms that are a form negated by a prefix or an ending, or that it negates."""
    return _opposites_once(form) if len(form) <= _LONGEST_KEPT else _opposites(form)


def _opposites(form: str) -> frozenset[str]:
    found = {prefix + form for prefix in _NEGATIVE_PREFIXES}
    found.update(form[len(prefix) :] for prefix in _NEGATIVE_PREFIXES if form.startswith(prefix))
    found.add(form.removesuffix("ful") + "less")
    if form.endswith("less"):
        stem = form[: -len("less")]
        found.add(stem + "ful")
        if not stem.endswith("ful"):
            found.add(stem)
    return frozenset(other for other in found if min(len(form), len(other)) >= 3)


_opposites_once = lru_cache(maxsize=1 << 12)(_opposites)


def is_number_or_negation(word: Word) -> bool:
    """Whether a change of this word changes the fact."""
    return word.value is not None or word.negates
