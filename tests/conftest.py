"""What every test may lean on: no settings of the machine it runs on, repeatable properties, optional packages."""

from __future__ import annotations

import importlib
import os

import pytest
from hypothesis import settings

# The same examples in every run; no deadline, because the machines that run this are shared.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

_FOREIGN_SETTINGS = ("EXTRACTOR_", "OPENAI_", "AZURE_OPENAI_", "OLLAMA_")


@pytest.fixture(autouse=True)
def _no_foreign_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keys, settings and stored replies of whoever runs the tests change nothing, nor do those of another test."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN_SETTINGS) and name != "EXTRACTOR_CI":
            monkeypatch.delenv(name)
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path_factory.mktemp("replies") / "replies.sqlite"))


def needs(package: str, *, extra: str) -> None:
    """Skip the test where an optional package is missing; fail it where `EXTRACTOR_CI=1` says that nothing may be.

    Args:
        package: What is imported.
        extra: The extra of this project that installs it.
    """
    try:
        importlib.import_module(package)
    except ImportError as error:
        message = f"needs {package}: pip install 'extractor[{extra}]' ({error})"
        if os.environ.get("EXTRACTOR_CI") == "1":
            pytest.fail(message)
        pytest.skip(message)
