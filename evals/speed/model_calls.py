"""What articles cost with a language model, beside langextract and a plain loop over instructor: time, CPU, memory.

    pip install -e '.[speed]'
    python evals/speed/model_calls.py [--rounds 1] [--only extractor] [--json FILE]

Three rounds take some ten minutes.

One server, in a process of its own, answers each contender in its own form after a fixed time, and with the same items
(`reply_server.py`); the articles are generated (`articles.py`). Each contender works in a fresh process (see
`contenders.py` for what it is asked to do); imports and a first article to warm up are not counted. Contenders take
turns, since the machine is noisy, and medians are compared.

The columns:

- requests, and how many of them were in flight at most, as the server saw it. Chunks have one size at most for all, but
  each tool cuts them in its own way; the plain loops are handed this tool's, cut beforehand.
- of the ideal: (requests × latency / in flight) / wall time. The last round of requests is seldom full, so even a
  perfect program stays a little below 1; how much is said in brackets.
- CPU of the contender's process, all threads. This tool's holds chunking, prompts, checking, grounding, linking and
  JSON; langextract's holds chunking, prompts and alignment; the loops' only requests and pydantic.
- bytes of request bodies for each character of the articles.
- peak: the most memory that the process held, imports included; + what came after imports and warming up.

The promises are at the end of the table; the exit code is 1 where one is not kept.

Where the plain loops spend a request's CPU (py-spy, 64 in flight, no latency, one busy machine; ms a request):

                                                        instructor   SDK on aiohttp
    the SDK walks the arguments against its TypedDicts     1.9            1.5
    the SDK builds the request, reads the reply            1.6            1.9
    sending                                                1.6            0.7
    httpcore2 looks at all its connections                 1.9             -
    instructor has the JSON schema made anew               3.3             -
    instructor searches the models for async validators    2.2             -
    instructor makes the model's class anew                1.4             -
    the rest, parsing among it                             0.8            0.1
    together                                              14.7            4.2

So nearly half of the plain loop is what instructor does again for every call with the same model, none of it with the
reply; a pool of 64 connections of httpx2 costs more than aiohttp's whole request (0.3).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# This process stays small: what it holds counts as the least peak of the processes that it starts.
HERE = Path(__file__).parent
NEEDS = {
    "extractor": ("extractor", "pip install -e ."),
    "langextract": ("langextract", "pip install -e '.[speed]'"),
    "instructor": ("instructor", "pip install -e ."),
    "sdk": ("openai", "pip install -e ."),
}
LABELS = {
    "extractor": "this tool",
    "langextract": "langextract",
    "instructor": "plain instructor loop",
    "sdk": "plain SDK loop on aiohttp",
}


@dataclass(frozen=True)
class Setting:
    """One line of the table."""

    name: str
    in_flight: int
    latency: float


@dataclass
class Line:
    """What the runs of a setting brought."""

    setting: Setting
    runs: list[dict[str, Any]] = field(default_factory=list)

    def values(self, of: Callable[[dict[str, Any]], float]) -> list[float]:
        """A figure of every run, the median first, then the least and the most."""
        found = [of(run) for run in self.runs]
        return [statistics.median(found), min(found), max(found)]

    @property
    def best_share(self) -> float:
        """The share of the ideal that full rounds of requests and a last one would reach."""
        requests = self.runs[0]["requests"]
        return float(requests / (math.ceil(requests / self.setting.in_flight) * self.setting.in_flight))

    @property
    def figures(self) -> dict[str, list[float]]:
        """Median, least and most of all that is compared."""
        latency, in_flight = self.setting.latency, self.setting.in_flight
        return {
            "wall_s": self.values(lambda run: run["wall"]),
            "of_ideal": self.values(lambda run: run["requests"] * latency / in_flight / run["wall"]),
            "cpu_ms_per_article": self.values(lambda run: 1000 * run["cpu"] / run["articles"]),
            "cpu_ms_per_request": self.values(lambda run: 1000 * run["cpu"] / run["requests"]),
            "bytes_per_char": self.values(lambda run: run["bytes"] / run["chars"]),
            "peak_mb": self.values(lambda run: run["peak_mb"]),
            "peak_mb_added": self.values(lambda run: run["peak_mb"] - run["peak_mb_before"]),
        }


def measure(settings: Sequence[tuple[Setting, int]], articles: int, chunk_chars: int) -> list[Line]:
    """Run each setting as often as it says, in turn."""
    lines = [Line(setting) for setting, _ in settings]
    command = [sys.executable, str(HERE / "reply_server.py"), str(articles + 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own
        try:
            port = (server.stdout.readline() if server.stdout else "").strip()
            if not port:
                raise SystemExit("the server of replies did not start")
            for number in range(max(rounds for _, rounds in settings)):
                for line, (setting, rounds) in zip(lines, settings, strict=True):
                    if number < rounds:
                        line.runs.append(run(setting, port, articles, chunk_chars))
                        _tell(f"round {number + 1}: {LABELS[setting.name]}, {setting.in_flight} in flight")
        finally:
            server.terminate()
            _tell("")
    return lines


def run(setting: Setting, port: str, articles: int, chunk_chars: int) -> dict[str, Any]:
    """One contender's figures, from a process of its own."""
    numbers = (port, round(setting.latency * 1000), setting.in_flight, articles, chunk_chars)
    command = [sys.executable, str(HERE / "contenders.py"), setting.name, *map(str, numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**figures, "articles": articles}


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<70}", end="" if text else "\r", file=sys.stderr, flush=True)


