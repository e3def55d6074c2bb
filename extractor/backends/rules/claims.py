"""Claims: what an article and its sources assert that could be checked, a proposition each.

`propositions` says what the clauses of a sentence say; here it is decided in whose voice (the article's, or that of the
quote which they stand in), what is no assertion of a fact (the attribution itself, questions, demands, wishes,
judgements, what somebody is said to deny), what kind of fact it is, and how it reads alone: a pronoun that stands for a
person named before is replaced by the name.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from extractor.backends.rules.cues import cues
from extractor.backends.rules.propositions import Proposition, Stretch, balanced, propositions
from extractor.backends.rules.quotes import find_quotes
from extractor.backends.rules.verbs import AUXILIARIES, BE, verbs
from extractor.kinds.claim import AttributedClaimDraft
from extractor.kinds.kind import Drafted, UnsupportedError
from extractor.kinds.support import check_support
from extractor.records.span import Span
from extractor.text.words import Word, find_words, has_more_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from extractor.kinds.quote import QuoteDraft
    from extractor.records.item import ClaimKind
    from extractor.text.document import Document
    from extractor.text.sentences import Sentence

    Resolve = Callable[[Span], str | None]
    """A pronoun → the name of whom it means, where that is clear."""

SHORTEST = 3
"""Words in a claim, at least."""
HEADING_WORDS = 9
"""Words of a paragraph without a stop that is a heading, at most."""

_NOT_ASSERTED = frozenset(
    "deny denies denied denying doubt doubts doubted dispute disputes disputed reject rejects rejected ask "
    "asks asked asking wonder wonders wondered question questions questioned urge urges urged urging demand "
    "demands demanded demanding order orders ordered want wants wanted joke joked jokes call calls called".split()
)
"""Cues of what its source does not assert."""
_PLEDGING = frozenset("vow vows vowed pledge pledges pledged promise promises promised threaten threatened".split())
_REPORTING = frozenset("heard alleged allegedly reportedly purportedly".split())
_SAYING = frozenset("estimate mention allege suggest predict speculate hint testify boast complain".split())
_DEMANDING = frozenset("should ought let's lets please hopefully".split())
_WISHING = frozenset(
    "hope hopes hoped hoping wish wishes wished imagine suppose prefer prefers preferred deserve deserves".split()
)
_OPINING = frozenset("think thinks thought believe believes believed feel feels felt guess consider know knew".split())
_WANTING = frozenset("need want like love hate intend promise".split())
_FIRST_PERSON = frozenset("i we i'm i've i'd i'll we're we've we'd we'll".split())
_SECOND_PERSON = frozenset("you you're you've you'd you'll your yours".split())
_ARTICLES = frozenset("a an the its his her their".split())
_PERSONAL = frozenset("he she".split())
_BEHIND_CUES = (None, *"that he she they it we i how why whether in on at after to me him her them us".split())
_TELLING = frozenset("say says said tell tells told ask asks asked add adds added know knows knew".split())
_FUTURE = frozenset("will shall would 'll won't wouldn't i'll we'll they'll it'll he'll she'll".split())
_SCHEDULED = re.compile(
    r"\b(?:scheduled|expected|due|set|projected|forecast|slated|predicted|planned|going|plans?|intends?)"
    r"\s+(?:to|for|by|on|in)\b|\bforecasts?\b|\bpredict(?:s|ed)?\b|\b(?:is|are) to be\b|\bby the end of\b|"
    r"\bnext (?:year|month|week)\b"
)
_RULING = re.compile(
    r"\b(?:must|requires?|required|prohibits?|prohibited|bans?|banned|forbids?|obliges?|obliged|entitles?|entitled|"
    r"allows?|permits?|exempts?|outlaws?|caps|mandates?|may not)\b"
)
_CAUSED = re.compile(
    r"\b(?:because|due to|as a result of|thanks to|owing to|on account of|led to|leads to|resulted in|results in|"
    r"caused|stemmed from|stems from|contributed to|contributes to|so that|triggered|prompted|forced|blamed?)\b"
)
_NUMBER_ONLY = frozenset("one half single".split())
_MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec".split()
)
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:s|-\d+)?\Z")
_BOILERPLATE = re.compile(
    r"\W*(?:reporting by|additional reporting|editing by|writing by|read more|related|photo|picture|image|sign up|"
    r"subscribe|follow us|copyright|©|listen|watch|more on|advertisement|story continues|for more|contact|"
    r"notes? to editors|click|share this|tags|by the same author)\b",
    re.IGNORECASE,
)
LEADING = re.compile(
    r"(?:(?:But|And|Yet|So|Also|Now|Still|Then|Plus|Or|but|and|yet|so|while|whereas|though)\s+|"
    r"(?:However|Meanwhile|Moreover|Furthermore|In fact|In addition|Indeed|Also|Overall|Today|Now|Still|Yet|Besides|"
    r"For example|For instance|Instead|By contrast|By comparison|Of course|As a result|In total|Nevertheless|Unusually|"
    r"Nonetheless|In short|In the end|Well|Yes|No|Look|Actually|Frankly),\s+)+"
)
_DROPPED = frozenset("now also then therefore meanwhile".split())
_SPENDING = frozenset(
    "use uses used spend spends spent allocate allocates allocated budget budgets budgeted pay pays paid".split()
)
_PURPOSE = re.compile(r"\s(?:on|for|to)\s+(?P<purpose>[a-z][\w’' -]{2,40})\Z")
_VALUED = re.compile(
    r"(?:an?|the)\s+(?:\w+\s+){0,2}(?:step|sign|start|achievement|success|milestone|boost|problem|improvement|move|disgrace|scandal)\b"
)
_FINITE_FORMS = {
    "amounting": ("amounts", "amounted"),
    "representing": ("represents", "represented"),
    "accounting": ("accounts", "accounted"),
    "corresponding": ("corresponds", "corresponded"),
    "equivalent": ("is equivalent", "was equivalent"),
    "totalling": ("totals", "totalled"),
    "totaling": ("totals", "totaled"),
}


@dataclass(frozen=True)
class _Unit:
    """A stretch of one voice: the article's, or a source's."""

    start: int
    end: int
    source: Stretch | None = None
    """The mention of whoever asserts it."""
    direct: bool = False
    """Whether it is a source's own words."""
    pledged: bool = False
    """Whether the source pledges it."""
    asserted: bool = True
    """Whether the source says that it is so; not what it denies, asks or demands."""


