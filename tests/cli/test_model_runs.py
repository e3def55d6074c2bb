"""`extractor extract` with a model: what is kept and taken again, what stops a run, what it says of all this."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extractor.cli.app import main
from extractor.llm.reply_store import ReplyStore
from tests.fault_server import FaultServer
from tests.honest_model import Asked, asked_for, reply_to
from tests.model_server import COMPLETION_TOKENS, PROMPT_TOKENS, ModelServer, Request, Status
from tests.news import articles

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 6
CHARS = sum(len(article.text) for article in articles(COUNT, seed=4))
KEY = "sk-very-secret"


def honest(request: Request) -> Any:
    asked = asked_for(request.body)
    assert isinstance(asked, Asked)
    return reply_to(asked)


class Program:
    """Runs the program on a few articles against a server."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        lines = [json.dumps({"id": article.id, "text": article.text}) + "\n" for article in articles(COUNT, seed=4)]
        Path("in.jsonl").write_text("".join(lines), encoding="utf-8")

    def __call__(
        self, script: Callable[[Request], Any] | None, *arguments: str, model: str = "openai/gpt-5-mini"
    ) -> Ran:
        with ModelServer(script or (lambda request: Status(500))) as server:
            if script is not None:
                self._monkeypatch.setenv("OPENAI_BASE_URL", server.url)
                self._monkeypatch.setenv("OPENAI_API_KEY", KEY)
            code = main(["extract", "in.jsonl", "--model", model, "--concurrency", "1", *arguments])
            self._monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
            self._monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        captured = self._capsys.readouterr()
        assert KEY not in captured.out + captured.err
        return Ran(code, captured.out, captured.err.splitlines(), len(server.requests))


class Ran:
    """What a run left behind."""

    def __init__(self, code: int, out: str, errors: list[str], requests: int) -> None:
        self.code, self.out, self.errors, self.requests = code, out, errors, requests

    @property
    def records(self) -> list[dict[str, Any]]:
        return sorted((json.loads(line) for line in self.out.splitlines()), key=lambda r: str(r["article"]["id"]))

    @property
    def statuses(self) -> list[str]:
        return [record["coverage"]["status"] for record in self.records]


def evidence(ran: Ran) -> list[dict[str, Any]]:
    """The records without what a run cost."""
    return [{name: value for name, value in record.items() if name != "usage"} for record in ran.records]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    monkeypatch.chdir(tmp_path)
    return Program(capsys, monkeypatch)


# What is kept.


def test_replies_are_kept_and_taken_again(run: Program) -> None:
    first = run(honest)
    assert (first.code, first.requests) == (0, COUNT)
    assert first.errors[0] == f"extractor: {COUNT} articles: {COUNT} complete, 0 partial, 0 failed"
    sent, received = f"{COUNT * PROMPT_TOKENS:,}", f"{COUNT * COMPLETION_TOKENS:,}"
    assert first.errors[1].startswith(f"extractor: {COUNT} requests, {sent} tokens sent, {received} received, $0.00")
    second = run(honest)
    assert second.requests == 0
    assert evidence(second) == evidence(first)
    assert all(record["usage"]["cached"] == 1 for record in second.records)
    assert second.errors[1] == f"extractor: 0 requests, {COUNT} kept replies, 0 tokens sent, 0 received"


def test_no_cache_keeps_and_takes_nothing(run: Program) -> None:
    assert run(honest, "--no-cache").requests == COUNT
    assert run(honest).requests == COUNT
    assert run(honest, "--no-cache").requests == COUNT


def test_refresh_asks_anew(run: Program) -> None:
    run(lambda request: {"entities": [], "quotes": [], "claims": []})
    ran = run(honest, "--refresh")
    assert ran.requests == COUNT
    assert any(record["quotes"] for record in ran.records)
    assert evidence(run(honest)) == evidence(ran)


