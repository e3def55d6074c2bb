"""Hooks are told everything, the log everything but words; a hook's bug costs nothing."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from extractor import Article, Event, Extraction, Extractor
from extractor.backends.model_backend import ModelBackend
from extractor.errors import ModelBusyError, ModelServerError
from extractor.llm.events import (
    ChunkRead,
    ItemRejected,
    Observer,
    RepairAsked,
    ReplyReceived,
    RequestFailed,
    RequestSent,
    RetryScheduled,
)
from extractor.llm.retry import RetryPolicy
from extractor.llm.scripted_client import Answer, ScriptedClient

if TYPE_CHECKING:
    import pytest

TEXT = "“We can’t wait,” Ann Lee said on Monday. The town spent 12 million kroner."
GOOD = {"sentence": 1, "content": ["We can’t wait,"], "cue": "said", "speaker": "Ann Lee", "speaker_name": "Ann Lee"}
BAD = {**GOOD, "content": ["Secret and invented words"]}


async def no_wait(seconds: float) -> None:
    """Stands in for sleep."""


def quotes(*items: Any) -> str:
    return json.dumps({"quotes": items})


def extract(observer: Observer | None, *script: Answer) -> Extraction:
    backend = ModelBackend(
        "openai/m", client=ScriptedClient(script), policy=RetryPolicy(sleep=no_wait), on_event=observer, max_repairs=1
    )
    with Extractor(kinds=["quotes"], backend=backend, on_event=observer) as extractor:
        return extractor.extract_sync(Article(id="the-id", text=TEXT))


SCRIPT: tuple[Answer, ...] = (
    ModelServerError("down"),
    ModelBusyError("busy", retry_after=7),
    quotes(GOOD, BAD),
    quotes(BAD),
)


def test_everything_is_told_in_order() -> None:
    events: list[Event] = []
    evidence = extract(events.append, *SCRIPT)
    assert [type(event) for event in events] == [
        RequestSent,
        RequestFailed,
        RetryScheduled,
        RequestSent,
        RequestFailed,
        RetryScheduled,
        RequestSent,
        ReplyReceived,
        RepairAsked,
        RequestSent,
        ReplyReceived,
        ChunkRead,
        ItemRejected,
    ]
    assert all(event.place is not None and event.place.article == "the-id" for event in events)
    assert [event.attempt for event in events if isinstance(event, RequestSent)] == [1, 2, 3, 1]
    first, second = (event for event in events if isinstance(event, RetryScheduled))
    assert (first.error.code, second.error.code) == ("server", "busy")
    assert second.wait >= 7
    received = next(event for event in events if isinstance(event, ReplyReceived))
    assert received.reply.text == quotes(GOOD, BAD)
    assert TEXT[:10] in received.prompt.user
    (repair,) = (event for event in events if isinstance(event, RepairAsked))
    assert (repair.reason, repair.count) == ("items", 1)
    (rejected,) = (event for event in events if isinstance(event, ItemRejected))
    assert rejected.rejection == evidence.rejected[0]


def test_an_event_shows_no_words() -> None:
    events: list[Event] = []
    extract(events.append, *SCRIPT)
    shown = repr(events) + repr([event.facts() for event in events])
    for words in ("We can", "Ann Lee", "invented", "kroner"):
        assert words not in shown


def test_a_hook_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise ValueError(f"a bug, with {TEXT}")

    undisturbed = extract(None, *SCRIPT)
    caplog.clear()
    with caplog.at_level(logging.ERROR, logger="extractor"):
        assert extract(broken, *SCRIPT) == undisturbed
    failures = [record for record in caplog.records if record.message == "observer failed"]
    assert len(failures) == 13
    assert {record.error for record in failures} == {"ValueError"}  # type: ignore[attr-defined]
    assert "kroner" not in caplog.text


def test_the_log_has_the_facts_and_no_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        extract(None, *SCRIPT)
    records = [record for record in caplog.records if record.name == "extractor"]
    assert [record.message for record in records] == [
        "request sent",
        "request failed",
        "retry scheduled",
        "request sent",
        "request failed",
        "retry scheduled",
        "request sent",
        "reply received",
        "repair asked",
        "request sent",
        "reply received",
        "chunk read",
        "item rejected",
    ]
    assert records[1].__dict__["error"] == "server"
    assert records[1].__dict__["article"] == "the-id"
    assert records[8].__dict__["reason"] == "items"
    everything = " ".join(str(record.__dict__) for record in caplog.records)
    for words in ("wait,", "Ann Lee", "invented", "kroner"):
        assert words not in everything


def test_nothing_is_logged_by_default(capfd: pytest.CaptureFixture[str]) -> None:
    extract(None, *SCRIPT)
    assert capfd.readouterr() == ("", "")


def test_rules_tell_what_they_reject_too() -> None:
    events: list[Event] = []
    with Extractor(on_event=events.append) as extractor:
        evidence = extractor.extract_sync(TEXT)
    rejected = [event for event in events if isinstance(event, ItemRejected)]
    assert [type(event) for event in events if event not in rejected] == [ChunkRead]
    assert len(rejected) == len(evidence.rejected)
