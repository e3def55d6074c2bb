"""How long `extractor --help` takes beside the `--help` of a bare two-command typer app.

Run it with `python evals/speed/help_speed.py [RUNS]`. The programs are started in turn, so that a busy
machine slows all of them alike; medians are compared. Two bare apps stand in: typer's default, whose help is
drawn with rich, and one with plain help, which is the quickest that typer can be. The promise is a ratio of
at most 1.5 to either. The exit code is 1 where it is not kept.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 21
LIMIT = 1.5

_BARE = """\
import sys
import typer

app = typer.Typer({settings})


@app.command()
def one() -> None:
    "The first."


@app.command()
def two() -> None:
    "The second."


if __name__ == "__main__":
    sys.exit(app())
"""

# What pip writes as the console script.
_OURS = """\
import sys
from extractor.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
"""

PROGRAMS = {
    "extractor": _OURS,
    "bare, plain help": _BARE.format(settings="rich_markup_mode=None"),
    "bare, rich help": _BARE.format(settings=""),
}


def measure(runs: int) -> dict[str, float]:
    """Median seconds of each program's `--help` over interleaved runs, after one that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        for number, program in enumerate(PROGRAMS.values()):
            (Path(folder) / f"program{number}.py").write_text(program, encoding="utf-8")
        for run in range(runs + 1):
            for number, name in enumerate(PROGRAMS):
                begun = time.perf_counter()
                subprocess.run(  # noqa: S603 - the command is our own
                    [sys.executable, str(Path(folder) / f"program{number}.py"), "--help"],
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
                if run:
                    times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main(arguments: list[str]) -> int:
    """Measure, print medians in milliseconds and ratios, and say whether the promise is kept."""
    medians = measure(int(arguments[0]) if arguments else RUNS)
    ours = medians.pop("extractor")
    print(f"{'extractor':<20}{ours * 1000:7.1f} ms")
    kept = True
    for name, median in medians.items():
        ratio = ours / median
        kept = kept and ratio <= LIMIT
        print(f"{name:<20}{median * 1000:7.1f} ms   ratio {ratio:.2f} (at most {LIMIT})")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
