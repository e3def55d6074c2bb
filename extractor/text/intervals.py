"""Stretches of a text that can be asked for by where they lie, without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


class Intervals(Generic[T]):
    """Half-open stretches, each with what it stands for."""

    def __init__(self, stretches: Iterable[tuple[int, int, T]]) -> None:
        self._stretches = sorted(stretches, key=lambda stretch: stretch[:2])
        self._starts = [start for start, _, _ in self._stretches]
        self._longest = max((end - start for start, end, _ in self._stretches), default=0)

    def touching(self, start: int, end: int) -> Iterator[T]:
        """What shares a character with `[start, end)`, in order."""
        first = bisect_left(self._starts, start - self._longest)
        for index in range(first, bisect_left(self._starts, end)):
            _, behind, item = self._stretches[index]
            if behind > start:
                yield item

    def within(self, start: int, end: int) -> Iterator[T]:
        """What lies wholly in `[start, end)`, in order."""
        for index in range(bisect_left(self._starts, start), bisect_left(self._starts, end)):
            _, behind, item = self._stretches[index]
            if behind <= end:
                yield item
