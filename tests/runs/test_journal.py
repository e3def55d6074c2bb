"""A journal has whole lines, one writer, and what counts of it can be found again."""

from __future__ import annotations

import json
import multiprocessing
import os
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest

from extractor.errors import OutputError
from extractor.files.writers import encode, to_json
from extractor.records.article import Article
from extractor.runs.index import Index
from extractor.runs.journal import Journal, Lock, compact
from extractor.runs.outcome import Outcome
from tests.records_for_tests import TEXT, extraction

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path


def line(id_: str, text: str = TEXT) -> bytes:
    return encode(to_json(extraction(text, article=Article(id=id_, text=text))) + "\n")


def read(path: Path) -> tuple[list[str], Journal]:
    """The ids that count, in order, and the journal, which is closed."""
    with closing(Index()) as index, Journal(path, "out.jsonl") as journal:
        journal.read(index)
        return [written.outcome.id for written in index.in_order()], journal


def test_the_last_line_of_an_id_counts_and_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    later = line("a", TEXT + " More.")
    with Journal(path, "out.jsonl") as journal:
        offsets = [journal.append(data) for data in (line("a"), line("b"), later)]
        assert [journal.line_at(offset) for offset in offsets] == [line("a"), line("b"), later]
    with closing(Index()) as index, Journal(path, "out.jsonl") as journal:
        journal.read(index)
        found = index.written("a")
        assert found is not None
        assert (found.offset, found.outcome.chars) == (offsets[2], len(TEXT) + 6)
        assert [written.outcome.id for written in index.in_order()] == ["b", "a"]


def test_a_torn_last_line_is_cut_off_wherever_it_was_torn(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    whole, last = line("a"), line("b")
    cuts = {1, 2, len(last) - 2, *Random(3).sample(range(1, len(last) - 1), 40)}
    for cut in cuts:
        path.write_bytes(whole + last[:cut])
        ids, journal = read(path)
        assert (ids, path.read_bytes()) == (["a"], whole)
        assert journal.mended.cut == cut
        path.write_bytes(last[:cut])
        assert read(path)[0] == []
        assert path.read_bytes() == b""
    path.write_bytes(whole + last.removesuffix(b"\n"))
    assert read(path)[0] == ["a", "b"], "only the line feed was missing"
    assert path.read_bytes() == whole + last


def test_zeros_that_a_power_cut_leaves_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    for rest in (bytes(5000), b"\n" + bytes(7), line("b")[:90] + bytes(4000)):
        path.write_bytes(line("a") + rest)
        assert read(path)[0] == ["a"]
        assert path.read_bytes() == line("a")
    path.write_bytes(bytes(4096))
    assert read(path)[0] == []
    assert path.read_bytes() == b""


def test_a_damaged_line_in_the_middle_is_passed_over_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(line("a") + b'{"article": \n' + bytes(30) + b"\n" + line("b"))
    before = path.read_bytes()
    ids, journal = read(path)
    assert (ids, journal.mended.damaged, journal.mended.cut) == (["a", "b"], 1, 0)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"words\n",
        b'{"id": "x", "text": "an article, no record"}\n',
        b"[1]\n",
        line("a") + b'{"id": "x", "text": "y"}\n',
        b'{"article": {"id": "x", "text": "y"}}\n',
    ],
)
def test_what_is_no_journal_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(content)
    with pytest.raises(OutputError, match="record") as caught:
        read(path)
    assert "--force" in str(caught.value.hint)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_compacting_leaves_a_line_an_id_and_drops_damage(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    later = line("a", TEXT + " More.")
    path.write_bytes(line("a") + line("b") + b"{damage\n" + later)
    path.chmod(0o640)
    with closing(Index()) as index, Journal(path, "out.jsonl") as journal:
        before = journal.size
        journal.read(index)
        assert compact(journal, index) == (2, before - len(line("b") + later))
    assert path.read_bytes() == line("b") + later
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.jsonl"]


def _hold(path: Path, told: Connection) -> None:
    with Lock(path, "out.jsonl"):
        told.send("held")
        told.recv()


def test_a_second_process_stops_and_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold, args=(path, theirs))
    process.start()
    assert ours.recv() == "held"
    with pytest.raises(OutputError, match=r"another process is writing to out\.jsonl"), Lock(path, "out.jsonl"):
        pass
    process.kill()
    process.join()
    with Lock(path, "out.jsonl"):
        assert [entry.name for entry in tmp_path.iterdir()] == [".out.jsonl.lock"]
    assert not list(tmp_path.iterdir())


def test_a_line_that_does_not_fit_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.jsonl"
    write = os.write
    with Journal(path, "out.jsonl") as journal:
        journal.append(line("a"))

        def half(descriptor: int, data: bytes) -> int:
            if len(data) < 100:
                raise OSError(28, "No space left on device")
            return write(descriptor, bytes(data)[: len(data) // 2])

        monkeypatch.setattr("os.write", half)
        with pytest.raises(OutputError, match="no space left on device"):
            journal.append(line("b"))
        monkeypatch.undo()
        journal.append(line("c"))
    assert path.read_bytes() == line("a") + line("c")


def test_outcomes_of_records_and_of_their_lines_are_the_same() -> None:
    record = extraction()
    assert Outcome.of_record(json.loads(to_json(record))) == Outcome.of(record)
    assert Outcome.from_json(Outcome.of(record).to_json()) == Outcome.of(record)
