"""How long scoring takes, side by side with nervaluate on the same entities: `python evals/speed/scoring.py`.

Articles are made up (a seed settles them): some 60 mentions each, of which a prediction has most, some with other ends,
some of another type, and a few that are not there. Both score all four ways of SemEval-2013, overall and by type; ours
counts names and links besides. Reading files and intervals are not in it. Processor time of the best of several rounds.
"""

from __future__ import annotations

import argparse
import random
import time

from nervaluate.evaluator import Evaluator

from extractor.evaluation.gold import Labelled, labelled
from extractor.evaluation.metrics.entities import score_entities

TYPES = ("person", "organization", "location", "group", "event", "product", "work")


def article(number: int, generator: random.Random) -> tuple[Labelled, Labelled]:
    """Gold and prediction of one article."""
    text = "x" * 4_000
    gold, predicted = [], []
    at = 0
    while at < 3_900:
        at += generator.randint(20, 100)
        end = min(4_000, at + generator.randint(3, 25))
        type_ = generator.choice(TYPES)
        gold.append((at, end, type_))
        luck = generator.random()
        if luck < 0.7:
            predicted.append((at, end, type_))
        elif luck < 0.8:
            predicted.append((at, max(at + 1, end - 2), type_))
        elif luck < 0.85:
            predicted.append((at, end, generator.choice(TYPES)))
        elif luck < 0.9:
            predicted.append((end, min(4_000, end + 5), type_))
        at = end + 6
    sides = []
    for mentions in (gold, predicted):
        entities = [
            {"type": type_, "name": f"Name {number} {i}", "mentions": [{"start": a, "end": b}]}
            for i, (a, b, type_) in enumerate(mentions)
            if a < b
        ]
        sides.append(labelled({"article": {"id": str(number), "text": text}, "entities": entities}))
    return sides[0], sides[1]


def ours(pairs: list[tuple[Labelled, Labelled]]) -> float:
    """F1 of `strict`, summed over articles."""
    total = None
    for gold, predicted in pairs:
        counts = score_entities(gold, predicted).counts["entities.strict"]
        total = counts if total is None else total + counts
    return (total.f1 if total else None) or 0.0


def theirs(pairs: list[tuple[Labelled, Labelled]]) -> float:
    """The same by nervaluate, which takes an end as the last character's own offset."""
    lists: list[list[list[dict[str, object]]]] = [[], []]
    for sides in pairs:
        for one, side in zip(lists, sides, strict=True):
            one.append(
                [
                    {"label": entity.type, "start": span.start, "end": span.end - 1}
                    for entity in side.entities or ()
                    for span in entity.mentions
                ]
            )
    result = Evaluator(lists[0], lists[1], tags=list(TYPES), loader="dict").evaluate()
    return float(result["overall"]["strict"].f1)


def main() -> None:
    """Print both times and their ratio."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=1_000)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    generator = random.Random(13)
    pairs = [article(number, generator) for number in range(given.articles)]
    mentions = sum(len(gold.entities or ()) for gold, _ in pairs)
    print(f"{given.articles} articles, {mentions} gold mentions")
    best: dict[str, float] = {}
    for _ in range(given.rounds):
        for name, score in (("extractor", ours), ("nervaluate", theirs)):
            begun = time.process_time()
            f1 = score(pairs)
            spent = time.process_time() - begun
            best[name] = min(spent, best.get(name, spent))
            print(f"{name:12} {spent:7.2f} s   strict F1 {f1:.4f}")
    print(f"extractor / nervaluate: {best['extractor'] / best['nervaluate']:.2f}")


if __name__ == "__main__":
    main()
