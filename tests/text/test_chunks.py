from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.text.chunks import split_chunks
from tests.articles import document, texts


@given(texts(), st.integers(1, 400), st.integers(0, 4))
def test_chunks_touch_cover_the_text_and_keep_context_apart(text: str, chars: int, context: int) -> None:
    chunks = split_chunks(document(text), chars=chars, context=context)
    if not chunks:
        assert not text.strip()
        return
    assert chunks[0].start == 0
    assert chunks[-1].end == len(text)
    for one, following in itertools.pairwise(chunks):
        assert one.end == following.start
    for chunk in chunks:
        assert len(chunk.before) <= context
        assert len(chunk.after) <= min(1, context)
        for sentence in chunk.sentences:
            assert chunk.start <= sentence.start < sentence.end <= chunk.end
        assert all(sentence.end <= chunk.start for sentence in chunk.before)
        assert all(sentence.start >= chunk.end for sentence in chunk.after)
        content = chunk.sentences[-1].end - chunk.sentences[0].start
        assert content <= chars


def test_no_sentence_is_cut_where_it_fits() -> None:
    text = " ".join(f"Sentence number {n} is here." for n in range(50))
    doc = document(text)
    for chunk in split_chunks(doc, chars=200):
        for sentence in chunk.sentences:
            assert text[sentence.start : sentence.end].endswith("is here.")


def test_a_quotation_of_several_sentences_stays_in_one_chunk() -> None:
    quotation = "“We came. We saw. We waited for a very long time. We left.”"
    text = f"{'It rained all day in the harbour town. ' * 3}{quotation} {'Then it rained again over the hills. ' * 3}"
    chunks = split_chunks(document(text), chars=170)
    assert any(quotation in text[chunk.start : chunk.end] for chunk in chunks)


def test_a_cut_falls_between_paragraphs_if_it_can() -> None:
    text = "\n\n".join(["A short one here. And another one there."] * 6)
    for chunk in split_chunks(document(text), chars=100):
        assert text[chunk.start : chunk.end].startswith("A short")


def test_an_endless_sentence_is_cut_between_words_under_one_number() -> None:
    text = "word " * 400
    chunks = split_chunks(document(text), chars=300)
    assert {s.number for chunk in chunks for s in chunk.sentences} == {1}
    assert all(
        text[chunk.start : chunk.end].split() == ["word"] * len(text[chunk.start : chunk.end].split())
        for chunk in chunks
    )


def test_sizes_that_make_no_chunk_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one character"):
        split_chunks(document("Text."), chars=0)
