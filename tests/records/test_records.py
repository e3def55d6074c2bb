from __future__ import annotations

import pytest
from pydantic import ValidationError

from extractor.records.article import Article
from extractor.records.coverage import Coverage, Missed
from extractor.records.extraction import Extraction, Failure, Provenance
from extractor.records.item import Entity
from extractor.records.span import Span, loosest, shared_characters
from extractor.records.usage import Usage


def test_a_span_holds_as_many_characters_as_its_offsets_say() -> None:
    assert Span.of("a 😀 b", 2, 3).text == "😀"
    for start, end, text in ((0, 2, "a"), (1, 1, ""), (2, 1, "a")):
        with pytest.raises(ValidationError):
            Span(start=start, end=end, text=text)
    for start, end in ((0, 0), (-1, 1), (0, 9)):
        with pytest.raises(ValueError, match="not a stretch"):
            Span.of("text", start, end)


def test_an_extraction_refuses_spans_that_are_not_the_text_s() -> None:
    entity = Entity(type="person", name="Ada", mentions=(Span(start=1, end=4, text="Ada"),))
    with pytest.raises(ValidationError, match="not that of the span"):
        Extraction(
            article=Article(id="a", text="Ada left."),
            entities=(entity,),
            coverage=Coverage.of([(0, 9)], []),
            provenance=Provenance(extractor="0", backend="rules"),
        )


def test_an_article_is_digested_and_a_wrong_digest_refused() -> None:
    assert Article(id="a", text="x").sha256 == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    with pytest.raises(ValidationError, match="sha256"):
        Article(id="a", text="x", sha256="0" * 64)


def test_a_lone_surrogate_is_replaced_in_place() -> None:
    assert Article(id="a", text="a\ud83db").text == "a\ufffdb"


def test_coverage_joins_what_touches_and_says_what_it_amounts_to() -> None:
    missed = Missed(start=5, end=9, reason="timeout")
    assert Coverage.of([(3, 5), (0, 3)], []) == Coverage(status="complete", read=((0, 5),))
    assert Coverage.of([(0, 5)], [missed]).status == "partial"
    assert Coverage.of([], [missed]).status == "failed"


def test_usages_add_and_an_unknown_price_is_not_nothing() -> None:
    total = Usage(requests=1, prompt_tokens=5) + Usage(requests=2, cost_usd=0.5)
    assert (total.requests, total.prompt_tokens, total.cost_usd) == (3, 5, 0.5)
    assert (Usage() + Usage()).cost_usd is None


def test_a_failed_record_has_the_kinds_that_were_asked_for_and_no_other() -> None:
    failed = Extraction.failed(
        Article(id="a", text="text"),
        Failure(code="timeout", message="late"),
        Provenance(extractor="0", backend="model", schema_="abc"),
        ["quotes", "protest"],
    )
    data = failed.model_dump(mode="json")
    assert data["quotes"] == data["audit"] == data["items"]["protest"] == []
    assert "entities" not in data
    assert data["provenance"]["schema"] == "abc"
    assert data["coverage"]["missed"] == [{"start": 0, "end": 4, "reason": "timeout"}]
    assert Extraction.model_validate_json(failed.model_dump_json()) == failed


def test_shared_characters_and_the_loosest_grounding() -> None:
    text = "0123456789"
    assert shared_characters([Span.of(text, 0, 4)], [Span.of(text, 2, 6)]) == (2, 6)
    assert loosest(["exact", "fuzzy", "normalised"]) == "fuzzy"
    assert loosest([]) == "exact"
