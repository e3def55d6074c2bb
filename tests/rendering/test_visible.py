"""Nothing hidden, nothing that acts on a terminal, gets through."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.rendering.visible import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b]8;;x\x07", "␛[31mred␛]8;;x␇"),
        ("a\x9bb\x7f", "a<U+009B>b␡"),
        ("\u202eevil\u2069", "<U+202E>evil<U+2069>"),
        ("a\u200bb\U000e0041", "a<U+200B>b<U+E0041>"),
        ("a\u206a\ufff9b", "a<U+206A><U+FFF9>b"),
        ("✈\ufe0f\ufe00\U000e0101", "✈\ufe0f<U+FE00><U+E0101>"),
        ("half \ud800", "half <U+D800>"),
    ],
)
def test_what_acts_or_hides_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["می\u200cخواهم", "👩\u200d🚀", "✈\ufe0f", "葛\U000e0100城", "soft\u00adhyphen", "‏עברית‏", "a b", "“Größe”"]
)
def test_what_languages_need_stays(text: str) -> None:
    assert visible(text) == text


def test_one_line_runs_white_space_together() -> None:
    assert one_line(" a\r\n\tb\u2028c  d\x0be \n") == "a b c d e"


@given(st.text(alphabet=st.characters()))
def test_no_control_character_of_any_text_is_left(text: str) -> None:
    for shown in (visible(text), one_line(text)):
        assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
        assert "\u202e" not in shown
        shown.encode()
