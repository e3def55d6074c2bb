from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from tests.articles import document, texts


def marked(text: str) -> list[str]:
    return [text[m.start : m.end] for m in document(text).marked]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('He said "yes" and "no".', ["yes", "no"]),
        ("“One,” he said, “two.”", ["One,", "two."]),
        ("„Wir gehen“, sagte er.", ["Wir gehen"]),
        ("»Ja«, sagte sie.", ["Ja"]),
        ("« Oui », dit-il.", [" Oui "]),
        ("”Ja”, sa han.", ["Ja"]),
        ("彼は「行く」と言った。", ["行く"]),
        ("‘The teachers’ union is angry,’ he said.", ["The teachers’ union is angry,"]),
        ("'It's late,' she said.", ["It's late,"]),
        ("The boys' school and the '90s don't count.", []),
        ('He is 6\'2" tall and the board is 12" wide.', []),
        ("“She said ‘never again’ and left,” he said.", ["She said ‘never again’ and left,", "never again"]),
        ("\"He said 'no' twice.\"", ["He said 'no' twice.", "no"]),
        ("``Old style'' he said.", ["Old style"]),
    ],
)
def test_stretches_between_marks(text: str, expected: list[str]) -> None:
    assert marked(text) == expected


def test_a_quotation_over_paragraphs_is_continued_until_it_closes() -> None:
    found = document("“First.\n\n“Second.\n\n“Third.” He left.").marked
    assert [m.continued for m in found] == [True, True, False]
    assert [m.closed for m in found] == [False, False, True]


def test_an_opener_without_closer_runs_to_the_end_of_its_paragraph() -> None:
    text = "He said “we go on.\n\nNext day it rained."
    (found,) = document(text).marked
    assert (text[found.start : found.end], found.closed, found.continued) == ("we go on.", False, False)


def test_an_unclosed_quotation_ends_before_its_own_attribution() -> None:
    assert marked("“We will go, said Ada Holm.\n\nNext.") == ["We will go"]


def test_a_closer_without_opener_begins_with_its_sentence() -> None:
    text = "It rained. We will go,” he said."
    (found,) = document(text).marked
    assert (text[found.start : found.end], found.opened) == ("We will go,", False)


def test_a_closer_far_behind_the_words_is_misplaced() -> None:
    text = '"Many already meet the 2.0 [per cent] On Friday, the Harbour Institute said in a report that costs rose".'
    (found,) = document(text).marked
    assert text[found.start : found.end] == "Many already meet the 2.0 [per cent]"
    assert found.misplaced == len(text) - 1


@given(texts())
def test_stretches_lie_in_order_inside_the_text_and_hold_something(text: str) -> None:
    found = document(text).marked
    assert list(found) == sorted(found, key=lambda m: (m.open, -m.close))
    for one in found:
        assert 0 <= one.open <= one.start < one.end <= one.close <= len(text)
    outer = [one for one in found if not one.nested]
    assert all(a.close <= b.open for a, b in itertools.pairwise(outer))