def find_claims(
    document: Document, quotes: Sequence[Drafted] | None = None, resolve: Resolve | None = None
) -> list[Drafted]:
    """The claims of an article as drafts with offsets, in document order.

    Every draft grounds: its evidence stands at its offset and bears out its text. Linear in the text's length; never
    raises for any text.

    Args:
        document: The article.
        quotes: The drafts of `find_quotes`, where the caller has them already.
        resolve: Says whom a pronoun means.
    """
    found: list[Drafted] = []
    seen: set[tuple[Stretch, ...]] = set()
    for unit in _units(document, find_quotes(document) if quotes is None else quotes):
        words = find_words(document.text, unit.start, unit.end)
        if not words:
            continue
        for proposition in propositions(document.text, words, unit.end):
            for assertion in _assertions(document, unit, proposition, resolve):
                if assertion.pieces not in seen and (drafted := _drafted(document, unit, assertion)) is not None:
                    seen.add(assertion.pieces)
                    found.append(drafted)
    return sorted(found, key=lambda drafted: drafted.at["evidence"])


@dataclass(frozen=True)
class _Assertion:
    """A fact: by which words, of which kind, and how it reads alone, the best reading first."""

    pieces: tuple[Stretch, ...]
    kind: ClaimKind
    texts: tuple[str, ...]


def _drafted(document: Document, unit: _Unit, assertion: _Assertion) -> Drafted | None:
    """The draft, in the best reading that its evidence bears out."""
    evidence = [Span.of(document.text, *piece) for piece in assertion.pieces]
    for text in assertion.texts:
        try:
            check_support(text, evidence, document)
        except UnsupportedError:
            continue
        at = {"evidence": tuple(span.start for span in evidence)}
        if unit.source:
            at["claimant"] = (unit.source[0],)
        draft = AttributedClaimDraft(
            sentence=document.sentence_at(evidence[0].start).number,
            evidence=[span.text for span in evidence],
            text=text,
            kind=assertion.kind,
            claimant=document.text[slice(*unit.source)] if unit.source else None,
            claimant_name=None,
        )
        return Drafted("claims", draft, at)
    return None


