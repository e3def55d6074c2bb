"""The noun phrase that a cue has for its subject: whoever is quoted, as mentioned there.

There is no parser: a subject is read off the words before the cue ("a second senior European NATO diplomat said"),
past adverbs, auxiliaries and appositions, or behind it where the order is inverted ("said Ada Holm, the mayor").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.backends.rules.layout import Token

PRONOUNS = frozenset("he she they it i we you".split())
_PLURAL_WORDS = frozenset(
    """
    they we i you people police many some others most critics several few all both men women
    """.split()
)
DETERMINERS = frozenset(
    """
    the a an this that these those his her its their our my your some many several most other another one two
    three four five six more few both each every no any all
    """.split()
)
_POSSESSIVES = frozenset("his her its their our my your".split())
_AUXILIARIES = frozenset(
    """
    has have had was were is are be been being do does did will would may might can could
    """.split()
)
_ADVERBS = frozenset(
    """
    also later then earlier previously now once often repeatedly already just still even only further recently
    again first never always ever thus therefore however meanwhile too both all each today yesterday tonight
    subsequently so far since himself herself themselves itself separately privately publicly
    """.split()
)
_WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_MONTHS = frozenset(
    """
    january february march april may june july august september october november december
    """.split()
)
_TIMES = frozenset(
    """
    week month year night weekend morning afternoon evening day spring summer autumn fall winter
    """.split()
)
_CONJUNCTIONS = frozenset(
    """
    and but while as when because if that which who whom after before although though since where whether than
    so or yet until unless whereas nor once amid despite
    """.split()
)
_PREPOSITIONS = frozenset(
    """
    of for in at from with on by to into about against over under during through between among within without
    near across around behind beyond outside inside per via
    """.split()
)
# After these a clause goes on; they stand in no subject.
_VERBS = frozenset(
    """
    is are was were be been has have had does did do will would can could should may might must said says told
    asked went came made took got saw gave put
    """.split()
)
NEVER_SOURCES = frozenset(
    "there here what it's that's which whom whose how why when where reports not never to".split()
)
LONGEST_PHRASE = 14
"""Words in a subject, at most; more are cut back to its last simple phrase."""


def before_cue(tokens: Sequence[Token], cue: int, start: int = 0) -> tuple[int, int] | None:
    """The subject before a cue, as half-open indices into `tokens` from `start` on; None where there is none."""
    end = _skip_back(tokens, cue, start)
    if end <= start:
        return None
    last = tokens[end - 1]
    if last.text == "," or last.text in ")—–-":
        head = _before_apposition(tokens, end - 1, start)
        if head is None:
            return None
        end = head
        if end - 2 > start and tokens[end - 1].text.isdigit() and tokens[end - 2].text == ",":
            end -= 2  # "Ada Holm, 27, a farmer in Lyon, said"
    return _phrase_ending(tokens, end, start)


def after_cue(tokens: Sequence[Token], cue_end: int, *, limit: int | None = None) -> tuple[int, int] | None:
    """The subject behind an inverted cue, as half-open indices; None where what follows is none."""
    stop = len(tokens) if limit is None else limit
    at = cue_end
    if at >= stop or tokens[at].kind != "word":
        return None
    if tokens[at].lower in PRONOUNS:
        # "said he" is inverted, "said it would" is not.
        return (at, at + 1) if at + 1 >= stop or tokens[at + 1].kind != "word" else None
    if (
        tokens[at].lower in (_CONJUNCTIONS | _PREPOSITIONS | _VERBS | NEVER_SOURCES | _WEEKDAYS | _MONTHS)
        or tokens[at].text[0].isdigit()
    ):
        return None
    named = False
    index = at
    while index < stop:
        token = tokens[index]
        if token.kind == "quoted":
            if not _nickname(tokens, index):
                break
        elif token.kind == "mark":
            if token.text not in ".'’-&" or index == at:
                break
            if token.text == ".":
                break
        elif token.lower in _CONJUNCTIONS:
            joins = (
                token.lower == "and"
                and index + 1 < stop
                and tokens[index + 1].capitalised
                and tokens[index - 1].capitalised
            )
            if not joins:
                break
        elif token.lower in _VERBS or token.lower in _WEEKDAYS or token.lower in _ADVERBS:
            break
        elif token.lower in _PREPOSITIONS:
            # "a spokesman for the ministry", but "said Holm in an interview".
            if named and token.lower != "of":
                break
        elif named and not token.capitalised and tokens[index - 1].kind == "word" and tokens[index - 1].capitalised:
            break
        if token.capitalised:
            named = named or not (index > at and tokens[at].lower in DETERMINERS)
        index += 1
        if index - at > LONGEST_PHRASE:
            break
    while index > at and (tokens[index - 1].lower in _PREPOSITIONS or tokens[index - 1].kind == "mark"):
        index -= 1
    return _plausible(tokens, at, index)


def _skip_back(tokens: Sequence[Token], cue: int, start: int) -> int:
    """Index behind the last token that may belong to the subject of a cue."""
    end = cue
    while end > start:
        token = tokens[end - 1]
        lower = token.lower
        if token.kind != "word":
            break
        if (
            lower in _AUXILIARIES
            or lower in _ADVERBS
            or (lower.endswith("ly") and not token.capitalised and len(lower) > 4)
        ):
            end -= 1
        elif lower in _WEEKDAYS and end - 1 > start:
            end -= 2 if tokens[end - 2].lower == "on" else 1
        elif (
            lower in _TIMES and end - 2 > start and tokens[end - 2].lower in ("last", "this", "next", "earlier", "that")
        ):
            end -= 2
        else:
            break
    return end


def _before_apposition(tokens: Sequence[Token], closing: int, start: int) -> int | None:
    """For a cue behind ", the mayor of Oslo," or "(D-Ohio)", the index behind what the apposition explains."""
    mark = tokens[closing].text
    opening = {")": "(", "—": "—", "–": "–", "-": "-"}.get(mark, ",")
    for index in range(closing - 1, max(start, closing - 26), -1):
        token = tokens[index]
        if token.kind == "quoted":
            return None
        if token.kind == "mark" and token.text == opening:
            inside = tokens[index + 1 : closing]
            if not inside or inside[0].lower in (
                "but",
                "and",
                "while",
                "as",
                "although",
                "because",
                "when",
                "after",
                "if",
            ):
                return None
            # ", a doctor in Lyon, France, said": the comma found parts the apposition; its own is further back.
            if opening == "," and len(inside) <= 2 and all(t.capitalised for t in inside) and index - 1 > start:
                outer = _before_apposition(tokens, index, start)
                aged = outer is not None and outer > start and tokens[outer - 1].text.isdigit()
                if outer is not None and (aged or tokens[outer - 1].capitalised) and tokens[outer].text == ",":
                    return outer
            return index
    return None


def _phrase_ending(tokens: Sequence[Token], end: int, start: int) -> tuple[int, int] | None:
    """The noun phrase whose last token is `tokens[end - 1]`."""
    last = tokens[end - 1]
    if last.kind != "word":
        return None
    if last.lower in PRONOUNS:
        return end - 1, end
    if last.lower in ("who", "which", "that"):
        return _antecedent(tokens, end - 1, start)
    if (
        last.lower in NEVER_SOURCES
        or last.lower in _CONJUNCTIONS
        or last.lower in _PREPOSITIONS
        or last.lower in _POSSESSIVES
    ):
        return None
    begin = end - 1
    while begin > start:
        token = tokens[begin - 1]
        if token.kind == "quoted":
            if not _nickname(tokens, begin - 1):
                break
        elif token.kind == "mark":
            if token.text not in "'’&./-" or token.text == "-":
                break
        elif token.lower in _CONJUNCTIONS:
            joins = (
                token.lower == "and"
                and begin - 2 >= start
                and tokens[begin - 2].kind == "word"
                and (tokens[begin - 2].capitalised == tokens[begin].capitalised or tokens[begin].lower in DETERMINERS)
            )
            if not joins or tokens[begin - 2].lower in _WEEKDAYS:
                break
        elif token.lower in _VERBS and not token.capitalised:
            break
        begin -= 1
    begin = _without_opening(tokens, begin, end)
    return _plausible(tokens, begin, end)


def _antecedent(tokens: Sequence[Token], relative: int, start: int) -> tuple[int, int] | None:
    """Whom "who" in "Ada Holm, who said …" is."""
    end = relative
    if end > start and tokens[end - 1].text == ",":
        end -= 1
    if end <= start or tokens[end - 1].kind != "word":
        return None
    return _phrase_ending(tokens, end, start)


def _nickname(tokens: Sequence[Token], index: int) -> bool:
    """Whether a marked stretch stands inside a name (Ada "the Wall" Holm)."""
    token = tokens[index]
    return (
        token.end - token.start < 30
        and 0 < index < len(tokens) - 1
        and tokens[index - 1].capitalised
        and tokens[index + 1].capitalised
    )


def _without_opening(tokens: Sequence[Token], begin: int, end: int) -> int:
    """Cut "On Tuesday" or "In a statement" off the front of a subject."""
    first = tokens[begin].lower
    opening = (
        first in _PREPOSITIONS
        or first in _ADVERBS
        or first in _WEEKDAYS
        or first in _TIMES
        or first in ("last", "this", "next", "earlier")
    )
    if first in ("this", "last", "next") and not (begin + 1 < end and tokens[begin + 1].lower in _TIMES):
        opening = False
    if not opening and end - begin <= LONGEST_PHRASE:
        return begin
    for index in range(end - 1, begin, -1):
        before = tokens[index - 1]
        starts_name = tokens[index].capitalised and not before.capitalised and before.lower not in DETERMINERS
        dated = before.lower in _WEEKDAYS | _MONTHS | _TIMES or before.text[0].isdigit()
        if dated and (tokens[index].capitalised or tokens[index].lower in DETERMINERS):
            return index
        if tokens[index].lower in DETERMINERS and before.lower not in _PREPOSITIONS:
            return index
        if starts_name and before.lower not in _PREPOSITIONS and before.kind == "word" and opening:
            return index
    return end if opening else max(begin, end - LONGEST_PHRASE)


def _plausible(tokens: Sequence[Token], begin: int, end: int) -> tuple[int, int] | None:
    """The phrase if it can name a source: a name, a pronoun, or a noun with a determiner or in the plural."""
    while begin < end and (tokens[begin].kind == "mark" or tokens[begin].lower in ("and", "but", "or")):
        begin += 1
    words = [token for token in tokens[begin:end] if token.kind == "word"]
    if not words or words[-1].lower in NEVER_SOURCES | DETERMINERS - _PLURAL_WORDS - {
        "one",
        "another",
        "others",
    }:
        return None
    named_so = len(words) > 1 and words[-1].capitalised and words[-2].capitalised  # "Ada May"
    if words[-1].lower in _WEEKDAYS | _MONTHS | _TIMES and not named_so and words[0].lower != "the":
        return None
    if all(word.text[0].isdigit() for word in words):
        return None
    named = any(word.capitalised for word in words)
    if (
        len(words) > 2 - named
        and words[-1].lower.endswith("ed")
        and not words[-1].capitalised
        and len(words[-1].text) > 4
    ):
        return None  # "Holm rejected [claims that …]"; "the accused" stays
    plural = words[-1].lower in _PLURAL_WORDS or (words[-1].lower.endswith("s") and not words[-1].lower.endswith("ss"))
    if named or plural or words[0].lower in DETERMINERS or words[-1].lower in PRONOUNS:
        return begin, end
    # A bare singular noun is a source only as the sentence's whole subject ("Police said").
    return (begin, end) if len(words) <= 3 and words[-1].lower in _COLLECTIVES else None


_COLLECTIVES = frozenset(
    """
    police staff management government council parliament congress counsel campaign prosecution defence
    defense
    """.split()
)


def takes_base_form(tokens: Sequence[Token], phrase: tuple[int, int]) -> bool:
    """Whether a subject goes with "say", not "says": a plural, or "they", "we", "I"."""
    last = tokens[phrase[1] - 1].lower
    return (
        last in _PLURAL_WORDS
        # "Republicans say"; of one person it would be "Sanders says".
        or (last.endswith("s") and not last.endswith("ss") and not _is_helped(tokens, phrase[0]))
        or any(token.lower == "and" for token in tokens[phrase[0] : phrase[1]])
    )


def _is_helped(tokens: Sequence[Token], begin: int) -> bool:
    """Whether what stands before a subject takes a verb's base form ("did Sanders say", "let Sanders say")."""
    return begin > 0 and tokens[begin - 1].lower in _HELPERS


_HELPERS = frozenset(
    "do does did will would can could shall should may might must let make made hear help when".split()
)
