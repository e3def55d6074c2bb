"""A model as judge of claims: entailed, self-contained, atomic, covered; and how far two judges agree.

The questions are those by which Claimify is evaluated (Metropolitansky and Larson 2025, "Towards Effective Extraction
and Evaluation of Factual Claims"), in the words of `prompts/judge.v1.j2`: the first three are asked of each predicted
claim, with the article before it; the last of each claim of the gold, with all predicted claims. A judge is believed as
far as it agrees with readers who judged the same claims: `judges_agree` measures that, on judgements of the same form.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import MissingExtraError, ModelError, ReplyError, SourceError
from extractor.evaluation.counts import Matches, Share
from extractor.evaluation.gold import aligned, read_text
from extractor.evaluation.metrics.scored import Finding
from extractor.llm.events import PLACE, Place
from extractor.llm.reading import read_items
from extractor.prompting.layout import lay_out, nonce, one_line
from extractor.prompting.prompt import Prompt
from extractor.prompting.templates import load_frame
from extractor.records.article import Article
from extractor.text.chunks import split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from extractor.evaluation.counts import Counts
    from extractor.evaluation.gold import Gold, Labelled, LabelledClaim, Predictions
    from extractor.evaluation.metrics.scored import Outcome
    from extractor.llm.repair import Ask
    from extractor.prompting.templates import Frame
    from extractor.text.chunks import Chunk

TEMPLATE = "judge"
JUDGED_CHARS = 12_000
"""Characters of an article in one request: a judge reads more than an extractor, since what it says is short."""
MOST_CLAIMS = 25
MOST_FACTS = 40
"""Questions in a request; more, and models begin to leave some out."""
ROUNDS = 2
"""Requests for the same questions: those that a reply leaves out are asked once more."""


class _JudgedClaim(BaseModel):
    """A claim, judged."""

    claim: int
    reason: str | None
    entailed: bool
    self_contained: bool
    atomic: bool


class _JudgedFact(BaseModel):
    """A fact, and the claims that say it."""

    fact: int
    claims: list[int]


@dataclass(frozen=True)
class _Asked:
    """What a reply lists."""

    name: str
    draft: type[BaseModel]


_CLAIMS = _Asked("claims", _JudgedClaim)
_FACTS = _Asked("facts", _JudgedFact)


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ClaimJudgement(_Data):
    """What a judge says of one predicted claim."""

    claim: str
    """Its id."""
    text: str
    """The claim."""
    entailed: bool
    """The article says so, or the claim's source in it."""
    self_contained: bool
    """It can be understood without the article."""
    atomic: bool
    """It is one fact."""
    reason: str | None = None
    """What is wrong."""


class FactJudgement(_Data):
    """Whether predicted claims say what one claim of the gold says."""

    fact: str
    """The id of the gold's claim."""
    text: str
    """The gold's claim."""
    covered: bool
    """The predicted claims say it."""
    claims: tuple[str, ...] = ()
    """Ids of the predicted claims that say it."""


class Judgements(_Data):
    """One article's claims, as predicted by one system, judged. A line of a judgements file."""

    article: str
    """Its id."""
    system: str
    """Whose claims they are."""
    judge: str
    """A model's name, or who else judged."""
    claims: tuple[ClaimJudgement, ...] = ()
    """The predicted claims that were judged."""
    facts: tuple[FactJudgement, ...] = ()
    """The gold's claims that were looked for."""
    asked_claims: int | None = None
    """How many were to be judged; those judged if None."""
    asked_facts: int | None = None
    """Likewise."""

    def counts(self) -> dict[str, Counts]:
        """What adds up: a share for each question, and precision by the first three with recall by the last."""
        good = sum(one.entailed and one.self_contained and one.atomic for one in self.claims)
        covered = sum(one.covered for one in self.facts)
        # What could not be judged is left out, not held against the system.
        found: dict[str, Counts] = {
            f"claims.judged.{name}": Share(sum(getattr(one, name) for one in self.claims), len(self.claims))
            for name in ("entailed", "self_contained", "atomic")
        }
        found["claims.judged.covered"] = Share(covered, len(self.facts))
        found["claims.judged"] = Matches(good, len(self.claims), covered, len(self.facts))
        return found

    def findings(self, gold: Labelled, predicted: Labelled) -> list[Finding]:
        """What the judge finds wrong, for people to look at."""
        ours, theirs = dict(_named(gold)), dict(_named(predicted))
        wrong: dict[Outcome, str] = {"unentailed": "entailed", "dependent": "self_contained", "compound": "atomic"}
        found = []
        for one in self.claims:
            outcomes = [outcome for outcome, name in wrong.items() if not getattr(one, name)]
            if outcomes and one.claim in theirs:
                found.append(Finding("claims", outcomes[0], None, theirs[one.claim], also=tuple(outcomes[1:])))
        found += [
            Finding("claims", "uncovered", ours[one.fact]) for one in self.facts if not one.covered and one.fact in ours
        ]
        return found


