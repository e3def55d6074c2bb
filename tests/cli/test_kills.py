"""Whenever a run is stopped, what it had written stands there in whole lines."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

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