def test_record_and_replay(run: Program) -> None:
    recorded = run(honest, "--record", "replies.sqlite")
    assert recorded.requests == COUNT
    replayed = run(None, "--replay", "replies.sqlite")
    assert (replayed.code, replayed.requests) == (0, 0), "without a key, without a server"
    assert evidence(replayed) == evidence(recorded)
    assert not Path(os.environ["EXTRACTOR_CACHE"]).exists(), "the recording is kept instead"


def test_a_reply_that_is_not_recorded_is_named(run: Program) -> None:
    run(honest, "--record", "replies.sqlite", "--limit", "2")
    with ReplyStore("replies.sqlite", read_only=True) as store:
        assert len(store) == 2
    replayed = run(None, "--replay", "replies.sqlite", "--limit", "3")
    assert replayed.code == 3
    assert sorted(replayed.statuses) == ["complete", "complete", "failed"]
    (failed,) = [record for record in replayed.records if record["error"]]
    assert failed["error"]["code"] == "no_recorded_reply"
    assert "no reply is recorded for the prompt " in replayed.errors[0]
    assert "(entities, quotes, claims)" in replayed.errors[0]


def test_the_key_is_in_no_file(run: Program, tmp_path: Path) -> None:
    run(honest, "--record", "replies.sqlite", "-o", "out.jsonl")
    run(honest)
    files = [
        path for path in (*tmp_path.rglob("*"), *Path(os.environ["EXTRACTOR_CACHE"]).parent.iterdir()) if path.is_file()
    ]
    assert len(files) >= 3
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--replay", "r.sqlite", "--record", "r.sqlite"],
        ["--replay", "r.sqlite", "--refresh"],
        ["--record", "r.sqlite", "--no-cache"],
        ["--max-cost", "0"],
        ["--token-budget", "0"],
        ["--requests-per-minute", "0"],
    ],
)
def test_what_cannot_be_meant(run: Program, arguments: list[str]) -> None:
    ran = run(honest, *arguments)
    assert (ran.code, ran.requests, len(ran.errors), ran.out) == (2, 0, 1, "")


def test_a_recording_that_is_not_there(run: Program) -> None:
    ran = run(None, "--replay", "nowhere.sqlite")
    assert (ran.code, ran.out) == (1, "")
    assert ran.errors == ["extractor: there are no recorded replies at nowhere.sqlite (make them with --record)"]


def test_no_place_for_a_cache_is_said_and_no_more(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("EXTRACTOR_CACHE", "file/replies.sqlite")
    ran = run(honest)
    assert (ran.code, ran.statuses) == (0, ["complete"] * COUNT)
    assert ran.errors[0].startswith("extractor: the replies cannot be kept in file/replies.sqlite: ")
    assert run(honest, "--record", "file/r.sqlite").code == 1, "what was asked for has to be"


# What stops a run.


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (Status(401), "does not accept the key (status 401, error)"),
        (Status(403), "does not accept the key (status 403, error)"),
        (Status(404), "knows no model openai/gpt-5-mini (status 404, error)"),
        (Status(429, "insufficient_quota"), "the account has no credit left (status 429, insufficient_quota)"),
    ],
)
def test_what_concerns_all_is_met_once_and_said_once(run: Program, status: Status, says: str) -> None:
    ran = run(lambda request: status)
    assert ran.requests == 1
    assert ran.code == 1, "nothing could be done"
    assert ran.statuses == ["failed"] * COUNT, "and each article has its record"
    assert says in ran.errors[0]
    assert ran.errors[1:] == [
        f"extractor: {COUNT} articles: 0 complete, 0 partial, {COUNT} failed",
        f"extractor: reasons: {ran.records[0]['error']['code']} {COUNT}",
        f"extractor: characters not read: {CHARS:,} {ran.records[0]['error']['code']}, of {CHARS:,}",
        "extractor: 1 request, 0 tokens sent, 0 received",
    ]


def test_a_server_that_refuses_every_request(run: Program) -> None:
    ran = run(lambda request: Status(400))
    assert ran.requests == 3
    assert ran.code == 1
    assert sum("refused the request" in line for line in ran.errors) == 1


