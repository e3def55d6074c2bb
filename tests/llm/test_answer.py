"""Every way in which a reply can be bad: what is good in it is kept, the rest is asked for in the smallest way."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from extractor.errors import ModelServerError, RequestRefusedError
from extractor.llm.answer import HALVINGS, MOST_REQUESTS, REREADS
from extractor.llm.client import Reply
from extractor.llm.events import RepairAsked
from extractor.llm.reading import RECORD
from tests.llm.asking import HOME, NO, TEXT, WAIT, Asking, contents, quote, quotes, run

if TYPE_CHECKING:
    from extractor.llm.scripted_client import Answer as Scripted
    from extractor.prompting.prompt import Prompt

SUN = quote("The sun shone.", 6)
ALL = (WAIT, NO, HOME)
ENTITY = {"sentence": 1, "name": "Ann Lee", "type": "person", "forms": ["Ann Lee"]}


def shown(prompt: Prompt) -> list[int]:
    """Numbers of the sentences that a prompt asks about."""
    return [int(number) for number in re.findall(r"^\[(\d+)\]", prompt.user, re.MULTILINE)]


def kinds(prompt: Prompt) -> list[str]:
    return [kind.name for kind in prompt.kinds]


def too_long() -> RequestRefusedError:
    error = RequestRefusedError("too long")
    error.too_long = True
    return error


# Broken off, or broken somewhere: what came is kept, and only the rest is asked for.


def test_of_a_truncated_reply_the_unread_part_is_asked_for() -> None:
    answered, client = run(Reply(quotes(*ALL)[:-30], "length"), quotes(HOME))
    assert contents(answered) == ["We can’t wait,", "No,", "Go home,"]
    assert (answered.error, answered.missed, answered.read) == (None, (), ((0, len(TEXT)),))
    assert [shown(prompt) for prompt in client.history] == [[1, 2, 3, 4, 5, 6], [3, 4, 5, 6]]
    assert client.vain == []
    assert [(e.reason, e.count) for e in client.events if isinstance(e, RepairAsked)] == [("truncated", 1)]


def test_kinds_that_came_whole_are_not_asked_for_again() -> None:
    text = json.dumps({"entities": [ENTITY], "quotes": [WAIT, NO], "claims": []})
    answered, client = run(
        Reply(text[: text.index("No,")], "length"),
        quotes(WAIT, NO),
        json.dumps({"claims": []}),
        only=("entities", "quotes", "claims"),
    )
    assert answered.error is None
    assert [kinds(prompt) for prompt in client.history] == [["entities", "quotes", "claims"], ["quotes", "claims"]] or [
        kinds(prompt) for prompt in client.history[1:]
    ] == [["quotes"], ["claims"]]
    assert "entities" not in [name for prompt in client.history[1:] for name in kinds(prompt)]


def test_malformed_json_loses_only_what_stands_at_the_break() -> None:
    broken = quotes(*ALL).replace('"content": ["No,"]', '"content": ["No," he "said"]')
    answered, client = run(broken, quotes(NO))
    assert contents(answered) == ["We can’t wait,", "Go home,", "No,"]
    assert shown(client.history[1]) == [1, 2, 3, 4, 5], "from the item before the break to the one behind it"
    assert answered.error is None


def test_json_that_breaks_off_without_saying_so() -> None:
    answered, client = run(quotes(*ALL)[:-40], quotes(HOME))
    assert contents(answered) == ["We can’t wait,", "No,", "Go home,"]
    assert shown(client.history[1]) == [3, 4, 5, 6]


def test_items_out_of_order_do_not_tell_how_far_a_reply_came() -> None:
    answered, client = run(Reply(quotes(HOME, WAIT, NO)[:-30], "length"), quotes(WAIT, NO), quotes(HOME))
    assert sorted(contents(answered)) == ["Go home,", "Go home,", "No,", "We can’t wait,", "We can’t wait,"]
    assert answered.error is None
    first, *halves = client.history
    assert [number for half in halves for number in shown(half)] == shown(first), "nothing is known to be read"


def test_a_rest_that_breaks_off_again_is_asked_for_again() -> None:
    cut: list[Scripted] = [
        Reply(quotes(*ALL)[:-30], "length"),
        Reply(quotes(NO, HOME)[:-30], "length"),
        quotes(NO),
        quotes(HOME),
    ]
    answered, client = run(*cut)
    assert answered.error is None
    assert "Go home," in contents(answered)
    assert len(client.history) == 4, "the second time it came no further, so it is read in halves"


def test_a_model_that_repeats_itself_to_the_limit_is_given_up() -> None:
    endless = Reply(json.dumps({"quotes": [WAIT] * 900})[:-9], "length")
    answered, client = run(*[endless] * 99)
    assert len(client.history) <= 1 + MOST_REQUESTS
    assert {missed.reason for missed in answered.missed} == {"truncated"}
    assert set(contents(answered)) == {"We can’t wait,"}


def test_what_is_missed_in_the_end_is_only_what_never_came() -> None:
    answered, _ = run(Reply(quotes(*ALL)[:-30], "length"), ModelServerError("down"))
    start = TEXT.index("“No,”")
    assert contents(answered) == ["We can’t wait,", "No,"]
    assert answered.read == ((0, start),), "up to the sentence of the last item, which may hold more"
    assert [(part.start, part.end, part.reason) for part in answered.missed] == [(start, len(TEXT), "server")]
    assert answered.error is not None


def test_failing_items_of_a_broken_reply_are_mended_too() -> None:
    bad = quote("We shall not wait for you", 1)
    answered, _ = run(Reply(quotes(bad, NO, HOME)[:-30], "length"), quotes(HOME), quotes(WAIT))
    assert sorted(contents(answered)) == ["Go home,", "No,", "We can’t wait,"]
    assert answered.rejected == ()


def test_a_complete_reply_is_read_whatever_its_finish() -> None:
    answered, client = run(Reply(quotes(NO) + "\n\nAnd now", "length"))
    assert answered.error is None
    assert len(client.history) == 1


# Nothing in it: the same again, or its halves.


@pytest.mark.parametrize(
    "reply", ["Sure! The quotes are below.", "", "   \n", "null", "[]x", '{"answer": 3}', "<html>no</html>"]
)
def test_a_reply_that_is_no_json_is_asked_for_anew(reply: str) -> None:
    answered, client = run(reply, quotes(NO))
    assert contents(answered) == ["No,"]
    assert client.history[1].system == client.history[0].system
    assert client.history[1].user.startswith(client.history[0].user)
    assert client.history[1].user != client.history[0].user


def test_nobody_is_asked_for_ever() -> None:
    answered, client = run(*["Sure!"] * 9)
    assert answered.error is not None
    assert [(part.start, part.end, part.reason) for part in answered.missed] == [(0, len(TEXT), "malformed")]
    assert answered.read == ()
    assert len(client.history) == 1 + REREADS
    assert len({prompt.user for prompt in client.history}) == 1 + REREADS, "a cache would give the same reply"
    assert client.vain == [client.history[-1]]


def test_without_repairs_a_malformed_reply_is_not_asked_for_again() -> None:
    answered, client = run("Sure!", max_repairs=0)
    assert len(client.history) == 1
    answered, client = run(quotes(*ALL)[:-40], max_repairs=0)
    assert contents(answered) == ["We can’t wait,", "No,"]
    assert [part.reason for part in answered.missed] == ["malformed"]
    assert answered.read == ((0, TEXT.index("“No,”")),)
    assert len(client.history) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply("", "refusal"), "refused"),
        (Reply("I cannot help with that.", "refusal"), "refused"),
        (Reply("", "content_filter"), "filtered"),
        (Reply('{"quo', "content_filter"), "filtered"),
        (Reply("", "length"), "truncated"),
        (Reply("thinking and thinking", "length"), "truncated"),
    ],
)
def test_what_brings_nothing_is_read_in_halves(reply: Reply, reason: str) -> None:
    answered, client = run(reply, quotes(WAIT), quotes(NO, HOME))
    assert contents(answered) == ["We can’t wait,", "No,", "Go home,"]
    assert answered.error is None
    whole, one, other = (shown(prompt) for prompt in client.history)
    assert one + other == whole
    answered, client = run(*[reply] * 99)
    assert {part.reason for part in answered.missed} == {reason}
    assert answered.error is not None
    assert answered.error.code == reason
    assert len(client.history) <= 2 ** (HALVINGS + 1) - 1


def test_only_the_half_that_the_model_refuses_is_lost() -> None:
    refused = Reply("", "refusal")
    answered, client = run(refused, quotes(WAIT), refused, refused, quotes(HOME))
    assert contents(answered) == ["We can’t wait,", "Go home,"]
    (missed,) = answered.missed
    assert "Nobody was hurt" in TEXT[missed.start : missed.end] or "No" in TEXT[missed.start : missed.end]
    assert missed.end - missed.start < len(TEXT) / 2
    assert sum(end - start for start, end in answered.read) == len(TEXT) - (missed.end - missed.start)
    assert len(client.vain) == 1


def test_a_chunk_that_is_too_long_for_the_model_is_read_in_halves() -> None:
    answered, client = run(too_long(), quotes(WAIT), quotes(NO, HOME))
    assert contents(answered) == ["We can’t wait,", "No,", "Go home,"]
    assert len(client.history) == 3


def test_a_single_sentence_is_read_kind_by_kind() -> None:
    answered, client = run(
        Reply("", "length"), quotes(NO), json.dumps({"claims": []}), only=("quotes", "claims"), text="“No,” said Bob."
    )
    assert [kinds(prompt) for prompt in client.history] == [["quotes", "claims"], ["quotes"], ["claims"]]
    assert answered.error is None


def test_an_error_of_the_server_is_no_reason_to_ask_about_the_halves() -> None:
    answered, client = run(ModelServerError("down"))
    assert [part.reason for part in answered.missed] == ["server"]
    assert len(client.history) == 1


# All sorts of wrappings, and of what is in them.


def test_tolerated_wrappings() -> None:
    good = quotes(NO)
    for reply in (
        f"```json\n{good}\n```",
        f"```\n{good}\n```\nAnything else?",
        f"Here is what I found:\n\n{good}\n\nHope this helps!",
        f'<think>{{"quotes": [maybe</think>\n{good}',
        f"<thinking>Bob says {quotes(WAIT)}</thinking>{good}",
        json.dumps(good),
        json.dumps({"quotes": json.dumps([NO])}),
        json.dumps({"Quotes": [NO]}),
        json.dumps({"reply": {"quotes": [NO]}}),
        json.dumps([NO]),
        json.dumps({"quotes": NO}),
        json.dumps({"quotes": [NO], "confidence": 1, "note": ["x"]}),
        quotes({**NO, "confidence": 0.9, "__class__": "os"}),
    ):
        answered, client = run(reply)
        assert contents(answered) == ["No,"], reply
        assert len(client.history) == 1, reply


def test_several_tool_calls_are_one_reply() -> None:
    answered, client = run(
        RECORD.join([json.dumps({"quotes": [WAIT]}), json.dumps({"quotes": [NO]}), json.dumps({"entities": [ENTITY]})]),
        only=("entities", "quotes"),
    )
    assert len(answered.found) == 3
    assert len(client.history) == 1


def test_several_tool_calls_of_which_one_is_broken() -> None:
    calls = RECORD.join([json.dumps({"quotes": [WAIT, NO]}), quotes(HOME)[:-30]])
    answered, _ = run(calls, quotes(HOME))
    assert contents(answered) == ["We can’t wait,", "No,", "Go home,"]


@pytest.mark.parametrize("empty", ['{"quotes": null}', '{"quotes": []}', '{"quotes": [], "claims": null}'])
def test_null_in_place_of_a_list_is_nothing(empty: str) -> None:
    answered, client = run(empty)
    assert (answered.found, answered.rejected, answered.error) == ((), (), None)
    assert len(client.history) == 1


def test_a_word_of_a_closed_list_in_capitals_is_that_word() -> None:
    answered, client = run(json.dumps({"entities": [{**ENTITY, "type": " PERSON"}]}), only=("entities",))
    assert [grounded.record.type for grounded in answered.found] == ["person"]
    assert len(client.history) == 1


def test_a_wrong_word_is_mended() -> None:
    wrong = json.dumps({"entities": [{**ENTITY, "type": "politician"}]})
    answered, client = run(wrong, json.dumps({"entities": [ENTITY]}), only=("entities",))
    assert [grounded.record.type for grounded in answered.found] == ["person"]
    assert "'person'" in client.history[1].user


def test_a_huge_list_is_cut() -> None:
    made_up = [quote(f"Nothing of the sort number {number}", 2) for number in range(5000)]
    answered, client = run(quotes(NO, *made_up), quotes())
    assert contents(answered) == ["No,"]
    assert len(answered.rejected) < 100
    (cut,) = [rejection for rejection in answered.rejected if "not looked at" in rejection.detail]
    assert (cut.reason, cut.draft) == ("invalid", {"items": 5001})
    assert client.history[1].user.count("Nothing of the sort") <= 2 * 40


def test_the_same_mistake_many_times_is_one() -> None:
    bad = quote("We shall never wait for any of you", 1)
    answered, client = run(quotes(*[bad] * 30), quotes())
    assert len(answered.rejected) == 1
    assert client.history[1].user.count("never wait for any") <= 2


def test_the_same_item_many_times_is_no_mistake() -> None:
    answered, client = run(quotes(*[NO] * 5))
    assert set(contents(answered)) == {"No,"}
    assert len(client.history) == 1


LONG = " ".join(f"Line {number} of the story says nothing new." for number in range(1, 30))


def test_an_item_of_another_chunk_is_not_asked_for_again() -> None:
    from extractor.kinds.catalogue import kinds_named
    from extractor.llm.validate import check_items, validating
    from extractor.records.article import Article
    from extractor.text.chunks import split_chunks
    from extractor.text.document import Document

    chunks = split_chunks(Document.of(Article(id="a", text=f"{TEXT}\n\n{LONG}\n\nThe end came late.")), chars=300)
    with validating(chunks[0]):
        checked = check_items({"quotes": [NO, quote("The end came late.", 40)]}, kinds_named(["quotes"]))
    (failing,) = checked.failing
    assert (failing.reason, failing.worth_asking) == ("elsewhere", False)
    assert len(checked.good) == 1


def test_text_of_the_few_shot_example_is_not_the_articles() -> None:
    from extractor.prompting.examples import load_examples

    (example, *_) = load_examples().examples
    of_example = [dict(item) for item in example.items["quotes"]]
    answered, client = run(quotes(NO, *of_example), examples=(example.chunk.document.text,))
    assert contents(answered) == ["No,"]
    assert {rejection.reason for rejection in answered.rejected} == {"example"}
    assert len(answered.rejected) == len(of_example)
    assert len(client.history) == 1, "there is nothing to mend"


@pytest.mark.parametrize(
    "items",
    [
        [None],
        [[]],
        [3],
        ["“No,” said Bob."],
        [{"sentence": None}],
        [{**NO, "content": None}],
        [{**NO, "content": {"text": "No,"}}],
        [{**NO, "sentence": "three"}],
        [{**NO, "speaker": ["Bob"]}],
        [{}],
    ],
)
def test_an_item_of_no_form_takes_no_other_with_it(items: list[Any]) -> None:
    answered, client = run(quotes(WAIT, *items, HOME), quotes(NO))
    assert contents(answered)[:2] == ["We can’t wait,", "Go home,"]
    assert len(client.history) == 2
    assert all(rejection.reason == "invalid" for rejection in answered.rejected)


def test_a_script_that_ends_is_noticed() -> None:
    asking = Asking()
    assert asking.vain == []
    answered, _ = run()
    assert [part.reason for part in answered.missed] == ["unreachable"]


def test_every_way_of_going_wrong_keeps_read_and_missed_apart() -> None:
    replies: list[Scripted] = [
        Reply(quotes(*ALL)[:-30], "length"),
        "Sure!",
        Reply("", "refusal"),
        quotes(*ALL)[:-40],
        ModelServerError("down"),
        Reply("", "content_filter"),
    ]
    for first in range(len(replies)):
        for second in range(len(replies)):
            answered, _ = run(replies[first], replies[second], *replies, *replies, only=("quotes", "claims"))
            covered = sorted([*answered.read, *((part.start, part.end) for part in answered.missed)])
            assert covered[0][0] == 0
            assert covered[-1][1] == len(TEXT)
            assert all(one[1] == other[0] for one, other in itertools.pairwise(covered))
            assert (answered.error is None) == (answered.missed == ())
