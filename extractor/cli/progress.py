"""How far a run is: a line that moves on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from extractor.cli.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from extractor.files.inputs import Meter
    from extractor.runs.corpus import Counts

LOG_SECONDS = 30.0
"""Between two lines in a log."""

TERMINAL_SECONDS = 0.2
"""Between two looks of a display on a terminal."""


@dataclass(frozen=True)
class Facts:
    """How a run stands."""

    counts: Counts
    in_flight: int
    chunks: int
    """Chunks done with."""
    retries: int
    limit: int | None
    """Inputs after which it ends, if that was asked for."""


class Display(Protocol):
    """Shows how a run stands; a context manager."""

    def measure(self, size_of: Callable[[], int | None], meter: Meter) -> None:
        """Find out how much there is to read, beside the run; `meter` knows how much of it is read."""
        ...

    def due(self) -> bool:
        """Whether it is time to show something again."""
        ...

    def show(self, facts: Facts) -> None:
        """Show how it stands."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def display_for(*, quiet: bool, wanted: bool) -> Display | None:
    """The display for standard error as it is; none where it is closed or nothing is to be said."""
    if quiet or sys.stderr is None:
        return None
    if sys.stderr.isatty():
        return TerminalDisplay() if wanted else None
    return LogDisplay()


class _Rate:
    """How fast it goes, counted from the first article that had to be read."""

    def __init__(self) -> None:
        self._meter: Meter | None = None
        self._since: float | None = None
        self._share = 0.0
        self._written = 0

    def measure(self, size_of: Callable[[], int | None], meter: Meter) -> None:
        self._meter = meter

        def look() -> None:
            meter.total = size_of()

        # A folder of a million files takes its time; the run does not wait for it.
        threading.Thread(target=look, daemon=True).start()

    def share(self, facts: Facts) -> float | None:
        """How much of all there is has been done, from 0 to 1; None where that is not known."""
        given = facts.counts.given
        if facts.limit is not None:
            drawn = min(1.0, given / facts.limit)
        elif self._meter is None or not self._meter.total:
            return None
        else:
            drawn = min(1.0, self._meter.read / self._meter.total)
        # What is in work has been drawn, and is not done.
        return drawn * max(0, given - facts.in_flight) / given if given else 0.0

    def speed(self, facts: Facts) -> tuple[float | None, float | None]:
        """Articles a second, and seconds left; None where it cannot be said yet."""
        written, share, now = facts.counts.totals.records, self.share(facts), time.monotonic()
        if self._since is None:
            if written:
                self._since, self._written, self._share = now, written, share or 0.0
            return None, None
        passed = now - self._since
        if passed < 1.0 or written == self._written:
            return None, None
        rate = (written - self._written) / passed
        left = None
        if share is not None and share > self._share:
            left = (1 - share) / (share - self._share) * passed
        return rate, left


def in_words(facts: Facts, rate: float | None, left: float | None, share: float | None) -> str:
    """How a run stands, in one line."""
    counts = facts.counts
    totals = counts.totals
    statuses = totals.statuses
    done = totals.records + counts.done_before
    parts = [f"{done:,} articles"]
    if counts.done_before:
        parts[0] += f" ({counts.done_before:,} before)"
    if share is not None:
        parts.append(f"{100 * share:.0f}%")
    parts += [f"{statuses[name]:,} {name}" for name in ("partial", "failed") if statuses[name]]
    if facts.chunks:
        parts.append(f"{facts.chunks:,} chunks")
    parts += [f"{count:,} {name}" for name, count in totals.items.items() if count]
    if facts.retries:
        parts.append(f"{facts.retries:,} retries")
    if totals.usage.cost_usd is not None:
        parts.append(f"${totals.usage.cost_usd:.4f}")
    if rate is not None:
        parts.append(f"{rate:,.1f} a second")
    if left is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """A time in the two units that matter: "2 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


class LogDisplay:
    """A plain line every half minute."""

    def __init__(self) -> None:
        self._rate = _Rate()
        self._shown = time.monotonic()

    def measure(self, size_of: Callable[[], int | None], meter: Meter) -> None:
        """See `Display`."""
        self._rate.measure(size_of, meter)

    def due(self) -> bool:
        """See `Display`."""
        return time.monotonic() - self._shown >= LOG_SECONDS

    def show(self, facts: Facts) -> None:
        """See `Display`."""
        self._shown = time.monotonic()
        say(in_words(facts, *self._rate.speed(facts), self._rate.share(facts)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class TerminalDisplay:
    """A bar and a line that are drawn over again, and are gone at the end. What else is said goes above them."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._progress = Progress(
            *columns, console=Console(stderr=True), transient=True, redirect_stdout=False, refresh_per_second=5
        )
        self._task = self._progress.add_task("reading", total=None)
        self._rate = _Rate()
        self._shown = float("-inf")

    def measure(self, size_of: Callable[[], int | None], meter: Meter) -> None:
        """See `Display`."""
        self._rate.measure(size_of, meter)

    def due(self) -> bool:
        """See `Display`."""
        return time.monotonic() - self._shown >= TERMINAL_SECONDS

    def show(self, facts: Facts) -> None:
        """See `Display`."""
        self._shown = time.monotonic()
        share = self._rate.share(facts)
        words = in_words(facts, *self._rate.speed(facts), share)
        self._progress.update(
            self._task, description=words, completed=share or 0.0, total=None if share is None else 1.0
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
