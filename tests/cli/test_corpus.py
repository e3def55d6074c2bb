"""`extractor extract` over a corpus: what goes on, what is passed over, what is said, what stands beside the output."""

from __future__ import annotations

import csv
import gzip
import json
import os
import queue
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extractor import Article, Extractor
from extractor.cli.app import main
from extractor.cli.progress import duration
from extractor.runs.journal import Lock
from extractor.runs.readers import Processes
from tests.conftest import needs
from tests.honest_model import asked_for, reply_to
from tests.model_server import COMPLETION_TOKENS, PROMPT_TOKENS, ModelServer, Request, Status
from tests.news import articles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extractor import Event
    from extractor.records.extraction import Extraction
    from extractor.runs.readers import Results

COUNT = 7


def honest(request: Request) -> Any:
    asked = asked_for(request.body)
    assert asked is not None
    return reply_to(asked)


def write(given: Iterable[Article], path: str = "in.jsonl", *more: dict[str, Any]) -> None:
    objects = [{"id": article.id, "title": article.title, "text": article.text} for article in given]
    lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in (*objects, *more)]
    Path(path).write_text("".join(lines), encoding="utf-8")


def records(path: str = "out.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def ids(path: str = "out.jsonl") -> list[str]:
    return [record["article"]["id"] for record in records(path)]


def manifest(path: str = "out.jsonl") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(f"{path}.manifest.json").read_text(encoding="utf-8"))
    return found


class Ran:
    """What a run of the program left behind."""

    def __init__(self, code: int, errors: list[str], requests: int = 0) -> None:
        self.code, self.errors, self.requests = code, errors, requests

    def says(self, words: str) -> bool:
        return any(words in line for line in self.errors)


