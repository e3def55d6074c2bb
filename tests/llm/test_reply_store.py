"""One SQLite file: what was put is there, for several processes at once, and whatever moment one of them dies in."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extractor.errors import OutputError, SourceError, UsageError
from extractor.llm.client import Reply
from extractor.llm.reply_store import Replies, ReplyStore, StoredReply, default_path
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = Usage(requests=2, prompt_tokens=100, cached_tokens=60, completion_tokens=20, reasoning_tokens=5)


def stored(fingerprint: str, text: str = "{}", *, model: str = "m", created: float | None = None) -> StoredReply:
    reply = Reply(text, "stop", USAGE, "m-2026", "json_schema")
    row = StoredReply.of(
        fingerprint, reply, provider="openai", model=model, mode="json_schema", sampling="{}", about="quotes"
    )
    return row if created is None else replace(row, created=created)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    with ReplyStore(tmp_path / "deep" / "replies.sqlite") as opened:
        yield opened


def test_what_was_put_is_there(store: ReplyStore) -> None:
    store.put(stored("a", "“ünï”\x00 \U0001f600"))
    found = store.get(["nowhere", "a"])
    assert found is not None
    assert found.reply == Reply("“ünï”\x00 \U0001f600", "stop", Usage(cached=1), "m-2026")
    assert found.reply.mode == "json_schema"
    assert found.usage == USAGE
    assert store.get(["nowhere"]) is None
    store.put(stored("a", "newer"))
    newer = store.get(["a"])
    assert newer is not None
    assert (newer.text, len(store)) == ("newer", 1)


def test_it_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    with ReplyStore(path) as one:
        one.put(stored("a"))
    with ReplyStore(path) as other:
        assert other.get(["a"]) is not None


def test_older_replies_and_those_in_vain_are_passed_over(store: ReplyStore) -> None:
    store.put(stored("old", created=100.0), stored("vain"))
    store.mark_in_vain(["vain", "nowhere"])
    assert store.get(["old"], since=200.0) is None
    assert store.get(["old"]) is not None
    assert store.get(["vain"]) is None
    assert store.get(["vain"], in_vain=True) is not None
    store.put(stored("vain"))
    assert store.get(["vain"]) is not None, "asked anew"


def test_only_the_owner_may_read_it(store: ReplyStore) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_listing_and_counting(store: ReplyStore) -> None:
    store.put(*(stored(f"{number}a", created=float(number)) for number in range(5)), stored("b", model="other"))
    assert [reply.fingerprint for reply in store.find(model="openai/m")] == ["0a", "1a", "2a", "3a", "4a"]
    assert [reply.fingerprint for reply in store.find(model="openai/m", limit=2)] == ["3a", "4a"]
    assert [reply.fingerprint for reply in store.find(prefix="2")] == ["2a"]
    assert list(store.find(prefix="%")) == []
    assert [(name, count, usage.prompt_tokens) for name, count, usage in store.models()] == [
        ("openai/m", 5, 500),
        ("openai/other", 1, 100),
    ]


def test_pruning(store: ReplyStore) -> None:
    store.put(*(stored(str(number), created=float(number)) for number in range(5)), stored("x", model="other"))
    store.mark_in_vain(["4"])
    assert store.prune(before=1.0) == 2
    assert store.prune(in_vain=True) == 1
    assert store.prune(model="openai/m") == 2
    assert [reply.fingerprint for reply in store] == ["x"]
    assert store.prune() == 1


def test_pruning_gives_the_space_back(store: ReplyStore) -> None:
    store.put(*(stored(str(number), "x" * 10_000) for number in range(200)))
    assert store.prune() == 200
    assert store.path.stat().st_size < 100_000


def test_export_and_import(store: ReplyStore, tmp_path: Path) -> None:
    store.put(stored("a", "“x”\n"), stored("b"))
    store.mark_in_vain(["b"])
    lines = list(store.export())
    assert all(json.loads(line) and "\n" not in line for line in lines)
    with ReplyStore(tmp_path / "other.sqlite") as other:
        assert other.take_in([*lines, ""]) == 2
        assert list(other) == list(store)
        for bad in ("{", "[]", '{"fingerprint": 3}', json.dumps({**json.loads(lines[0]), "created": "soon"})):
            with pytest.raises(SourceError, match="line 2"):
                other.take_in([lines[0], bad])


def test_no_key_and_no_prompt_is_in_the_file(store: ReplyStore) -> None:
    columns = {name for _, name, *_ in sqlite3.connect(store.path).execute("PRAGMA table_info(replies)")}
    assert columns == set(StoredReply.__dataclass_fields__)
    assert not {"key", "prompt", "messages", "url"} & columns


# Files that are none, and places where there can be none.


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Not a database, but long enough to be looked at.\n" * 40, encoding="utf-8")
    with pytest.raises(UsageError, match="no file of replies"):
        ReplyStore(text)
    assert text.read_text(encoding="utf-8").startswith("Not a database")
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    for read_only in (False, True):
        with pytest.raises(UsageError, match="no file of replies"):
            ReplyStore(other, read_only=read_only)


def test_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    ReplyStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UsageError, match="later version"):
        ReplyStore(path)


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    path.touch()
    with ReplyStore(path) as store:
        store.put(stored("a"))
        assert len(store) == 1


def test_places_where_there_can_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "r.sqlite", tmp_path):
        with pytest.raises(OutputError, match="cannot be kept"):
            ReplyStore(path)
    with pytest.raises(SourceError, match="no recorded replies"):
        ReplyStore(tmp_path / "nowhere.sqlite", read_only=True)


def test_reading_only_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    with ReplyStore(path) as store:
        store.put(stored("a"))
    before = path.read_bytes()
    with ReplyStore(path, read_only=True) as recording:
        assert recording.get(["a"]) is not None
        with pytest.raises(OutputError, match="cannot be written"):
            recording.put(stored("b"))
    assert path.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_recording_in_a_folder_that_cannot_be_written() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.sqlite"
        with ReplyStore(path) as store:
            store.put(stored("a"))
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        child = os.fork()
        if child == 0:
            try:
                if os.getuid() == 0:
                    os.setuid(65534)  # Root may write anywhere.
                with ReplyStore(path, read_only=True) as recording:
                    os._exit(0 if len(recording) == 1 else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        Path(folder).chmod(0o700)


def test_where_replies_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "mine.sqlite"))
    assert default_path() == tmp_path / "mine.sqlite"
    monkeypatch.delenv("EXTRACTOR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_path().name == "replies.sqlite"
    if sys.platform == "linux":
        assert default_path() == tmp_path / "extractor" / "replies.sqlite"
    assert Replies("off").open() is None
    with pytest.raises(UsageError, match="cannot be used"):
        Replies("always")  # type: ignore[arg-type]


# Several at once, and sudden ends.


def write_many(path: str, name: str, count: int) -> None:
    with ReplyStore(path) as store:
        for number in range(count):
            store.put(stored(f"{name}-{number}", name * 500))
            assert store.get([f"{name}-{number}"]) is not None


def test_several_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(str(path), name, 100)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 4
    with ReplyStore(path) as store:
        assert len(store) == 400
        assert all(reply.text == reply.fingerprint[0] * 500 for reply in store)


WRITER = """
import sys
from tests.llm.test_reply_store import ReplyStore, stored
store = ReplyStore(sys.argv[1])
number = 0
while True:
    store.put(stored(f"{number:06}", "x" * 20_000))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("after", [0, 7, 60])
def test_a_kill_in_the_middle_of_a_write_loses_nothing_that_was_said_to_be_kept(tmp_path: Path, after: int) -> None:
    path = tmp_path / "r.sqlite"
    program = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert program.stdout is not None
    for _ in range(after + 1):
        said = int(program.stdout.readline())
    program.send_signal(signal.SIGKILL)
    rest = [int(line) for line in program.stdout.read().split()]
    program.wait(30)
    program.stdout.close()
    said = rest[-1] if rest else said
    with ReplyStore(path) as store:
        kept = [int(reply.fingerprint) for reply in store]
        assert sorted(kept) == list(range(len(kept)))
        assert len(kept) - 1 in (said, said + 1)
        assert all(len(reply.text) == 20_000 for reply in store)
        assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_has_a_connection_of_its_own(store: ReplyStore) -> None:
    store.put(stored("parent"))
    child = os.fork()
    if child == 0:
        try:
            store.put(stored("child"))
            os._exit(0 if len(store) == 2 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert store.get(["child"]) is not None
