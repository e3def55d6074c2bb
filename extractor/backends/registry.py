"""A model's name → the backend that answers to it."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from extractor.errors import UnknownModelError

if TYPE_CHECKING:
    from extractor.backends.backend import Backend

OFFLINE = "offline"
ENTRY_POINTS = "extractor.backends"
"""Group of entry points under which another package offers a backend: its name, and a callable like `ModelBackend`."""


def backend_for(model: str, **settings: Any) -> Backend:
    """The backend of a model name: `offline`, an entry point's name, or `provider/model`.

    `settings` go to the backend; the rules take none. Raises `UnknownModelError`, and what the backend raises.
    """
    if model == OFFLINE:
        from extractor.backends.rules.rules_backend import RulesBackend

        return RulesBackend()
    for entry in entry_points(group=ENTRY_POINTS):
        if model == entry.name or model.startswith(f"{entry.name}/"):
            backend: Backend = entry.load()(model, **settings)
            return backend
    if "/" not in model or model.startswith("/") or model.endswith("/"):
        raise UnknownModelError(
            f"there is no model {model!r}",
            hint="use offline, or provider/model such as openai/gpt-5-mini; see `extractor models`",
        )
    from extractor.backends.model_backend import ModelBackend

    return ModelBackend(model, **settings)
