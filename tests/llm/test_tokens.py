"""Token counts without a tokenizer: near enough for estimates, and never zero for text without spaces."""

from __future__ import annotations

from extractor.llm.tokens import count_tokens, count_tokens_once


def test_words_and_marks_count() -> None:
    assert count_tokens("“We turned,” she said.") == 8
    assert count_tokens("") == 0


def test_scripts_without_spaces_count_by_their_bytes() -> None:
    text = "市长说大桥将在两周内完工" * 10
    assert len(text) / 2 < count_tokens(text) < len(text) * 1.5


def test_lone_surrogates_are_no_error() -> None:
    assert count_tokens("\ud800") == 1
    assert count_tokens_once("a b") == 2
