"""One item seen in two chunks, or given twice in a reply, becomes one record."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extractor.kinds.kind import Kind


_REACH = 32
"""More records than these never overlap at one place in news."""


def merge_overlaps(kind: Kind[Any, Any], records: Iterable[Any]) -> list[Any]:
    """The records in document order, those that the kind's merge rule calls one merged.

    Each is compared with the `_REACH` records before it whose anchors reach into its own, so the work grows with
    the article, not with its square.
    """
    ordered = sorted(((_extent(kind, record), record) for record in records), key=itemgetter(0))
    merged: list[tuple[tuple[int, int], Any]] = []
    for extent, record in ordered:
        for index in range(len(merged) - 1, max(-1, len(merged) - 1 - _REACH), -1):
            (_, end), other = merged[index]
            if end > extent[0] and (one := kind.merge(other, record)) is not None:
                merged[index] = _extent(kind, one), one
                break
        else:
            merged.append((extent, record))
    return [record for _, record in sorted(merged, key=itemgetter(0))]


def _extent(kind: Kind[Any, Any], record: Any) -> tuple[int, int]:
    spans = kind.anchor(record)
    if len(spans) == 1:
        return spans[0].start, spans[0].end
    return min(span.start for span in spans), max(span.end for span in spans)
