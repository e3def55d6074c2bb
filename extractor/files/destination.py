"""Where results go: standard output, a file that appears whole, or a file that grows a line at a time."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from extractor.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORCE_HINT = "--force replaces it"
"""What to do about a file that exists."""


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes) -> None:
        """Write all of it. Raises `OutputError`; a reader that went away is a BrokenPipeError."""
        ...


class _Stdout:
    def write(self, data: bytes) -> None:
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable("standard output", error) from error


class _File:
    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable(self._name, error) from error


def unwritable(name: str, error: OSError) -> OutputError:
    """The error that an error of the system's amounts to."""
    reason = (error.strerror or type(error).__name__).lower()
    return OutputError(f"{name} cannot be written: {reason}")


@contextlib.contextmanager
def open_destination(path: str | None, *, force: bool = False, grows: bool = False) -> Iterator[Sink]:
    """A place for results.

    Args:
        path: A file, or None for standard output.
        force: Replace a file that exists.
        grows: Write straight into the file, so that everything written before a kill is there. Otherwise the
            file appears, or is replaced, only when the block ends without an exception.

    Raises:
        OutputError: The file exists and `force` is not given, its folder is missing, or it cannot be written.
    """
    if path is None:
        yield _Stdout()
        return
    target = Path(os.path.realpath(path))  # Replacing a link would leave what it points to.
    kind = kind_of(target, path)
    if kind == "regular" and not force:
        raise OutputError(f"{path} exists", hint=FORCE_HINT)
    try:
        if grows or kind == "device":
            with _growing(target, path, kind) as sink:
                yield sink
        else:
            with _appearing(target, path) as sink:
                yield sink
    except FileExistsError as error:  # Somebody else made it since it was looked for.
        raise OutputError(f"{path} exists", hint=FORCE_HINT) from error


def kind_of(target: Path, path: str) -> str:
    """`absent`, `regular` or `device` (also a pipe). Raises `OutputError` where there can be no file."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise OutputError(f"there is no folder {str(Path(path).parent)!r}", hint="make it first") from None
        return "absent"
    except OSError as error:
        raise unwritable(path, error) from error
    if stat.S_ISDIR(mode):
        raise OutputError(f"{path} is a folder", hint="name a file in it")
    return "regular" if stat.S_ISREG(mode) else "device"


@contextlib.contextmanager
def appearing_path(target: Path, path: str) -> Iterator[Path]:
    """The name of a file to be made, which takes the target's place when the block ends without an exception.

    Args:
        target: The file.
        path: What it is called in messages.

    Raises:
        OutputError: It cannot be put there.
    """
    draft = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        yield draft
        if target.exists():
            os.chmod(draft, stat.S_IMODE(target.stat().st_mode))  # noqa: PTH101 - a path as given
        draft.replace(target)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _growing(target: Path, path: str, kind: str) -> Iterator[Sink]:
    flags = os.O_WRONLY | os.O_APPEND
    flags |= {"absent": os.O_CREAT | os.O_EXCL, "regular": os.O_TRUNC, "device": 0}[kind]
    descriptor = _open(target, flags, path)
    try:
        yield _File(descriptor, path)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _appearing(target: Path, path: str) -> Iterator[Sink]:
    draft = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    descriptor = _open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, path)
    try:
        try:
            yield _File(descriptor, path)
            if target.exists():
                os.chmod(draft, stat.S_IMODE(target.stat().st_mode))  # noqa: PTH101 - a path as given
        finally:
            os.close(descriptor)
        try:
            draft.replace(target)
        except OSError as error:
            raise unwritable(path, error) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _open(target: Path, flags: int, path: str) -> int:
    try:
        return os.open(target, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
    except FileExistsError:
        raise
    except OSError as error:
        raise unwritable(path, error) from error
