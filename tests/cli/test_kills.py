"""Whenever a run is stopped, what it had written stands there in whole lines, and nothing it knew is asked again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from extractor.llm.reply_store import ReplyStore
from tests.fault_server import FaultServer
from tests.honest_model import asked_for, reply_to
from tests.model_server import Hang, ModelServer, Request
from tests.news import articles

ARTICLE = "“We turned,” said Jane Doe on Monday. Costs rose 5 % in 2023, she said.\n\n" * 20
ARTICLES = 400


def honest(request: Request) -> Any:
    asked = asked_for(request.body)
    assert asked is not None
    return reply_to(asked)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_whole_lines(tmp_path: Path, ending: signal.Signals) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"text": f"Part {number}.\n\n{ARTICLE}"}) + "\n" for number in range(ARTICLES)]
    source.write_text("".join(lines), encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, "-m", "extractor", "extract", str(source), "-o", str(out), "-q"], stderr=subprocess.PIPE
    )
    # The first line says that it is at work; polling the file needs no waiting for a time that might be too short.
    while program.poll() is None and not (out.exists() and out.stat().st_size):
        pass
    assert program.poll() is None, program.communicate()
    program.send_signal(ending)
    _, errors = program.communicate(timeout=120)
    written = out.read_bytes()
    assert written.endswith(b"\n")
    ids = [json.loads(line)["article"]["id"] for line in written.splitlines()]
    assert ids == [f"{source}:{number}" for number in range(1, len(ids) + 1)]
    assert 0 < len(ids) < ARTICLES
    if ending != signal.SIGKILL:
        assert program.returncode == 128 + ending
        assert errors.decode() == "extractor: interrupted\n"


@pytest.mark.slow
def test_a_second_interrupt_stops_at_once(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"text": article.text}) + "\n" for article in articles(30)), encoding="utf-8")
    held: list[Request] = []

    def script(request: Request) -> Any:
        held.append(request)
        return Hang() if len(held) > 5 else honest(request)

    with ModelServer(script) as server:
        command = [sys.executable, "-m", "extractor", "extract", str(source), "-o", str(out), "--model", "openai/m"]
        program = subprocess.Popen([*command, "--base-url", server.url], stderr=subprocess.PIPE, text=True)
        while program.poll() is None and len(held) < 10:
            pass
        assert program.stderr is not None
        program.send_signal(signal.SIGINT)
        said = ""
        while "stopping" not in said:
            said = program.stderr.readline()
        assert "(once more stops at once)" in said
        assert program.poll() is None, "it waits for what is in flight"
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 130
        assert program.stderr.read().splitlines()[-1] == "extractor: interrupted"
        program.stderr.close()
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(written) == 5
    state = json.loads((tmp_path / "out.jsonl.manifest.json").read_text(encoding="utf-8"))["state"]
    assert state == "stopped"


@pytest.mark.slow
def test_an_interrupt_is_heard_while_standard_input_says_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "extractor", "extract", "-", "--input-format", "jsonl", "-o", str(out), "-q"]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert program.stdin is not None
    for article in articles(3):
        program.stdin.write(json.dumps({"text": article.text}).encode() + b"\n")
    program.stdin.flush()
    while program.poll() is None and not (out.exists() and out.stat().st_size):
        pass
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == 143
    program.communicate()
    assert len(out.read_bytes().splitlines()) == 3


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are looked for in /proc")
def test_the_processes_of_a_killed_run_end_with_it(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"text": f"Part {number}.\n\n{ARTICLE}"}) + "\n" for number in range(ARTICLES)]
    source.write_text("".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "extractor", "extract", str(source), "-o", str(out), "-q", "--workers", "2"]
    program = subprocess.Popen(command)
    children: list[str] = []
    listed = Path(f"/proc/{program.pid}/task/{program.pid}/children")
    while program.poll() is None and len(children) < 3 and len(out.read_bytes() if out.exists() else b"") < 10**6:
        children = [number for task in listed.parents[1].iterdir() for number in _children(task)]
    assert program.poll() is None
    assert len(children) >= 2
    program.kill()
    program.wait()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(Path(f"/proc/{number}").exists() for number in children):
        pass
    assert not [number for number in children if Path(f"/proc/{number}").exists()]


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text(encoding="ascii").split()
    except OSError:
        return []


KILLS = 20


@pytest.mark.slow
def test_a_run_that_is_killed_twenty_times_comes_to_what_an_undisturbed_one_does(tmp_path: Path) -> None:
    source, out, undisturbed = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "undisturbed.jsonl"
    given = articles(300, seed=8)
    source.write_text("".join(json.dumps({"id": a.id, "text": a.text}) + "\n" for a in given), encoding="utf-8")
    random = Random(8)

    def start(out: Path, server: ModelServer, cache: str) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "extractor",
            "extract",
            str(source),
            "-o",
            str(out),
            "-q",
            "--model",
            "openai/m",
        ]
        environment = {"EXTRACTOR_CACHE": str(tmp_path / cache), "EXTRACTOR_BASE_URL": server.url}
        return subprocess.Popen([*command, "--concurrency", "4"], env={**os.environ, **environment})

    kills = 0
    with ModelServer(honest) as server:
        for moment in sorted(random.sample(range(1, 295), KILLS)):
            program = start(out, server, "replies.sqlite")
            while program.poll() is None and len(server.requests) < moment:
                pass
            for _ in range(random.randrange(200_000)):
                pass  # Not always at the same place after a request.
            kills += program.poll() is None
            program.kill()
            program.wait(60)
        assert start(out, server, "replies.sqlite").wait(120) == 0
        asked = len(server.requests)
        assert start(undisturbed, server, "other.sqlite").wait(120) == 0
    assert kills == KILLS
    assert asked <= 300 + KILLS * 4, "only what was in flight is asked for again"

    def evidence(path: Path) -> dict[str, dict[str, Any]]:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len(records) == 300
        return {record["article"]["id"]: {**record, "usage": None} for record in records}

    found = evidence(out)
    assert sorted(found) == sorted(article.id for article in given), "none twice, none missing"
    assert found == evidence(undisturbed)
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text(encoding="utf-8"))
    assert manifest["output_records"]["complete"] == 300
    # A run that is killed before it has begun is in no list.
    assert manifest["runs"][-1]["state"] == "finished"
    assert {run["state"] for run in manifest["runs"][:-1]} == {"killed"}


CONCURRENCY = 16


@pytest.mark.slow
def test_a_killed_run_asks_for_nothing_again_that_it_was_told(tmp_path: Path) -> None:
    source, out, cache = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "replies.sqlite"
    given = articles(200, seed=6)
    source.write_text("".join(json.dumps({"id": a.id, "text": a.text}) + "\n" for a in given), encoding="utf-8")
    random = Random(6)

    def start(server: FaultServer) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "extractor", "extract", str(source), "-o", str(out), "--force", "-q"]
        return subprocess.Popen(
            [*command, "--model", "openai/m", "--concurrency", str(CONCURRENCY)],
            env={**os.environ, "EXTRACTOR_CACHE": str(cache), "EXTRACTOR_BASE_URL": server.url},
        )

    kills = 0
    with FaultServer(share=0, latency=0.05) as server:
        for moment in sorted(random.sample(range(5, 190), 4)):
            program = start(server)
            while program.poll() is None and len(server.answered) < moment:
                pass
            if program.poll() is None:
                program.kill()
                kills += 1
            program.wait(60)
            with ReplyStore(cache) as store:
                kept, asked = len(store), len(server.requests)
            assert kept <= len(server.answered)
            again = start(server)
            while again.poll() is None and len(server.requests) == asked:
                pass
            again.kill()
            again.wait(60)
        with ReplyStore(cache) as store:
            kept, asked = len(store), len(server.requests)
        assert start(server).wait(120) == 0
        assert len(server.requests) - asked == len(given) - kept, "only what was not kept"
        twice = [digest for digest, times in server.answered.items() if times > 1]
        assert len(twice) <= 2 * 4 * CONCURRENCY, "those that were in flight when it was killed, at most"
        assert len(server.answered) == len(given)
    assert kills
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert sorted(record["article"]["id"] for record in records) == sorted(article.id for article in given)
    assert {record["coverage"]["status"] for record in records} == {"complete"}
