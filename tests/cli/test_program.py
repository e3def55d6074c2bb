"""The program as it is started: what it loads, what it prints where, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.cli.app import main

SEED = Path(__file__).parents[2] / "seeds" / "nato-defence-spending.txt"
HEAVY = ("openai", "instructor", "scipy", "pydantic", "jinja2", "rich", "trafilatura", "rapidfuzz", "asyncio")


def start(*arguments: str, stdin: bytes = b"", stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "extractor", *arguments],
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from extractor.cli.app import main; code = main(['--help'])\n"
        "print(sorted(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=120, text=True)
    assert "extract" in done.stdout
    assert [name for name in HEAVY if f"'{name}'" in done.stderr] == []


@pytest.mark.parametrize("command", ["extract", "schemas", "models"])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"Usage: extractor {command}")
    assert captured.err == ""


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    from extractor import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"extractor {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["--nonsense"], ["schemas", "a", "b"], ["models", "x"]])
def test_wrong_usage_is_one_line_with_a_hint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert line.startswith("extractor: ")
    assert "--help)" in line


def test_models_says_whether_keys_are_set_and_never_what_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert "secret" not in out
    lines = [line.split() for line in out.splitlines()]
    assert ["OPENAI_API_KEY", "needed", "set:", "yes"] in lines
    assert ["AZURE_OPENAI_API_KEY", "needed", "set:", "no"] in lines
    for word in ("offline", "openai/NAME", "azure_openai/DEPLOYMENT", "ollama/NAME", "json_schema", "md_json"):
        assert word in out
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert main(["models"]) == 0
    assert ["OPENAI_API_KEY", "optional", "set:", "yes"] in [
        line.split() for line in capsys.readouterr().out.splitlines()
    ]


def test_the_main_job_runs_offline_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "extractor", "extract", str(SEED)],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    record = json.loads(line)
    text = record["article"]["text"]
    assert text == SEED.read_bytes().decode()
    assert record["quotes"]
    for quote in record["quotes"]:
        for span in quote["spans"]:
            assert text[span["start"] : span["end"]] == span["text"]
    [hint] = done.stderr.decode().splitlines()
    assert "--model" in hint


def test_standard_input_and_bad_sources_in_one_run() -> None:
    done = start("extract", "-", "/nowhere/at all.txt", "-q", stdin="“Wir drehten um”, sagte sie.".encode())
    assert done.returncode == 3
    piped, missing = (json.loads(line) for line in done.stdout.splitlines())
    assert (piped["article"]["id"], piped["coverage"]["status"]) == ("-", "complete")
    assert missing["error"]["code"] == "missing_file"
    assert len(done.stderr.splitlines()) == 1


def test_an_empty_article_alone_is_a_failed_record() -> None:
    done = start("extract", "-", "-q")
    assert done.returncode == 3
    assert json.loads(done.stdout)["coverage"]["status"] == "failed"
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["extract", str(SEED), "-q"], ["models"], ["extract", "nowhere.txt", "--format", "table", "-q"]]
)
def test_a_reader_that_went_away_ends_the_program_quietly(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = start(*arguments, stdout=write)
    finally:
        os.close(write)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
    assert b"roken" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_output_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = start("extract", str(SEED), "-q", stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "extractor: standard output cannot be written: no space left on device"
    ]
