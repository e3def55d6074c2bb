"""The manifest beside an output: what a run was, what came of it, what it cost, and how to do it again."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

from extractor.files.destination import unwritable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from extractor.errors import OutputError
    from extractor.runs.corpus import Counts
    from extractor.runs.outcome import Totals

State = Literal["running", "finished", "stopped", "failed", "killed"]

FORM = 1
"""Of a manifest; a later one may be read otherwise."""

EVERY = 5.0
"""Seconds between two times that it is brought up to date: what of a killed run's work is not in it, at most."""

PACKAGES = ("pydantic", "instructor", "openai", "rapidfuzz", "trafilatura", "genai-prices")

RUNS_KEPT = 200
"""Runs that are listed one by one; of earlier ones only the sums are kept."""


def manifest_path(output: Path) -> Path:
    """Where the manifest of an output stands."""
    return output.with_name(output.name + ".manifest.json")


class Manifest:
    """The manifest of one run, kept up to date while it goes on.

    Args:
        output: The file that the run writes.
        facts: What does not change: command, sources, settings, provenance.
        fresh: Forget runs before this one.
    """

    def __init__(self, output: Path, facts: Mapping[str, Any], *, fresh: bool = False) -> None:
        self.path = manifest_path(output)
        before = {} if fresh else self._before()
        self._runs: list[dict[str, Any]] = before.get("runs", [])
        self._forgotten: dict[str, Any] = before.get("earlier_runs", {"count": 0, "seconds": 0.0, "cost_usd": None})
        for run in self._runs:
            if run.get("state") == "running":
                run["state"] = "killed"
        self._facts = {
            "manifest": FORM,
            "output": output.name,
            **facts,
            "versions": versions(),
        }
        self._begun, self._began = time.monotonic(), _now()
        self._updated = float("-inf")
        self.error: OutputError | None = None
        """Why it could not be written, if so: no reason to end a run that works."""

    def due(self) -> bool:
        """Whether it is time to bring it up to date."""
        return time.monotonic() - self._updated >= EVERY

    def update(self, counts: Counts, *, state: State = "running", totals: Totals | None = None) -> None:
        """Write it.

        Args:
            counts: What this run has done so far.
            state: How it stands with this run.
            totals: The counts of all records of the output, where they are known.
        """
        run = {
            "state": state,
            "begun": self._began,
            "seconds": round(time.monotonic() - self._begun, 3),
            "settings": self._facts.get("provenance", {}).get("settings"),
            "articles": {
                "given": counts.given,
                "done_before": counts.done_before,
                "given_again": counts.repeated,
                "renamed": counts.renamed,
                "changed_text": counts.changed,
                "read_again": counts.redone,
                "unread_sources": counts.sources,
            },
            "records": counts.totals.as_json(),
        }
        runs = [*self._runs, run]
        while len(runs) > RUNS_KEPT:
            self._forget(runs.pop(0))
            self._runs = runs[:-1]
        content = {
            **self._facts,
            "state": state,
            "output_records": None if totals is None else totals.as_json(),
            "seconds": round(self._forgotten["seconds"] + sum(one["seconds"] for one in runs), 3),
            "cost_usd": _sum([self._forgotten["cost_usd"], *(one["records"]["usage"]["cost_usd"] for one in runs)]),
            "earlier_runs": self._forgotten,
            "runs": runs,
        }
        self._updated = time.monotonic()
        try:
            write_whole(self.path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            self.error = unwritable(str(self.path.name), error)
        else:
            self.error = None

    def _before(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self.path.read_text(encoding="utf-8"))
            if isinstance(found, dict) and found.get("manifest") == FORM and isinstance(found.get("runs"), list):
                return found
        return {}

    def _forget(self, run: Mapping[str, Any]) -> None:
        self._forgotten = {
            "count": self._forgotten["count"] + 1,
            "seconds": round(self._forgotten["seconds"] + run["seconds"], 3),
            "cost_usd": _sum([self._forgotten["cost_usd"], run["records"]["usage"]["cost_usd"]]),
        }


def versions() -> dict[str, str]:
    """What the records depend on: Python, this package, and those that it leans on."""
    found = {"python": platform.python_version(), "system": platform.system()}
    for name in ("extractor", *PACKAGES):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def write_whole(path: Path, text: str) -> None:
    """Put a file in the place of what stands there, in one step. Raises OSError."""
    draft = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        with draft.open("x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _sum(costs: list[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None
