"""An evaluation for people: a table for a terminal, a Markdown leaderboard, and what each metric is called there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from extractor.evaluation.suite import headlines
from extractor.rendering.visible import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from extractor.evaluation.suite import Compared, Evaluation, Score, System

NOTHING = "—"


def render_evaluation(evaluation: Evaluation, *, width: int = 100, color: bool = False) -> str:
    """The scores as a table for a terminal: precision, recall and F1 with its interval of one system, F1 of several."""
    from rich.text import Text

    console, page = _console(width, color=color)
    gold = evaluation.gold
    console.print(Text(one_line(f"{', '.join(gold.paths) or 'gold'}: {gold.articles} articles"), style="bold"))
    for system in evaluation.systems:
        for note in system.notes:
            console.print(Text(one_line(f"{system.name}: {note}"), style="yellow"))
    if len(evaluation.systems) == 1:
        _print_one(console, evaluation.systems[0].scores)
    else:
        _print_many(console, {system.name: system.scores for system in evaluation.systems})
    for system in evaluation.systems:
        for name, values in system.slices.items():
            console.print()
            console.print(Text(one_line(f"{system.name} by {name}"), style="bold"))
            wanted = headlines(system)
            _print_many(
                console,
                {value: {m: scores[m] for m in wanted if m in scores} for value, scores in values.items()},
                turned=True,
            )
    if evaluation.comparisons:
        console.print()
        _print_comparisons(console, evaluation.comparisons)
    console.print()
    for system in evaluation.systems:
        console.print(Text(one_line(totals_line(system)), style="dim"))
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def render_comparisons(comparisons: Sequence[Compared], *, width: int = 100, color: bool = False) -> str:
    """Comparisons as a table for a terminal."""
    console, page = _console(width, color=color)
    _print_comparisons(console, comparisons)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def render_leaderboard(evaluation: Evaluation, metrics: Sequence[str] | None = None) -> str:
    """A Markdown table, a system a row, its headline scores with their intervals."""
    wanted = list(metrics or dict.fromkeys(name for system in evaluation.systems for name in headlines(system)))
    lines = [
        "| system | " + " | ".join(metric_title(name) for name in wanted) + " |",
        "|---|" + "---:|" * len(wanted),
    ]
    for system in evaluation.systems:
        cells = [f1_cell(system.scores.get(name)) for name in wanted]
        lines.append(f"| {markdown(system.name)} | " + " | ".join(cells) + " |")
    gold = evaluation.gold
    lines += ["", f"F1 with its 95% interval, by bootstrap over {gold.articles} articles."]
    if evaluation.comparisons:
        lines += ["", "| metric | first | second | difference | p (Holm) | |", "|---|---|---|---:|---:|---|"]
        lines += [
            f"| {metric_title(one.metric)} | {markdown(one.first)} | {markdown(one.second)} | {one.difference:+.3f} "
            f"[{one.low:+.3f}, {one.high:+.3f}] | {one.p_adjusted:.4f} | {markdown(one.verdict)} |"
            for one in evaluation.comparisons
        ]
    return "\n".join(lines) + "\n"


def metric_title(name: str) -> str:
    """A metric's name in words: "quotes.direct@0.5" is "quotes: direct, at 0.5"."""
    base, _, threshold = name.partition("@")
    kind, _, rest = base.partition(".")
    words = rest.replace(".", " ").replace("_", " ")
    at = f", {threshold}" if threshold == "exact" else f", at {threshold}" if threshold else ""
    return f"{kind}: {words}{at}"


def f1_cell(score: Score | None) -> str:
    """F1 and its interval in a few characters."""
    if score is None or score.f1 is None:
        return NOTHING
    interval = "" if score.low is None or score.high is None else f" [{_short(score.low)}, {_short(score.high)}]"
    return f"{_short(score.f1)}{interval}"


