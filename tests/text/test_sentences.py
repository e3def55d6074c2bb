from __future__ import annotations

import pytest
from hypothesis import given

from extractor.text.sentences import find_paragraphs, split_sentences
from tests.articles import texts


def sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(text, find_paragraphs(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        (
            "It was for the U.S.in public remarks. Then it ended.",
            ["It was for the U.S.in public remarks.", "Then it ended."],
        ),
        ("Mr. Holm met Dr. Berg. They left.", ["Mr. Holm met Dr. Berg.", "They left."]),
        ("J. K. Holm and George W. Berg spoke.", ["J. K. Holm and George W. Berg spoke."]),
        ("He lives in Washington, D.C. The end.", ["He lives in Washington, D.C.", "The end."]),
        ("The U.S. Senate met.", ["The U.S. Senate met."]),
        ("It ended.Then he left.", ["It ended.", "Then he left."]),
        (
            "Prices rose 1.5 percent in Sept. 2016. Wages fell.",
            ["Prices rose 1.5 percent in Sept. 2016.", "Wages fell."],
        ),
        ("“Really?” he asked. “Yes.” She left.", ["“Really?” he asked.", "“Yes.”", "She left."]),
        ("“Go.”“No.” She left.", ["“Go.”", "“No.”", "She left."]),
        ("The F.B.I. Director left.", ["The F.B.I. Director left."]),
        ("It was built c. 1900. It fell.", ["It was built c. 1900.", "It fell."]),
        ("यह सच है। वह गया।", ["यह सच है।", "वह गया।"]),
        ("“Stop!” Ada Holm said. It stopped.", ["“Stop!” Ada Holm said.", "It stopped."]),
        ("• One thing. • Two things", ["• One thing.", "• Two things"]),
        ("1. First point\n2. Second point", ["1. First point", "2. Second point"]),
        ("Many meet the 2.0 [per cent] On Tuesday, it fell.", ["Many meet the 2.0 [per cent]", "On Tuesday, it fell."]),
        ("See example.com for more. Bye.", ["See example.com for more.", "Bye."]),
        ("彼は行く。彼女は笑う。", ["彼は行く。", "彼女は笑う。"]),
        ("Wait... What? OK", ["Wait...", "What?", "OK"]),
    ],
)
def test_sentence_boundaries(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_single_line_breaks_part_paragraphs_unless_the_lines_are_wrapped() -> None:
    headlines = "Storm hits coast\nThousands without power\nMayor to speak"
    assert len(find_paragraphs(headlines)) == 3
    wrapped = "\n".join(
        [
            "The storm hit the coast in the early hours of the day,",
            "and it left many thousands of people without any power",
            "until noon.",
        ]
    )
    assert len(find_paragraphs(wrapped)) == 1


def test_crlf_is_one_line_break() -> None:
    text = "One.\r\n\r\nTwo."
    assert find_paragraphs(text) == ((0, 4), (8, 12))


@given(texts())
def test_sentences_cover_all_but_white_space_in_order(text: str) -> None:
    found = split_sentences(text, find_paragraphs(text))
    assert [s.number for s in found] == list(range(1, len(found) + 1))
    at = 0
    for sentence in found:
        assert not text[at : sentence.start].strip(
            "\x1c\x1d\x1e\x1f \t\n\r\x0b\x0c\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
            + "".join(map(chr, range(0x2000, 0x200B)))
        )
        assert sentence.start < sentence.end
        at = sentence.end
    assert not text[at:].strip()
