"""Whenever a run is stopped, what it had written stands there in whole lines, and nothing it knew is asked again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from extractor.llm.reply_store import ReplyStore
from tests.fault_server import FaultServer
from tests.news import articles

if TYPE_CHECKING:
    from pathlib import Path

ARTICLE = "“We turned,” said Jane Doe on Monday. Costs rose 5 % in 2023, she said.\n\n" * 20
ARTICLES = 400


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_whole_lines(tmp_path: Path, ending: signal.Signals) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text((json.dumps({"text": ARTICLE}) + "\n") * ARTICLES, encoding="utf-8")
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
    if ending == signal.SIGINT:
        assert program.returncode == 130
        assert errors.decode() == "extractor: interrupted\n"


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
