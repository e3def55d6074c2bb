"""Claims: clauses whose content can be checked, figures before all.

There is no parser. A sentence is cut into clauses where a conjunction or a dash opens a new one; a clause counts
when its main verb and its figures, dates or names make a fact of it, and when it stands alone: its subject is no
pronoun and no "the company". What is asked, demanded, wished, supposed or judged is left out: precision before recall.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from extractor.backends.rules.clauses import (
    AUXILIARIES,
    BE,
    LONGEST_CLAUSE,
    SHORTEST_CLAUSE,
    Clause,
    Stretch,
    balanced,
    closing,
    read_clause,
    split_clauses,
    verbs,
)
from extractor.backends.rules.cues import cues
from extractor.backends.rules.quotes import find_quotes
from extractor.kinds.claim import ClaimDraft
from extractor.kinds.kind import Drafted, UnsupportedError
from extractor.kinds.support import check_support
from extractor.records.span import Span
from extractor.text.words import FUNCTION_WORDS, Word, find_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.kinds.quote import QuoteDraft
    from extractor.records.item import ClaimKind
    from extractor.text.document import Document
    from extractor.text.sentences import Sentence

_PAST_AUXILIARIES = frozenset("was were had did has have been".split())
_HEDGED = frozenset("may might could can".split())
_WILL = frozenset("will shall".split())
_SCHEDULED = re.compile(
    r"\b(?:is|are|was|were)\s+(?:now\s+)?(?:scheduled|expected|due|set|projected|forecast|slated|predicted)\s+to\b"
)
_REPORTED_AS_UNTRUE = frozenset(
    "deny denies denied denying doubt doubts doubted dispute disputes disputed reject rejects rejected ask "
    "asks asked asking wonder wonders wondered question questions questioned urge urges urged urging demand "
    "demands demanded demanding order orders ordered want wants wanted vow vows vowed pledge pledges pledged "
    "promise promises promised joke joked jokes".split()
)
_HEARD = frozenset("heard alleged allegedly reportedly purportedly".split())
_SAYING = frozenset("estimate mention allege suggest predict speculate hint testify boast complain".split())
_NEVER = frozenset(
    "if whether should must ought let's lets please maybe perhaps hopefully unfortunately fortunately sadly "
    "hope hopes hoped hoping wish wishes wished want wants wanted wanting imagine suppose supposedly unless "
    "else otherwise".split()
)
_JUDGING = frozenset(
    "think thinks thought believe believes believed feel feels felt guess seem seems seemed appear appears "
    "appeared prefer consider considers considered deserve deserves deserved hate hates love loves".split()
)
_OPEN_SUBJECTS = frozenset(
    "he she it they we i you this that these those his her its their our my your here such both which who what "
    "another others one ones former latter same neither either everyone everybody someone somebody nobody "
    "anyone why how when where it's he's she's they've we've i've you've they're we're i'm you're that's "
    "there's what's who's let's".split()
)
_OPEN_OBJECTS = frozenset(
    "there he she him them they it we us i me you our my your ours mine yours these those such this that's it's "
    "they're we're he's she's i'm you're i'll we'll they'll".split()
)
_DEMONSTRATIVES = frozenset("this that these those".split())
_TIMES = frozenset(
    "year years month months week weeks day days hour hours minute minutes second seconds decade decades "
    "century centuries morning afternoon evening night weekend summer winter spring autumn fall season quarter "
    "term time times".split()
)
_MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec".split()
)
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_NUMBERED = frozenset(
    "channel verse chapter page number no section article route flight group phase part season episode level "
    "grade room age aged figure volume act act's title line step type day week year stage round".split()
)
_UNITS = frozenset("percent hundred thousand million billion trillion dozen $ £ € ¥ ₹ % ‰ °".split())
_CURRENCIES = frozenset(
    "dollars dollar euros euro pounds kroner krone kronor rupees rupee yen yuan roubles rubles francs pesos "
    "cents pence kilometres kilometers miles metres meters feet tonnes tons kilograms litres liters barrels "
    "acres hectares degrees megawatts gigawatts points votes seats people".split()
)
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:s|-\d+)?\Z")
_SUBORDINATES = frozenset(
    "which who whose whom where when while whereas as after before since although though because so but and "
    "with without according including despite adding making leaving giving bringing taking following citing "
    "saying up down".split()
)
_KEPT_TAILS = frozenset("unless except excluding not without only".split())
LEADING = re.compile(
    r"(?:(?:But|And|Yet|So|Also|Now|Still|Then|Plus|Or|but|and|yet|so|while|whereas)\s+|"
    r"(?:However|Meanwhile|Moreover|Furthermore|In fact|In addition|Indeed|Also|Overall|Today|Now|Still|Yet|Besides|"
    r"For example|For instance|Instead|By contrast|By comparison|Of course|As a result|In total|Nevertheless|"
    r"Nonetheless|In short),\s+)+"
)
_AMOUNTING = re.compile(
    r",\s+(?:which\s+is\s+)?(?P<verb>amounting to|representing|accounting for|corresponding to|equivalent to|equal to|"
    r"totalling|totaling)\s+(?P<rest>(?:(?:about|around|nearly|almost|roughly|some|just|only|over|more than|less than|"
    r"approximately|at least)\s+){0,2}\S*\d[^,;]{0,80})"
)
_FINITE_FORM = {
    "amounting to": ("amounts to", "amounted to"),
    "representing": ("represents", "represented"),
    "accounting for": ("accounts for", "accounted for"),
    "corresponding to": ("corresponds to", "corresponded to"),
    "equivalent to": ("is equivalent to", "was equivalent to"),
    "equal to": ("is equal to", "was equal to"),
    "totalling": ("totals", "totalled"),
    "totaling": ("totals", "totaled"),
}
_SPENDING = frozenset(
    "use uses used spend spends spent allocate allocates allocated budget budgets budgeted pay pays paid".split()
)
_PURPOSE = re.compile(r"\s(?:on|for|to)\s+(?P<purpose>[a-z][\w’' -]{2,40})\Z")
_VALUED = re.compile(
    r"(?:an?|the)\s+(?:\w+\s+){0,2}(?:step|sign|start|achievement|success|milestone|boost|problem|improvement|move|disgrace|scandal)\b"
)
_DROPPED = frozenset("now also then therefore meanwhile".split())
_LAW = re.compile(
    r"\b(?:law|act|rule|rules|treaty|constitution|regulation|regulations|directive|code|agreement|statute|ordinance|amendment|charter|convention|pact|laws)\b",
    re.IGNORECASE,
)
_CAUSED = re.compile(
    r"\b(?:because of|due to|as a result of|thanks to|owing to|on account of|led to|leads to|resulted in|results in|"
    r"stemmed from|stems from|contributed to|contributes to)\s"
)


@dataclass(frozen=True)
class _Unit:
    """A stretch of one voice: the article's, or a source's."""

    start: int
    end: int
    source: Stretch | None = None
    """The mention of whoever asserts it."""


def find_claims(document: Document, quotes: Sequence[Drafted] | None = None) -> list[Drafted]:
    """The claims of an article as drafts with offsets, in document order.

    Every draft grounds: its evidence stands at its offset and bears out its text. `quotes` are the drafts of
    `find_quotes`, where the caller has them already. Linear in the text's length; never raises for any text.
    """
    found: list[Drafted] = []
    seen: set[tuple[int, int, str]] = set()
    for unit in _units(document, find_quotes(document) if quotes is None else quotes):
        for start, end in split_clauses(document.text, unit.start, unit.end):
            for stretch, text, kind in _assertions(document.text, start, end):
                key = (*stretch, text)
                if key not in seen and _supported(document, stretch, text):
                    seen.add(key)
                    found.append(_drafted(document, unit, stretch, text, kind))
    return sorted(found, key=lambda drafted: drafted.at["evidence"])


def _drafted(document: Document, unit: _Unit, stretch: Stretch, text: str, kind: ClaimKind) -> Drafted:
    at = {"evidence": (stretch[0],)}
    if unit.source:
        at["claimant"] = (unit.source[0],)
    draft = ClaimDraft(
        sentence=document.sentence_at(stretch[0]).number,
        evidence=[document.text[slice(*stretch)]],
        text=text,
        kind=kind,
        claimant=document.text[slice(*unit.source)] if unit.source else None,
        claimant_name=None,
    )
    return Drafted("claims", draft, at)


def _supported(document: Document, stretch: Stretch, text: str) -> bool:
    try:
        check_support(text, [Span.of(document.text, *stretch)], document)
    except UnsupportedError:
        return False
    return True


def _units(document: Document, quotes: Sequence[Drafted]) -> Iterator[_Unit]:
    """The contents of quotes, sentence by sentence, and the sentences in which nothing is reported."""
    touched: set[int] = set()
    for drafted in quotes:
        draft: QuoteDraft = drafted.draft  # type: ignore[assignment]
        starts = drafted.at["content"]
        spans = [(at, at + len(content)) for at, content in zip(starts, draft.content, strict=True)]
        source = cue = None
        if draft.speaker is not None and drafted.at.get("speaker"):
            source = (drafted.at["speaker"][0], drafted.at["speaker"][0] + len(draft.speaker))
        if draft.cue is not None and drafted.at.get("cue"):
            cue = (drafted.at["cue"][0], drafted.at["cue"][0] + len(draft.cue))
        for start, end in (*spans, *filter(None, (source, cue))):
            touched.update(range(document.sentence_at(start).number, document.sentence_at(end - 1).number + 1))
        if draft.cue is not None and any(word.form in _REPORTED_AS_UNTRUE for word in find_words(draft.cue)):
            continue
        for start, end in spans:
            yield from _by_sentence(document, start, end, source)
    for sentence in document.sentences:
        if sentence.number not in touched and not (_is_headline(document, sentence) or _may_report(document, sentence)):
            yield _Unit(sentence.start, sentence.end)


def _is_headline(document: Document, sentence: Sentence) -> bool:
    """Whether a sentence is the article's first line, without a stop: what it says stands below in full."""
    ends = document.text[sentence.end - 1]
    return sentence.paragraph == 0 and len(document.paragraphs) > 1 and ends not in ".!?…\"”’'"