def _units(document: Document, quotes: Sequence[Drafted]) -> Iterator[_Unit]:
    """The article's sentences, cut where a quote begins or ends: what is quoted is in its source's voice."""
    quoted: list[_Unit] = []
    for drafted in quotes:
        draft: QuoteDraft = drafted.draft  # type: ignore[assignment]
        source = None
        if draft.speaker is not None and drafted.at.get("speaker"):
            source = (drafted.at["speaker"][0], drafted.at["speaker"][0] + len(draft.speaker))
        words = find_words(draft.cue) if draft.cue is not None else []
        asserted = not any(word.form in _NOT_ASSERTED for word in words)
        pledged = any(word.form in _PLEDGING for word in words)
        for at, content in zip(drafted.at["content"], draft.content, strict=True):
            # A turn of a transcript has neither marks nor a cue.
            direct = draft.cue is None or document.text[max(0, at - 1) : at] in tuple("\"“‘'«„")
            quoted.append(_Unit(at, at + len(content), source, direct, pledged, asserted))
    for sentence, parts in _voices(document, quoted):
        untouched = all(one is None for _, _, one in parts)
        if _is_skipped(document, sentence) or (untouched and _may_report(document, sentence)):
            continue
        for start, end, unit in parts:
            if _asks(document, start, end):
                continue
            if unit is None:
                yield _Unit(start, end)
            elif unit.asserted:
                yield replace(unit, start=start, end=end)


def _voices(
    document: Document, quoted: Sequence[_Unit]
) -> Iterator[tuple[Sentence, list[tuple[int, int, _Unit | None]]]]:
    """Each sentence cut where a quote begins or ends, each part with the innermost quote that it is of."""
    waiting = deque(sorted(quoted, key=lambda unit: (unit.start, -unit.end)))
    open_: list[_Unit] = []
    for sentence in document.sentences:
        inside = [unit for unit in open_ if unit.end > sentence.start]
        while waiting and waiting[0].start < sentence.end:
            inside.append(waiting.popleft())
        edges = sorted(
            {sentence.start, sentence.end}
            | {edge for unit in inside for edge in (unit.start, unit.end) if sentence.start < edge < sentence.end}
        )
        parts: list[tuple[int, int, _Unit | None]] = []
        begun, at = [], 0
        for start, end in pairwise(edges):
            while at < len(inside) and inside[at].start <= start:
                begun.append(inside[at])
                at += 1
            begun = [unit for unit in begun if unit.end > start]
            parts.append((start, end, min(begun, key=lambda unit: unit.end - unit.start, default=None)))
        open_ = [unit for unit in inside if unit.end > sentence.end]
        yield sentence, parts


def _asks(document: Document, start: int, end: int) -> bool:
    return document.text[start:end].rstrip("\"”’') ").endswith("?")


def _is_skipped(document: Document, sentence: Sentence) -> bool:
    """Whether a sentence is a headline, which the text says again, or no part of the article's text."""
    if _BOILERPLATE.match(document.text, sentence.start, sentence.end):
        return True
    start, end = document.paragraphs[sentence.paragraph]
    if len(document.paragraphs) == 1 or document.text[sentence.end - 1] in ".!?…\"”’'":
        return False
    return sentence.paragraph == 0 or (
        # "Turnout falls to 63%": a heading; a line of a table has a colon, an item of a list its sign.
        (sentence.start, sentence.end) == (start, end)
        and document.text[start].isalnum()
        and ":" not in document.text[start:end]
        and not has_more_words(document.text[start:end], HEADING_WORDS)
    )


def _may_report(document: Document, sentence: Sentence) -> bool:
    """Whether a sentence that no quote touches reports somebody all the same: the article does not say it then."""
    words = find_words(document.text, sentence.start, sentence.end)
    return any(_is_said(word, following) for word, following in pairwise([*words, Word.of("", 0, 0)]))


def _is_said(word: Word, following: Word) -> bool:
    if word.form == "according":
        return following.form == "to"
    if word.text in _REPORTING:
        return True
    return word.text.islower() and any("bare" in cue.uses or cue.lemma in _SAYING for cue in cues().get(word.text, ()))


def _assertions(
    document: Document, unit: _Unit, proposition: Proposition, resolve: Resolve | None
) -> Iterator[_Assertion]:
    """The fact that a proposition states: none, or one."""
    text = document.text
    if proposition.verb >= 0 and (presupposed := _presupposed(text, proposition)) is not None:
        yield presupposed
        return
    if not _is_fact(text, unit, proposition):
        return
    pieces = proposition.pieces
    leading = LEADING.match(text, pieces[0][0], pieces[0][1])
    if leading is not None and leading.end() < pieces[0][1]:
        pieces = ((leading.end(), pieces[0][1]), *pieces[1:])
    if not all(balanced(text, *piece) for piece in pieces):
        pieces = tuple(_unmarked(text, *piece) for piece in pieces)
    if any(start >= end for start, end in pieces):
        return
    said = " … ".join(_plain(text[slice(*piece)]) for piece in pieces)
    readings = [*_readings(document, unit, proposition, pieces, resolve), _sentence(said), said]
    yield _Assertion(pieces, _kind(text, unit, proposition), tuple(dict.fromkeys(readings)))


