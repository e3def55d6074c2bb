"""A client that answers from a script: for tests, and for programs that test themselves against this package."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from extractor.errors import ModelError, ModelUnreachableError
from extractor.llm.client import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extractor.prompting.prompt import Prompt

Answer = str | Reply | ModelError


class ScriptedClient:
    """Answers each prompt from a function, or from a queue in the order of the calls.

    An answer is the reply's text, a whole `Reply`, or an error to raise. `history` holds the prompts so far. An
    exhausted queue raises `ModelUnreachableError`.
    """

    def __init__(self, script: Callable[[Prompt], Answer] | Iterable[Answer]) -> None:
        self.history: list[Prompt] = []
        if callable(script):
            self._answer = script
        else:
            queue = deque(script)

            def answer(prompt: Prompt) -> Answer:
                del prompt
                return queue.popleft() if queue else ModelUnreachableError("the script has no more replies")

            self._answer = answer

    async def complete(self, prompt: Prompt) -> Reply:
        """The script's answer."""
        self.history.append(prompt)
        answer = self._answer(prompt)
        if isinstance(answer, ModelError):
            raise answer
        return Reply(answer) if isinstance(answer, str) else answer

    async def close(self) -> None:
        """Nothing to give back."""