def _may_report(document: Document, sentence: Sentence) -> bool:
    """Whether a sentence that no quote touches reports somebody all the same: the article does not say it then."""
    words = find_words(document.text, sentence.start, sentence.end)
    return any(_is_said(word, following) for word, following in pairwise([*words, Word.of("", 0, 0)]))


def _is_said(word: Word, following: Word) -> bool:
    if word.form == "according":
        return following.form == "to"
    if word.text in _HEARD:
        return True
    return word.text.islower() and any("bare" in cue.uses or cue.lemma in _SAYING for cue in cues().get(word.text, ()))


def _by_sentence(document: Document, start: int, end: int, source: Stretch | None) -> Iterator[_Unit]:
    for number in range(document.sentence_at(start).number, document.sentence_at(end - 1).number + 1):
        sentence = document.sentences[number - 1]
        begin, stop = max(start, sentence.start), min(end, sentence.end)
        if begin < stop:
            yield _Unit(begin, stop, source)


def _assertions(text: str, start: int, end: int) -> Iterator[tuple[Stretch, str, ClaimKind]]:
    """What a clause asserts: evidence, text and kind; mostly nothing or one fact, two where an amount comes twice."""
    leading = LEADING.match(text, start, end)
    if leading is not None and leading.end() < end:
        start = leading.end()
    amounting = _AMOUNTING.search(text, start, end)
    whole = read_clause(text, start, amounting.start() if amounting else end)
    if whole is None:
        return
    if amounting is not None and (second := _second_amount(whole, amounting)) is not None:
        yield (amounting.start("verb"), _rest_end(text, amounting)), second, "quantity"
    stretch = _shortest(whole, amounting.start() if amounting else end)
    clause = read_clause(text, *stretch)
    if clause is None:
        return
    if (bare := _presupposed(clause)) is not None:
        yield (*bare,)
        return
    kind = _kind(clause)
    if kind is not None and _stands_alone(clause):
        yield stretch, _alone(clause, stretch), kind