def totals_line(system: System) -> str:
    """What a system took, in a line."""
    totals = system.totals
    parts = [f"{totals.articles - totals.missing} of {totals.articles} articles"]
    if totals.failed:
        parts.append(f"{totals.failed} failed")
    if totals.rejected:
        parts.append(f"{sum(totals.rejected.values())} drafts rejected")
    if totals.grounding:
        parts.append(", ".join(f"{count} {name}" for name, count in totals.grounding.items()))
    if totals.requests:
        parts.append(f"{totals.requests:,} requests")
    if totals.prompt_tokens:
        parts.append(f"{totals.prompt_tokens:,} + {totals.completion_tokens:,} tokens")
    if totals.cost_usd is not None:
        parts.append(f"${totals.cost_usd:.4f}")
    if totals.seconds is not None:
        parts.append(f"{totals.seconds:.1f} s")
    return f"{system.name}: {'; '.join(parts)}"


def markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    shown = one_line(text)
    for character in "\\`*_{}[]<>|#!":
        shown = shown.replace(character, f"\\{character}")
    return shown


def _short(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1) if 0 <= value < 1 else f"{value:.3f}"


def _console(width: int, *, color: bool) -> tuple[Console, io.StringIO]:
    from rich.console import Console

    page = io.StringIO()
    console = Console(
        file=page,
        width=max(60, width),
        force_terminal=color,
        color_system="auto" if color else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    return console, page


def _print_one(console: Console, scores: dict[str, Score]) -> None:
    table = _table(["metric", "precision", "recall", "F1", "95% interval", "right", "predicted", "gold"])
    for name, score in scores.items():
        share = set(score.counts) == {"total", "judged", "gold"}
        interval = "" if score.low is None or score.high is None else f"{_short(score.low)} to {_short(score.high)}"
        counts = _counted(score)
        table.add_row(
            metric_title(name),
            "" if share else _number(score.precision),
            "" if share else _number(score.recall),
            _number(score.f1),
            interval,
            *(f"{value:.4g}" if value % 1 else f"{value:.0f}" for value in counts),
        )
    console.print(table)


def _counted(score: Score) -> tuple[float, float, float]:
    counts = score.counts
    if "judged" in counts:
        return counts["total"], counts["judged"], counts["gold"]
    if "correct" in counts:
        paired = counts["correct"] + counts["incorrect"] + counts["partial"]
        return counts["correct"] + counts["partial"] / 2, paired + counts["spurious"], paired + counts["missed"]
    return counts["right"], counts["predicted"], counts["gold"]


def _print_many(console: Console, columns: dict[str, dict[str, Score]], *, turned: bool = False) -> None:
    metrics = list(dict.fromkeys(name for scores in columns.values() for name in scores))
    if turned:
        # Values of a property are many, metrics few.
        table = _table(["", *(metric_title(name) for name in metrics)])
        for value, scores in columns.items():
            table.add_row(one_line(value), *(f1_cell(scores.get(name)) for name in metrics))
    else:
        table = _table(["metric", *(one_line(name) for name in columns)])
        for name in metrics:
            table.add_row(metric_title(name), *(f1_cell(scores.get(name)) for scores in columns.values()))
    console.print(table)


def _print_comparisons(console: Console, comparisons: Sequence[Compared]) -> None:
    table = _table(["metric", "first", "second", "difference", "95% interval", "p", "p (Holm)", "effect", "verdict"])
    for one in comparisons:
        table.add_row(
            metric_title(one.metric),
            one_line(one.first),
            one_line(one.second),
            f"{one.difference:+.3f}",
            f"{one.low:+.3f} to {one.high:+.3f}",
            f"{one.p:.4f}",
            f"{one.p_adjusted:.4f}",
            NOTHING if one.effect_size is None else f"{one.effect_size:+.2f}",
            one_line(one.verdict),
        )
    console.print(table)


def _table(columns: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    return table


def _number(value: float | None) -> str:
    return NOTHING if value is None else _short(value)
