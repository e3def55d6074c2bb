"""Pairing by trying everything: slow, and obviously right."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def pairings(ours: int, theirs: int) -> Iterator[list[tuple[int, int]]]:
    """All ways to pair some of `ours` items with some of `theirs`, one to one."""
    for count in range(min(ours, theirs) + 1):
        for mine in itertools.combinations(range(ours), count):
            for others in itertools.permutations(range(theirs), count):
                yield list(zip(mine, others, strict=True))


def best(
    ours: int, theirs: int, worth: Callable[[Sequence[tuple[int, int]]], tuple[float, ...] | None]
) -> tuple[float, ...]:
    """The greatest worth of a pairing; None says that a pairing is not allowed."""
    return max(value for one in pairings(ours, theirs) if (value := worth(one)) is not None)