def _shortest(clause: Clause, end: int) -> Stretch:
    """The clause without a tail that only adds to it, as half-open offsets."""
    text, words = clause.text, clause.words
    for index in range(clause.lexical + 1, len(words)):
        gap = text[words[index - 1].end : words[index].start]
        if "," not in gap or words[index].form in _KEPT_TAILS:
            continue
        adds = words[index].form in _SUBORDINATES or words[index].form.endswith("ing")
        if adds and not any(word.form in _KEPT_TAILS or word.negates for word in words[index:]):
            return clause.start, words[index - 1].end
    return clause.start, closing(text, clause.start, words[-1].end, end)


def _second_amount(clause: Clause, amounting: re.Match[str]) -> str | None:
    """What is spent on something, amounting to a share, as a sentence of its own: "X's road spending amounts to …"."""
    subject = _plain(clause.text[clause.start : clause.subject[-1].end])
    purpose = _PURPOSE.search(clause.text, clause.words[clause.lexical].end, amounting.start())
    if clause.form not in _SPENDING or purpose is None or not _stands_alone(clause):
        return None
    words = subject.split()
    while words and words[-1].lower() in _DROPPED | {"already", "still", "currently", "only"}:
        words.pop()
    if not words or any(word.endswith(",") for word in words):
        return None
    owner = " ".join(words)
    owner += "'" if owner.endswith("s") else "'s"
    past = clause.words[clause.verb].form in verbs().past
    said = _FINITE_FORM[amounting["verb"]][past]
    rest = clause.text[amounting.start("rest") : _rest_end(clause.text, amounting)]
    return _sentence(f"{owner} {purpose['purpose']} spending {said} {_plain(rest)}")