def _unmarked(text: str, start: int, end: int) -> Stretch:
    """A stretch without quotation marks and brackets at its ends that have no partner in it."""
    while start < end and not balanced(text, start, end) and text[start] in "\"“”‘’'«»([)]":
        start += 1
    while start < end and not balanced(text, start, end) and text[end - 1] in "\"“”‘’'«»([)]":
        end -= 1
    return start, end


def _is_fact(text: str, unit: _Unit, proposition: Proposition) -> bool:
    """Whether a proposition could be checked against the world, and is asserted."""
    words, verb = proposition.words, proposition.verb
    if len(words) < (SHORTEST if proposition.form in ("clause", "shared", "relative", "tail") else 2):
        return False
    forms = {word.form for word in words}
    if proposition.form == "apposition":
        return True
    if proposition.form in ("tail", "entry"):
        return any(word.value is not None and word.form not in _NUMBER_ONLY for word in words)
    if forms & _DEMANDING or forms & _WISHING:
        return False
    if verb < 0:
        return False
    main = words[verb]
    if _attributes(words, verb) and (unit.source is None or _lexical(words, verb).form in _TELLING):
        return False
    if unit.source is not None and "must" in forms:
        return False
    if unit.direct:
        subject = words[0].form
        if subject in _SECOND_PERSON:
            return False
        opinion = main.form in _OPINING | _WANTING or forms & {"would", "could", "glad", "sorry", "proud"}
        if subject in _FIRST_PERSON and (opinion or _has_to(words)):
            return False
        if text[words[-1].end : words[-1].end + 1] == "!":
            return False
    lexical = _lexical(words, verb)
    return not (lexical.form in _OPINING and words[0].form in _FIRST_PERSON)


def _has_to(words: Sequence[Word]) -> bool:
    return any(one.form in ("have", "need") and two.form == "to" for one, two in pairwise(words))


def _lexical(words: Sequence[Word], verb: int) -> Word:
    """The word of a verb that carries its meaning."""
    at = verb
    while at + 1 < len(words) and (
        words[at].form in AUXILIARIES
        or words[at].form.endswith(("ly", "n't"))
        or words[at].form in ("not", "now", "also", "already", "never", "just", "still", "only", "to", "been")
    ):
        at += 1
    return words[at]


def _attributes(words: Sequence[Word], verb: int) -> bool:
    """Whether a clause of the article only says that somebody says something."""
    lexical = _lexical(words, verb)
    if lexical.form not in cues() or not lexical.text.islower():
        return False
    following = next((word.form for word in words if word.start > lexical.start), None)
    return following in _BEHIND_CUES or any("bare" in cue.uses for cue in cues()[lexical.form])


def _presupposed(text: str, proposition: Proposition) -> _Assertion | None:
    """The figure that a judgement is passed on: "Ten million more for schools in 2016 is an important step"."""
    words, verb = proposition.words, proposition.verb
    if proposition.form != "clause" or words[verb].form not in BE or not _VALUED.match(text, words[verb].end + 1):
        return None
    subject = words[:verb]
    more = any(word.form in ("more", "less", "fewer", "extra", "additional") for word in subject[:6])
    if len(subject) < 4 or not more or not any(word.value is not None for word in subject[:3]):
        return None
    stretch = (subject[0].start, subject[-1].end)
    said = _plain(text[slice(*stretch)])
    if not subject[0].text.isupper():
        said = said[0].lower() + said[1:]
    return _Assertion((stretch,), "quantity", (f"There {words[verb].form} {said}.",))


def _kind(text: str, unit: _Unit, proposition: Proposition) -> ClaimKind:
    """What sort of fact a proposition states."""
    pieces = proposition.pieces
    words = [word for word in proposition.words if any(start <= word.start < end for start, end in pieces)]
    said = text[pieces[0][0] : pieces[-1][1]]
    if proposition.causal or (proposition.form != "apposition" and _CAUSED.search(said)):
        return "causal"
    forms = {word.form for word in words}
    if unit.pledged or (proposition.verb >= 0 and (forms & _FUTURE or _SCHEDULED.search(said))):
        return "prediction"
    if _RULING.search(said):
        return "rule"
    return "quantity" if any(_counts(words, index) for index in range(len(words))) else "event"


