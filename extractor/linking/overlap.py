"""One item seen in two chunks, or given twice in a reply, becomes one record."""

from __future__ import annotations

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
    ordered = sorted(records, key=lambda record: _extent(kind, record))
    merged: list[Any] = []
    for record in ordered:
        start, _ = _extent(kind, record)
        for index in range(len(merged) - 1, max(-1, len(merged) - 1 - _REACH), -1):
            if _extent(kind, merged[index])[1] > start and (one := kind.merge(merged[index], record)) is not None:
                merged[index] = one
                break
        else:
            merged.append(record)
    return sorted(merged, key=lambda record: _extent(kind, record))


def _extent(kind: Kind[Any, Any], record: Any) -> tuple[int, int]:
    spans = kind.anchor(record)
    return min(span.start for span in spans), max(span.end for span in spans)