class Verdict(NamedTuple):
    """An article's judgements, and why some are not there."""

    judgements: Judgements
    error: ModelError | None


async def judge_all(
    gold: Gold, predictions: Predictions, ask: Ask, judge: str
) -> tuple[dict[str, Judgements], dict[str, ModelError]]:
    """Judge what a system predicts of gold's articles: judgements by article, and why some are incomplete.

    Articles of which it predicts nothing are judged too: nothing of them is covered.

    Raises:
        SourceError: A prediction was made of another text than gold's.
    """

    async def one(article: Labelled, predicted: Labelled) -> Verdict:
        PLACE.set(Place(article.id, 0, len(article.text)))
        return await judge_article(article, predicted, ask, system=predictions.name, judge=judge)

    pairs = list(aligned(gold, predictions))
    verdicts = await asyncio.gather(*(asyncio.create_task(one(article, predicted)) for article, predicted in pairs))
    judged = {verdict.judgements.article: verdict.judgements for verdict in verdicts}
    return judged, {one.judgements.article: one.error for one in verdicts if one.error is not None}


async def judge_article(gold: Labelled, predicted: Labelled, ask: Ask, *, system: str, judge: str) -> Verdict:
    """Judge the claims that a system predicts of an article. A `ModelError` is in the verdict, never raised.

    Args:
        gold: The article with its gold claims; without any, coverage is not asked.
        predicted: What the system says.
        ask: Sends prompts to the judge.
        system: The system's name, for the record.
        judge: The judge's.
    """
    judging = _Judging(_frame(), ask)
    theirs, ours = list(_named(predicted)), list(_named(gold))
    document = Document.of(Article(id=gold.id, text=gold.text, title=gold.article.title))
    numbers = {key: at for at, (key, _) in enumerate(theirs, 1)}
    claims, facts = await asyncio.gather(
        judging.claims(theirs, numbers, document), judging.facts(ours, theirs, numbers)
    )
    return Verdict(
        Judgements(
            article=gold.id,
            system=system,
            judge=judge,
            claims=tuple(claims),
            facts=tuple(facts),
            asked_claims=len(theirs),
            asked_facts=len(ours),
        ),
        judging.error,
    )


@cache
def _frame() -> Frame:
    """The template, the same for all articles."""
    return load_frame(TEMPLATE)


