from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import GroundingError
from extractor.grounding.fold import fold
from extractor.grounding.locate import FUZZY_THRESHOLD, Haystack, find_all, locate
from extractor.text.words import find_words
from tests.articles import texts

TEXT = (
    "Norway now uses 49 billion kroner on defence, amounting to 1.56 percent of its GDP. "
    "“We need an open conversation on where we’re going,” Ada Holm said — and it cannot be led by the U.S. alone. "
    "The response was a part of that, she told us in Tromsø. It fell to -5 degrees, or 2,113 people… "
    "The cooperation in the harbour district costs more than the council had ever planned to spend on it."
)


def place(needle: str, text: str = TEXT) -> tuple[str, str]:
    location = locate(needle, Haystack(text, 0, len(text)))
    return location.grounding, location.span.text


def reason(needle: str, text: str = TEXT) -> str:
    with pytest.raises(GroundingError) as caught:
        locate(needle, Haystack(text, 0, len(text)))
    return caught.value.reason


@pytest.mark.parametrize(
    ("needle", "grounding"),
    [
        ("amounting to 1.56 percent of its GDP", "exact"),
        ("on where we're going", "normalised"),
        ('"We need an open conversation', "normalised"),
        ("Ada Holm said - and it cannot", "normalised"),
        ("Ada Holm said–and it cannot", "normalised"),
        ("norway now uses 49 billion", "normalised"),
        ("Norway  now\nuses", "normalised"),
        ("Nor\u00adway now uses", "normalised"),
        ("told us in Tromsø", "exact"),
        ("2,113 people...", "normalised"),
        ("It fell to −5 degrees", "normalised"),
        ("amounting to 1.56 percent of its GDP,", "normalised"),
        ("The response was part of that, she told us in Tromsø", "fuzzy"),
        ("The co-operation in the harbour district costs more than the council had ever planned to spend", "fuzzy"),
    ],
)
def test_how_literally_a_string_is_found(needle: str, grounding: str) -> None:
    assert place(needle)[0] == grounding


def test_unicode_forms_are_one() -> None:
    decomposed = "She lives in Sa\u0303o Paulo, by the o\ufb03ce."
    assert place("São Paulo", decomposed) == ("normalised", "Sa\u0303o Paulo")
    assert place("the office", decomposed) == ("normalised", "the o\ufb03ce")
    assert place("Sa\u0303o", "in São Paulo") == ("normalised", "São")


@pytest.mark.parametrize(
    ("needle", "why"),
    [
        ("56 percent of its GDP", "altered"),
        ("amounting to 1.57 percent of its GDP", "altered"),
        ("Norway now uses 50 billion kroner on defence", "altered"),
        ("Norway now uses 49 million kroner on defence", "altered"),
        ("Sweden now uses 49 billion kroner on defence", "altered"),
        ("and it can be led by the U.S. alone", "altered"),
        ("It fell to 5 degrees, or 2,113 people", "altered"),
        ("It fell to -5 degrees, or 113 people", "altered"),
        ("The response was not a part of that, she told us", "altered"),
        ("113 people", "not_found"),
        ("5 degrees", "not_found"),
        ("and it can", "not_found"),
        ("she told US in", "altered"),
        ("way now uses", "not_found"),
        ("Nobody ever said anything like this at all", "not_found"),
        ("“…”", "empty"),
        ("", "empty"),
    ],
)
def test_a_changed_fact_is_never_found(needle: str, why: str) -> None:
    assert reason(needle) == why


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        ("They can't go there at all today.", "They can"),
        ("They can’t go there at all today.", "They can"),
        ("It costs 10² euros.", "102 euros"),
        ("It costs 1½ euros.", "11⁄2 euros"),
        ("It rose 4-5 points.", "-5 points"),
        ("The likely outcome of the vote is a defeat.", "The unlikely outcome of the vote is a defeat."),
        ("Prices rose 5% in the last quarter there.", "Prices rose $5 in the last quarter there."),
        ("It cost €5 to enter the old town hall.", "It cost £5 to enter the old town hall."),
        (
            "Officials said two of the five bridges were safe to cross.",
            "Officials said four of the five bridges were safe to cross.",
        ),
        ("The careful driver of the bus was praised by many.", "The careless driver of the bus was praised by many."),
        (
            "Ada Holm criticised Jan Berg in the debate on Friday.",
            "Jan Berg criticised Ada Holm in the debate on Friday.",
        ),
    ],
)
def test_numbers_negations_and_names_may_not_differ(text: str, needle: str) -> None:
    with pytest.raises(GroundingError):
        find_all(needle, Haystack(text, 0, len(text)))