def _counts(words: Sequence[Word], index: int) -> bool:
    """Whether a word gives a figure: no year, no day of a month, no "first", no "one of"."""
    word = words[index]
    value = word.value
    if value is None or word.form in _NUMBER_ONLY or word.form.startswith("one"):
        return False
    if value.endswith("th") or _YEAR.match(value):
        return False
    beside = words[max(0, index - 1) : index + 2]
    return not (any(other.form in _MONTHS for other in beside) and value.isdigit())


def _readings(
    document: Document,
    unit: _Unit,
    proposition: Proposition,
    pieces: tuple[Stretch, ...],
    resolve: Resolve | None,
) -> Iterator[str]:
    """How a proposition reads alone, the best first; each is tried against its evidence."""
    text = document.text
    subject = proposition.subject
    predicate = _predicate(text, proposition)
    source = _plain(text[slice(*unit.source)]) if unit.source else None
    if proposition.form == "apposition" and subject is not None:
        described = _plain(text[slice(*proposition.predicate)])
        if described.split(" ")[0].lower() in _ARTICLES:
            described = described[0].lower() + described[1:]
        name = _plain(text[slice(*subject)])
        yield _sentence(f"{name} is {described}") if not described.isdigit() else f"{name} is {described}."
        return
    if proposition.form == "tail" and subject is not None:
        amount = _amount(text, proposition)
        if amount is not None:
            yield amount
        yield _sentence(f"{_plain(text[slice(*subject)])}, {_plain(text[slice(*proposition.predicate)])}")
        return
    if subject is None or proposition.form == "entry":
        return
    if unit.direct and source and any(word.form in _FIRST_PERSON for word in proposition.words):
        named = (resolve(Span.of(text, *unit.source)) if resolve and unit.source else None) or source
        yield f"{_upper(named)} says: “{_plain(text[slice(*pieces[0])])}”."
        return
    first = _plain(text[slice(*subject)])
    leading = LEADING.match(first)
    if leading is not None and leading.end() < len(first):
        first = first[leading.end() :]
    first = re.sub(rf"\s(?:{'|'.join(sorted(_DROPPED))})\Z", "", first)
    if first.casefold() in _PERSONAL and resolve is not None:
        meant = resolve(Span.of(text, *subject))
        if meant is not None:
            yield _sentence(f"{meant} {predicate}")
    yield _sentence(f"{first} {predicate}")


def _predicate(text: str, proposition: Proposition) -> str:
    """What is said of the subject, without "now" and "also" beside its verb."""
    start, end = proposition.predicate
    pieces = []
    at = start
    for word in proposition.words[max(0, proposition.verb) : max(0, proposition.verb) + 3]:
        if word.form in _DROPPED and at <= word.start and text[word.end : word.end + 1] == " " and word.end < end:
            pieces.append(text[at : word.start])
            at = word.end + 1
    pieces.append(text[at:end])
    return _plain("".join(pieces))


def _amount(text: str, proposition: Proposition) -> str | None:
    """What is spent on something, amounting to a share, as a sentence of its own: "X's road spending amounts to …"."""
    verb = proposition.words[0].form
    if verb not in _FINITE_FORMS or proposition.subject is None:
        return None
    words = find_words(text, *proposition.subject)
    at = next((index for index, word in enumerate(words) if word.form in _SPENDING and index), None)
    purpose = _PURPOSE.search(text, words[at].end, proposition.subject[1]) if at is not None else None
    if at is None or purpose is None:
        return None
    owner = [word for word in words[:at] if word.form not in _DROPPED | {"already", "still", "currently", "only"}]
    if not owner or "," in text[owner[0].start : owner[-1].end]:
        return None
    name = _plain(text[owner[0].start : owner[-1].end])
    name += "'" if name.endswith("s") else "'s"
    said = _FINITE_FORMS[verb][words[at].form in verbs().past]
    rest = text[proposition.words[0].end : proposition.predicate[1]]
    return _sentence(f"{name} {purpose['purpose']} spending {said} {_plain(rest)}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    text = text.strip().rstrip(",;:")
    first = next((index for index, character in enumerate(text) if character.isalnum()), 0)
    # "iPhone" and "al-Amin" keep their first letter.
    if text[first : first + 1].islower() and not any(
        character.isupper() for character in text[first : text.find(" ", first)]
    ):
        text = text[:first] + text[first].upper() + text[first + 1 :]
    return text if text.endswith((".", "!", "…")) else f"{text}."
