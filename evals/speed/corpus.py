"""What a corpus costs beside its articles: memory as it grows, and what a second core brings.

    python evals/speed/corpus.py [--articles 100000] [--few 1000] [--rounds 3] [--only memory|cores]

Articles of some 300 characters, generated and no two alike, go through `extractor extract IN.jsonl -o OUT.jsonl` with
the offline rules, each time in a fresh process; all of it takes some ten minutes.

- memory: the most that the run's own process and any of its workers held (`ru_maxrss`), with many articles against
  few. At most 1.2 times as much is the promise.
- cores: articles a second with a process for each of two cores against one process, in turn. At least 1.7 times as
  many is the promise. The best round of each is compared, and how many cores other programs used meanwhile is said: a
  second process only shows what it brings while a second core is free. Starting up is in it, over enough articles to
  matter little.

The exit code is 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

MEMORY, CORES = 1.2, 1.7
CORES_ARTICLES = 3000

_RUN = """\
import json, resource, sys
from extractor.cli.app import main
if __name__ == "__main__":
    code = main(sys.argv[1:])
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    print(json.dumps({"code": code, "own": own.ru_maxrss, "worker": children.ru_maxrss, "cpu": cpu}))
"""
"""A worker's peak is known once it has been waited for, as its run does at the end."""

_TOWNS = "Bramouth Dorvik Estham Falberg Grisund Haldal Kolberg Lunvik".split()
_NAMES = "Ada Holm,Boris Moreau,Clara Tanaka,Emil Petrov,Greta Duarte,Lars Osei,Mira Thorne,Olga Yamada".split(",")
_WORKS = "harbour wall,tram line,school roof,water tower,swimming pool,fish market".split(",")


def write_corpus(path: Path, count: int) -> None:
    """Write articles a line each, without holding more than one."""
    random = Random(7)
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            town, work = random.choice(_TOWNS), random.choice(_WORKS)
            one, other = random.sample(_NAMES, 2)
            text = (
                f"The town of {town} will pay {number} kroner for a new {work}, {one} said on Monday.\n\n"
                f"“We have waited {random.randint(11, 99)} years, and the people of {town} will not wait longer,” "
                f"said {other}. {one} warned that the old {work} “can fail in a storm”."
            )
            stream.write(json.dumps({"id": f"a{number}", "text": text}, ensure_ascii=False) + "\n")


def run(folder: Path, count: int, workers: int) -> dict[str, float]:
    """Seconds and peaks in MB of one run over so many articles."""
    source, out, program = folder / f"{count}.jsonl", folder / "out.jsonl", folder / "program.py"
    if not source.exists():
        write_corpus(source, count)
    program.write_text(_RUN, encoding="utf-8")
    command = [sys.executable, str(program), "extract", str(source), "-o", str(out), "--force", "-q"]
    busy, begun = _busy(), time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, check=True, text=True
    )
    seconds = time.perf_counter() - begun
    said = json.loads(done.stdout)
    others = (_busy() - busy - said["cpu"]) / seconds
    with out.open("rb") as stream:
        written = sum(1 for _ in stream)
    if said["code"] or written != count:
        raise SystemExit(f"the run ended with {said['code']} and {written} records of {count}")
    out.unlink()
    return {
        "seconds": seconds,
        "cpu": said["cpu"],
        "others": others,
        "own": said["own"] / 1024,
        "worker": said["worker"] / 1024,
    }


def _busy() -> float:
    """Seconds that all cores together have worked, since the machine was started; 0 where nobody says."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _, _, irq, softirq, *_ = (int(field) for field in fields)
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def memory(folder: Path, few: int, many: int, workers: int) -> bool:
    """Compare peaks, and say whether the promise is kept."""
    found = {count: run(folder, count, workers) for count in (few, many)}
    kept = True
    for name in ("own", "worker"):
        less, more = found[few][name], found[many][name]
        ratio = more / less
        kept = kept and ratio <= MEMORY
        label = "the run itself" if name == "own" else "its largest worker"
        print(f"{label:<20}{few:>9,}: {less:6.1f} MB {many:>9,}: {more:6.1f} MB   ratio {ratio:.2f} (at most {MEMORY})")
    rate = many / found[many]["seconds"]
    print(f"{many:,} articles in {found[many]['seconds']:.0f} s: {rate:,.0f} a second, {workers} workers")
    return kept


def cores(folder: Path, rounds: int) -> bool:
    """Compare throughput of one and two processes, and say whether the promise is kept."""
    runs: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for number in range(rounds):
        for workers, done in runs.items():
            done.append(run(folder, CORES_ARTICLES, workers))
        one, two = (runs[workers][-1] for workers in runs)
        print(
            f"round {number + 1}: {one['seconds']:.1f} s and {two['seconds']:.1f} s, CPU {one['cpu']:.1f} s and "
            f"{two['cpu']:.1f} s; others used {one['others']:.2f} and {two['others']:.2f} cores meanwhile"
        )
    rates = {workers: CORES_ARTICLES / min(one["seconds"] for one in done) for workers, done in runs.items()}
    ratio = rates[2] / rates[1]
    print(f"one process {rates[1]:,.0f} a second, two {rates[2]:,.0f}: ratio {ratio:.2f} (at least {CORES})")
    return ratio >= CORES


def main(arguments: list[str]) -> int:
    """Measure, and return 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["memory", "cores"])
    asked = parser.parse_args(arguments)
    if (os.cpu_count() or 1) < 2 and asked.only != "memory":
        raise SystemExit("cores are compared where there are two")
    kept = True
    with tempfile.TemporaryDirectory() as name:
        if asked.only != "memory":
            kept = cores(Path(name), asked.rounds) and kept
        if asked.only != "cores":
            kept = memory(Path(name), asked.few, asked.articles, 2) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
