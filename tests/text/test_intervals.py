from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from extractor.text.intervals import Intervals

stretches = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda pair: (pair[0], pair[0] + pair[1])))


@given(stretches, st.integers(0, 40), st.integers(1, 20))
def test_the_same_as_looking_at_every_one(given_stretches: list[tuple[int, int]], start: int, length: int) -> None:
    end = start + length
    found = Intervals((begin, behind, (begin, behind)) for begin, behind in given_stretches)
    assert list(found.touching(start, end)) == sorted(s for s in given_stretches if s[0] < end and s[1] > start)
    assert list(found.within(start, end)) == sorted(s for s in given_stretches if s[0] >= start and s[1] <= end)