class Program:
    """Runs `extractor extract in.jsonl -o out.jsonl`."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str, sources: tuple[str, ...] = ("in.jsonl",), out: str = "out.jsonl") -> Ran:
        code = main(["extract", *sources, "-o", out, *arguments])
        captured = self._capsys.readouterr()
        assert captured.out == ""
        assert all(line.startswith("extractor: ") for line in captured.err.splitlines())
        return Ran(code, captured.err.splitlines())

    def asking(self, script: Callable[[Request], Any], *arguments: str) -> Ran:
        """With a model."""
        with ModelServer(script) as server:
            self._monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            ran = self("--model", "openai/gpt-5-mini", *arguments)
        return Ran(ran.code, ran.errors, len(server.requests))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    monkeypatch.chdir(tmp_path)
    write(articles(COUNT, seed=2))
    return Program(capsys, monkeypatch)


class TestGoingOn:
    def test_what_is_complete_is_passed_over(self, run: Program) -> None:
        assert run("--limit", "3").code == 0
        first = Path("out.jsonl").read_bytes()
        ran = run()
        assert ran.code == 0
        assert Path("out.jsonl").read_bytes().startswith(first)
        assert ids() == [article.id for article in articles(COUNT, seed=2)]
        assert ran.says(f"{COUNT} articles: {COUNT} complete (3 of them before), 0 partial, 0 failed")
        whole = Path("out.jsonl").read_bytes()
        assert run().code == 0
        assert Path("out.jsonl").read_bytes() == whole, "there was nothing to do"

    def test_what_failed_is_read_again_and_the_last_line_counts(self, run: Program) -> None:
        asked = 0

        def every_other(request: Request) -> Any:
            nonlocal asked
            asked += 1
            return honest(request) if asked % 2 else Status(422)

        first = run.asking(every_other, "--concurrency", "1")
        assert first.code == 3
        assert first.says("reasons: request_refused 3")
        assert first.errors[-1] == (
            "extractor: what is not complete is read again by: "
            "extractor extract in.jsonl -o out.jsonl --model openai/gpt-5-mini --concurrency 1"
        )
        second = run.asking(honest, "--concurrency", "1")
        assert (second.code, second.requests) == (0, 3)
        assert len(ids()) == COUNT + 3
        assert len(set(ids())) == COUNT
        assert {record["article"]["id"]: record["coverage"]["status"] for record in records()} == dict.fromkeys(
            ids(), "complete"
        )
        assert main(["compact", "out.jsonl"]) == 0
        assert sorted(ids()) == sorted(set(ids()))
        assert len(ids()) == COUNT
        assert {record["coverage"]["status"] for record in records()} == {"complete"}

    def test_a_failure_that_stays_is_not_written_again(self, run: Program) -> None:
        write(articles(1), "in.jsonl", {"id": "empty", "text": ""}, {"id": "none"})
        assert run().code == 3
        before = Path("out.jsonl").read_bytes()
        assert run().code == 3
        assert Path("out.jsonl").read_bytes() == before

    def test_a_worse_reading_does_not_take_the_place_of_a_better_one(self, run: Program) -> None:
        (long,) = articles(1, seed=5, sentences=13)
        write([long])
        served = 0

        def one(request: Request) -> Any:
            nonlocal served
            served += 1
            return honest(request) if served == 1 else Status(422)

        assert run.asking(one, "--chunk-chars", "600", "--concurrency", "1").code == 3
        (before,) = records()
        assert before["coverage"]["status"] == "partial"
        again = run.asking(lambda request: Status(422), "--chunk-chars", "600", "--no-cache")
        assert again.code == 3
        assert records() == [before]

    def test_force_starts_from_nothing(self, run: Program) -> None:
        run()
        write(articles(1, seed=3))
        assert run("--force").code == 0
        assert ids() == [article.id for article in articles(1, seed=3)]
        assert len(manifest()["runs"]) == 1

    def test_a_torn_line_is_mended_and_its_article_read_again(self, run: Program) -> None:
        run()
        whole = Path("out.jsonl").read_bytes()
        Path("out.jsonl").write_bytes(whole[:-40])
        ran = run()
        assert ran.says("torn line")
        assert Path("out.jsonl").read_bytes() == whole

    def test_the_second_process_stops(self, run: Program) -> None:
        with Lock(Path("out.jsonl").resolve(), "out.jsonl"):
            ran = run()
        assert ran.code == 1
        assert ran.errors == [
            "extractor: another process is writing to out.jsonl (wait for it, or write to another file)"
        ]

    @pytest.mark.parametrize("name", ["out.json", "out.csv", "out.md", "out.sqlite", "out.jsonl.gz"])
    def test_other_formats_go_on_too_and_appear_when_all_is_read(self, run: Program, name: str) -> None:
        write(articles(2), "in.jsonl", {"id": "empty", "text": ""})
        assert run(out=name).code == 3
        journal = Path(f"{name}.journal")
        assert journal.exists(), "something is left to do"
        first = journal.read_bytes()
        write(articles(2), "in.jsonl", {"id": "empty", "text": "The bridge is safe, Ada Holm said."})
        ran = run(out=name)
        assert (ran.code, journal.exists()) == (0, False)
        assert ran.says("3 articles: 3 complete (2 of them before)")
        assert Path(name).stat().st_size > 0
        assert len(first.splitlines()) == 3
        again = run(out=name)
        assert (again.code, again.errors) == (1, [f"extractor: {name} exists (--force replaces it)"])


class TestChanges:
    def test_another_model_is_noticed_before_anything_is_written(self, run: Program) -> None:
        run()
        before = Path("out.jsonl").read_bytes()
        ran = run.asking(honest)
        assert (ran.code, ran.requests, len(ran.errors)) == (1, 0, 1)
        assert "out.jsonl: 7 records were made with other settings: backend rules, now model" in ran.errors[0]
        assert "model none, now openai/gpt-5-mini" in ran.errors[0]
        assert "--on-change redo" in ran.errors[0]
        assert Path("out.jsonl").read_bytes() == before

    @pytest.mark.parametrize("change", [("--only", "quotes"), ("--chunk-chars", "300")])
    def test_other_kinds_and_chunks_are_noticed(self, run: Program, change: tuple[str, str]) -> None:
        run()
        ran = run(*change)
        assert ran.code == 1
        assert ran.says("other settings: kinds, chunk size or how the model is asked")

    def test_another_prompt_is_noticed(self, run: Program) -> None:
        run.asking(honest)
        ran = run.asking(honest, "--examples", "none")
        assert ran.code == 1
        assert ran.says("other settings: prompts")

    def test_what_changes_nothing_in_a_record_is_no_change(self, run: Program) -> None:
        run.asking(honest)
        assert run.asking(honest, "--concurrency", "3", "--timeout", "9", "--max-cost", "3").code == 0

    def test_records_of_other_settings_are_kept_or_made_anew_as_asked(self, run: Program) -> None:
        run("--limit", "3")
        kept = run("--only", "quotes", "--on-change", "keep")
        assert kept.code == 0
        assert kept.says("out.jsonl: 3 records of other settings, left as they are")
        assert ["claims" in record for record in records()] == [True] * 3 + [False] * 4
        assert sorted(manifest()["output_records"]["by_settings"].values()) == [3, 4]
        redone = run("--only", "quotes", "--on-change", "redo")
        assert redone.code == 0
        assert len(ids()) == COUNT + 3
        assert len({record["provenance"]["settings"] for record in records()[3:]}) == 1
        assert list(manifest()["output_records"]["by_settings"].values()) == [COUNT]

    def test_another_text_under_the_same_id_is_said_and_read(self, run: Program) -> None:
        run()
        given = articles(COUNT, seed=2)
        changed = given[2].model_copy(update={"text": "The bridge is safe, Ada Holm said on Friday."})
        write([*given[:2], changed, *given[3:]])
        ran = run()
        assert ran.code == 0
        assert ran.says("1 text has changed since it was read")
        assert records()[-1]["article"]["text"] == changed.text
        assert len(ids()) == COUNT + 1

    def test_articles_that_are_no_longer_given_are_said(self, run: Program) -> None:
        run()
        write(articles(2, seed=2))
        assert run().says("5 records are of articles not given this time")


class TestIdentity:
    TEXT = "“The bridge will hold,” said Ada Holm, the mayor of Lyon, who paid 12 million euros."

    def test_an_identical_text_is_read_once_and_the_records_say_so(self, run: Program) -> None:
        write([], "in.jsonl", *({"id": id_, "title": f"In {id_}", "text": self.TEXT} for id_ in "abc"))
        ran = run.asking(honest, "--no-cache")
        assert (ran.code, ran.requests) == (0, 1)
        first, *copies = sorted(records(), key=lambda record: str(record["article"]["id"]))
        assert first["article"]["same_text_as"] is None
        assert (first["usage"]["requests"], first["usage"]["prompt_tokens"]) == (1, PROMPT_TOKENS)
        for copy in copies:
            assert copy["article"]["same_text_as"] == "a"
            assert copy["article"]["title"] == f"In {copy['article']['id']}"
            assert copy["usage"]["requests"] == 0
            assert {**copy, "article": 0, "usage": 0} == {**first, "article": 0, "usage": 0}
        assert ran.says("2 articles have the text of another one")
        assert manifest()["output_records"]["usage"]["completion_tokens"] == COMPLETION_TOKENS

    def test_also_in_a_later_run(self, run: Program) -> None:
        write([], "in.jsonl", {"id": "a", "text": self.TEXT})
        run.asking(honest, "--no-cache")
        write([], "in.jsonl", {"id": "a", "text": self.TEXT}, {"id": "b", "text": self.TEXT})
        ran = run.asking(honest, "--no-cache")
        assert (ran.code, ran.requests) == (0, 0)
        assert [record["article"]["same_text_as"] for record in records()] == [None, "a"]

    def test_a_copy_shares_what_became_of_the_first(self, run: Program) -> None:
        write([], "in.jsonl", *({"id": id_, "text": self.TEXT} for id_ in "ab"))
        assert run.asking(lambda request: Status(422)).code == 1
        assert [record["coverage"]["status"] for record in records()] == ["failed"] * 2
        ran = run.asking(honest)
        assert (ran.code, ran.requests) == (0, 1)
        assert [record["coverage"]["status"] for record in records()[2:]] == ["complete"] * 2

    def test_another_day_is_another_article(self, run: Program) -> None:
        days = ("2024-03-05T10:00:00Z", "2024-03-05T11:30:00Z", "2024-03-09")
        write([], "in.jsonl", *({"id": day, "published": day, "text": self.TEXT} for day in days))
        assert run.asking(honest, "--no-cache").requests == 2

    def test_an_id_that_two_articles_have(self, run: Program) -> None:
        same = {"id": "x", "text": self.TEXT}
        write([], "in.jsonl", same, {"id": "x", "text": "Another text."}, same, {"id": "x", "text": "A third."})
        ran = run()
        assert (ran.code, ids()) == (0, ["x", "x#2", "x#3"])
        assert ran.says("1 article was given twice")
        assert ran.says("2 articles had the id of another one")
        before = Path("out.jsonl").read_bytes()
        assert run().code == 0
        assert Path("out.jsonl").read_bytes() == before

    def test_a_pipe_is_told_which_texts_are_the_same(self, run: Program, capsys: pytest.CaptureFixture[str]) -> None:
        write([], "in.jsonl", *({"id": id_, "text": self.TEXT} for id_ in "ab"))
        assert main(["extract", "in.jsonl", "-q"]) == 0
        found = [json.loads(line)["article"] for line in capsys.readouterr().out.splitlines()]
        assert [article["same_text_as"] for article in found] == [None, "a"]


class TestBadInput:
    def test_each_is_a_record_with_a_reason_or_is_read_and_the_run_goes_on(self, run: Program) -> None:
        good = [json.dumps({"id": article.id, "text": article.text}).encode() for article in articles(3)]
        lines = [
            good[0],
            b'{"id": "broken", "text": ',
            b'{"id": "missing"}',
            '{"id": "latin", "text": "Straße"}'.encode("latin-1"),
            b'{"id": "nul", "text": "a\x00b"}',
            json.dumps({"id": "escaped nul", "text": "The bridge\0 is safe, Ada Holm said."}).encode(),
            good[1],
            json.dumps({"id": "no sentences", "text": "word " * 5000}).encode(),
            json.dumps({"id": "other", "text": "桥梁很安全，市长说。“它不会倒塌。”" * 20}, ensure_ascii=False).encode(),
            json.dumps({"id": "long", "text": "x" * 2_000_000}).encode(),
            json.dumps({"id": "number", "text": 5}).encode(),
            json.dumps({"id": "space", "text": " \n "}).encode(),
            b"[]",
            b'{"id": "half", "text": "\\ud800 The bridge is safe, Ada Holm said."}',
            good[2],
        ]
        Path("in.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        ran = run()
        assert ran.code == 3
        outcomes = {record["article"]["id"]: (record["error"] or {"code": None})["code"] for record in records()}
        assert outcomes == {
            **{article.id: None for article in articles(3)},
            "in.jsonl:2": "not_json",
            "missing": "no_text",
            "in.jsonl:4": "encoding",
            "in.jsonl:5": "binary",
            "escaped nul": None,
            "no sentences": None,
            "other": None,
            "long": "too_long",
            "number": "no_text",
            "space": "empty",
            "in.jsonl:13": "not_json",
            "half": None,
        }
        for record in records():
            length = len(record["article"]["text"])
            covered = [*record["coverage"]["read"], *((m["start"], m["end"]) for m in record["coverage"]["missed"])]
            assert sum(end - start for start, end in covered) == length, record["article"]["id"]
        characters = manifest()["output_records"]["characters"]
        assert characters["given"] == characters["read"] + sum(characters["missed"].values())
        assert characters["missed"] == {"too_long": 2_000_000, "empty": 3}

    def test_what_is_said_of_many_bad_lines_is_short(self, run: Program) -> None:
        Path("in.jsonl").write_bytes(b"{broken\n" * 500)
        ran = run()
        assert len(ids()) == 500
        assert len(ran.errors) < 30
        assert ran.says("reasons: not_json 500")

    def test_a_source_that_is_not_there_leaves_the_output_as_it_is(self, run: Program) -> None:
        run()
        before = Path("out.jsonl").read_bytes()
        ran = run(sources=("gone.jsonl",))
        assert ran.code == 1
        assert Path("out.jsonl").read_bytes() == before
        Path("a.txt").write_text("The bridge is safe, Ada Holm said.", encoding="utf-8")
        assert run(sources=("in.jsonl", "a.txt")).code == 0
        Path("a.txt").unlink()
        before = Path("out.jsonl").read_bytes()
        assert run(sources=("in.jsonl", "a.txt")).code == 3
        assert Path("out.jsonl").read_bytes() == before, "what was read of it stays"

    def test_a_packed_corpus_that_is_cut_off(self, run: Program) -> None:
        packed = gzip.compress(Path("in.jsonl").read_bytes())
        Path("in.jsonl.gz").write_bytes(packed[:-30])
        ran = run(sources=("in.jsonl.gz",))
        assert ran.code == 3
        assert ran.says("in.jsonl.gz is cut off before its end (what stands before that was read)")
        assert len(ids()) >= COUNT - 1


class TestManifest:
    def test_it_says_what_was_done_and_how(self, run: Program) -> None:
        write(articles(3), "in.jsonl", {"id": "empty", "text": ""})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENAI_API_KEY", "sk-very-secret")
            ran = run.asking(honest, "--concurrency", "2")
        assert ran.code == 3
        said = manifest()
        assert "sk-very-secret" not in json.dumps(said)
        assert (said["state"], said["output"], said["sources"]) == ("finished", "out.jsonl", ["in.jsonl"])
        assert said["command"][:3] == ["extractor", "extract", "in.jsonl"]
        assert (said["settings"]["model"], said["settings"]["concurrency"]) == ("openai/gpt-5-mini", 2)
        assert said["versions"]["extractor"]
        (first, *_) = records()
        assert said["provenance"] == first["provenance"]
        assert said["provenance"]["prompts"]
        assert len(said["provenance"]["schema"]) == 12
        found = said["output_records"]
        assert (found["records"], found["complete"], found["failed"], found["errors"]) == (4, 3, 1, {"empty": 1})
        assert found["usage"]["requests"] == 3
        assert found["items"]["quotes"] == sum(len(record["quotes"]) for record in records())
        assert said["seconds"] > 0
        assert [one["state"] for one in said["runs"]] == ["finished"]

    def test_runs_are_listed_and_add_up(self, run: Program) -> None:
        run.asking(honest, "--limit", "2")
        run.asking(honest)
        said = manifest()
        assert [one["articles"]["given"] for one in said["runs"]] == [2, COUNT]
        assert [one["articles"]["done_before"] for one in said["runs"]] == [0, 2]
        assert [one["records"]["records"] for one in said["runs"]] == [2, COUNT - 2]
        assert said["output_records"]["records"] == COUNT
        costs = [one["records"]["usage"]["cost_usd"] for one in said["runs"]]
        assert said["cost_usd"] == pytest.approx(sum(costs))

    def test_a_password_in_an_address_is_not_kept(self, run: Program) -> None:
        with ModelServer(honest) as server:
            address = server.url.replace("http://", "http://user:hidden-word@")
            ran = run("--model", "openai/m", "--base-url", address, "--limit", "1")
        assert "hidden-word" not in Path("out.jsonl.manifest.json").read_text(encoding="utf-8")
        assert not ran.says("hidden-word")


class TestFormats:
    def test_csv_and_sqlite_hold_what_the_records_do(self, run: Program) -> None:
        for name in ("out.jsonl", "out.csv", "out.sqlite"):
            assert run(out=name).code == 0
        wanted = [(record["article"]["id"], quote["text"]) for record in records() for quote in record["quotes"]]
        assert wanted
        with Path("out.csv").open(encoding="utf-8", newline="") as stream:
            rows = [(row["article"], row["text"]) for row in csv.DictReader(stream) if row["item"] == "quote"]
        assert rows == wanted
        connection = sqlite3.connect("out.sqlite")
        assert connection.execute("SELECT article, text FROM items WHERE item = 'quote'").fetchall() == wanted
        whole = connection.execute("SELECT record FROM records ORDER BY rowid").fetchall()
        connection.close()
        assert [json.loads(row[0]) for row in whole] == records()

    def test_parquet_in_and_out(self, run: Program) -> None:
        needs("pyarrow", extra="parquet")
        import pyarrow
        import pyarrow.parquet

        given = articles(COUNT, seed=2)
        rows = [{"id": article.id, "title": article.title, "text": article.text} for article in given]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), "in.parquet")
        assert run().code == 0
        assert run(sources=("in.parquet",), out="from.jsonl").code == 0
        same = [{**record, "article": 0} for record in records()]
        assert [{**record, "article": 0} for record in records("from.jsonl")] == same
        assert run(out="out.parquet").code == 0
        found = pyarrow.parquet.read_table("out.parquet").to_pylist()
        wanted = [(record["article"]["id"], quote["text"]) for record in records() for quote in record["quotes"]]
        assert [(row["article"], row["text"]) for row in found if row["item"] == "quote"] == wanted
        assert all(isinstance(row["start"], int) for row in found)
        Path("bad.parquet").write_bytes(b"no parquet")
        ran = run(sources=("bad.parquet",), out="other.jsonl")
        assert (ran.code, ran.errors[0]) == (1, "extractor: bad.parquet is no Parquet file, or a damaged one")

    def test_zstd_in_and_out(self, run: Program) -> None:
        needs("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd", extra="zstd")
        from extractor.files.compressed import zstd

        Path("in.jsonl.zst").write_bytes(zstd().compress(Path("in.jsonl").read_bytes()))
        assert run(sources=("in.jsonl.zst",), out="out.jsonl.zst").code == 0
        assert run().code == 0
        lines = zstd().decompress(Path("out.jsonl.zst").read_bytes()).decode().splitlines()
        assert [json.loads(line)["quotes"] for line in lines] == [record["quotes"] for record in records()]
        Path("in.jsonl.zst").write_bytes(Path("in.jsonl.zst").read_bytes()[:-20])
        assert run(sources=("in.jsonl.zst",), out="cut.jsonl").says("is cut off before its end")

    def test_gzip_in(self, run: Program) -> None:
        Path("in.jsonl.gz").write_bytes(gzip.compress(Path("in.jsonl").read_bytes()))
        assert run(sources=("in.jsonl.gz",)).code == 0
        assert len(ids()) == COUNT

    @pytest.mark.parametrize("name", ["out.parquet.gz", "out.sqlite.zst"])
    def test_what_is_not_packed(self, run: Program, name: str) -> None:
        ran = run(out=name)
        assert (ran.code, len(ran.errors)) == (2, 1)

    def test_a_file_format_does_not_go_to_a_pipe(self, run: Program, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["extract", "in.jsonl", "--format", "sqlite"]) == 2
        assert capsys.readouterr().err == "extractor: sqlite is written to a file (name one with -o)\n"


class TestCopies:
    def test_wire_copy_is_grouped_and_its_quotes_are_brought_together(
        self, run: Program, capsys: pytest.CaptureFixture[str]
    ) -> None:
        needs("datasketch", extra="copies")
        (wire,) = articles(1, seed=6, sentences=13)
        shorter = wire.text.rpartition("\n\n")[0].replace("“", '"').replace("”", '"')
        longer = wire.text + "\n\nMore on this as we have it, our reporter writes from the town."
        others = articles(5, seed=7, sentences=13)[1:]
        given = [
            others[0],
            wire,
            others[1],
            Article(id="shorter", text=shorter),
            *others[2:],
            Article(id="l", text=longer),
        ]
        write(given)
        assert run().code == 0
        before = Path("out.jsonl").read_bytes()
        assert main(["copies", "out.jsonl", "-o", "copies.jsonl"]) == 0
        (group,) = records("copies.jsonl")
        assert [article["id"] for article in group["articles"]] == [wire.id, "shorter", "l"]
        assert group["articles"][0]["likeness"] == 1
        assert all(0.6 < article["likeness"] < 1 for article in group["articles"][1:])
        own = {record["article"]["id"]: record for record in records()}
        shared = [quote for quote in group["quotes"] if len(quote["sources"]) == 3]
        assert len(shared) >= 3
        for quote in group["quotes"]:
            for source in quote["sources"]:
                found = {one["id"]: one for one in own[source["article"]]["quotes"]}[source["quote"]]
                assert found["spans"][0]["start"] == source["start"]
        said = capsys.readouterr().err.splitlines()[-1]
        assert said == f"extractor: 1 groups of 3 articles; {sum(len(q['sources']) > 1 for q in group['quotes'])} " + (
            "quotes stand in more than one"
        )
        assert Path("out.jsonl").read_bytes() == before
        assert main(["copies", "out.jsonl", "--threshold", "2"]) == 2
        assert main(["copies", "gone.jsonl"]) == 1


class TestProcesses:
    def test_several_processes_write_the_same_as_one(self, run: Program) -> None:
        write(articles(120, seed=3))
        assert run("--workers", "2", "-q").code == 0
        assert run("--workers", "1", "-q", out="alone.jsonl").code == 0
        assert Path("out.jsonl").read_bytes() == Path("alone.jsonl").read_bytes(), "and in the same order"

    def test_an_article_on_which_a_process_dies_is_a_failed_record(self, tmp_path: Path) -> None:
        results: Results = queue.SimpleQueue()
        given = [*articles(6), Article(id="deadly", text="Words."), *articles(12)[6:]]
        with Extractor() as extractor:
            reader = Processes(extractor, results, 2, _deadly)
            reader._left_alone = 0  # Not even the first few are read in this process.
            for number, article in enumerate(given):
                reader.begin(number, article)
            reader.flush()
            found = dict(results.get(timeout=120) for _ in given)
            reader.close()
        outcomes = {found[number].outcome.id: found[number].outcome.error for number in range(len(given))}
        assert outcomes == {article.id: "crashed" if article.id == "deadly" else None for article in given}


class _Deadly(Extractor):
    async def extract(self, article: str | Article) -> Extraction:
        if isinstance(article, Article) and article.id == "deadly":
            os._exit(9)
        return await super().extract(article)


def _deadly(on_event: Callable[[Event], None]) -> Extractor:
    return _Deadly(on_event=on_event)


class TestWatching:
    @pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals here")
    def test_a_terminal_shows_how_far_it_is_and_keeps_what_is_said(self, tmp_path: Path) -> None:
        source = tmp_path / "in.jsonl"
        write(articles(60, seed=2), str(source), {"id": "none"})
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "extractor", "extract", str(source), "-o", str(tmp_path / "out.jsonl")]
        with subprocess.Popen(
            [*command, "--workers", "1"], stderr=theirs, env={**os.environ, "TERM": "xterm"}
        ) as program:
            os.close(theirs)
            shown = bytearray()
            while part := _read(ours):
                shown += part
        os.close(ours)
        assert program.returncode == 3
        # Without colours and without the line breaks of a narrow terminal.
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]", "", shown.decode())
        assert re.search(r"\d+ articles, \d+%", text)
        assert re.search(r"\d+ chunks, [\d,]+ entities, [\d,]+ quotes", text)
        assert "61 articles: 60 complete, 0 partial, 1 failed" in text
        assert "has no field 'text'" in text
        assert "reasons: no_text 1" in text
        assert "what is not complete is read again by: extractor extract" in text

    def test_a_log_has_plain_lines_now_and_then(self, run: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("extractor.cli.progress.LOG_SECONDS", 0.0)
        ran = run("--workers", "1")
        lines = [line for line in ran.errors if "chunks" in line]
        assert len(lines) >= COUNT - 1
        assert lines[-1].startswith(f"extractor: {COUNT} articles, ")

    def test_quiet_says_errors_alone(self, run: Program) -> None:
        write(articles(3), "in.jsonl", {"id": "none"})
        ran = run("-q")
        assert ran.code == 3
        assert len(ran.errors) == 1
        assert "no field 'text'" in ran.errors[0]

    @pytest.mark.parametrize(
        ("seconds", "said"), [(4.4, "4 s"), (61, "1 min 01 s"), (3599, "59 min 59 s"), (7500, "2 h 05 min")]
    )
    def test_times_in_words(self, seconds: float, said: str) -> None:
        assert duration(seconds) == said


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # The other end is closed.
        return b""


class TestPlaces:
    def test_a_full_disk_keeps_what_is_done_and_the_run_goes_on_later(self, tmp_path: Path) -> None:
        small = tmp_path / "small"
        small.mkdir()
        if (
            os.geteuid()
            or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=False).returncode
        ):
            pytest.skip("no file system can be mounted here")
        try:
            source = tmp_path / "in.jsonl"
            write(articles(60, seed=2), str(source))
            done = self._start(source, small / "out.jsonl")
            assert done.returncode == 1
            (line,) = done.stderr.decode().splitlines()
            assert line.startswith(f"extractor: {small}/out.jsonl cannot be written: no space left on device")
            written = (small / "out.jsonl").read_bytes()
            assert written.endswith(b"\n")
            kept = [json.loads(one)["article"]["id"] for one in written.splitlines()]
            assert kept == [article.id for article in articles(len(kept), seed=2)]
            assert kept
            subprocess.run(["mount", "-o", "remount,size=8m", small], check=True)
            assert self._start(source, small / "out.jsonl").returncode == 0
            assert (small / "out.jsonl").read_bytes().startswith(written)
            assert len(ids(str(small / "out.jsonl"))) == 60
        finally:
            subprocess.run(["umount", small], check=True)

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        locked = tmp_path / "locked"
        locked.mkdir()
        if os.geteuid() == 0:
            if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", locked], check=False).returncode:
                pytest.skip("no file system can be mounted here")
        else:
            locked.chmod(0o500)
        try:
            source = tmp_path / "in.jsonl"
            write(articles(2), str(source))
            for name in ("out.jsonl", "out.csv"):
                done = self._start(source, locked / name)
                (line,) = done.stderr.decode().splitlines()
                assert done.returncode == 1
                assert line.startswith(f"extractor: {locked / name} cannot be written: ")
        finally:
            if os.geteuid() == 0:
                subprocess.run(["umount", locked], check=True)

    @staticmethod
    def _start(source: Path, out: Path) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "extractor", "extract", str(source), "-o", str(out), "-q", "--workers", "1"]
        return subprocess.run(command, stderr=subprocess.PIPE, check=False, timeout=120)
