"""What the check of a claim's text refuses: `python evals/support.py`.

Good claims are those of our development gold (texts that annotators wrote to stand alone, with their evidence). Of
each, false ones are made by putting another name of the same article, of the same type, in the place of one; another
number of the article in the place of one; and a name from another article. A good claim that is refused is lost,
however well a model reads; of false ones, those of another article are what the check is for; of the others it can
see some.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

from extractor.evaluation.gold import Labelled, read_gold
from extractor.kinds.kind import UnsupportedError
from extractor.kinds.support import check_support
from extractor.records.span import Span
from extractor.text.document import Document

GOLD = Path(__file__).parent / "gold" / "dev.jsonl"
NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def supported(text: str, evidence: list[Span], document: Document, source: str) -> bool:
    """Whether the check lets a text through."""
    try:
        check_support(text, evidence, document, source=source)
    except UnsupportedError:
        return False
    return True


def falsified(text: str, one: Labelled, others: list[str], generator: random.Random) -> dict[str, str]:
    """False texts made of a good one, by what was changed."""
    made = {}
    named = [entity for entity in one.entities or () if re.search(rf"\b{re.escape(entity.name)}\b", text)]
    if named:
        entity = generator.choice(named)
        same = [e.name for e in one.entities or () if e.type == entity.type and e.name != entity.name]
        if same:
            made["another name of the article"] = text.replace(entity.name, generator.choice(same))
        made["a name of another article"] = text.replace(entity.name, generator.choice(others))
    numbers = NUMBER.findall(text)
    elsewhere = sorted(set(NUMBER.findall(one.text)) - set(numbers))
    if numbers and elsewhere:
        made["another number of the article"] = text.replace(generator.choice(numbers), generator.choice(elsewhere), 1)
    return made


def main() -> None:
    """Print the share of good and of false claims that are let through."""
    gold = read_gold([GOLD]).articles
    generator = random.Random(1)
    let_through: Counter[str] = Counter()
    all_: Counter[str] = Counter()
    for key, one in gold.items():
        others = [e.name for k, other in gold.items() if k != key for e in other.entities or () if e.type == "person"]
        document = Document.of(one.to_read())
        for claim in one.claims or ():
            evidence = [Span.of(one.text, span.start, span.end) for span in claim.evidence]
            who = claim.claimant
            source = " ".join(part for part in (who.name, who.mention and who.mention.text) if part) if who else ""
            texts = {"good": claim.text, **falsified(claim.text, one, others, generator)}
            for name, text in texts.items():
                all_[name] += 1
                let_through[name] += supported(text, evidence, document, source)
    for name, count in all_.items():
        print(f"{name:32} {let_through[name]:5} of {count:5} let through  {let_through[name] / count:.3f}")


if __name__ == "__main__":
    main()
