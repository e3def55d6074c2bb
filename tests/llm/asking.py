"""A chunk of a small article, asked about with a script in place of a model."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from extractor.kinds.catalogue import kinds_named
from extractor.llm.answer import Answer, Questions, answer
from extractor.llm.events import Event, Hooks
from extractor.llm.scripted_client import Answer as Scripted
from extractor.llm.scripted_client import ScriptedClient
from extractor.prompting.prompt import Prompt, prompt_for
from extractor.prompting.templates import load_frame
from extractor.records.article import Article
from extractor.text.chunks import Chunk, split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from extractor.kinds.kind import Kind
    from extractor.llm.client import Reply

TEXT = (
    "“We can’t wait,” Ann Lee said on Monday. The town spent 12 million kroner. "
    "“No,” said Bob. Nobody was hurt. “Go home,” she told him. The sun shone."
)
FRAME, REPAIR = load_frame(), load_frame("repair")


def chunk_of(text: str = TEXT) -> Chunk:
    return split_chunks(Document.of(Article(id="a", text=text)))[0]


def quote(content: str, sentence: int, **fields: Any) -> dict[str, Any]:
    return {"sentence": sentence, "content": [content], "cue": None, "speaker": None, "speaker_name": None, **fields}


WAIT, NO, HOME = quote("We can’t wait,", 1), quote("No,", 3), quote("Go home,", 5)


def quotes(*items: Any) -> str:
    return json.dumps({"quotes": items})


class Asking(ScriptedClient):
    """Answers from a script, and remembers the prompts of which nothing came."""

    def __init__(self, *script: Scripted) -> None:
        super().__init__(script)
        self.vain: list[Prompt] = []
        self.events: list[Event] = []

    async def __call__(self, prompt: Prompt) -> Reply:
        return await self.complete(prompt)

    def in_vain(self, prompt: Prompt) -> None:
        self.vain.append(prompt)


def prompt_of(chunk: Chunk, kinds: tuple[Kind[Any, Any], ...]) -> Prompt:
    return prompt_for(chunk, kinds, FRAME)


def run(
    *script: Scripted,
    max_repairs: int = 1,
    only: tuple[str, ...] = ("quotes",),
    text: str = TEXT,
    examples: tuple[str, ...] = (),
) -> tuple[Answer, Asking]:
    client = Asking(*script)
    chunk = chunk_of(text)
    questions = Questions(prompt_of, REPAIR, examples, max_repairs)
    return asyncio.run(answer(chunk, kinds_named(only), client, questions, Hooks(client.events.append))), client


def contents(answered: Answer) -> list[str]:
    return [grounded.draft.model_dump()["content"][0] for grounded in answered.found]
