"""The words of a text, and which of them carry its facts: numbers, negations, names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from extractor.text.characters import INVISIBLE

_JOINT = rf"(?:[{INVISIBLE}\u0300-\u036f]*(?:[’'ʼ.&\-‐‑][{INVISIBLE}]*(?=[^\W\d_]))?[{INVISIBLE}]*)"
_WORD = re.compile(
    r"(?i:per[ \u00a0-]cent)(?![^\W_])|(?:(?<![\w.,)\]])[-−+](?=[\d.]))?"
    r"(?:\d+(?:[.,:/]\d+)*|(?<![\w.])\.\d+"
    rf"|[^\W\d_](?:{_JOINT}[^\W\d_\u0300-\u036f])*(?:[\u0300-\u036f]+)?"
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


@dataclass(frozen=True)
class Word:
    """A word, a number or a sign that belongs to one, with its half-open offsets into the text it was read from."""

    text: str
    start: int
    end: int

    @cached_property
    def form(self) -> str:
        """What to compare it by: no case, no invisible characters, one apostrophe, no possessive."""
        form = self.text.translate(_CLEAN).casefold()
        if form.startswith("per") and form[4:] == "cent":
            return "percent"
        return (
            form[:-2]
            if form.endswith("'s") and len(form) > 2 and form not in ("it's", "he's", "she's", "that's")
            else form
        )

    @cached_property
    def value(self) -> str | None:
        """Canonical form of a number, a percentage or a currency sign ("13000", "million"); None of other words."""
        form = self.form
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
            parts = [Word(part, 0, len(part)).value for part in form.split("-") if part]
            tens, units = (parts[0], parts[1]) if len(parts) == 2 else (None, None)
            if tens in _TENS.values() and units is not None and units.isdigit() and len(units) == 1:
                return str(int(tens or 0) + int(units))  # twenty-one
            return "-".join(part for part in parts if part) or None
        return None

    @property
    def negates(self) -> bool:
        """Whether it turns a statement into its opposite."""
        form = self.form
        return form in NEGATIONS or form.endswith("n't")

    @property
    def capitalised(self) -> bool:
        """Whether it holds a capital and is no function word: a name, as far as the word alone can tell.

        "US", "WHO" and "May" are none of the function words that they look like.
        """
        if self.form in FUNCTION_WORDS:
            return self.text == "May" or (len(self.text) > 1 and self.text.isupper())
        return any(character.isupper() for character in self.text)


def find_words(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """The words of `text[start:end]`, with offsets into the whole text."""
    return [Word(m.group(), m.start(), m.end()) for m in _WORD.finditer(text, start, len(text) if end is None else end)]


def opposed(one: Word, other: Word) -> bool:
    """Whether one word is the other, negated by a prefix or an ending (likely, unlikely; careful, careless)."""
    short, long = sorted((one.form, other.form), key=len)
    if len(short) < 3:
        return False
    if any(long == prefix + short for prefix in _NEGATIVE_PREFIXES):
        return True
    stems = (short.removesuffix("ful"), long.removesuffix("less"))
    return (long.endswith("less") and stems[0] == stems[1]) or (
        short.endswith("less") and short[:-4] == long.removesuffix("ful")
    )


def is_number_or_negation(word: Word) -> bool:
    """Whether a change of this word changes the fact."""
    return word.value is not None or word.negates
