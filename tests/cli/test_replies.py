"""`extractor replies`: what is kept can be looked at, carried elsewhere and thrown away."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from extractor.cli.app import main
from extractor.llm.reply_store import ReplyStore
from tests.llm.test_reply_store import stored


@pytest.fixture
def cache() -> Path:
    path = Path(os.environ["EXTRACTOR_CACHE"])
    with ReplyStore(path) as store:
        old = replace(stored("aa11" * 16, '{"quotes": []}\x1b[2J'), created=time.time() - 40 * 86400)
        store.put(old, stored("bb22" * 16), stored("bb33" * 16, model="other"))
        store.mark_in_vain(["bb33" * 16])
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(["replies", *arguments]) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_info(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, "info")
    assert out.splitlines()[0].startswith(f"{cache}: 3 replies, ")
    assert "openai/m: 2 replies, 200 tokens sent, 40 received" in out
    assert "openai/other: 1 replies" in out


def test_list(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, "list")
    assert [line.split()[0] for line in out.splitlines()] == ["aa11aa11aa11", "bb22bb22bb22", "bb33bb33bb33"]
    assert out.splitlines()[2].endswith("openai/other  quotes  stop, in vain  100 + 20 tokens")
    assert len(run(capsys, "list", "--limit", "1")[0].splitlines()) == 1
    assert len(run(capsys, "list", "--model", "openai/m")[0].splitlines()) == 2


def test_show(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "show", "aa11")[0] == '{"quotes": []}\x1b[2J', "as it came, into a pipe"
    assert "several replies begin with 'bb'" in run(capsys, "show", "bb", code=2)[1]
    assert "no reply begins with 'cc'" in run(capsys, "show", "cc", code=2)[1]


def test_a_terminal_is_not_acted_on(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "\x1b" not in run(capsys, "show", "aa11")[0]


def test_export_and_import(cache: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out, _ = run(capsys, "export")
    assert [json.loads(line)["model"] for line in out.splitlines()] == ["m", "m", "other"]
    lines = tmp_path / "replies.jsonl"
    lines.write_text(out, encoding="utf-8")
    other = tmp_path / "other.sqlite"
    said, _ = run(capsys, "import", str(lines), "--file", str(other))
    assert said == f"3 replies taken in; {other} has 3\n"
    assert run(capsys, "export", "--file", str(other))[0] == out
    lines.write_text("{}\n", encoding="utf-8")
    assert "line 1 is no stored reply" in run(capsys, "import", str(lines), code=1)[1]
    assert "cannot be read" in run(capsys, "import", "nowhere.jsonl", code=1)[1]


def test_prune(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing says which" in run(capsys, "prune", code=2)[1]
    assert "is no age" in run(capsys, "prune", "--older-than", "long", code=2)[1]
    assert run(capsys, "prune", "--older-than", "30d")[0] == f"1 replies removed; {cache} has 2\n"
    assert run(capsys, "prune", "--in-vain")[0].startswith("1 replies removed")
    assert run(capsys, "prune", "--model", "openai/nobody")[0].startswith("0 replies removed")
    assert run(capsys, "prune", "--all")[0] == f"1 replies removed; {cache} has 0\n"


@pytest.mark.parametrize("command", [["info"], ["list"], ["show", "aa"], ["export"], ["prune", "--all"]])
def test_where_nothing_is_kept(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    out, errors = run(capsys, *command, code=1)
    assert out == ""
    assert len(errors.splitlines()) == 1
    assert not Path(os.environ["EXTRACTOR_CACHE"]).exists()


def test_a_file_of_something_else(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("notes " * 400, encoding="utf-8")
    assert "no file of replies" in run(capsys, "info", "--file", str(path), code=2)[1]
