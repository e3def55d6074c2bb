"""Entities: capitals propose, runs of them are cut into names, and all the article's evidence says what they are of."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from extractor.backends.rules.capitals import Capitals
from extractor.backends.rules.name_runs import Candidate, find_candidates
from extractor.backends.rules.name_types import LEAST_SCORE, Evidence
from extractor.kinds.entity import EntityDraft
from extractor.kinds.kind import Drafted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records.item import EntityType
    from extractor.text.document import Document


def find_entities(document: Document) -> list[Drafted]:
    """The named things of an article as drafts with the offset of every mention, one draft for each form of a name.

    Forms that differ only in their white space, apostrophe or last stop are one draft. Aliases, acronyms and surnames
    are left to `linking.names`. Drafts come in the order of their first mentions. Linear in the text's length; never
    raises for any text.
    """
    capitals = Capitals(document)
    forms: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in find_candidates(capitals):
        forms[_form_key(document.text[candidate.start : candidate.end])].append(candidate)
    found = []
    for key, scores in Evidence(capitals).weigh(forms).items():
        best = max(scores, key=lambda name: scores[name])
        if scores[best] >= LEAST_SCORE:
            found.append(_drafted(document, best, forms[key]))
    return sorted(found, key=lambda drafted: min(drafted.at["forms"]))


def _form_key(form: str) -> str:
    return " ".join(form.split()).replace("’", "'").removesuffix(".")


def _drafted(document: Document, type_: EntityType, group: Sequence[Candidate]) -> Drafted:
    first = min(candidate.start for candidate in group)
    ordered = sorted(group, key=lambda candidate: (candidate.start - candidate.end, candidate.start))
    forms = [document.text[candidate.start : candidate.end] for candidate in ordered]
    draft = EntityDraft(
        sentence=document.sentence_at(first).number,
        type=type_,
        forms=forms,
    )
    return Drafted("entities", draft, {"forms": tuple(candidate.start for candidate in ordered)})