@dataclass
class _Judging:
    """The judging of one article, as far as it has come."""

    frame: Frame
    ask: Ask
    error: ModelError | None = None

    async def claims(
        self, theirs: Sequence[tuple[str, LabelledClaim]], numbers: Mapping[str, int], document: Document
    ) -> list[ClaimJudgement]:
        """Ask whether claims are entailed, self-contained and atomic, each with the part of the article it is from."""

        def prompt(chunk: Chunk, wanted: Sequence[tuple[str, LabelledClaim]]) -> Prompt:
            shown = [_view(numbers[key], one, document) for key, one in wanted]
            layout = lay_out(chunk, also=[part for view in shown for part in view.strings()])
            return self._prompt(_CLAIMS, claims=shown, facts=[], **layout.variables())

        chunks = split_chunks(document, chars=JUDGED_CHARS)
        starts = [chunk.start for chunk in chunks]
        by_chunk: dict[int, list[tuple[str, LabelledClaim]]] = {}
        for pair in theirs if chunks else ():
            at = bisect_right(starts, min(one.start for one in pair[1].evidence)) - 1
            by_chunk.setdefault(max(at, 0), []).append(pair)
        jobs = [
            self._answers(_CLAIMS, some, numbers, partial(prompt, chunks[at]))
            for at, here in by_chunk.items()
            for some in _batches(here, MOST_CLAIMS)
        ]
        answers = [one for part in await asyncio.gather(*jobs) for one in part]
        texts = dict(theirs)
        return [
            ClaimJudgement(
                claim=key,
                text=texts[key].text,
                entailed=one.entailed,
                self_contained=one.self_contained,
                atomic=one.atomic,
                reason=one.reason,
            )
            for key, one in answers
        ]

    async def facts(
        self,
        ours: Sequence[tuple[str, LabelledClaim]],
        theirs: Sequence[tuple[str, LabelledClaim]],
        numbers: Mapping[str, int],
    ) -> list[FactJudgement]:
        """Ask which claims say each fact of the gold. Without claims nothing is covered, and nobody is asked."""
        if not theirs:
            return [FactJudgement(fact=key, text=one.text, covered=False) for key, one in ours]
        own = {key: at for at, (key, _) in enumerate(ours, 1)}
        shown = [_view(numbers[key], one) for key, one in theirs]

        def prompt(wanted: Sequence[tuple[str, LabelledClaim]]) -> Prompt:
            facts = [_view(own[key], one) for key, one in wanted]
            strings = [part for view in (*shown, *facts) for part in view.strings()]
            return self._prompt(_FACTS, claims=shown, facts=facts, nonce=nonce("\n".join(strings)))

        jobs = [self._answers(_FACTS, some, own, prompt) for some in _batches(ours, MOST_FACTS)]
        by_number = {number: key for key, number in numbers.items()}
        texts = dict(ours)
        found = []
        for key, one in [pair for part in await asyncio.gather(*jobs) for pair in part]:
            said_by = tuple(by_number[number] for number in dict.fromkeys(one.claims) if number in by_number)
            found.append(FactJudgement(fact=key, text=texts[key].text, covered=bool(said_by), claims=said_by))
        return found

    async def _answers(
        self,
        asked: _Asked,
        some: Sequence[tuple[str, LabelledClaim]],
        numbers: Mapping[str, int],
        prompt: Callable[[Sequence[tuple[str, LabelledClaim]]], Prompt],
    ) -> list[tuple[str, Any]]:
        """Each question with its answer. What a reply leaves out, or says twice and differently, is asked once more."""
        answers: dict[str, Any] = {}
        waiting = list(some)
        for _ in range(ROUNDS):
            request = prompt(waiting)
            try:
                reply = await self.ask(request)
                items = read_items(reply.text, [asked.name]).lists[asked.name]
            except ReplyError as error:
                self.ask.in_vain(request)
                self.error = error
                continue
            except ModelError as error:
                self.error = error
                break
            given = _valid(items, asked)
            answers.update({key: given[numbers[key]] for key, _ in waiting if given.get(numbers[key]) is not None})
            waiting = [pair for pair in waiting if pair[0] not in answers]
            if not waiting:
                break
            self.ask.in_vain(request)
        return [(key, answers[key]) for key, _ in some if key in answers]

    def _prompt(self, asked: _Asked, **variables: Any) -> Prompt:
        # What is said of kinds in a frame of extraction has no part in this one.
        return Prompt(
            self.frame.system((), asked=asked.name),
            self.frame.user((), asked=asked.name, **variables),
            (asked,),
        )


@dataclass(frozen=True)
class _ClaimView:
    """A claim as the template shows it."""

    number: int
    text: str
    claimant: str
    sentences: str

    def strings(self) -> tuple[str, ...]:
        return self.text, self.claimant


def _view(number: int, claim: LabelledClaim, document: Document | None = None) -> _ClaimView:
    source = claim.claimant
    name = "" if source is None else source.name or (source.mention.text if source.mention else "") or ""
    places: list[int] = []
    if document is not None and document.text:
        starts = [min(one.start, len(document.text) - 1) for one in claim.evidence]
        places = sorted({document.sentence_at(start).number for start in starts})
    return _ClaimView(number, one_line(claim.text), one_line(name), ", ".join(map(str, places)))


def _named(one: Labelled) -> Iterator[tuple[str, LabelledClaim]]:
    """Claims by id; one that has none, or whose id is taken, is called by its place."""
    seen: set[str] = set()
    for at, claim in enumerate(one.claims or (), 1):
        key = claim.id if claim.id and claim.id not in seen else f"#{at}"
        seen.add(key)
        yield key, claim


def _batches(items: Sequence[tuple[str, LabelledClaim]], most: int) -> Iterator[Sequence[tuple[str, LabelledClaim]]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]


