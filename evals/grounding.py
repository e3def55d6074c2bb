"""Which threshold a fuzzy match needs: the evaluation that chose `FUZZY_THRESHOLD`.

    python evals/grounding.py ARTICLES.jsonl

Sentences of real articles are changed as language models change what they copy (a typo mended, a small word dropped,
added or replaced, a comma moved), and as they must not (a content word replaced, two facts joined, a stretch of
another article). For each threshold: how many of the first are found at their place, how many of the second are
found anywhere. Any JSONL with texts serves, in this tool's own form or with a field `text`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path

from extractor.errors import GroundingError
from extractor.grounding import locate as locating
from extractor.records.article import Article
from extractor.text.document import Document
from extractor.text.words import find_words

THRESHOLDS = (75, 80, 85, 88, 90, 92, 95, 98)
_SMALL = ("the", "a", "of", "that", "and", "to", "in", "has", "had", "was", "also")


def small_change(sentence: str, rng: random.Random) -> str:
    """What a model does to a sentence without meaning to."""
    words = sentence.split(" ")
    small = [index for index, word in enumerate(words) if word in _SMALL]
    long = [index for index, word in enumerate(words) if word.islower() and len(word) > 6]
    choice = rng.randrange(4)
    if choice == 0 and small:
        del words[rng.choice(small)]
    elif choice == 1:
        words.insert(rng.randrange(1, len(words)), rng.choice(_SMALL))
    elif choice == 2 and long:
        index = rng.choice(long)
        at = rng.randrange(1, len(words[index]) - 2)
        words[index] = words[index][:at] + words[index][at + 1] + words[index][at] + words[index][at + 2 :]
    elif small:
        words[rng.choice(small)] = rng.choice(_SMALL)
    return " ".join(words)


def large_change(sentence: str, other: str, rng: random.Random) -> str:
    """What no match may survive: another content word, or half of another sentence."""
    words, others = sentence.split(" "), other.split(" ")
    if rng.random() < 0.5:
        return " ".join(words[: len(words) // 2] + others[len(others) // 2 :])
    content = [index for index, word in enumerate(words) if word.islower() and len(word) > 4]
    foreign = [word for word in others if word.islower() and len(word) > 4 and word not in words]
    for index in rng.sample(content, min(len(content), max(2, len(words) // 6))):
        if foreign:
            words[index] = rng.choice(foreign)
    return " ".join(words)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--sentences", type=int, default=400)
    options = parser.parse_args()
    rng = random.Random(0)
    cases: list[tuple[str, int, str]] = []
    for line in options.articles.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        text = record["article"]["text"] if "article" in record else record["text"]
        document = Document.of(Article(id="article", text=text))
        for sentence in document.sentences:
            words = text[sentence.start : sentence.end]
            if 8 <= len(words.split()) <= 40 and "\n" not in words and not re.search(r"\d", words):
                cases.append((text, sentence.start, words))
    chosen = rng.sample(cases, min(options.sentences, len(cases)))
    small = [(text, start, words, small_change(words, rng)) for text, start, words in chosen]
    large = [(text, large_change(words, rng.choice(chosen)[2], rng)) for text, _, words in chosen]
    small = [case for case in small if _forms(case[2]) != _forms(case[3])]
    large = [(text, changed) for (text, _, words), (_, changed) in zip(chosen, large, strict=True) if words != changed]
    print(f"{len(small)} small changes, {len(large)} large ones, of {len(cases)} sentences")
    print("threshold  small changes found in place  large changes found")
    for threshold in THRESHOLDS:
        locating.FUZZY_THRESHOLD = float(threshold)
        in_place = sum(
            _stands(text, changed) in range(start - 3, start + len(words)) for text, start, words, changed in small
        )
        wrong = sum(_stands(text, changed) is not None for text, changed in large)
        print(f"{threshold:9}  {in_place / len(small):28.3f}  {wrong / len(large):19.3f}")


def _forms(text: str) -> list[str]:
    return [word.form for word in find_words(text)]


def _stands(text: str, words: str) -> int | None:
    try:
        return locating.find_all(words, locating.Haystack(text, 0, len(text)))[0].span.start
    except GroundingError:
        return None


if __name__ == "__main__":
    main()
