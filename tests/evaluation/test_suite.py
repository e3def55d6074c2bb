"""Whole evaluations: what is perfect, empty, shuffled, merged, left out."""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import SourceError
from extractor.evaluation.counts import Counts, Matches
from extractor.evaluation.gold import Predictions, labelled
from extractor.evaluation.metrics.scored import Options
from extractor.evaluation.suite import compare, evaluate, score_article
from tests.evaluation.data import ARTICLE, TEXT, at, gold_of, predictions_of, records, span

if TYPE_CHECKING:
    from extractor.evaluation.suite import System

DRAWS = 200


def system(gold: list[dict[str, Any]], predicted: list[dict[str, Any]], **more: Any) -> System:
    return evaluate(gold_of(gold), [predictions_of(predicted)], resamples=DRAWS, **more).evaluation.systems[0]


def flat(counts: dict[str, tuple[float, ...]]) -> dict[str, float]:
    return {f"{name} {index}": value for name, values in counts.items() for index, value in enumerate(values)}


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ARTICLE), **changes}


@settings(max_examples=60, deadline=None)
@given(records(), records("b"))
def test_a_perfect_prediction_is_perfect_everywhere(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, score in system([one, other], [other, one]).scores.items():
        assert (score.precision, score.recall, score.f1) == (1, 1, 1), name
        assert (score.low, score.high) in ((1, 1), (None, None)), name


@settings(max_examples=60, deadline=None)
@given(records(), records("b"), st.sampled_from(["nothing", "empty kinds", "no kinds"]))
def test_an_empty_prediction_is_nothing_everywhere(one: dict[str, Any], other: dict[str, Any], how: str) -> None:
    empty: dict[str, Any] = {"entities": [], "quotes": [], "claims": []} if how == "empty kinds" else {}
    predicted = [] if how == "nothing" else [{"article": record["article"], **empty} for record in (one, other)]
    perfect, found = system([one, other], [one, other]), system([one, other], predicted)
    assert set(found.scores) == set(perfect.scores)
    for name, score in found.scores.items():
        assert (score.precision, score.recall, score.f1) == (0, 0, 0), name


@settings(max_examples=60, deadline=None)
@given(records(), records("b"), records(), records("b"), st.integers(0, 99))
def test_shuffling_changes_nothing(
    one: dict[str, Any], other: dict[str, Any], first: dict[str, Any], second: dict[str, Any], seed: int
) -> None:
    def shuffled(record: dict[str, Any], generator: random.Random) -> dict[str, Any]:
        record = copy.deepcopy(record)
        for kind in ("entities", "quotes", "claims"):
            generator.shuffle(record[kind])
        for entity in record["entities"]:
            generator.shuffle(entity["mentions"])
        for quote in record["quotes"]:
            generator.shuffle(quote["spans"])
        return record

    generator = random.Random(seed)
    before = system([one, other], [first, second])
    after = system(
        [shuffled(other, generator), shuffled(one, generator)],
        [shuffled(second, generator), shuffled(first, generator)],
    )
    assert flat({name: tuple(score.counts.values()) for name, score in after.scores.items()}) == pytest.approx(
        flat({name: tuple(score.counts.values()) for name, score in before.scores.items()})
    )


@settings(max_examples=60, deadline=None)
@given(records(), records("b"), records(), records("b"))
def test_scoring_together_is_adding_counts(
    one: dict[str, Any], other: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    together = system([one, other], [first, second]).scores
    apart: dict[str, Counts] = {}
    for gold, predicted in ((one, first), (other, second)):
        for name, counts in score_article(labelled(gold), labelled(predicted)).counts.items():
            apart[name] = apart[name] + counts if name in apart else counts
    assert flat({name: tuple(score.counts.values()) for name, score in together.items()}) == pytest.approx(
        flat({name: counts.values() for name, counts in apart.items() if counts.support})
    )


def test_a_shift_by_one_character_is_a_little_wrong() -> None:
    shifted = copy.deepcopy(ARTICLE)
    spans = shifted["quotes"][0]["spans"]
    spans[0] = span(spans[0]["start"] + 1, spans[0]["end"])
    scores = system([ARTICLE], [shifted]).scores
    assert scores["quotes.content@exact"].f1 == 0.5
    assert scores["quotes.content@0.5"].f1 == scores["quotes.content@0.8"].f1 == 1
    letters = sum(map(str.isalnum, "We won’t go not now a plan"))
    assert scores["quotes.characters"].recall == pytest.approx((letters - 1) / letters)
    assert scores["quotes.characters"].precision == 1
    assert scores["quotes.speaker"].f1 == scores["quotes.cue"].f1 == 1


def test_marks_around_a_quote_do_not_count() -> None:
    marked = copy.deepcopy(ARTICLE)
    marked["quotes"][0]["spans"] = [at("“We won’t go, 😀 not now.”")]
    assert system([ARTICLE], [marked]).scores["quotes.content@exact"].f1 == 1


def test_a_wrong_speaker_and_a_missing_one() -> None:
    wrong = copy.deepcopy(ARTICLE)
    wrong["quotes"][0]["speaker"] = {"name": "Bo", "entity": "e2", "mention": at("Bo")}
    wrong["quotes"][1]["speaker"] = None
    scores = system([ARTICLE], [wrong]).scores
    assert scores["quotes.content@0.5"].f1 == 1
    assert scores["quotes.speaker"].f1 == scores["quotes.end_to_end@0.5"].f1 == 0


def test_a_pronoun_is_mentioned_right_and_may_be_resolved_wrong() -> None:
    wrong = copy.deepcopy(ARTICLE)
    wrong["quotes"][1]["speaker"] = {"name": "Ann Lee", "entity": "e1", "mention": at("Bo")}
    scores = system([ARTICLE], [wrong]).scores
    assert (scores["quotes.speaker"].f1, scores["quotes.speaker_resolved"].f1) == (1, 0.5)


def test_speakers_are_not_resolved_where_entities_are_not_labelled() -> None:
    gold = changed()
    del gold["entities"]
    assert "quotes.speaker_resolved" not in system([gold], [gold]).scores


def test_a_kind_that_is_paired_with_another_leaves_its_precision() -> None:
    other = copy.deepcopy(ARTICLE)
    other["quotes"][1]["kind"] = "direct"
    scores = system([ARTICLE], [other]).scores
    assert scores["quotes.direct@0.5"].precision == 1
    assert scores["quotes.mixed@0.5"].recall == 1
    assert scores["quotes.kind"].f1 == 0.5


def test_what_nobody_voiced_is_neither_hit_nor_miss() -> None:
    gold = copy.deepcopy(ARTICLE)
    gold["quotes"][1]["speech"] = False
    found, left_out = changed(), changed(quotes=[ARTICLE["quotes"][0]])
    for predicted in (found, left_out):
        scores = system([gold], [predicted]).scores
        assert scores["quotes.content@0.5"].f1 == scores["quotes.characters"].f1 == 1
    assert system([gold], [left_out]).scores["quotes.attributions@0.5"].recall == 0.5


def test_what_lies_in_stretches_that_are_not_scored() -> None:
    place = at("“a plan”")
    gold = changed(quotes=[ARTICLE["quotes"][0]], not_scored=[[place["start"], place["end"]]])
    assert system([gold], [ARTICLE]).scores["quotes.content@0.5"].f1 == 1


def test_kinds_that_were_not_labelled_or_not_predicted_are_not_scored() -> None:
    gold = changed()
    del gold["claims"]
    assert not any(name.startswith("claims") for name in system([gold], [ARTICLE]).scores)
    only = {"article": ARTICLE["article"], "quotes": ARTICLE["quotes"]}
    assert {name.split(".")[0] for name in system([ARTICLE], [only]).scores} == {"quotes"}


def test_claims_that_share_their_evidence_are_told_apart_by_their_text() -> None:
    evidence = [at("Costs rose 3.5% in May")]
    gold = changed(
        claims=[
            {"kind": "quantity", "text": "Costs rose by 3.5%.", "evidence": evidence, "claimant": None},
            {"kind": "event", "text": "It was in May.", "evidence": evidence, "claimant": None},
        ]
    )
    predicted = changed(claims=list(reversed(gold["claims"])))
    scores = system([gold], [predicted]).scores
    assert scores["claims.text"].f1 == scores["claims.kind"].f1 == 1


def test_claims_of_the_articles_own_voice() -> None:
    predicted = copy.deepcopy(ARTICLE)
    predicted["claims"][0]["claimant"] = {"name": "Bo", "mention": at("Bo")}
    assert system([ARTICLE], [predicted]).scores["claims.claimant"].f1 == 0


def test_accounted_quotation_marks() -> None:
    audited = changed(audit=[], quotes=[ARTICLE["quotes"][0]])
    assert system([ARTICLE], [audited]).scores["quotes.marks"].recall == 0.5
    audited["audit"] = [{"span": at("a plan"), "role": "term"}]
    assert system([ARTICLE], [audited]).scores["quotes.marks"].recall == 1
    assert "quotes.marks" not in system([ARTICLE], [ARTICLE]).scores


def test_thresholds_are_options() -> None:
    options = Options((0.3,), 0.3)
    names = {name for name in system([ARTICLE], [ARTICLE], options=options).scores if "@" in name}
    assert names == {
        *(f"quotes.{kind}@0.3" for kind in ("content", "direct", "mixed", "end_to_end", "direct.end_to_end")),
        "quotes.mixed.end_to_end@0.3",
        "claims.evidence@0.3",
    }


def test_another_text_is_refused() -> None:
    other = changed(article={"id": "a", "text": TEXT + " "})
    with pytest.raises(SourceError, match="is not that of the gold"):
        system([ARTICLE], [other])


def test_a_text_may_be_left_out_of_predictions() -> None:
    assert system([ARTICLE], [changed(article={"id": "a"})]).scores["quotes.content@exact"].f1 == 1


def test_totals() -> None:
    predicted = changed(
        usage={"requests": 2, "prompt_tokens": 30, "completion_tokens": 5, "cost_usd": 0.25},
        rejected=[{"kind": "quote", "reason": "not_found"}],
        coverage={"status": "complete"},
    )
    predicted["quotes"][0]["grounding"] = "exact"
    predicted["claims"][0]["evidence"] = [{**at("EU"), "text": "UN"}]
    totals = system([ARTICLE, {**changed(), "article": {"id": "b", "text": TEXT}}], [predicted]).totals
    assert (totals.articles, totals.missing, totals.requests, totals.cost_usd) == (2, 1, 2, 0.25)
    assert totals.rejected == {"not_found": 1}
    assert totals.grounding == {"exact": 1, "misplaced": 1}


def test_slices() -> None:
    gold = [
        changed(properties={"genre": "wire", "features": ["a", "b"]}),
        {**changed(properties={"genre": "sport"}), "article": {"id": "b", "text": TEXT}},
    ]
    found = system(gold, [ARTICLE], slices=["genre", "features", "length"]).slices
    assert {value: scores["quotes.content@0.5"].f1 for value, scores in found["genre"].items()} == {
        "wire": 1,
        "sport": 0,
    }
    assert set(found["features"]) == {"a", "b"}
    assert set(found["length"]) == {"under 1,000"}
    with pytest.raises(SourceError, match="no article has a property 'colour'"):
        system(gold, [ARTICLE], slices=["colour"])


def test_systems_are_compared() -> None:
    gold = [{**changed(), "article": {"id": str(number), "text": TEXT}} for number in range(8)]
    empty = Predictions("empty", {})
    perfect, same = predictions_of(gold, "perfect"), predictions_of(gold, "same")
    found = compare(
        [evaluate(gold_of(gold), [empty, perfect, same], resamples=DRAWS).evaluation], ["quotes.direct@0.5"]
    )
    verdicts = {(one.first, one.second): one.verdict for one in found}
    assert verdicts == {
        ("empty", "perfect"): "perfect is better",
        ("empty", "same"): "same is better",
        ("perfect", "same"): "not distinguishable",
    }
    with pytest.raises(SourceError, match="no metric is called 'x'"):
        compare([evaluate(gold_of(gold), [empty, perfect], resamples=DRAWS).evaluation], ["x"])


def test_counts_add() -> None:
    assert Matches(1, 2, 1, 3) + Matches(1, 1, 1, 1) == Matches(2, 3, 2, 4)