def table(lines: Sequence[Line]) -> list[str]:
    """Aligned columns, the medians with the least and the most behind them."""
    head = [
        "in flight", "", "requests", "most", "wall s", "of the ideal", "CPU ms/article", "CPU ms/request", "B/char",
        "peak MB",
    ]  # fmt: skip
    rows = [head]
    for line in lines:
        figures, first = line.figures, line.runs[0]
        rows.append(
            [
                f"{line.setting.in_flight} at {line.setting.latency:g} s",
                LABELS[line.setting.name],
                str(first["requests"]),
                str(max(run["most_in_flight"] for run in line.runs)),
                _spread(figures["wall_s"], 1),
                f"{_spread(figures['of_ideal'], 2)} [{line.best_share:.2f}]",
                _spread(figures["cpu_ms_per_article"], 0),
                _spread(figures["cpu_ms_per_request"], 1),
                f"{figures['bytes_per_char'][0]:.1f}",
                f"{figures['peak_mb'][0]:.0f} +{figures['peak_mb_added'][0]:.0f}",
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _spread(values: Sequence[float], digits: int) -> str:
    median, least, most = (f"{value:.{digits}f}" for value in values)
    return median if least == most else f"{median} ({least}–{most})"


@dataclass(frozen=True)
class Promise:
    """A promise, as far as the runs can tell."""

    text: str
    figure: float
    limit: float
    at_least: bool

    @property
    def kept(self) -> bool:
        """Whether it is."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def __str__(self) -> str:
        bound = f"{'at least' if self.at_least else 'at most'} {self.limit:g}"
        return f"{'kept    ' if self.kept else 'NOT KEPT'}  {self.text}: {self.figure:.2f} ({bound})"


def promises(lines: Sequence[Line], latency: float) -> list[Promise]:
    """What of the promises these lines can tell."""
    medians = {line.setting: {name: values[0] for name, values in line.figures.items()} for line in lines}
    found = []
    for setting, ours in medians.items():
        if setting.name != "extractor":
            continue
        at = f"{setting.in_flight} in flight at {setting.latency:g} s"
        if setting.in_flight == 64 and setting.latency >= 2:
            found.append(Promise(f"share of the ideal, {at}", ours["of_ideal"], 0.97, at_least=True))
        elif setting.in_flight == 64 and setting.latency == latency:
            found.append(Promise(f"share of the ideal, {at}", ours["of_ideal"], 0.90, at_least=True))
        for name, figure, limit in (
            ("langextract", "cpu_ms_per_article", 0.25),
            ("instructor", "cpu_ms_per_request", 1.0),
        ):
            theirs = medians.get(Setting(name, setting.in_flight, setting.latency))
            if theirs:
                unit = figure.rpartition("_")[2]
                text = f"CPU per {unit} beside the {LABELS[name]}, {at}".replace("the langextract", "langextract")
                found.append(Promise(text, ours[figure] / theirs[figure], limit, at_least=False))
    return found


def installed(names: Sequence[str]) -> list[str]:
    """Those that can be measured here; of the others it is said how to install them."""
    present = []
    for name in names:
        module, command = NEEDS[name]
        if importlib.util.find_spec(module) is None:
            print(f"{LABELS[name]} is left out, since {module} is not installed: {command}", file=sys.stderr)
        else:
            present.append(name)
    return present


def main() -> int:
    """Measure, print the table and the promises, and say whether they are kept."""
    parser = argparse.ArgumentParser(description="Time, CPU and memory of articles read with a language model.")
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--chunk-chars", type=int, default=1500, help="characters of a chunk, at most")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that the server takes")
    parser.add_argument("--long-latency", type=float, default=2.0, help="of one more run of this tool; 0 for none")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[16, 64], metavar="N")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", choices=list(NEEDS), default=list(NEEDS), metavar="NAME", help=f"of {list(NEEDS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures, too")
    options = parser.parse_args()
    names = installed(options.only)
    if not names:
        return 1
    settings = [(Setting(name, n, options.latency), options.rounds) for n in options.in_flight for name in names]
    if options.long_latency and "extractor" in names:
        # Where waiting is nearly all there is, one round tells as much as three.
        settings.append((Setting("extractor", max(options.in_flight), options.long_latency), 1))
    lines = measure(settings, options.articles, options.chunk_chars)
    chars = lines[0].runs[0]["chars"] / options.articles
    print(f"{options.articles} articles of {chars:.0f} characters, in chunks of at most {options.chunk_chars}\n")
    print("\n".join(table(lines)))
    for line in lines:
        lost = max(run["lost"] for run in line.runs)
        if lost:
            print(f"{LABELS[line.setting.name]}, {line.setting.in_flight} in flight: {lost} items lost")
    checked = promises(lines, options.latency)
    print(*("", *checked), sep="\n")
    if options.json:
        result = [
            {**vars(line.setting), "best_share": line.best_share, **line.figures, "runs": line.runs} for line in lines
        ]
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if all(promise.kept for promise in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