def test_a_key_that_is_revoked_under_way(run: Program) -> None:
    served = 0

    def script(request: Request) -> Any:
        nonlocal served
        served += 1
        return honest(request) if served <= 2 else Status(401)

    ran = run(script)
    assert ran.code == 3
    assert sorted(ran.statuses) == ["complete"] * 2 + ["failed"] * (COUNT - 2)
    assert ran.requests == 3
    assert sum("does not accept the key" in line for line in ran.errors) == 1


def test_a_token_budget_stops_cleanly(run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(share=0) as server:  # It counts tokens as they are.
        monkeypatch.setenv("EXTRACTOR_BASE_URL", server.url)
        ran = run(None, "--token-budget", "9000", "-o", "out.jsonl")
    assert ran.code == 3
    records = [json.loads(line) for line in Path("out.jsonl").read_text(encoding="utf-8").splitlines()]
    statuses = [record["coverage"]["status"] for record in records]
    assert len(records) == COUNT
    assert set(statuses) == {"complete", "failed"}
    assert {record["error"]["code"] for record in records if record["error"]} == {"budget"}
    assert {missed["reason"] for record in records for missed in record["coverage"]["missed"]} == {"budget"}
    assert sum("the budget of 9,000 tokens is spent" in line for line in ran.errors) == 1
    assert sum(record["usage"]["prompt_tokens"] + record["usage"]["completion_tokens"] for record in records) <= 9000


def test_money_stops_cleanly_and_needs_a_price(run: Program) -> None:
    ran = run(honest, "--max-cost", "0.000001")
    assert (ran.code, ran.requests) == (1, 0)
    assert "the budget of $1e-06 is spent" in ran.errors[0]
    unknown = run(honest, "--max-cost", "1", model="openai/nobody-knows")
    assert (unknown.code, unknown.requests) == (2, 0)
    assert unknown.errors == [
        "extractor: the price of openai/nobody-knows is not known (limit tokens instead with --token-budget)"
    ]


# Before a run.


def test_a_dry_run_sends_nothing_and_needs_no_key(run: Program) -> None:
    ran = run(None, "--dry-run")
    assert (ran.code, ran.requests, ran.errors) == (0, 0, [])
    estimate = json.loads(ran.out)
    assert (estimate["articles"], estimate["chunks"], estimate["requests"], estimate["stored"]) == (
        COUNT,
        COUNT,
        COUNT,
        0,
    )
    assert estimate["prompt_tokens"] > COUNT * 1000
    assert estimate["completion_tokens"] > COUNT * 100
    assert 0 < estimate["cost_usd"] < 1
    run(honest, "--limit", "2")
    later = json.loads(run(None, "--dry-run").out)
    assert (later["requests"], later["stored"]) == (COUNT - 2, 2)
    assert later["cost_usd"] < estimate["cost_usd"]


def test_a_dry_run_in_words(run: Program) -> None:
    lines = run(None, "--dry-run", "--format", "table", "--per-kind", "--chunk-chars", "300").out.splitlines()
    rows = {line[:20].strip(): line[20:] for line in lines}
    assert rows["articles"] == str(COUNT)
    assert int(rows["requests"]) == 3 * int(rows["chunks"])
    assert rows["cost"].startswith("about $")


def test_a_dry_run_of_the_rules_and_of_bad_sources(run: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "in.jsonl", "nowhere.txt", "--dry-run"]) == 3
    captured = capsys.readouterr()
    assert json.loads(captured.out)["requests"] == 0
    assert len(captured.err.splitlines()) == 1


def test_an_estimate_is_of_the_order_of_what_it_takes(run: Program) -> None:
    estimate = json.loads(run(None, "--dry-run").out)
    sent = 0

    def script(request: Request) -> Any:
        nonlocal sent
        sent += len(request.content("system") + request.content("user"))
        return honest(request)

    run(script)
    # Some 4 to 5 characters are a token of English.
    assert sent / 6 < estimate["prompt_tokens"] < sent / 3