def _rest_end(text: str, amounting: re.Match[str]) -> int:
    end = amounting.end("rest")
    while end > amounting.start("rest") and not (text[end - 1].isalnum() or text[end - 1] in ")]%"):
        end -= 1
    return end


def _presupposed(clause: Clause) -> tuple[Stretch, str, ClaimKind] | None:
    """The figure that a judgement is passed on: "Ten million more for schools in 2016 is an important step"."""
    verb = clause.words[clause.verb]
    if verb.form not in BE or not _VALUED.match(clause.text, verb.end + 1):
        return None
    subject = clause.subject
    figures = [index for index in range(len(subject)) if _figure(clause.text, subject, index) == "strong"]
    if (
        not figures
        or figures[0] > 2
        or not any(w.form in ("more", "less", "fewer", "extra", "additional") for w in subject[:6])
    ):
        return None
    if any(word.form in _OPEN_SUBJECTS for word in subject) or len(subject) < SHORTEST_CLAUSE:
        return None
    stretch = (subject[0].start, subject[-1].end)
    said = _plain(clause.text[slice(*stretch)])
    if not subject[0].text.isupper():
        said = said[0].lower() + said[1:]
    return stretch, f"There {verb.form} {said}.", "quantity"


def _kind(clause: Clause) -> ClaimKind | None:
    """What sort of fact a clause states; None where it states none that can be checked."""
    words = clause.words
    if len(words) > LONGEST_CLAUSE or any(word.form in _NEVER for word in words):
        return None
    if clause.form in _JUDGING or words[clause.verb].form in _JUDGING or _reports(clause):
        return None
    if any(
        one.form in ("need", "needs", "has", "have", "had", "ought") and other.form == "to"
        for one, other in pairwise(words)
    ):
        return None
    figures = _figures(clause)
    group = {word.form for word in words[clause.verb : clause.lexical + 1]}
    if group & _HEDGED:
        return None
    said = clause.text[clause.start : words[-1].end]
    if group & _WILL or _SCHEDULED.search(said):
        planned = _dated(clause) and (
            clause.says("event") or clause.says("measure") or _SCHEDULED.search(said) is not None
        )
        return "prediction" if (figures or planned) and _names_something(clause) else None
    if _CAUSED.search(said) and (figures or _names_something(clause)) and "would" not in group:
        return "causal"
    if (
        clause.says("rule")
        and _LAW.search(said, 0, clause.words[clause.lexical].start - clause.start)
        and "would" not in group
    ):
        return "rule"
    if figures:
        return "quantity"
    if "would" not in group and clause.says("event") and _happened(clause):
        return "event"
    return None