def _valid(items: Sequence[Any], asked: _Asked) -> dict[int, Any]:
    """Answers by number; None where two of the same number differ."""
    found: dict[int, Any] = {}
    for item in items:
        try:
            one = asked.draft.model_validate(item)
        except ValidationError:
            continue
        number = getattr(one, asked.name.removesuffix("s"))
        found[number] = one if number not in found or found[number] == one else None
    return found


def read_judgements(path: str | Path) -> list[Judgements]:
    """Read a judgements file, a line an article and system.

    Raises:
        SourceError: It cannot be read, a line has another form, or an article is there twice.
    """
    found: dict[tuple[str, str], Judgements] = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            one = Judgements.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise SourceError(f"{path}:{number}: {where}: {first['msg'].lower()}".replace(": : ", ": ")) from None
        key = (one.article, one.system)
        if key in found:
            raise SourceError(f"{path}:{number}: {one.article!r} of {one.system!r} is judged twice")
        found[key] = one
    if not found:
        raise SourceError(f"{path} holds no judgements", hint="`extractor evaluate --judge … --judgements FILE` writes")
    return list(found.values())


def judgements_line(one: Judgements) -> str:
    """A line of a judgements file."""
    return json.dumps(one.model_dump(mode="json"), ensure_ascii=False)


QUESTIONS = ("entailed", "self_contained", "atomic", "covered")


@dataclass(frozen=True)
class Agreed:
    """How far two judges agree in one question."""

    question: str
    items: int
    """Judged by both."""
    agree: int
    first_yes: int
    second_yes: int
    alpha: float | None
    """Krippendorff's alpha, nominal; None where all answers of both are the same."""
    low: float | None = None
    high: float | None = None
    """Ends of the 95% interval of the share agreed in, by bootstrap over articles."""

    @property
    def share(self) -> float | None:
        """Share of the items in which both say the same."""
        return self.agree / self.items if self.items else None


@dataclass
class _Answers:
    first: list[bool] = field(default_factory=list)
    second: list[bool] = field(default_factory=list)
    by_article: dict[str, list[int]] = field(default_factory=dict)
    """(agreed in, judged) of each article."""


def judges_agree(first: Sequence[Judgements], second: Sequence[Judgements]) -> list[Agreed]:
    """How far two judges agree about the same claims of the same systems, question by question.

    Raises:
        SourceError: They judged nothing in common, or one id stands for two texts.
        MissingExtraError: krippendorff is not installed.
    """
    others = {(one.article, one.system): one for one in second}
    answers = {question: _Answers() for question in QUESTIONS}
    for one in first:
        other = others.get((one.article, one.system))
        if other is None:
            continue
        ours, theirs = _by_question(one), _by_question(other)
        for (question, key), (text, yes) in ours.items():
            if (question, key) not in theirs:
                continue
            text_there, yes_there = theirs[question, key]
            if text != text_there:
                raise SourceError(f"{one.article}: {key} is not the same claim in both", hint="judge one set of claims")
            found = answers[question]
            found.first.append(yes)
            found.second.append(yes_there)
            counted = found.by_article.setdefault(one.article, [0, 0])
            counted[0] += yes == yes_there
            counted[1] += 1
    if not any(found.first for found in answers.values()):
        raise SourceError("the two judged nothing in common", hint="the article, the system and the claim's id count")
    return [_agreed(question, found) for question, found in answers.items()]


def _by_question(one: Judgements) -> dict[tuple[str, str], tuple[str, bool]]:
    found = {
        (question, claim.claim): (claim.text, bool(getattr(claim, question)))
        for question in QUESTIONS[:3]
        for claim in one.claims
    }
    found.update({("covered", fact.fact): (fact.text, fact.covered) for fact in one.facts})
    return found


def _agreed(question: str, found: _Answers) -> Agreed:
    agree = sum(a == b for a, b in zip(found.first, found.second, strict=True))
    low = high = None
    if found.first:
        import numpy as np

        from extractor.evaluation.statistics import Resampling

        vectors = np.array([(a, n, a, n) for a, n in found.by_article.values()], dtype=float)
        interval = Resampling(len(vectors)).interval(vectors)
        low, high = interval.low, interval.high
    return Agreed(question, len(found.first), agree, sum(found.first), sum(found.second), _alpha(found), low, high)


def _alpha(found: _Answers) -> float | None:
    try:
        import krippendorff
    except ImportError:
        raise MissingExtraError("krippendorff", "eval", "agreement of judges") from None
    if len({*found.first, *found.second}) < 2:
        return None
    data = [[int(one) for one in found.first], [int(one) for one in found.second]]
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))