def test_the_sentence_settles_a_repeated_string_and_without_it_the_string_is_ambiguous() -> None:
    text = "He said no. Then he said no again."
    haystack = Haystack(text, 0, len(text))
    assert locate("he said no", haystack, sentence=(12, 34)).span.start == 17
    with pytest.raises(GroundingError) as caught:
        locate("no", haystack)
    assert caught.value.reason == "ambiguous"


def test_the_message_names_the_nearest_words() -> None:
    with pytest.raises(GroundingError, match="the text has “amounting to 1.56 percent of its GDP”"):
        find_all("amounting to 1.65 percent of its GDP", Haystack(TEXT, 0, len(TEXT)))


def test_a_haystack_bounds_the_search() -> None:
    start = TEXT.index("The response")
    with pytest.raises(GroundingError):
        find_all("Norway now uses", Haystack(TEXT, start, len(TEXT)))
    found = find_all("she told us", Haystack(TEXT, start, len(TEXT)))
    assert TEXT[found[0].span.start : found[0].span.end] == "she told us"


@given(texts(), st.data())
def test_words_taken_from_a_text_are_found_where_they_stand(text: str, data: st.DataObject) -> None:
    words = find_words(text)
    if not words:
        return
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, min(len(words) - 1, first + 8)))
    needle = text[words[first].start : words[last].end]
    try:
        found = find_all(needle, Haystack(text, 0, len(text)))
    except GroundingError:
        return  # its ends cut a contraction, a number or a cluster
    for location in found:
        assert text[location.span.start : location.span.end] == location.span.text
        if location.grounding == "exact":
            assert location.span.text == needle
        else:
            assert [w.form for w in find_words(fold(location.span.text).cased)] == [
                w.form for w in find_words(fold(needle).cased)
            ]


@given(texts(), st.text(max_size=60))
def test_whatever_is_looked_for_a_span_is_the_text_or_nothing(text: str, needle: str) -> None:
    try:
        found = find_all(needle, Haystack(text, 0, len(text)))
    except GroundingError as error:
        assert error.reason in ("empty", "not_found", "altered")
        return
    for location in found:
        assert text[location.span.start : location.span.end] == location.span.text
        assert location.similarity >= FUZZY_THRESHOLD


@given(texts())
def test_folding_keeps_offsets(text: str) -> None:
    folded = fold(text)
    assert len(folded.cased) == len(folded.lower) == len(folded.starts) == len(folded.ends)
    assert all(a <= b for a, b in zip(folded.starts, folded.starts[1:], strict=False))
    assert all(0 <= start <= end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        ("Man hat keine neuen Hinweise auf einen Anschlag.", "Man hat eine neuen Hinweise auf einen Anschlag."),
        ("Le ministre ne changera pas la loi cette année.", "Le ministre changera la loi cette année."),
        ("In der Nacht wurden drei Menschen schwer verletzt.", "In der Nacht wurden zwei Menschen schwer verletzt."),
        ("Министр не изменит закон о пенсиях в этом году.", "Министр изменит закон о пенсиях в этом году."),
        ("部长表示，政府今年不会修改养老金法。", "部长表示，政府今年会修改养老金法。"),
        ("The import figures in town are high.", "The export figures in town are high."),
        ("They can‘t go there at all today.", "They can"),
        ("No members of the council came.", "Members of the council came."),
        ("Some were safe, others were not.", "others were."),
        ("They do n't go there at all today.", "They do"),
        ("They are non-violent people.", "violent people"),
        ("He wo\u00adn't go.", "He wo"),
        ("mr trump said that he would go to the harbour.", "mr tramp said that he would go to the harbour."),
    ],
)  # fmt: skip
def test_nor_may_any_word_whose_weight_is_not_known(text: str, needle: str) -> None:
    with pytest.raises(GroundingError):
        find_all(needle, Haystack(text, 0, len(text)))


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        ("Holm called it for the U.S.in public remarks.", "for the U.S. in public remarks"),
        ("It came to an end.Then he left.", "It came to an end. Then he left"),
    ],
)
def test_a_space_that_is_missing_behind_a_stop_is_no_difference(text: str, needle: str) -> None:
    (found,) = find_all(needle, Haystack(text, 0, len(text)))
    assert found.grounding == "normalised"
    assert found.span.text == text[found.span.start : found.span.end]