def _reports(clause: Clause) -> bool:
    """Whether the clause only says that somebody says something."""
    if clause.form not in cues() and clause.form not in _JUDGING:
        return False
    following = clause.words[clause.lexical + 1].form if clause.lexical + 1 < len(clause.words) else ""
    return following in ("that", "he", "she", "they", "it", "we", "i", "to") or not (
        clause.says("measure") or clause.says("event")
    )


def _figures(clause: Clause) -> bool:
    """Whether the clause states a figure: measured by its verb, or given behind it."""
    counted = clause.says("measure") or clause.says("event")
    plain = clause.form in AUXILIARIES or clause.words[clause.verb].form in AUXILIARIES
    compound = clause.words[clause.verb].form == "would"
    for index in range(len(clause.words)):
        strength = _figure(clause.text, clause.words, index)
        behind = index > clause.verb
        if strength == "strong" and (behind or counted):
            return True
        if strength == "times" and clause.says("measure") and index >= clause.verb:
            return True
        if strength == "digits" and not compound and (counted or (behind and plain)):
            return True
        if strength == "word" and not compound and counted and (behind or index <= 2):
            return True
    return False


def _figure(text: str, words: Sequence[Word], index: int) -> str | None:
    """How sure a word is a figure: `strong` (it has a unit), `times`, `digits`, `word`; None for dates and names."""
    word = words[index]
    value = word.value
    if value is None or not any(character.isdigit() for character in value):
        return (
            "times"
            if value in ("double", "doubled", "triple", "tripled", "twice", "half", "halved") and index
            else None
        )
    before = words[index - 1] if index else None
    after = words[index + 1] if index + 1 < len(words) else None
    beside = {other.form for other in (before, after) if other is not None}
    unit = (after is not None and (after.value in _UNITS or after.form in _CURRENCIES)) or (
        before is not None and before.value in _UNITS
    )
    third = words[index + 2].value if index + 2 < len(words) else None
    if unit or third == "percent":
        return "strong"
    bracketed = text[word.end : word.end + 2].strip() == "["
    if (
        value.endswith("th")
        or _YEAR.match(value)
        or beside & (_MONTHS | {"am", "pm", "a.m", "p.m", "o'clock"})
        or bracketed
    ):
        return None
    if (
        after is None
        or after.form in _TIMES
        or after.form.startswith(("year-old", "month-old"))
        or "-" in text[word.end : after.start]
    ):
        return None
    if before is not None and (
        before.form in _NUMBERED or (before.text[0].isupper() and index > 1 and text[before.end : word.start] == " ")
    ):
        return None
    if text[word.start - 1 : word.start] in ("-", "#") or ("," in text[word.end : after.start]):
        return None
    if not after.text[0].islower() or after.form in FUNCTION_WORDS - {"more", "less", "fewer", "other", "most"}:
        return None
    if word.text[0].isdigit():
        return "digits"
    return (
        "word"
        if value != "1" and (after.form.endswith("s") or after.form in ("people", "men", "women", "children"))
        else None
    )


def _dated(clause: Clause) -> bool:
    words = clause.words
    for index, word in enumerate(words):
        if word.form in _DAYS or (word.form in _MONTHS and word.text[0].isupper() and index):
            return True
        if word.value is not None and _YEAR.match(word.value):
            return True
        if word.form in _TIMES and index and words[index - 1].form in ("last", "next", "this"):
            return True
    return False


