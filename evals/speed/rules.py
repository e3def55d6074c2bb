"""The offline rules, beside spaCy's blank English with sentencizer and entity ruler: `python evals/speed/rules.py`.

Both read the same articles (made up, a seed settles them) in one process. spaCy cuts words and sentences and looks
names up in a list; the rules find quotes with speakers, entities of any name, and claims, all grounded and linked. So
the ratio says what that costs, not who is better at one thing. The second table shows how time grows with the length
of an article: from 1 KB to 1 MB, microseconds a character stay the same where it grows with the length only.

Processor time, the best of several rounds. Needs spacy.
"""

from __future__ import annotations

import argparse
import gc
import time
from typing import TYPE_CHECKING

import spacy
from articles import generate

from extractor import Article, Extractor

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = 200
"""Patterns of the entity ruler."""


def best(work: Callable[[], object], rounds: int) -> float:
    """Processor seconds of the fastest round."""
    seconds = []
    for _ in range(rounds):
        gc.collect()
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    texts = [one.text for one in generate(arguments.articles)]
    characters = sum(map(len, texts))
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    ruler = pipeline.add_pipe("entity_ruler")
    capitals = sorted({word.strip(".,") for text in texts for word in text.split() if word[:1].isupper()})
    ruler.add_patterns([{"label": "NAME", "pattern": word} for word in capitals[:NAMES]])
    pipeline.max_length = 10_000_000
    with Extractor() as extractor:

        def ours() -> None:
            for number, text in enumerate(texts):
                extractor.extract_sync(Article(id=str(number), text=text))

        mine, theirs = best(ours, arguments.rounds), best(lambda: list(pipeline.pipe(texts)), arguments.rounds)
        print(f"{len(texts)} articles, {characters:,} characters")
        megabytes = 60e-6 * characters / mine
        print(f"rules        {1e6 * mine / characters:8.2f} µs a character, {megabytes:6.1f} MB a minute")
        print(f"spaCy blank  {1e6 * theirs / characters:8.2f} µs a character")
        print(f"rules / spaCy blank: {mine / theirs:.1f}")
        print("\nlength     µs a character")
        whole = "\n\n".join(texts)
        while len(whole) < 1_000_000:
            whole += "\n\n" + whole
        for length in (1_000, 10_000, 100_000, 1_000_000):
            article = Article(id="long", text=whole[:length])
            repeats = max(1, 20_000 // length)

            def read(article: Article = article, repeats: int = repeats) -> None:
                for _ in range(repeats):
                    extractor.extract_sync(article)

            print(f"{length:9,}  {1e6 * best(read, arguments.rounds) / length / repeats:8.2f}")


if __name__ == "__main__":
    main()
