"""A second pass, for the experiments: asks about what the first one left without an item.

Sentences of a chunk in which nothing was quoted or claimed, and marked stretches that the audit cannot explain, are
named to the model, which is shown the same article under the same system message (a provider may have kept it).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from extractor.backends.model_backend import ModelBackend
from extractor.errors import ReplyError
from extractor.linking.link import link
from extractor.llm.reading import read_items
from extractor.llm.validate import check_items, validating
from extractor.prompting.examples import load_examples
from extractor.prompting.prompt import prompt_for, system_message
from extractor.prompting.templates import load_frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from extractor.backends.backend import ChunkResult
    from extractor.kinds.kind import Kind
    from extractor.text.chunks import Chunk
    from extractor.text.document import Document

FEWEST_WORDS = 5
"""A sentence of fewer words is not asked about again."""


class SecondPass(ModelBackend):
    """Reads each chunk twice: the first reply stands, the second one adds to it.

    Args:
        model: As `ModelBackend`, like all that follows.
        prompt: Name of a frame that ships.
        examples: Path of few-shot examples.
        settings: Further ones of `ModelBackend`.
    """

    def __init__(self, model: str, *, prompt: str, examples: Path, **settings: Any) -> None:
        super().__init__(model, prompt=prompt, examples=examples, **settings)
        self._frame, self._shown = load_frame(prompt), load_examples(examples)

    async def draft(
        self, document: Document, chunks: Sequence[Chunk], kinds: Sequence[Kind[Any, Any]]
    ) -> AsyncIterator[ChunkResult]:
        """One result a chunk, with what both passes found."""
        names = {kind.name for kind in kinds}
        together = tuple(kind.among(names) for kind in kinds)
        system = system_message(self._frame, together, self._shown.examples)
        async for first in super().draft(document, chunks, kinds):
            left = _left(first, document, kinds)
            if first.missed or not left:
                yield first
                continue
            prompt = prompt_for(first.chunk, together, self._frame, system=system)
            asking = self.asking()
            try:
                reply = await asking(replace(prompt, user="\n".join([prompt.user, "", *left])))
                items = read_items(reply.text, [kind.name for kind in together])
            except ReplyError:
                yield first
                continue
            with validating(first.chunk):
                checked = check_items(items.lists, together)
            yield replace(
                first,
                found=(*first.found, *checked.good),
                rejected=(*first.rejected, *(item.rejection() for item in checked.failing)),
                usage=first.usage + asking.meter.usage,
            )


def _left(first: ChunkResult, document: Document, kinds: Sequence[Kind[Any, Any]]) -> list[str]:
    """What to ask about, as lines of a prompt; none where nothing was left out."""
    linked = link(document, first.found, kinds)
    spans = [span for quote in linked.records["quotes"] for span in quote.spans]
    spans += [span for claim in linked.records["claims"] for span in claim.evidence]
    bare = [
        sentence.number
        for sentence in first.chunk.sentences
        if len(document.words_in(sentence.start, sentence.end)) >= FEWEST_WORDS
        and not any(span.start < sentence.end and span.end > sentence.start for span in spans)
    ]
    marked = sorted(
        {document.sentence_at(entry.span.start).number for entry in linked.audit or () if entry.role == "unknown"}
    )
    asked = [f"Nothing was reported yet from the sentences {', '.join(map(str, bare))}."] if bare else []
    asked += [f"Words in marks are unexplained in the sentences {', '.join(map(str, marked))}."] if marked else []
    return [*asked, "Report only what these sentences hold, if anything; most may hold nothing."] if asked else []
