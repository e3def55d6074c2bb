"""A reply is read through fences, thoughts and prose, and of a broken one every whole item."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import ReplyMalformedError
from extractor.llm.reading import read_items

NAMES = ("entities", "quotes")
ONE, TWO = {"sentence": 1, "content": ["a [b] {c}"]}, {"sentence": 2, "content": ['say "quotes": [1]']}
WHOLE = json.dumps({"entities": [], "quotes": [ONE, TWO]})


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"\n {WHOLE} \n",
        f"```json\n{WHOLE}\n```",
        f"Here you are:\n```\n{WHOLE}\n```\nAnything else?",
        f"<think>Is it {{'quotes'}}? {json.dumps({'quotes': []})}</think>\n{WHOLE}",
        f"I first thought of {json.dumps({'quotes': [ONE], 'entities': []})}, but: {WHOLE}",
        json.dumps({"Reply": json.loads(WHOLE)}),
        json.dumps({**json.loads(WHOLE), "notes": [1], "claims": [{}]}),
        json.dumps({"quotes": [ONE, TWO]}),
        json.dumps({"quotes": [ONE, TWO], "entities": None}),
    ],
)
def test_whole_replies(text: str) -> None:
    items = read_items(text, NAMES)
    assert items.lists == {"entities": [], "quotes": [ONE, TWO]}
    assert items.whole == set(NAMES)


def test_bare_list_of_the_only_kind() -> None:
    assert read_items(json.dumps([ONE]), ["quotes"]).lists == {"quotes": [ONE]}
    with pytest.raises(ReplyMalformedError):
        read_items(json.dumps([ONE]), NAMES)


def test_a_thought_tag_inside_a_string_is_text() -> None:
    item = {"sentence": 1, "content": ["He typed </think> and left"]}
    assert read_items(json.dumps({"quotes": [item]}), ["quotes"]).lists == {"quotes": [item]}


def test_raw_line_breaks_inside_strings() -> None:
    assert read_items('{"quotes": [{"content": ["a\nb"]}]}', ["quotes"]).lists == {"quotes": [{"content": ["a\nb"]}]}


def test_lone_surrogates_become_sendable() -> None:
    items = read_items('{"quotes": [{"cont\\ud800ent": ["a\\udfff", 1, null]}]}', ["quotes"])
    assert items.lists == {"quotes": [{"cont\ufffdent": ["a\ufffd", 1, None]}]}


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_broken_off_anywhere(cut: int) -> None:
    try:
        items = read_items(WHOLE[:cut], NAMES)
    except ReplyMalformedError:
        assert cut <= WHOLE.index("[") + 1
        return
    expected = [item for item in (ONE, TWO) if cut >= WHOLE.index(json.dumps(item)) + len(json.dumps(item))]
    assert items.lists == {"entities": [], "quotes": expected}
    assert ("quotes" in items.whole) == (cut >= WHOLE.rindex("]") + 1)
    assert items.whole != set(NAMES) or cut == len(WHOLE) - 1


def test_broken_off_behind_a_thought_with_a_whole_reply_in_it() -> None:
    items = read_items(f'<think>{WHOLE}</think>{{"entities": [], "quotes": [{json.dumps(ONE)}, {{"sent', NAMES)
    assert items.lists["quotes"] == [ONE]
    assert items.whole == {"entities"}


def test_broken_in_the_middle() -> None:
    text = '{"entities": [{"name": "A"}, {"name": "B" oops}], "quotes": [{"sentence": 1}, {"sen: 2}, {"sentence": 3}]}'
    items = read_items(text, NAMES)
    assert items.lists == {"entities": [{"name": "A"}], "quotes": [{"sentence": 1}, {"sentence": 3}]}
    assert items.whole == frozenset()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("I cannot do that.", "not of the form"),
        ("{}", "not of the form"),
        ("null", "not of the form"),
        ("[" * 100_000, "not of the form"),
        ('{"a":' * 100_000, "not of the form"),
        ('{"quotes": "none"}', "not of the form"),
    ],
)
def test_nothing_to_read(text: str, message: str) -> None:
    with pytest.raises(ReplyMalformedError, match=message):
        read_items(text, NAMES)


@given(st.text(alphabet='{}[]",:\\ aquotesentities\n0<think>/`', max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        items = read_items(text, NAMES)
    except ReplyMalformedError:
        return
    assert list(items.lists) == list(NAMES)
    assert items.whole <= set(NAMES)


@pytest.mark.parametrize(
    "text",
    [
        '{"quotes": {"sentence": 1}}',
        '{"quotes": {"1": {"sentence": 1}}}',
        '{"Quotes": [{"sentence": 1}]}',
    ],
)
def test_a_list_in_another_shape_is_still_a_list(text: str) -> None:
    assert read_items(text, ["quotes"]).lists["quotes"] == [{"sentence": 1}]


def test_depth_that_no_item_has_is_cut_off() -> None:
    deep = "[" * 300 + "]" * 300
    (item,) = read_items(f'{{"quotes": [{{"content": {deep}}}]}}', ["quotes"]).lists["quotes"]
    assert len(json.dumps(item)) < 100


def test_the_end_of_a_thought_inside_a_string_ends_nothing() -> None:
    item = {"sentence": 1, "content": ["One said </think> and went"]}
    whole = json.dumps({"quotes": [item], "claims": []})
    for text in (whole, f'<think>{{"quotes": [x</think>\n```json\n{whole}\n```', f"```json\n{whole}\n```"):
        assert read_items(text, ["quotes", "claims"]).lists == {"quotes": [item], "claims": []}


def test_an_empty_echo_behind_the_reply_is_passed_over() -> None:
    whole: dict[str, list[Any]] = {"quotes": [{"sentence": 1}], "claims": []}
    empty: dict[str, list[Any]] = {"quotes": [], "claims": []}
    assert read_items(f"{json.dumps(whole)}\n{json.dumps(empty)}", ["quotes", "claims"]).lists == whole
    assert read_items(f"so {json.dumps(empty)} it is", ["quotes", "claims"]).lists == empty
