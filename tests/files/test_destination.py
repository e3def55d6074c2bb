"""A result file is whole or absent; a growing one keeps what was written; nothing is replaced unasked."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from extractor.errors import OutputError
from extractor.files.destination import open_destination


def interrupt(path: Path, data: bytes, *, grows: bool = False) -> None:
    """Write some data, then be interrupted."""

    def write() -> None:
        with open_destination(str(path), force=True, grows=grows) as sink:
            sink.write(data)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    with open_destination(str(path)) as sink:
        sink.write(b"one ")
        sink.write(b"two")
        assert not path.exists()
    assert path.read_bytes() == b"one two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.json"]


def test_after_a_failure_there_is_no_file_or_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    interrupt(path, b"half")
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"old")
    interrupt(path, b"half")
    assert path.read_bytes() == b"old"


def test_a_growing_file_keeps_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    interrupt(path, b"one\n", grows=True)
    assert path.read_bytes() == b"one\n"


@pytest.mark.parametrize("grows", [True, False])
def test_an_existing_file_is_replaced_only_by_force(tmp_path: Path, grows: bool) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old and longer")
    path.chmod(0o640)
    with pytest.raises(OutputError, match="exists") as caught, open_destination(str(path), grows=grows):
        pass
    assert "--force" in str(caught.value.hint)
    assert path.read_bytes() == b"old and longer"
    with open_destination(str(path), force=True, grows=grows) as sink:
        sink.write(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_that_the_user_gives_new_files(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with open_destination(str(tmp_path / "out.json")):
        pass
    assert (tmp_path / "out.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with open_destination(str(tmp_path / "link"), force=True) as sink:
        sink.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize("grows", [True, False])
def test_a_device_is_written_to_and_stays(grows: bool) -> None:
    with open_destination("/dev/null", grows=grows) as sink:
        sink.write(b"gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    with open_destination(str(path)) as sink:
        sink.write(b"through")
    reader.join(timeout=30)
    assert read == [b"through"]


@pytest.mark.parametrize(
    ("name", "message"), [("no/out.json", "no folder"), (".", "is a folder"), ("a/b", "cannot be")]
)
@pytest.mark.parametrize("grows", [True, False])
def test_what_cannot_be_written_is_one_line(tmp_path: Path, name: str, message: str, grows: bool) -> None:
    (tmp_path / "a").touch()
    with (
        pytest.raises(OutputError, match=message) as caught,
        open_destination(str(tmp_path / name), force=True, grows=grows),
    ):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputError, match="no space"), open_destination("/dev/full") as sink:
        sink.write(b"x")
