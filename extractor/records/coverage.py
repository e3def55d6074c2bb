"""Which characters of an article were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from extractor.records.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

Status = Literal["complete", "partial", "failed"]


class Missed(Record):
    """A stretch that was not read."""

    start: int
    """Offset of its first character."""
    end: int
    """Offset behind its last character."""
    reason: str
    """An error's code: `truncated`, `refused`, `timeout`, `budget` and so on."""


class Coverage(Record):
    """What was read and what was not."""

    status: Status
    """`complete` when nothing is missed, `failed` when nothing is read, else `partial`."""
    read: tuple[tuple[int, int], ...] = ()
    """The stretches that were read, in order, touching ones joined."""
    missed: tuple[Missed, ...] = ()
    """The stretches that were not, in order."""

    @classmethod
    def of(cls, read: list[tuple[int, int]], missed: list[Missed]) -> Coverage:
        """The coverage that stretches read and missed amount to."""
        joined: list[tuple[int, int]] = []
        for start, end in sorted(read):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        status: Status = "complete" if joined and not missed else "partial" if joined else "failed"
        return cls(status=status, read=tuple(joined), missed=tuple(sorted(missed, key=lambda m: (m.start, m.end))))

    @staticmethod
    def within(
        start: int, end: int, missed: Iterable[Missed]
    ) -> tuple[tuple[tuple[int, int], ...], tuple[Missed, ...]]:
        """What of `[start, end)` was read and what was not, both in order and without overlaps.

        Args:
            start: Offset of the first character.
            end: Offset behind the last one.
            missed: Stretches in it that were missed; where some overlap, the first one's reason stands.
        """
        read: list[tuple[int, int]] = []
        apart: list[Missed] = []
        at = start
        for stretch in sorted(missed, key=lambda one: (one.start, one.end)):
            if stretch.start > at:
                read.append((at, stretch.start))
            if stretch.end > at or not apart:
                apart.append(Missed(start=max(at, stretch.start), end=stretch.end, reason=stretch.reason))
            at = max(at, stretch.end)
        if at < end or not apart:
            read.append((at, end))
        return tuple(read), tuple(apart)