def _happened(clause: Clause) -> bool:
    """Whether something happened: a past verb, or a dated present, with a named subject and a date or a place."""
    words = clause.words
    subject = clause.subject
    named = any(
        word.text[0].isupper() and word.form not in FUNCTION_WORDS and (index or len(subject) > 1)
        for index, word in enumerate(subject)
    )
    named = named or (len(subject) == 1 and subject[0].text[0].isupper() and subject[0].form not in FUNCTION_WORDS)
    if not named:
        return False
    past = clause.form in verbs().past or words[clause.verb].form in _PAST_AUXILIARIES
    if _dated(clause):
        return past or any(word.value is not None and _YEAR.match(word.value) for word in words)
    placed = any(
        one.form in ("in", "at", "near", "outside") and other.text[0].isupper()
        for one, other in zip(words[clause.lexical :], words[clause.lexical + 1 :], strict=False)
    )
    return past and placed


def _names_something(clause: Clause) -> bool:
    return any(
        word.text[0].isupper() and index and word.form not in FUNCTION_WORDS for index, word in enumerate(clause.words)
    ) or (clause.words[0].text[0].isupper() and clause.words[0].form not in FUNCTION_WORDS)


def _stands_alone(clause: Clause) -> bool:
    """Whether a reader of the clause alone knows what it is about."""
    words, subject = clause.words, clause.subject
    for index, word in enumerate(words):
        following = words[index + 1].form if index + 1 < len(words) else ""
        if word.form in _DEMONSTRATIVES and following in _TIMES:
            continue
        if (
            word.form == "that"
            and index
            and (clause.finite[index - 1] or index > clause.verb or words[index - 1].form not in FUNCTION_WORDS)
        ):
            continue  # a relative, or what is found that …
        if word.form in ("which", "who", "whose", "where", "when") and index:
            continue
        if (
            index < clause.verb
            and word.form in _OPEN_SUBJECTS
            and not (word.form in ("one", "both", "former", "same") and index)
        ):
            return False
        if index > clause.verb and word.form in _OPEN_OBJECTS:
            return False
    if not balanced(clause.text, clause.start, clause.end):
        return False
    if words[0].form == "there" and not _names_something(clause):
        return False
    return not _definite_without_name(subject) and not words[0].form.startswith(("according", "which"))


def _definite_without_name(subject: Sequence[Word]) -> bool:
    """Whether the subject is a thing that only the sentences before it name: "the bank", "the two sides"."""
    head = 0
    if subject[0].form in (
        "in",
        "on",
        "at",
        "by",
        "since",
        "during",
        "for",
        "from",
        "after",
        "before",
        "under",
        "last",
        "this",
        "over",
        "among",
        "across",
        "of",
        "with",
        "according",
    ):
        commas = [index for index in range(1, len(subject)) if subject[index].form == "the"]
        head = commas[-1] if commas and commas[-1] > 1 else 0
    first = subject[head].form
    if first == "there":
        return False
    if first not in ("the", "then", "to", "not") and head == 0:
        return False
    if first != "the":
        return first in ("then", "to")
    rest = subject[head + 1 :]
    known = {"world", "earth", "sun", "moon", "planet", "internet"}
    return not any(word.text[0].isupper() or word.form in known for word in rest)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _alone(clause: Clause, stretch: Stretch) -> str:
    """The clause as a sentence of its own, without "now" and "also" beside its verb."""
    pieces = []
    at = stretch[0]
    for index in range(max(0, clause.verb - 1), min(len(clause.words), clause.lexical + 1)):
        word = clause.words[index]
        if word.form in _DROPPED and clause.text[word.end : word.end + 1] == " " and index:
            pieces.append(clause.text[at : word.start])
            at = word.end + 1
    pieces.append(clause.text[at : stretch[1]])
    return _sentence(_plain("".join(pieces)))


def _sentence(text: str) -> str:
    text = text.strip().rstrip(",;:")
    first = next((index for index, character in enumerate(text) if character.isalnum()), 0)
    # "iPhone" and "al-Amin" keep their first letter.
    if text[first : first + 1].islower() and not any(
        character.isupper() for character in text[first : text.find(" ", first)]
    ):
        text = text[:first] + text[first].upper() + text[first + 1 :]
    return text if text.endswith((".", "!", "…")) else f"{text}."
